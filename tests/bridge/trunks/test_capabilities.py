"""What is offered to a trunk."""

from __future__ import annotations

from bridge.config.trunks import Trunk
from bridge.trunks.capabilities import capabilities_of
from sip.codec import PCMA, PCMU
from sip.offer import Capabilities


def test_a_trunk_that_says_nothing_has_all() -> None:
    assert capabilities_of(Trunk(name="t", address="a")) == Capabilities()


def test_its_codecs_its_keys_and_its_encryption() -> None:
    found = capabilities_of(Trunk(name="t", address="a", codecs=("PCMA",), dtmf=("info",), srtp="mandatory"))
    assert (found.codecs, found.events, found.srtp) == ((PCMA,), "", "mandatory")
    assert capabilities_of(Trunk(name="t", address="a", codecs=("PCMA", "PCMU"))).codecs == (PCMA, PCMU)
