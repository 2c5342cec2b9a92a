"""Everything that reads what peers send, cut at every length and wrecked at every place: its own error, or none at all."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest

from media import rtcp, rtp
from media.control import Suite
from media.srtcp import ReportCipher
from media.srtp_keys import report_keys
from media.telephone_event import PAYLOAD_BYTES, EventReceiver
from sip import content, identity, offer, reason, sdes, sdp, sipfrag, stun, subscription
from sip.errors import RemoteError
from sip.framing import StreamParser
from sip.headers import Address, CSeq, Headers, Via
from sip.message import Request
from sip.parser import parse
from sip.proof import Challenge, Proof
from sip.refer_to import parse_referral
from sip.replaces import parse_replaces
from sip.transport.websocket import WebSocketWire
from sip.transport.wire import WireError
from sip.uri import Uri
from tests.media.secured import Side, keys, material, packet, theirs
from tests.media.wire import World
from tests.sip.test_parser import INVITE, RESPONSE
from tests.sip.transport.test_websocket import Browser, BytesMessage, TextMessage, connected

Reader = Callable[[bytes], object]


def text(read: Callable[[str], object]) -> Reader:
    """A reader of header text, as the parser hands it over."""
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


def header(name: str, read: Callable[[Request], object]) -> Reader:
    """A reader of a whole request that looks at one header."""

    def look(data: bytes) -> object:
        fields = [(name, data.decode("utf-8", "surrogateescape").translate(_NO_BREAKS))]
        return read(Request("INVITE", Uri("sip", None, "h"), Headers.of_canonical(fields)))

    return look


_NO_BREAKS: Final = dict.fromkeys(b"\r\n\0")


def stream(data: bytes) -> object:
    return StreamParser().receive(data)


def frames(data: bytes) -> object:
    browser = connected()
    return browser.wire.receive(data)


def handshake(data: bytes) -> object:
    return WebSocketWire().receive(data)


def described(data: bytes) -> object:
    return offer.answer(
        sdp.parse(data),
        offer.Capabilities(srtp="optional"),
        address="192.0.2.1",
        port=4000,
        session_id=1,
        entropy=bytes,
    )


def said(body: bytes) -> object:
    fields = [("Content-Type", "application/dtmf-relay"), ("Call-ID", "c")]
    return content.digit_of(Request("INFO", Uri("sip", None, "h"), Headers.of_canonical(fields), body))


def heard(data: bytes) -> object:
    """A worker takes it as RTP of a plain row."""
    world = World(4)
    phone = world.call(1)
    world.receive(phone, data)
    return None if world.engine.drops else phone


def unprotected(suite: Suite) -> Reader:
    ours = keys(suite)
    side = Side()
    side.open(0, ours)
    return lambda data: side.hear(0, data) if len(data) < rtp.SLOT_BYTES else None


def report(suite: Suite) -> Reader:
    cipher = ReportCipher(suite, report_keys(suite, material(suite, 1)))
    return cipher.open


def sealed(suite: Suite) -> bytes:
    peer = Side()
    peer.open(0, theirs(keys(suite)), ssrc=99)
    (data,) = peer.send([0], 7)
    return data


def sealed_report(suite: Suite) -> bytes:
    return ReportCipher(suite, report_keys(suite, material(suite, 1))).seal(rtcp.build(7, "c", None, None), 3)


def pressed(data: bytes) -> object:
    """A telephone-event, cut where it is; what is too short has been dropped before (`media.intake`)."""
    payload = np.frombuffer(data[:PAYLOAD_BYTES].ljust(PAYLOAD_BYTES, b"\0"), np.uint8)[None]
    one = np.zeros(1, np.intp)
    return list(EventReceiver(2).receive(one, np.array([160], np.uint32), payload, np.array([1.0])))


SDP: Final = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9/127\r\nb=AS:64\r\nt=0 0\r\na=sendonly\r\n"
    b"m=audio 4000/2 RTP/SAVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n"
    b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4\r\n"
    b"a=rtcp:4009 IN IP4 192.0.2.9\r\nm=video 0 RTP/AVP 31\r\n"
)
AEAD, HMAC = Suite.AEAD_AES_256_GCM, Suite.AES_CM_128_HMAC_SHA1_80

READERS: Final[dict[str, tuple[bytes, Reader]]] = {
    "a datagram": (INVITE, parse),
    "a response": (RESPONSE, parse),
    "a stream": (INVITE + b"\r\n\r\n" + RESPONSE, stream),
    "a description": (SDP, described),
    "a crypto line": (
        b"1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:4 KDR=0",
        text(sdes.parse),
    ),
    "a challenge": (
        b'Digest realm="a\\"b", nonce="c", algorithm=SHA-256, qop="auth, auth-int", stale=TRUE, opaque=""',
        text(Challenge.parse),
    ),
    "a proof": (
        b'Digest username="a", realm="b", nonce="c", uri="sip:h", response="' + b"0" * 32 + b'", qop=auth, '
        b'nc=00000001, cnonce="d"',
        text(Proof.parse),
    ),
    "Replaces": (b"98732@h;to-tag=r33;from-tag=44;early-only", text(parse_replaces)),
    "Refer-To": (
        b'"A" <sip:a@h;method=BYE?Replaces=x%40h%3Bto-tag%3D1%3Bfrom-tag%3D2&X=y>;p=q',
        header("Refer-To", parse_referral),
    ),
    "Via": (b"SIP / 2.0 / UDP [::1] : 5060 ;rport=9;received=[::2];branch=z9hG4bK1", text(Via.parse)),
    "a Via in ruins": (b"SIP/2.0/UDP [::1]:5060;;branch=z9hG4bK1,;", text(Via.sender)),
    "an address": (b'"A \\" B" <sips:a%41:p@[::1]:5061;x=y?h=i>;tag=1;q="z"', text(Address.parse)),
    "a URI": (b"sip:a;b%20c:p@h.example:5060;transport=udp;lr?X=y&z=%00", text(Uri.parse)),
    "a number": (b"tel:+1-23(4);phone-context=h", text(Uri.parse)),
    "CSeq": (b"0002147483647 INVITE", text(CSeq.parse)),
    "Event": (b"conference;id=7;x", text(subscription.parse_event)),
    "Reason": (b'Q.850;cause=16;text="a, b", SIP;cause=200', header("Reason", reason.q850_of)),
    "asserted": (b'"A" <sip:a@b>, <tel:+1>', header("P-Asserted-Identity", identity.asserted)),
    "diverted": (b"<sip:a@h>;index=1, <sip:b@h?Reason=x>;index=1.1", header("History-Info", identity.diversions)),
    "a fragment": (b"\r\nSIP/2.0 200 OK\r\nVia: x\r\n", sipfrag.status_of),
    "a digit": (b"Signal= 5\r\nDuration= 160\r\n", said),
    "STUN": (
        struct.pack("!HHI12s", 1, 8, 0x2112A442, b"t" * 12) + b"\x80\x22\x00\x02ab\0\0",
        lambda data: stun.answer(data, ("192.0.2.9", 5062)),
    ),
    "a handshake": (Browser().ask(origin="https://a"), handshake),
    "a text frame": (connected().say(TextMessage(data="OPTIONS")), frames),
    "a bytes frame": (connected().say(BytesMessage(data=b"\xff" * 200)), frames),
    "RTP": (packet(1)[:12].replace(b"\x80", b"\xb1", 1) + b"\1\2\3\4" + b"\xbe\xde\0\1" + b"\0" * 24 + b"\4", heard),
    "RTCP": (rtcp.build(7, "cname", None, None) + rtcp.goodbye(7), lambda data: rtcp.parse(data, 7)),
    "SRTP": (sealed(HMAC), unprotected(HMAC)),
    "SRTP with GCM": (sealed(AEAD), unprotected(AEAD)),
    "SRTCP": (sealed_report(HMAC), report(HMAC)),
    "SRTCP with GCM": (sealed_report(AEAD), report(AEAD)),
    "a key that is pressed": (b"\x05\x8a\x03\x20", pressed),
}  # fmt: skip

WRECKS: Final = (b"", b"\0", b"\xff", b'"', b";", b"<", b",", b"\r\n", b"%", b"\x80")


@pytest.mark.parametrize("name", READERS)
def test_the_whole_is_read(name: str) -> None:
    """Else what follows would prove little."""
    sample, read = READERS[name]
    found = read(sample)
    assert found is not None
    assert not isinstance(found, rtp.Drop)


@pytest.mark.parametrize("name", READERS)
def test_cut_at_every_length_it_is_read_or_refused(name: str) -> None:
    sample, read = READERS[name]
    for at in range(len(sample)):
        for part in (sample[:at], sample[at:], sample[:at] + sample[at + 1 :]):
            attempt(read, part)


@pytest.mark.parametrize("name", READERS)
def test_wrecked_at_every_place_it_is_read_or_refused(name: str) -> None:
    sample, read = READERS[name]
    for at in range(len(sample)):
        for wreck in WRECKS:
            attempt(read, sample[:at] + wreck + sample[at + 1 :])


def attempt(read: Reader, data: bytes) -> None:
    try:
        read(data)
    except (RemoteError, WireError):
        return
