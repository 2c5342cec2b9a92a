"""What a message is called, and where it went."""

import pytest

from bridge.tracing.seen import TITLE_LONGEST, Seen, seen, written
from sip.flow import Flow
from sip.trace import Traced
from tests.bridge.tracing.messages import BRIDGE, PHONE, data


def title(message: bytes) -> str:
    return Seen(0.0, PHONE, BRIDGE, "udp", "c1", message).title


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (data("INVITE sip:1000@192.0.2.1 SIP/2.0", sdp=True), "INVITE (SDP)"),
        (data("BYE sip:1000@192.0.2.1 SIP/2.0", "2 BYE"), "BYE"),
        (data("SIP/2.0 100 Trying"), "100 Trying"),
        (data("SIP/2.0 183 Session Progress", sdp=True), "183 Session Progress (SDP)"),
        (data("SIP/2.0 200 OK", sdp=True), "200 OK (INVITE, SDP)"),
        (
            data("SIP/2.0 481 Call/Transaction Does Not Exist", "2 BYE"),
            "481 Call/Transaction Does Not Exist (BYE)",
        ),
        (b"\r\nSIP/2.0 200\r\n", "200"),
        (b"\r\n", "(nothing)"),
        (b"", "(nothing)"),
        (b"\xff\x1b[31m", "\ufffd\ufffd[31m"),
    ],
)
def test_a_message_has_a_title(message: bytes, words: str) -> None:
    assert title(message) == words


def test_a_title_is_short_whatever_was_sent() -> None:
    assert len(title(b"x" * 5000)) == TITLE_LONGEST


@pytest.mark.parametrize("outward", [True, False])
def test_what_was_traced_has_its_way_and_the_time_of_day(outward: bool) -> None:
    kept = Traced(1, 5.0, outward, Flow("tcp", ("0.0.0.0", 5060), PHONE, 3), "c1", b"x")
    found = seen(kept, 1000.0, BRIDGE)
    assert (found.source, found.target) == ((BRIDGE, PHONE) if outward else (PHONE, BRIDGE))
    assert (found.at, found.transport, found.call_id) == (1005.0, "tcp", "c1")


def test_places_are_written_as_people_read_them() -> None:
    assert written(PHONE) == "198.51.100.7:5070"
    assert written(("2001:db8::7", 5060)) == "[2001:db8::7]:5060"
