"""Messages that have brought other servers down: answered or dropped, and the next call is as good as ever.

The classes are those of published advisories: numbers that overflow, headers without end, bodies that lie about themselves.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket
from collections.abc import Callable

import pytest

from tests.interop.phone import Phone, Reply, sdp
from tests.interop.started import LOOPBACK, Bridge

ROOM = "conf-malformed"
UNIQUE = "@@"
"""In what makes a message one of its own: replaced each time it is sent."""

_numbers = itertools.count(1)


def invite(*changes: tuple[str, str], body: str = sdp(40_000), length: str = "", number: str = ROOM) -> bytes:
    """An INVITE with something changed in it."""
    text = (
        f"INVITE sip:{number}@{LOOPBACK} SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {LOOPBACK}:5555;branch=z9hG4bKbad{UNIQUE};rport\r\n"
        f"Max-Forwards: 70\r\n"
        f"From: <sip:x@{LOOPBACK}>;tag=bad{UNIQUE}\r\n"
        f"To: <sip:{number}@{LOOPBACK}>\r\n"
        f"Call-ID: bad-{UNIQUE}\r\n"
        f"CSeq: 1 INVITE\r\n"
        f"Contact: <sip:x@{LOOPBACK}:5555>\r\n"
        f"Content-Type: application/sdp\r\n"
        f"Content-Length: {length or len(body)}\r\n\r\n{body}"
    )
    return _changed(text, changes).encode("latin-1")


def with_sdp(*changes: tuple[str, str]) -> bytes:
    return invite(body=_changed(sdp(40_000), changes))


def _changed(text: str, changes: tuple[tuple[str, str], ...]) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def numbered(message: bytes, number: int) -> bytes:
    """A message as it is sent: one of its own, of the call `bad-NUMBER`."""
    return message.replace(UNIQUE.encode(), b"%d" % number)


MULTIPART = ("application/sdp", "multipart/mixed;boundary=b")
DROPPED = 0
MESSAGES = {
    "payload type of 32 bits": (400, with_sdp(("AVP 0 101", "AVP 4294967296"))),
    "payload type below zero": (400, with_sdp(("AVP 0 101", "AVP -1"))),
    "NUL in fmtp": (400, with_sdp(("a=sendrecv", "a=fmtp\x00:101 0-16"))),
    "a thousand formats": (400, with_sdp(("AVP 0 101", "AVP 0 " + "101 " * 1000))),
    "a thousand media": (400, invite(body=sdp(40_000) + "m=audio 40000 RTP/AVP 0\r\n" * 1000)),
    "port beyond 16 bits": (400, with_sdp(("audio 40000", "audio 70000"))),
    "parenthesis in i=": (200, with_sdp(("s=-", "s=-\r\ni=(o=IN IP4 1.1.1.1"))),
    "rate without end": (400, with_sdp(("telephone-event/8000", "telephone-event/" + "9" * 400))),
    "address of nowhere": (200, with_sdp(("c=IN IP4 127.0.0.1", "c=IN IP4 999.0.0.1"))),
    "no m=": (400, invite(body="v=0\r\n")),
    "half a description": (400, invite(body=sdp(40_000)[:40])),
    "not a description": (400, invite(body="\x00\xff" * 100)),
    "CSeq method without end": (400, invite(("CSeq: 1 INVITE", "CSeq: 1 " + "A" * 5000))),
    "CSeq beyond 32 bits": (400, invite(("CSeq: 1 ", "CSeq: 99999999999999999999 "))),
    "CSeq of another method": (400, invite(("CSeq: 1 INVITE", "CSeq: 1 BYE"))),
    "From tag without end": (400, invite((";tag=bad", ";tag=" + "b" * 20_000))),
    "fifty Accept": (200, invite(("Max-Forwards", "Accept: application/sdp\r\n" * 50 + "Max-Forwards"))),
    "headers without end": (DROPPED, invite(("Max-Forwards", "X-A: b\r\n" * 5000 + "Max-Forwards"))),
    "length that wraps": (400, invite(length=str(2**32 + 32))),
    "length below zero": (400, invite(length="-1")),
    "length that is no number": (400, invite(length="0x10")),
    "length beyond the datagram": (400, invite(length="9999")),
    "two lengths": (400, invite(("Content-Length: ", "Content-Length: 1\r\nContent-Length: "))),
    "multipart without boundary": (415, invite(("application/sdp", "multipart/mixed"), body="--x\r\n\r\n")),
    "multipart of nothing": (415, invite(MULTIPART, body="--b\r\n" * 500)),
    "Via of nobody": (DROPPED, invite(("Via: SIP/2.0/UDP 127.0.0.1:5555;branch", "Via: \x00\x01;branch"))),
    "Via with a port beyond 16 bits": (DROPPED, invite(("127.0.0.1:5555;branch", "127.0.0.1:999999;branch"))),
    "no Via": (DROPPED, invite(("Via: SIP/2.0/UDP 127.0.0.1:5555", "X-Via: x"))),
    "two To": (400, invite(("To: <", "To: <sip:a@b>;tag=\r\nTo: <"))),
    "empty To tag": (400, invite((f"To: <sip:{ROOM}@{LOOPBACK}>", f"To: <sip:{ROOM}@{LOOPBACK}>;tag="))),
    "unclosed angle": (400, invite((f"From: <sip:x@{LOOPBACK}>", "From: <sip:x@"))),
    "unclosed quote": (400, invite(("From: <", 'From: "x <'))),
    "digest of another world": (400, invite(("Max-Forwards", 'Authorization: Digest a="b",,,=,"c\r\nMax-Forwards'))),
    "escapes cut short": (400, invite((f"sip:{ROOM}@", "sip:conf-%e%@"))),
    "number with every byte": (400, invite(number="conf-" + "".join(map(chr, range(0xA1, 0xFF))))),
    "letters of no code": (400, invite(("From: <sip:x@", "From: <sip:\xff\xfe@"))),
    "bare line feeds": (400, invite().replace(b"\r\n", b"\n")),
    "folded without end": (200, invite(("Max-Forwards: 70", "Max-Forwards: 70" + "\r\n " * 2000))),
    "status line of nobody": (DROPPED, b"SIP/2.0 99999 " + b"A" * 3000 + b"\r\n\r\n"),
    "answer to nothing": (DROPPED, b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:1;branch=z9hG4bKx\r\n\r\n"),
    "request line alone": (DROPPED, b"INVITE sip:conf-x@127.0.0.1 SIP/2.0\r\n\r\n"),
    "zeros": (DROPPED, bytes(2000)),
    "a byte": (DROPPED, b"\x00"),
    "nothing": (DROPPED, b""),
    "line without end": (DROPPED, b"INVITE " + b"A" * 60_000),
    "STUN": (DROPPED, bytes.fromhex("000100002112a442") + bytes(12)),
    "TLS": (DROPPED, bytes.fromhex("1603010200010001fc0303") + os.urandom(64)),
}  # fmt: skip


def works(phone: Phone) -> bool:
    """Whether a call goes through."""
    phone.join("conf-after")
    phone.hang_up()
    return True


def end(phone: Phone, answer: Reply) -> None:
    """Be done with a call that came through after all."""
    for number, method in ((1, "ACK"), (2, "BYE")):
        phone.send(
            f"{method} sip:{LOOPBACK} SIP/2.0\r\nVia: SIP/2.0/UDP {LOOPBACK}:5555;branch=z9hG4bK{phone.call_id}{method};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: {answer.header('From')}\r\nTo: {answer.header('To')}\r\n"
            f"Call-ID: {answer.header('Call-ID')}\r\nCSeq: {number} {method}\r\nContent-Length: 0\r\n\r\n"
        )
    assert phone.final("BYE").status == 200


@pytest.mark.parametrize(("status", "message"), MESSAGES.values(), ids=MESSAGES)
def test_a_datagram_that_is_no_good_harms_nothing(
    bridge: Bridge, phone: Callable[[], Phone], status: int, message: bytes
):
    bad, number = phone(), next(_numbers)
    bad.call_id = f"bad-{number}"
    bad.send(numbered(message, number))
    assert works(phone())  # which comes after it on the same socket: an answer to the first is here by now
    if status == DROPPED:
        bad.signalling.setblocking(False)
        with pytest.raises(BlockingIOError):
            bad.hear()
    else:
        while (answer := bad.hear()).status < 200:
            pass
        assert answer.status == status
        if status == 200:
            end(bad, answer)


def test_the_same_in_streams_whole_cut_and_one_after_another(bridge: Bridge, phone: Callable[[], Phone]):
    for status, message in MESSAGES.values():
        for repeated, cut_at in ((1, 0), (1, 50), (2, 0)):
            if status == 200:
                continue
            whole = numbered(message, next(_numbers))
            pieces = whole[:cut_at], whole[cut_at:] * repeated
            with socket.create_connection(bridge.address, timeout=3) as stream, contextlib.suppress(OSError):
                for piece in pieces:
                    stream.sendall(piece)
    assert works(phone())


def test_noise_of_a_known_seed_harms_nothing(bridge: Bridge, phone: Callable[[], Phone]):
    """Good messages with a few bytes changed, cut out or doubled."""
    chance = random.Random(2)
    bad = phone()
    good_but_for_its_codec = with_sdp(("AVP 0 101", "AVP 77"))
    for number in range(500):
        noisy = bytearray(numbered(good_but_for_its_codec, 100_000 + number))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(noisy))
            length = chance.randint(1, 20)
            match chance.randrange(3):
                case 0:
                    noisy[at] = chance.randrange(256)
                case 1:
                    del noisy[at : at + length]
                case _:
                    noisy[at:at] = noisy[at : at + length]
        bad.send(bytes(noisy))
    assert works(phone())
