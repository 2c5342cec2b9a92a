"""Messages out of a stream: whole, in order, and never past a lost border."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.framing import FrameParser, KeepAlive, StreamParser
from sip.message import Request, Response
from sip.parser import MAX_MESSAGE
from tests.sip.test_parser import INVITE, RESPONSE, compose

if TYPE_CHECKING:
    from random import Random


def test_messages_come_out_whole_however_the_bytes_come_in() -> None:
    data = INVITE + b"\r\n\r\n" + RESPONSE + b"\r\n" + INVITE
    for step in (1, 2, 3, 7, 100, len(data)):
        stream = StreamParser()
        found = [item for at in range(0, len(data), step) for item in stream.receive(data[at : at + step])]
        assert [type(item) for item in found] == [Request, KeepAlive, Response, Request]
        assert [item.encode() for item in found if isinstance(item, Request)] == [INVITE, INVITE]
        assert stream.pending == 0


@given(
    st.lists(st.sampled_from([INVITE, RESPONSE, b"\r\n\r\n"]), max_size=6),
    st.randoms(use_true_random=False),
)
@settings(max_examples=50)
def test_cuts_do_not_matter(pieces: list[bytes], random: Random) -> None:
    data = b"".join(pieces)
    whole = StreamParser().receive(data)
    stream = StreamParser()
    found, at = [], 0
    while at < len(data):
        step = random.randint(1, 200)
        found += stream.receive(data[at : at + step])
        at += step
    assert list(map(repr, found)) == list(map(repr, whole))
    assert len(whole) == len(pieces)


def test_every_split_position_of_two_messages_and_a_keep_alive() -> None:
    """Interop.md 5, row 20: at each border between two bytes, and around each byte alone."""
    data = INVITE + b"\r\n\r\n" + INVITE
    for at in range(1, len(data)):
        for cut in ((at,), (at, at + 1)):
            stream, found, start = StreamParser(), [], 0
            for end in (*cut, len(data)):
                found += stream.receive(data[start:end])
                start = end
            assert [type(item) for item in found] == [Request, KeepAlive, Request], cut
            assert [item.encode() for item in found if isinstance(item, Request)] == [INVITE] * 2
            assert stream.pending == 0


@pytest.mark.parametrize("between", [b"", b"\r\n", b"\r\n\r\n", b"\r\n" * 3])
def test_a_hundred_messages_in_one_segment_with_line_ends_between(between: bytes) -> None:
    found = StreamParser().receive(between.join([INVITE, RESPONSE] * 50) + between)
    whole = [item for item in found if not isinstance(item, KeepAlive)]
    assert [type(item) for item in whole] == [Request, Response] * 50
    assert all(item.encode() == INVITE for item in whole[::2])


BODY = b"v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\n"


def measured(length: object, body: bytes = BODY) -> bytes:
    return compose(length=str(length), body=body)


def test_a_length_that_is_one_too_small_is_noticed_at_the_next_message() -> None:
    """What is left over begins no message: 400, if it can be answered at all, and close."""
    stream = StreamParser()
    with pytest.raises(ParseError) as caught:
        stream.receive(measured(len(BODY) - 1) + measured(len(BODY)))
    (first,) = caught.value.parsed
    assert first.body == BODY[:-1]
    assert caught.value.status in (0, 400)
    assert stream.closed


def test_a_length_that_is_one_too_large_costs_the_next_message_and_no_more() -> None:
    stream = StreamParser()
    with pytest.raises(ParseError) as caught:
        stream.receive(measured(len(BODY) + 1) + INVITE + RESPONSE)
    (first,) = caught.value.parsed
    assert first.body == BODY + INVITE[:1]
    assert caught.value.status == 400
    assert not stream.closed
    assert [type(item) for item in stream.receive(b"")] == [Response]


@pytest.mark.parametrize(
    "length",
    [
        2**32,
        2**32 + 32,
        2**64 + 32,
        10**30,
        "0" * 5000 + "32",
        "+32",
        "-32",
        " ",
        "32,32",
        "0x20",
        "٣٢",
        "3\r\n 2",
    ],
)
def test_no_length_is_cut_to_fit(length: object) -> None:
    """CVE-2026-23457: the 32 bytes of 2^32 + 32 would end in the middle of what an attacker wrote as a second message."""
    stream = StreamParser()
    with pytest.raises(ParseError) as caught:
        stream.receive(measured(length, b"x" * 32 + INVITE))
    assert caught.value.status in (400, 413)
    assert stream.closed
    assert list(caught.value.parsed) == []


def test_two_lengths_that_differ_are_no_length() -> None:
    data = compose("INVITE sip:h SIP/2.0", length=None).replace(
        b"\r\n\r\n", b"\r\nContent-Length: 0\r\nl: 5\r\n\r\n"
    )
    stream = StreamParser()
    with pytest.raises(ParseError):
        stream.receive(data + b"12345")
    assert stream.closed


def test_frames_are_their_own_borders() -> None:
    """RFC 7118 5: a message needs no length, and what is wrong with one is its own affair."""
    frames = FrameParser()
    bare = compose(length=None, body=BODY)
    (request,) = frames.receive(bare)
    assert request.body == BODY
    for length in (len(BODY) + 1, 2**32 + 32, -1):
        with pytest.raises(ParseError) as caught:
            frames.receive(measured(length))
        assert caught.value.status == 400
        assert not frames.closed
    (cut,) = frames.receive(measured(len(BODY) - 1))
    assert cut.body == BODY[:-1]
    with pytest.raises(ParseError):
        frames.receive(bare[:50])
    (only_the_first,) = frames.receive(measured(len(BODY)) + INVITE)
    assert only_the_first.body == BODY
    assert frames.receive(b"\r\n\r\n") == [KeepAlive()]
    assert frames.receive(b"\r\n") == frames.receive(b"") == []
    assert frames.pending == 0


@given(st.binary(max_size=200) | st.sampled_from([INVITE, RESPONSE]).map(lambda whole: whole[1:]))
@settings(max_examples=100)
def test_random_frames_raise_nothing_else(data: bytes) -> None:
    with contextlib.suppress(ParseError):
        FrameParser().receive(data)


def test_a_single_crlf_between_messages_is_padding() -> None:
    stream = StreamParser()
    assert stream.receive(b"\r\n") == []
    assert len(stream.receive(INVITE)) == 1


def test_two_pings_are_two() -> None:
    assert StreamParser().receive(b"\r\n" * 4) == [KeepAlive(), KeepAlive()]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (compose(length=None), 400),
        (compose(length="-1"), 400),
        (compose(length=str(2**32 + 32)), 413),
        (compose(length=str(MAX_MESSAGE)), 413),
        (compose("INVITE sip:h SIP/2.0", "Content-Length: 1"), 400),
        (compose("INVITE sip:h SIP/2.0", "X: a\nContent-Length: 1"), 400),
        (compose("INVITE sip:h SIP/2.0", "X: \0"), 400),
        (compose("SIP/2.0 200 OK", length=None), 0),
        (b"x" * MAX_MESSAGE, 0),
        (b"GET / HTTP/1.1\r\n\r\n", 0),
    ],
)
def test_a_lost_border_closes_the_stream(data: bytes, status: int) -> None:
    stream = StreamParser()
    with pytest.raises(ParseError) as caught:
        stream.receive(data)
    assert caught.value.status == status
    assert (caught.value.partial is None) == (status == 0)
    assert stream.closed
    with pytest.raises(ParseError):
        stream.receive(INVITE)


def test_headers_without_end_stop_at_the_limit_however_slowly_they_come() -> None:
    stream = StreamParser()
    with pytest.raises(ParseError):
        deque((stream.receive(b"x: y\r\n" * 200) for _ in range(MAX_MESSAGE // 1000)), maxlen=0)
    assert stream.closed


def test_a_bad_message_between_good_ones_costs_only_itself() -> None:
    stream = StreamParser()
    with pytest.raises(ParseError) as caught:
        stream.receive(INVITE + compose(Max_Forwards="999") + RESPONSE)
    assert [type(item) for item in caught.value.parsed] == [Request]
    assert caught.value.status == 400
    assert caught.value.partial is not None
    assert not stream.closed
    assert [type(item) for item in stream.receive(b"")] == [Response]


@given(
    st.lists(
        st.binary(max_size=40) | st.sampled_from([INVITE, b"\r\n", b"Content-Length: 5\r\n\r\n"]),
        max_size=8,
    )
)
@settings(max_examples=200)
def test_random_chunks_raise_nothing_else(chunks: list[bytes]) -> None:
    stream = StreamParser()
    for chunk in chunks:
        try:
            stream.receive(chunk)
        except ParseError:
            if stream.closed:
                break
