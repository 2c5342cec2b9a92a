"""What each peer may have agreed on: by its trunk, by its listener."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bridge.config.audio import Audio
from bridge.config.listening import Srtp
from bridge.config.trunks import Trunk
from bridge.config.values import Address
from bridge.switchboard.terms import Terms
from media.control import Codec
from sip.offer import NotAcceptable
from tests.support.builders import BRIDGE_HOST, config, incoming, sdp

if TYPE_CHECKING:
    from sip.events import IncomingCall

SECURED = sdp().replace(b"RTP/AVP", b"RTP/SAVP") + (
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + base64.b64encode(bytes(30)) + b"\r\n"
)
CARRIER = Trunk(name="carrier", address="sip.example.net", codecs=("PCMA",), dtmf=("info",))


def zeros(count: int) -> bytes:
    return bytes(count)


def terms(*trunks: Trunk, **rules: str) -> Terms:
    ours = config()
    server = replace(ours.server, srtp=Srtp(**rules))
    return Terms(replace(ours, server=server, trunks=trunks), zeros)


def by(event: IncomingCall, transport: str) -> IncomingCall:
    return replace(event, flow=replace(event.flow, transport=transport))


def test_each_listener_has_its_rule() -> None:
    made = terms(udp="off", tls="mandatory", tcp="optional")
    with pytest.raises(NotAcceptable):
        made.of_caller(incoming(offer=SECURED), 1)
    assert made.of_caller(incoming(), 1).secured == ""
    assert made.of_caller(by(incoming(offer=SECURED), "tcp"), 1).secured == "AES_CM_128_HMAC_SHA1_80"
    assert made.of_caller(by(incoming(), "tcp"), 1).secured == ""
    assert made.of_caller(by(incoming(offer=SECURED), "tls"), 1).secured
    with pytest.raises(NotAcceptable):
        made.of_caller(by(incoming(), "tls"), 1)


def test_tones_are_looked_for_where_a_trunk_is_said_to_send_them_though_it_agrees_on_telephone_events() -> (
    None
):
    """A2: its callers' keys come by one of both, and each counts once."""
    plain, toned = replace(CARRIER, dtmf=("rtp", "info")), replace(CARRIER, dtmf=("rtp", "inband"))
    for trunk, listens in ((plain, False), (toned, True)):
        made = terms(trunk)
        format_ = made.of_caller(replace(incoming(), identity="trunk:carrier"), 1).format
        assert (format_.telephone_event, format_.tones) == (101, listens)
        called = made.of_called("192.0.2.1", 1, trunk="carrier", uri="tel:+5511")
        called.describe("192.0.2.1", 20_000)
        called.answered(sdp())
        assert (called.format.telephone_event, called.format.tones) == (101, listens)
        called.answered(sdp(formats="8"))
        assert (called.format.telephone_event, called.format.tones) == (-1, True), "and where there are none"
    assert not terms().of_caller(incoming(), 1).format.tones


def test_a_trunk_has_its_own_codecs_keys_and_rule() -> None:
    made = terms(replace(CARRIER, srtp="mandatory"), udp="off")
    with pytest.raises(NotAcceptable):
        made.of_caller(replace(incoming(), identity="trunk:carrier"), 1)
    agreed = made.of_caller(replace(incoming(offer=SECURED), identity="trunk:carrier"), 1)
    assert agreed.secured
    assert agreed.format.codec is Codec.PCMA
    assert agreed.format.telephone_event == -1
    assert agreed.format.tones


def test_telephones_have_the_codecs_of_theirs_and_trunks_their_own() -> None:
    ours = replace(config(), audio=Audio(codecs=("G722", "PCMU")), trunks=(CARRIER,))
    made = Terms(ours, zeros)
    offered = sdp(formats="8 0 9 101")
    assert made.of_caller(incoming(offer=offered), 1).codec == "G722"
    carried = replace(incoming(offer=offered), identity="trunk:carrier")
    assert made.of_caller(carried, 1).codec == "PCMA"
    called = made.of_called(BRIDGE_HOST, 1, trunk="", uri="sip:7@192.0.2.7")
    assert b"RTP/AVP 9 0 101\r\n" in called.describe(BRIDGE_HOST, 20_000)
    called = made.of_called(BRIDGE_HOST, 1, trunk="carrier", uri="tel:+5511")
    assert b"RTP/AVP 8\r\n" in called.describe(BRIDGE_HOST, 20_000)


def test_without_entropy_nothing_is_secured() -> None:
    with pytest.raises(NotAcceptable):
        Terms(config()).of_caller(incoming(offer=SECURED), 1)


def test_who_is_trusted_may_have_its_audio_elsewhere() -> None:
    elsewhere = incoming(offer=sdp(host="203.0.113.8"))
    made = terms(CARRIER)
    assert made.of_caller(elsewhere, 1).format.hear_first
    assert not made.of_caller(incoming(), 1).format.hear_first
    assert not made.of_caller(replace(elsewhere, trusted=True), 1).format.hear_first
    assert not made.of_caller(replace(elsewhere, identity="trunk:carrier"), 1).format.hear_first
    with pytest.raises(NotAcceptable):
        made.of_caller(replace(incoming(offer=sdp(host="127.0.0.1")), trusted=True), 1)


@pytest.mark.parametrize(
    ("uri", "rule"),
    [
        ("sip:7@192.0.2.7", "RTP/AVP"),
        ("sip:7@192.0.2.7;transport=TLS", "RTP/SAVP"),
        ("sips:7@192.0.2.7", "RTP/SAVP"),
        ("sip:7@192.0.2.7;transport=carrier-pigeon", "RTP/AVP"),
        ("nonsense", "RTP/AVP"),
    ],
)
def test_a_telephone_is_called_by_the_rule_of_its_transport(uri: str, rule: str) -> None:
    called = terms(udp="optional", tls="mandatory").of_called(BRIDGE_HOST, 1, trunk="", uri=uri)
    assert f"m=audio 20000 {rule} " in called.describe(BRIDGE_HOST, 20_000).decode()


def test_a_trunk_is_called_by_its_own_rule_and_may_have_gateways() -> None:
    called = terms(CARRIER).of_called(BRIDGE_HOST, 1, trunk="carrier", uri="sip:7@sip.example.net")
    offered = called.describe(BRIDGE_HOST, 20_000).decode()
    assert "m=audio 20000 RTP/AVP 8\r\n" in offered
    assert "a=crypto" not in offered
    with pytest.raises(NotAcceptable):
        called.answered(sdp(host="127.0.0.1", formats="8"))
    called.answered(sdp(host="203.0.113.8", formats="8"))
    assert not called.format.hear_first


def test_a_telephone_on_this_machine_may_have_its_audio_there() -> None:
    for uri in ("sip:7@127.0.0.1:5070", "sip:7@localhost"):
        called = terms().of_called("127.0.0.1", 1, trunk="", uri=uri)
        called.describe("127.0.0.1", 20_000)
        called.answered(sdp(host="127.0.0.1"))
        assert called.remote is not None


SIX = sdp().replace(b"IP4 192.0.2.7", b"IP6 2001:db8::7")


def listening(*hosts: str) -> Terms:
    ours = config()
    server = replace(ours.server, udp=tuple(Address(host, 5060) for host in hosts), tcp=())
    return Terms(replace(ours, server=server), zeros)


def test_who_signals_by_one_ip_version_may_speak_by_the_other_where_we_have_both() -> None:
    agreed = listening(BRIDGE_HOST, "2001:db8::1").of_caller(incoming(offer=SIX), 1)
    assert agreed.remote is not None
    assert agreed.remote.host == "2001:db8::7"
    assert b"c=IN IP6 2001:db8::1" in agreed.describe("2001:db8::1", 20_000)
    with pytest.raises(NotAcceptable):
        agreed.reoffered(sdp())  # its port is bound
    assert b"c=IN IP6 2001:db8::1" in agreed.reoffered(SIX)


@pytest.mark.parametrize("hosts", [(BRIDGE_HOST,), (BRIDGE_HOST, "::1")])
def test_else_it_is_refused(hosts: tuple[str, ...]) -> None:
    """Loopback is an address for nobody else."""
    with pytest.raises(NotAcceptable) as caught:
        listening(*hosts).of_caller(incoming(offer=SIX), 1)
    assert caught.value.warning.startswith("301 ")
