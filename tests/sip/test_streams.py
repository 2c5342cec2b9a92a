"""Streams: framing apart, how long a peer may keep us waiting."""

from collections import Counter

import pytest

from sip.flow import Flow
from sip.framing import KeepAlive
from sip.streams import FIRST_MESSAGE_S, IDLE_S, STREAMS_MAX, WHOLE_MESSAGE_S, Streams
from sip.timers import Deadlines
from tests.support.sip_playbook import TCP, Playbook

OPTIONS = Playbook(TCP).request("OPTIONS", {})


class Bench:
    def __init__(self):
        self.deadlines, self.counters, self.closed = Deadlines(), Counter(), []
        self.streams = Streams(self.deadlines, self.counters, self.closed.append)

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


def test_streams_are_bounded():
    bench = Bench()
    for number in range(1, STREAMS_MAX + 1):
        assert bench.streams.opened(Flow("tcp", TCP.local, TCP.remote, number), 0.0, ours=False)
    over = Flow("tcp", TCP.local, TCP.remote, STREAMS_MAX + 1)
    assert bench.feed(OPTIONS, 0.0, over) == []
    assert bench.closed == [over]
    assert len(bench.streams) == STREAMS_MAX


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
