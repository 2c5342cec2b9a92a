"""How far an entry may come: the tables name everything, and lead somewhere."""

from __future__ import annotations

from bridge.blast.states import AFTER, NEXT, State, Turn
from bridge.service.outcome import Outcome


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(NEXT) == set(State)
    reached, fresh = {State.WAITING}, [State.WAITING]
    while fresh:
        for state in NEXT[fresh.pop()].values():
            if state not in reached:
                reached.add(state)
                fresh.append(state)
    assert reached == set(State)


def test_every_turn_leads_somewhere() -> None:
    assert {turn for turns in NEXT.values() for turn in turns} == set(Turn)


def test_every_outcome_says_what_becomes_of_the_entry() -> None:
    assert set(AFTER) == set(Outcome)
    for after in AFTER.values():
        assert after.turn in NEXT[State.CALLING]
        assert after.turn in NEXT[State.RINGING]


def test_only_what_may_be_tried_again_leads_back_to_the_queue() -> None:
    retried = {state for state, turns in NEXT.items() if Turn.RETRIED in turns}
    assert retried == {NEXT[State.CALLING][after.turn] for after in AFTER.values() if after.again}


def test_a_cancel_reaches_whoever_has_not_answered_and_nobody_else() -> None:
    """service.md `*92`: `*3` cancels the calls not yet answered."""
    cancellable = {state for state, turns in NEXT.items() if Turn.CANCELLED in turns}
    assert cancellable == {State.WAITING, State.CALLING, State.RINGING}


def test_nobody_joins_who_has_not_answered() -> None:
    before = {state for state, turns in NEXT.items() if State.JOINED in turns.values()}
    assert before == {State.GREETED, State.CONFIRMING}
