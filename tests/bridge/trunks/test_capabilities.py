"""What is offered to a trunk."""

from __future__ import annotations

from bridge.config.audio import Audio
from bridge.config.trunks import Trunk
from bridge.trunks.capabilities import capabilities_of
from sip.codec import G722, PCMA, PCMU
from sip.offer import Capabilities

TELEPHONES = Audio(codecs=("G722",))
"""They are no trunk's business."""


def test_a_trunk_that_says_nothing_has_all_that_carriers_speak() -> None:
    assert capabilities_of(Trunk(name="t", address="a"), TELEPHONES) == Capabilities((PCMU, PCMA))


def test_its_codecs_its_keys_and_its_encryption() -> None:
    only = Trunk(name="t", address="a", codecs=("PCMA",), dtmf=("info",), srtp="mandatory")
    found = capabilities_of(only, TELEPHONES)
    assert (found.codecs, found.events, found.srtp) == ((PCMA,), "", "mandatory")
    wide = Trunk(name="t", address="a", codecs=("G722", "PCMA", "PCMU"))
    assert capabilities_of(wide, TELEPHONES).codecs == (G722, PCMA, PCMU)
