"""The tables of client transactions, walked."""

import pytest

from sip.client_transaction import INVITE, NON_INVITE, Do, Heard, State, heard
from sip.timers import RETRANSMISSION, Timer

INVITE_TIMERS = {Timer.A, Timer.B, Timer.D, Timer.M}
OTHER_TIMERS = {Timer.E, Timer.F, Timer.K}
TABLES = [(INVITE, INVITE_TIMERS, State.CALLING), (NON_INVITE, OTHER_TIMERS, State.TRYING)]


@pytest.mark.parametrize(("table", "timers", "start"), TABLES)
def test_every_input_is_defined_in_every_state(table, timers, start):
    for row in table.values():
        assert set(row) == set(Heard) | timers


@pytest.mark.parametrize(("table", "timers", "start"), TABLES)
def test_every_state_is_reached_and_has_a_way_out(table, timers, start):
    reached, fresh = {start}, [start]
    while fresh:
        for after, _ in table.get(fresh.pop(), {}).values():
            if after not in reached:
                reached.add(after)
                fresh.append(after)
    assert reached == set(table) | {State.TERMINATED}


@pytest.mark.parametrize(("table", "timers", "start"), TABLES)
def test_a_state_that_was_entered_by_starting_a_timer_is_left_by_it(table, timers, start):
    for row in table.values():
        for after, effects in row.values():
            for timer in set(effects) & (set(Timer) - RETRANSMISSION):
                assert table[after][timer][0] is State.TERMINATED


@pytest.mark.parametrize(("table", "timers", "start"), TABLES)
def test_only_living_states_start_timers(table, timers, start):
    for row in table.values():
        for after, effects in row.values():
            if after is State.TERMINATED:
                assert not set(effects) & set(Timer)


def test_a_failure_is_told_once_and_acknowledged_every_time():
    after, first = INVITE[State.CALLING][Heard.FAILURE]
    again = INVITE[after][Heard.FAILURE][1]
    assert Do.TELL in first
    assert Do.ACK in first
    assert again == (Do.ACK,)


def test_every_2xx_of_an_invite_is_told():
    for state in (State.CALLING, State.PROCEEDING, State.ACCEPTED):
        after, effects = INVITE[state][Heard.SUCCESS]
        assert after is State.ACCEPTED
        assert Do.TELL in effects


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (100, Heard.PROVISIONAL),
        (199, Heard.PROVISIONAL),
        (200, Heard.SUCCESS),
        (302, Heard.FAILURE),
        (699, Heard.FAILURE),
    ],
)
def test_responses_have_three_classes(status, expected):
    assert heard(status) is expected
