"""The tables of calls and negotiations, walked."""

import pytest

from sip.dialog import Dialog
from sip.errors import LocalError
from sip.flow import Flow
from sip.session import CALL, NEGOTIATION, Input, Negotiation, Session, State, Turn


def session(*, ours=False):
    dialog = Dialog(
        call_id="c", local="", local_tag="t", remote="", remote_tag="", target="", routes=(),
        flow=Flow("udp", ("a", 1), ("b", 2)), local_cseq=0, remote_cseq=None,
    )  # fmt: skip
    return Session(1, "t", dialog, ours=ours)


def reached(table, starts):
    seen, fresh = set(starts), list(starts)
    while fresh:
        for after in table[fresh.pop()].values():
            if after not in seen:
                seen.add(after)
                fresh.append(after)
    return seen


def test_every_state_of_a_call_is_reached_from_its_two_beginnings():
    assert reached(CALL, [State.OFFERED, State.PLACED]) == set(State) == set(CALL)


def test_from_every_state_a_call_can_end():
    for state in State:
        assert State.ENDED in reached(CALL, [state])


def test_what_is_over_stays_over():
    assert CALL[State.ENDED] == {}


@pytest.mark.parametrize("state", [state for state in State if state is not State.ENDED])
def test_a_bye_is_understood_in_every_living_state(state):
    assert Input.BYE in CALL[state]


@pytest.mark.parametrize(
    "state", [State.OFFERED, State.ACCEPTED, State.PLACED, State.PROGRESSING, State.CONFIRMED]
)
def test_we_can_hang_up_whatever_we_have_not_hung_up_yet(state):
    assert Input.HANG_UP in CALL[state]


def test_every_input_moves_some_call():
    assert {what for row in CALL.values() for what in row} == set(Input)


def test_every_negotiation_comes_back_to_idle():
    assert reached(NEGOTIATION, [Negotiation.IDLE]) == set(Negotiation) == set(NEGOTIATION)
    for state in Negotiation:
        assert Negotiation.IDLE in reached(NEGOTIATION, [state])
    assert {what for row in NEGOTIATION.values() for what in row} == set(Turn)


def test_never_two_offers_are_open_at_once():
    for state in (Negotiation.ASKED, Negotiation.ANSWERED, Negotiation.ASKING):
        assert Turn.WE_ASK not in NEGOTIATION[state]
        assert Turn.PEER_ASKS not in NEGOTIATION[state]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", Input)
def test_a_step_follows_the_table_and_else_changes_nothing(state, what):
    call = session()
    call.state = state
    after = CALL[state].get(what)
    assert call.step(what) is (after is not None)
    assert call.state is (after or state)
    if after is None:
        with pytest.raises(LocalError, match="out of place"):
            call.require(what)


def test_calls_begin_on_their_own_side():
    assert session().state is State.OFFERED
    assert session().negotiation is Negotiation.ASKED
    assert session(ours=True).state is State.PLACED
    assert session(ours=True).negotiation is Negotiation.ASKING
