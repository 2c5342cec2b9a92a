"""The tables of server transactions, walked."""

import pytest

from sip.server_transaction import INVITE, NON_INVITE, Do, State, Told, told
from sip.timers import RETRANSMISSION, Timer

INVITE_TIMERS = {Timer.G, Timer.H, Timer.I, Timer.L}
TABLES = [(INVITE, INVITE_TIMERS, State.PROCEEDING), (NON_INVITE, {Timer.J}, State.TRYING)]


@pytest.mark.parametrize(("table", "timers", "start"), TABLES)
def test_every_input_is_defined_in_every_state(table, timers, start):
    for row in table.values():
        assert set(row) == set(Told) | timers


@pytest.mark.parametrize(("table", "timers", "start"), TABLES)
def test_every_state_is_reached_and_ends(table, timers, start):
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
                assert table[after][timer][0] in {State.TERMINATED, State.CONFIRMED} - {after}


@pytest.mark.parametrize(("table", "timers", "start"), TABLES)
def test_after_a_final_response_no_other_goes_out(table, timers, start):
    for state in (State.COMPLETED, State.CONFIRMED, State.ACCEPTED):
        for what in (Told.PROVISIONAL, Told.FAILURE):
            assert table.get(state, {}).get(what, (state, ())) == (state, ())


def test_an_accepted_invite_absorbs_its_repetitions():
    assert INVITE[State.ACCEPTED][Told.REQUEST] == (State.ACCEPTED, ())
    assert INVITE[State.ACCEPTED][Told.SUCCESS] == (State.ACCEPTED, (Do.RELAY,))


@pytest.mark.parametrize(
    ("status", "expected"),
    [(100, Told.PROVISIONAL), (200, Told.SUCCESS), (300, Told.FAILURE), (606, Told.FAILURE)],
)
def test_responses_have_three_classes(status, expected):
    assert told(status) is expected
