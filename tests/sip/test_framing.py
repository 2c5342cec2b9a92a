"""Messages out of a stream: whole, in order, and never past a lost border."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.framing import KeepAlive, StreamParser
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
