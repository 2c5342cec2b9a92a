"""Timers of RFC 3261 table 4 and the heap of deadlines."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.timers import Deadlines, Seconds, Timer, duration_s, next_interval_s


def test_timers_have_the_durations_of_the_table():
    over_udp = {timer: duration_s(timer, reliable=False) for timer in Timer}
    assert over_udp == {
        "A": 0.5, "B": 32, "D": 32, "E": 0.5, "F": 32, "G": 0.5, "H": 32, "I": 5, "J": 32, "K": 5, "L": 32, "M": 32,
    }  # fmt: skip


def test_over_a_reliable_transport_nobody_waits_for_repetitions():
    at_once = {timer for timer in Timer if duration_s(timer, reliable=True) == 0}
    assert at_once == {Timer.D, Timer.I, Timer.J, Timer.K}


@pytest.mark.parametrize(
    ("timer", "intervals"),
    [
        (Timer.A, [0.5, 1, 2, 4, 8, 16, 32]),
        (Timer.E, [0.5, 1, 2, 4, 4, 4, 4]),
        (Timer.G, [0.5, 1, 2, 4, 4, 4, 4]),
    ],
)
def test_retransmissions_double_and_all_but_an_invite_stop_at_t2(timer, intervals):
    heard = [duration_s(timer, reliable=False)]
    while len(heard) < len(intervals):
        heard.append(next_interval_s(timer, heard[-1]))
    assert heard == intervals


def test_alarms_are_done_in_order_and_once():
    deadlines, done = Deadlines(), []
    for at in (3.0, 1.0, 2.0, 1.0):
        deadlines.set(at, lambda now, at=at: done.append((at, now)))
    assert deadlines.next() == 1.0
    deadlines.advance(2.5)
    deadlines.advance(2.5)
    assert done == [(1.0, 2.5), (1.0, 2.5), (2.0, 2.5)]
    assert deadlines.next() == 3.0


def test_an_action_may_set_an_alarm_that_is_due_at_once():
    deadlines, done = Deadlines(), []
    deadlines.set(1.0, lambda now: deadlines.set(now, done.append))
    deadlines.advance(1.0)
    assert done == [1.0]
    assert deadlines.next() is None


def test_a_cancelled_alarm_never_rings_and_cancelling_twice_is_fine():
    deadlines, done = Deadlines(), []
    alarm = deadlines.set(1.0, done.append)
    deadlines.cancel(alarm)
    deadlines.cancel(alarm)
    deadlines.cancel(None)
    assert deadlines.next() is None
    deadlines.advance(2.0)
    assert done == []
    assert len(deadlines) == 0


def test_cancelled_alarms_do_not_pile_up():
    deadlines = Deadlines()
    kept = deadlines.set(99.0, lambda _: None)
    for _ in range(1000):
        deadlines.cancel(deadlines.set(50.0, lambda _: None))
    assert len(deadlines._heap) < 140
    assert len(deadlines) == 1
    assert deadlines.next() == kept.at


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=200))
def test_whatever_is_cancelled_the_rest_is_done_in_order(plan):
    deadlines, done = Deadlines(), []
    alarms = [(deadlines.set(at, lambda now, at=at: done.append(at)), cancel) for at, cancel in plan]
    for alarm, cancel in alarms:
        if cancel:
            deadlines.cancel(alarm)
    deadlines.advance(100.0)
    assert done == sorted(at for at, cancel in plan if not cancel)
    assert len(deadlines) == 0


def test_alarms_by_the_second_come_at_most_a_second_late_and_in_order():
    deadlines, done = Deadlines(), []
    seconds = Seconds(deadlines)
    for name, at in (("a", 10.0), ("b", 10.2), ("c", 10.9), ("d", 11.0)):
        seconds.set(at, lambda now, name=name: done.append((name, now)))
    assert len(seconds) == 4
    deadlines.advance(10.0)
    assert done == [("a", 10.0)]
    assert deadlines.next() == 11
    deadlines.advance(11.5)
    assert done[1:] == [("b", 11.5), ("c", 11.5), ("d", 11.5)]
    assert (len(seconds), len(deadlines)) == (0, 0)


def test_alarms_by_the_second_can_be_cancelled_even_by_each_other():
    deadlines, done = Deadlines(), []
    seconds = Seconds(deadlines)
    tickets = []
    tickets.append(seconds.set(9.5, lambda _: seconds.cancel(tickets[1])))
    tickets.append(seconds.set(9.6, lambda _: done.append("never")))
    kept = seconds.set(9.7, lambda _: done.append("kept"))
    deadlines.advance(10)
    assert done == ["kept"]
    for ticket in (*tickets, kept, None):
        seconds.cancel(ticket)
    gone = seconds.set(20, lambda _: done.append("never"))
    seconds.cancel(gone)
    assert deadlines.next() is None


def test_what_is_set_while_its_second_is_done_is_done_later():
    deadlines, done = Deadlines(), []
    seconds = Seconds(deadlines)

    def again(now):
        done.append(now)
        if len(done) < 3:
            seconds.set(now + 0.4, again)

    seconds.set(5, again)
    deadlines.advance(5.0)
    assert done == [5.0]
    for second in (6.0, 7.0):
        deadlines.advance(second)
    assert done == [5.0, 6.0, 7.0]
