"""Messages for tests of traces."""

from __future__ import annotations

from bridge.tracing.seen import Place, Seen

PHONE, BRIDGE, CARRIER = ("198.51.100.7", 5070), ("192.0.2.1", 5060), ("203.0.113.9", 5060)
SIX, SIX_BRIDGE = ("2001:db8::7", 5070), ("2001:db8::1", 5060)
NOON = 1_767_268_800.0
"""2026-01-01 12:00 UTC."""

SDP = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


def data(first: str, cseq: str = "1 INVITE", *, sdp: bool = False, call: str = "c1") -> bytes:
    body = SDP if sdp else ""
    kind = "Content-Type: application/sdp\r\n" if sdp else ""
    return (
        f"{first}\r\nVia: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bKx\r\nFrom: <sip:ana@198.51.100.7>;tag=1\r\n"
        f"To: <sip:1000@192.0.2.1>\r\nCall-ID: {call}\r\nCSeq: {cseq}\r\n{kind}Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()


def seen(
    source: Place,
    target: Place,
    first: str,
    after_s: float = 0.0,
    cseq: str = "1 INVITE",
    *,
    sdp: bool = False,
    transport: str = "udp",
) -> Seen:
    return Seen(NOON + after_s, source, target, transport, "c1", data(first, cseq, sdp=sdp))


def call() -> list[Seen]:
    """A call that is answered and ended by the caller."""
    return [
        seen(PHONE, BRIDGE, "INVITE sip:1000@192.0.2.1 SIP/2.0", sdp=True),
        seen(BRIDGE, PHONE, "SIP/2.0 100 Trying", 0.001),
        seen(BRIDGE, PHONE, "SIP/2.0 200 OK", 0.021, sdp=True),
        seen(PHONE, BRIDGE, "ACK sip:1000@192.0.2.1 SIP/2.0", 0.031, "1 ACK"),
        seen(PHONE, BRIDGE, "BYE sip:1000@192.0.2.1 SIP/2.0", 60.0, "2 BYE"),
        seen(BRIDGE, PHONE, "SIP/2.0 200 OK", 60.002, "2 BYE"),
    ]
