"""Streams: framing apart, how long a peer may keep us waiting."""

from collections import Counter

import pytest

from sip.crowd import PLACES
from sip.errors import ParseError
from sip.flow import Flow
from sip.framing import KeepAlive
from sip.streams import (
    FIRST_MESSAGE_S,
    IDLE_S,
    PING,
    PING_LEAST_S,
    PING_MOST_S,
    PONG,
    PONG_S,
    WHOLE_MESSAGE_S,
    Streams,
)
from sip.timers import Deadlines
from tests.support.sip_playbook import TCP, Playbook

OPTIONS = Playbook(TCP).request("OPTIONS", {})


class Bench:
    def __init__(self):
        self.deadlines, self.counters, self.closed, self.sent = Deadlines(), Counter(), [], []
        self.streams = Streams(
            self.deadlines,
            self.counters,
            close=self.closed.append,
            send=lambda flow, data: self.sent.append(data),
            random_s=lambda least, most: (least + most) / 2,
        )

    def feed(self, data, now, flow=TCP):
        return list(self.streams.receive(flow, data, now))


def test_a_peer_that_says_nothing_is_closed():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=False)
    bench.deadlines.advance(FIRST_MESSAGE_S - 0.1)
    assert TCP.connection in bench.streams
    bench.deadlines.advance(FIRST_MESSAGE_S)
    assert bench.closed == [TCP]
    assert TCP.connection not in bench.streams
    assert bench.deadlines.next() is None


def test_a_message_that_drips_is_closed_however_often_it_drips():
    bench = Bench()
    bench.feed(OPTIONS, 0.0)
    for second in range(9):
        bench.feed(OPTIONS[second : second + 1], 100.0 + second)
        bench.deadlines.advance(100.0 + second)
    assert bench.closed == []
    bench.deadlines.advance(100.0 + WHOLE_MESSAGE_S)
    assert bench.closed == [TCP]
    assert bench.counters["closed:slow stream"] == 1


def test_a_first_message_that_drips_cannot_outlive_the_first_limit():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=False)
    bench.feed(OPTIONS[:9], 25.0)
    bench.deadlines.advance(FIRST_MESSAGE_S)
    assert bench.closed == [TCP]


def test_a_message_in_time_gives_the_stream_rest_and_the_next_one_its_own_limit():
    bench = Bench()
    assert len(bench.feed(OPTIONS + OPTIONS[:50], 0.0)) == 1
    assert len(bench.feed(OPTIONS[50:], 9.0)) == 1
    bench.deadlines.advance(9.0 + IDLE_S - 1)
    assert bench.closed == []
    assert bench.feed(b"\r\n\r\n", 9.0 + IDLE_S - 1) == [KeepAlive()]
    bench.deadlines.advance(9.0 + 2 * IDLE_S - 1.1)
    assert bench.closed == []
    bench.deadlines.advance(9.0 + 2 * IDLE_S)
    assert bench.closed == [TCP]


def test_a_connection_of_ours_has_no_duty_to_speak_first():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=True)
    bench.deadlines.advance(FIRST_MESSAGE_S)
    assert bench.closed == []


def numbered(number, transport="tcp"):
    return Flow(transport, TCP.local, (f"198.51.{number >> 8}.{number & 255}", 40_000), number)


def test_streams_are_bounded_and_whoever_speaks_outlives_the_silent():
    bench = Bench()
    for number in range(1, PLACES + 1):
        bench.streams.opened(numbered(number), 0.0, ours=False)
    assert len(bench.feed(OPTIONS, 1.0, numbered(1))) == 1
    for number in range(PLACES + 1, PLACES + 4):
        assert len(bench.feed(OPTIONS, 2.0, numbered(number))) == 1
    assert bench.closed == [numbered(2), numbered(3), numbered(4)]
    assert bench.counters["closed:crowded out"] == 3
    assert len(bench.streams) == PLACES


def test_a_keep_alive_alone_is_no_first_message():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=False)
    assert bench.feed(PING, 1.0) == [KeepAlive()]
    bench.deadlines.advance(FIRST_MESSAGE_S)
    assert bench.closed == [TCP]


def test_good_messages_before_a_bad_one_count():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=False)
    bad = OPTIONS.replace(b"Max-Forwards: 70", b"Max-Forwards: 700")
    assert [type(each) for each in bench.feed(OPTIONS + bad, 1.0)][1:] == [ParseError]
    bench.deadlines.advance(FIRST_MESSAGE_S)
    assert bench.closed == []


def test_bad_messages_alone_give_no_rest():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=False)
    for second in range(29):
        bench.feed(OPTIONS.replace(b"Max-Forwards: 70", b"Max-Forwards: 700"), second)
    bench.deadlines.advance(FIRST_MESSAGE_S)
    assert bench.closed == [TCP]


def test_a_connection_of_ours_is_kept_open_by_pings():
    """RFC 5626 4.4.1. A peer that never answers one need not."""
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=True)
    middle = (PING_LEAST_S + PING_MOST_S) / 2
    for number in range(1, 4):
        bench.deadlines.advance(number * middle - 0.1)
        assert len(bench.sent) == number - 1
        bench.deadlines.advance(number * middle)
    assert bench.sent == [PING] * 3
    assert bench.closed == []


def test_who_has_answered_a_ping_owes_an_answer_to_the_next():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=True)
    middle = (PING_LEAST_S + PING_MOST_S) / 2
    bench.deadlines.advance(middle)
    assert bench.feed(PONG, middle + 1) == []
    bench.deadlines.advance(2 * middle + 1)
    assert bench.feed(OPTIONS, 2 * middle + 2) != []  # as good a sign of life as the answer
    bench.deadlines.advance(3 * middle + 2)
    assert bench.sent == [PING] * 3
    bench.deadlines.advance(3 * middle + 2 + PONG_S - 0.1)
    assert bench.closed == []
    bench.deadlines.advance(3 * middle + 2 + PONG_S)
    assert bench.closed == [TCP]
    assert bench.counters["closed:no pong"] == 1
    assert bench.deadlines.next() is None


def test_a_connection_of_ours_lives_as_long_as_it_answers():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=True)
    now = 0.0
    while now < 2 * IDLE_S:
        now = bench.deadlines.next()
        bench.deadlines.advance(now)
        bench.feed(PONG, now + 0.1)
    assert bench.closed == []
    assert bench.counters == {}


def test_who_calls_is_not_pinged():
    bench = Bench()
    bench.feed(OPTIONS, 0.0)
    bench.deadlines.advance(IDLE_S - 1)
    assert bench.sent == []


def test_a_connection_that_is_refused_is_closed_once_and_forgotten():
    bench = Bench()
    bench.feed(OPTIONS[:50], 0.0)
    bench.streams.refuse(TCP)
    assert bench.counters["closed:not admitted"] == 1
    assert TCP.connection not in bench.streams
    bench.streams.refuse(numbered(2))  # one that never was let in
    assert bench.closed == [TCP, numbered(2)]


def test_a_proved_connection_is_not_driven_out():
    bench = Bench()
    bench.streams.opened(numbered(1), 0.0, ours=False)
    bench.streams.proved(1)
    for number in range(2, PLACES + 4):
        bench.streams.opened(numbered(number), 1.0, ours=False)
    assert bench.closed == [numbered(2), numbered(3)]


@pytest.mark.parametrize("transport", ["ws", "wss"])
def test_frames_are_messages_whatever_they_say_of_their_length(transport):
    """RFC 7118 5: the frame is the border, and a bad one costs only itself."""
    bench = Bench()
    flow = numbered(1, transport)
    bare = OPTIONS.replace(b"Content-Length: 0\r\n", b"")
    assert len(bench.feed(bare, 0.0, flow)) == 1
    (error,) = bench.feed(OPTIONS[:50], 1.0, flow)
    assert isinstance(error, ParseError)
    (error,) = bench.feed(OPTIONS.replace(b"Content-Length: 0", b"Content-Length: 1"), 1.0, flow)
    assert error.status == 400
    assert bench.feed(PING, 2.0, flow) == [KeepAlive()]
    assert bench.feed(PONG, 2.0, flow) == []
    assert len(bench.feed(bare, 3.0, flow)) == 1
    assert bench.closed == []


@pytest.mark.parametrize("connection", [TCP.connection, 99])
def test_closing_forgets_the_stream_and_its_deadline(connection):
    bench = Bench()
    bench.feed(OPTIONS, 0.0)
    bench.streams.closed(connection)
    assert len(bench.streams) == (connection == 99)
    assert (bench.deadlines.next() is None) is (connection != 99)


@pytest.mark.parametrize("pause", [b"\r\n", b"\r\n\r", b"\r"])
def test_a_line_end_alone_is_no_message_begun(pause):
    bench = Bench()
    bench.feed(OPTIONS, 0.0)
    assert bench.feed(pause, 1.0) == []
    bench.deadlines.advance(1.0 + 2 * WHOLE_MESSAGE_S)
    assert bench.closed == []
    rest = b"\r\n\r\n"[len(pause) :]
    assert bench.feed(rest, 60.0) == [KeepAlive()]
    assert len(bench.feed(b"\r\n" + OPTIONS, 61.0)) == 1


def test_a_line_end_alone_is_no_first_message_either():
    bench = Bench()
    bench.streams.opened(TCP, 0.0, ours=False)
    bench.feed(b"\r\n", 1.0)
    bench.deadlines.advance(FIRST_MESSAGE_S)
    assert bench.closed == [TCP]
