"""How operators and requests may stand: the tables name everything, and nobody is stuck."""

from __future__ import annotations

from bridge.helpdesk.states import (
    OPERATOR,
    REQUEST,
    OperatorState,
    OperatorTurn,
    RequestState,
    RequestTurn,
)

ENDS = {RequestState.CONNECTED, RequestState.WITHDRAWN, RequestState.GIVEN_UP}


def test_every_state_and_every_turn_is_in_its_table() -> None:
    assert set(OPERATOR) == set(OperatorState)
    assert set(REQUEST) == set(RequestState)
    assert {turn for turns in OPERATOR.values() for turn in turns} == set(OperatorTurn)
    assert {turn for turns in REQUEST.values() for turn in turns} == set(RequestTurn)


def test_an_operator_can_be_free_again_from_everywhere() -> None:
    for state in set(OperatorState) - {OperatorState.FREE}:
        assert OperatorState.FREE in OPERATOR[state].values()


def test_a_request_ends_in_one_of_three_ways_and_nothing_follows() -> None:
    assert {state for state, turns in REQUEST.items() if not turns} == ENDS


def test_nobody_is_given_up_on_while_a_phone_rings_for_them() -> None:
    assert RequestTurn.GIVEN_UP not in REQUEST[RequestState.OFFERED]


def test_nobody_who_talks_is_rung() -> None:
    assert {state for state, turns in OPERATOR.items() if OperatorTurn.RUNG in turns} == {
        OperatorState.FREE,
        OperatorState.AWAY,
    }
