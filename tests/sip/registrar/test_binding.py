from __future__ import annotations

from dataclasses import replace

import pytest

from sip.registrar import Binding
from sip.registrar.binding import equivalent
from sip.uri import Uri
from tests.support.sip_playbook import UDP


def binding(contact: str = "sip:alice@10.0.0.9", **values: object) -> Binding:
    whole = Binding("alice", Uri.parse(contact), UDP, "c", 1, 100.0, 160.0)
    return replace(whole, **values)  # type: ignore[arg-type]


class TestEquivalence:
    """The examples of RFC 3261 19.1.4."""

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
            ("sip:biloxi.com;transport=tcp;method=REGISTER", "sip:biloxi.com;method=REGISTER;transport=tcp"),
            ("sip:alice@atlanta.com?subject=project%20x", "sip:alice@atlanta.com?subject=project%20x"),
        ],
    )
    def test_same(self, one: str, other: str) -> None:
        assert equivalent(Uri.parse(one), Uri.parse(other))
        assert equivalent(Uri.parse(other), Uri.parse(one))

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:alice@a", "sips:alice@a"),
            ("sip:alice:one@a", "sip:alice@a"),
        ],
    )
    def test_different(self, one: str, other: str) -> None:
        assert not equivalent(Uri.parse(one), Uri.parse(other))
        assert not equivalent(Uri.parse(other), Uri.parse(one))


class TestBinding:
    def test_of_a_device_s_flow_is_the_same_wherever_it_is(self) -> None:
        first = binding(instance="<urn:uuid:1>", reg_id=1)
        assert first.is_same(binding("sip:alice@10.9.9.9", instance="<urn:uuid:1>", reg_id=1))
        assert not first.is_same(binding(instance="<urn:uuid:1>", reg_id=2))
        assert not first.is_same(binding(instance="<urn:uuid:2>", reg_id=1))

    def test_without_outbound_is_the_same_by_its_contact(self) -> None:
        assert binding().is_same(binding(instance="<urn:uuid:1>"))
        assert not binding().is_same(binding(instance="<urn:uuid:1>", reg_id=1))

    def test_is_told_with_the_seconds_left(self) -> None:
        assert binding().field(100.0) == ("Contact", "<sip:alice@10.0.0.9>;expires=60")
        assert binding().field(100.2)[1].endswith("expires=60")
        assert binding().field(170.0)[1].endswith("expires=0")
        whole = binding(q=0.25, instance="<urn:uuid:1>", reg_id=3).field(100.0)[1]
        assert whole == '<sip:alice@10.0.0.9>;q=0.25;+sip.instance="<urn:uuid:1>";reg-id=3;expires=60'
