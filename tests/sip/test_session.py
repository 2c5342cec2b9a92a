"""The tables of calls and negotiations, walked."""

import pytest

from sip.dialog import Dialog
from sip.errors import LocalError
from sip.flow import Flow
from sip.pending import Early, Exchange, Invitation, Placement, Reliable, Way
from sip.session import (
    CALL,
    EARLY,
    EXCHANGE,
    NEGOTIATION,
    Input,
    Negotiation,
    Owes,
    Session,
    State,
    Turn,
)


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
    "state", [state for state in State if state not in (State.CLOSING, State.ABANDONED, State.ENDED)]
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


def test_once_answered_a_call_is_never_early_again():
    assert not reached(CALL, [State.ACCEPTED, State.CONFIRMED]) & EARLY
    assert set(State) > EARLY


def test_a_call_of_ours_is_asked_again_only_while_it_is_wanted():
    assert {state for state in State if Input.RETRY in CALL[state]} == {
        State.PLACED, State.PROGRESSING, State.REDIRECTED,
    }  # fmt: skip
    assert all(CALL[state][Input.RETRY] is State.PLACED for state in State if Input.RETRY in CALL[state])


def test_no_2xx_goes_out_before_the_prack_of_a_session():
    assert Input.ACCEPT not in CALL[State.ACCEPTING]
    assert CALL[State.ACCEPTING][Input.PRACK] is State.ACCEPTED


def test_every_exchange_comes_back_to_idle():
    assert reached(EXCHANGE, [Exchange.IDLE]) == set(Exchange) == set(EXCHANGE)
    for state in Exchange:
        assert Exchange.IDLE in reached(EXCHANGE, [state])
    # An UPDATE is answered at once, and needs no ACK.
    assert {what for row in EXCHANGE.values() for what in row} == set(Turn) - {Turn.ACK}


@pytest.mark.parametrize("state", Negotiation)
@pytest.mark.parametrize("what", Turn)
def test_a_turn_follows_the_table_and_else_changes_nothing(state, what):
    call = session()
    call.negotiation = state
    after = NEGOTIATION[state].get(what)
    assert call.turn(what) is (after is not None)
    assert call.negotiation is (after or state)


@pytest.mark.parametrize("state", Exchange)
@pytest.mark.parametrize("what", Turn)
def test_an_exchange_follows_the_table_and_else_changes_nothing(state, what):
    call = session()
    call.exchange(Turn.ACK)
    call.update.state = state
    after = EXCHANGE[state].get(what)
    assert call.exchange(what) is (after is not None)
    assert call.update.state is (after or state)


def invited(*, late=False, agreed=False, said=False):
    call = session()
    call.invitation = Invitation(None, None, 1, late=late, wish=None, alarm=None)
    if agreed or said:
        call.reliable = Reliable(1)
        call.reliable.agreed, call.reliable.said = agreed, said
    return call


def answered(*, late, agreed=False):
    call = invited(late=late, agreed=agreed)
    call.state, call.negotiation = State.ACCEPTED, Negotiation.ANSWERED
    return call


def placed(*, agreed):
    call = session(ours=True)
    call.placement = Placement("sip:b@c", b"o", (), None, [Way(call.dialog.flow)], redirects=False)
    call.placement.agreed = Early(call.dialog) if agreed else None
    return call


def running(negotiation=Negotiation.IDLE, exchange=None):
    call = session()
    call.state, call.negotiation = State.CONFIRMED, negotiation
    if exchange is not None:
        call.exchange(Turn.ACK)
        call.update.state = exchange
    return call


@pytest.mark.parametrize(
    ("call", "owes"),
    [
        (invited(), Owes.WE),
        (invited(agreed=True, said=True), Owes.NOBODY),
        (invited(late=True), Owes.WE),
        (invited(late=True, said=True), Owes.PEER),
        (invited(late=True, said=True, agreed=True), Owes.NOBODY),
        (answered(late=False), Owes.NOBODY),
        (answered(late=True), Owes.PEER),
        (answered(late=True, agreed=True), Owes.NOBODY),
        (placed(agreed=False), Owes.PEER),
        (placed(agreed=True), Owes.NOBODY),
        (running(), Owes.NOBODY),
        (running(Negotiation.WAITING), Owes.NOBODY),
        (running(Negotiation.ASKED), Owes.WE),
        (running(Negotiation.ASKING), Owes.PEER),
        (running(exchange=Exchange.IDLE), Owes.NOBODY),
        (running(exchange=Exchange.WAITING), Owes.NOBODY),
        (running(exchange=Exchange.ASKED), Owes.WE),
        (running(exchange=Exchange.ASKING), Owes.PEER),
    ],
)
def test_an_offer_is_owed_an_answer_by_one_side_at_most(call, owes):
    assert call.owes() is owes
