"""Callers and operators brought together (`*0`, O2, O3), by hand and by whatever comes to hypothesis's mind."""

from __future__ import annotations

from math import inf, nan

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.helpdesk.desk import ACCEPT_S, REST_S, HelpDesk
from bridge.helpdesk.effects import (
    Asked,
    Connect,
    Effect,
    NobodyFree,
    NotTaken,
    OperatorChanged,
    RingOperator,
    StopRinging,
    TellPosition,
    WhyNot,
    Withdrawn,
)
from bridge.helpdesk.events import (
    Ask,
    Busy,
    Event,
    OperatorAnswered,
    OperatorDone,
    OperatorFailed,
    PhoneTaken,
    SetAway,
    Take,
    TakeNext,
    Withdraw,
)
from bridge.helpdesk.model import HelpDeskError, Kind, Operator
from bridge.helpdesk.states import OperatorState

RING_S = 20.0
WAIT_S = 90.0


def help_for(leg: int, conference: str = "c-1") -> Ask:
    return Ask(leg, Kind.HELP, conference, f"caller {leg}")


def greeting_for(leg: int) -> Ask:
    return Ask(leg, Kind.GREETING, "c-1", f"caller {leg}")


class Desk:
    """A desk, its clock, and what it wanted. Request ids are 1, 2, 3 in the order of asking."""

    def __init__(self, *names: str) -> None:
        self.desk = HelpDesk([Operator(name, f"sip:{name}@host") for name in names], RING_S, WAIT_S)
        self.now = 0.0

    def tell(self, *events: Event) -> list[Effect]:
        """Tell it and take what it wants of phones and callers."""
        for event in events:
            self.desk.receive(event, self.now)
        return self.wants()

    def wants(self) -> list[Effect]:
        told = (Asked, OperatorChanged, TellPosition, Withdrawn)
        return [effect for effect in self.desk.outgoing() if not isinstance(effect, told)]

    def at(self, now: float) -> list[Effect]:
        """Let time pass until `now`, moment by moment, and take what it wants."""
        while (deadline := self.desk.next_deadline()) is not None and deadline <= now:
            self.now = max(self.now, deadline)
            self.desk.advance(self.now)
        self.now = now
        self.desk.advance(now)
        return self.wants()

    def states(self) -> dict[str, OperatorState]:
        return {row.name: row.state for row in self.desk.operators()}


def test_a_caller_who_asks_gets_an_operator_who_answers() -> None:
    """service.md `*0`: the operator is called and talks with the caller in private."""
    desk = Desk("ana")
    desk.desk.receive(help_for(7), 0.0)
    asked, *rest = desk.desk.outgoing()
    assert isinstance(asked, Asked)
    assert (asked.request.id, asked.request.leg, asked.request.caller) == (1, 7, "caller 7")
    assert rest == [
        TellPosition(7, 1),
        RingOperator("ana", 1),
        OperatorChanged("ana", OperatorState.RINGING),
    ]
    assert desk.tell(OperatorAnswered("ana", 1)) == [Connect("ana", 7, 1)]
    assert desk.desk.queue(1.0) == ()
    assert desk.states() == {"ana": OperatorState.TALKING}
    assert desk.desk.operators()[0].phone_up
    assert desk.tell(OperatorDone("ana")) == []
    assert not desk.desk.operators()[0].phone_up
    assert desk.states() == {"ana": OperatorState.FREE}
    assert desk.desk.next_deadline() is None


def test_the_queue_shows_who_waits_where_how_long_and_who_is_rung() -> None:
    """O3."""
    desk = Desk("ana")
    desk.tell(help_for(7))
    desk.now = 5.0
    desk.tell(greeting_for(8), help_for(9, ""))
    rows = desk.desk.queue(12.0)
    assert [(row.leg, row.kind, row.conference, row.position) for row in rows] == [
        (7, Kind.HELP, "c-1", 1),
        (8, Kind.GREETING, "c-1", 2),
        (9, Kind.HELP, "", 3),
    ]
    assert [row.waited_s for row in rows] == [12.0, 7.0, 7.0]
    assert [row.ringing for row in rows] == ["ana", None, None]
    assert [row.caller for row in rows] == ["caller 7", "caller 8", "caller 9"]


def test_the_operators_are_shown_with_whom_they_are_rung_for_and_since_when() -> None:
    desk = Desk("ana", "bia")
    desk.now = 3.0
    desk.tell(help_for(7))
    ana, bia = desk.desk.operators()
    assert (ana.name, ana.state, ana.since, ana.request_id) == ("ana", OperatorState.RINGING, 3.0, 1)
    assert (bia.name, bia.state, bia.request_id, bia.phone_up) == ("bia", OperatorState.FREE, None, False)


def test_each_is_told_a_position_and_again_when_they_ask_again() -> None:
    desk = Desk("ana")
    for leg in (7, 8, 9):
        desk.desk.receive(help_for(leg), 0.0)
    positions = [each for each in desk.desk.outgoing() if isinstance(each, TellPosition)]
    assert positions == [TellPosition(7, 1), TellPosition(8, 2), TellPosition(9, 3)]
    desk.tell(Withdraw(7))
    desk.desk.receive(help_for(9), 0.0)
    assert desk.desk.outgoing() == [TellPosition(9, 2)]
    assert len(desk.desk.queue(0.0)) == 2


def test_who_talks_with_an_operator_and_asks_is_not_asking_anew() -> None:
    desk = Desk("ana", "bia")
    desk.tell(help_for(7), OperatorAnswered("ana", 1))
    desk.desk.receive(help_for(7), 0.0)
    assert desk.desk.outgoing() == []


def test_who_has_talked_may_ask_again() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), OperatorAnswered("ana", 1), OperatorDone("ana"))
    assert desk.tell(help_for(7)) == [RingOperator("ana", 2)]


def test_callers_are_served_in_the_order_of_asking_whatever_they_want() -> None:
    desk = Desk("ana")
    desk.tell(greeting_for(7), help_for(8), greeting_for(9))
    assert desk.tell(OperatorAnswered("ana", 1), OperatorDone("ana")) == [
        Connect("ana", 7, 1),
        RingOperator("ana", 2),
    ]
    assert desk.tell(OperatorAnswered("ana", 2), OperatorDone("ana")) == [
        Connect("ana", 8, 2),
        RingOperator("ana", 3),
    ]


def test_the_operator_who_has_been_idle_longest_is_rung() -> None:
    desk = Desk("ana", "bia", "carla")
    desk.tell(help_for(7), OperatorAnswered("ana", 1), help_for(8), OperatorAnswered("bia", 2))
    desk.now = 10.0
    desk.tell(OperatorDone("bia"))
    desk.now = 20.0
    desk.tell(OperatorDone("ana"))
    assert desk.tell(help_for(9), help_for(10), help_for(11)) == [
        RingOperator("carla", 3),
        RingOperator("bia", 4),
        RingOperator("ana", 5),
    ]


def test_a_ring_that_came_to_nothing_costs_nobody_their_turn() -> None:
    desk = Desk("ana", "bia")
    desk.tell(SetAway("bia", True))
    desk.now = 1.0
    desk.tell(SetAway("bia", False), help_for(7))
    desk.now = 2.0
    desk.tell(Withdraw(7))
    assert desk.tell(help_for(8)) == [RingOperator("ana", 2)]


def test_a_phone_that_fails_lets_the_next_one_ring_and_rests() -> None:
    desk = Desk("ana", "bia")
    desk.tell(help_for(7))
    assert desk.tell(OperatorFailed("ana", 1)) == [RingOperator("bia", 1)]
    assert desk.tell(OperatorFailed("bia", 1)) == []
    assert desk.desk.queue(0.0)[0].ringing is None
    assert desk.at(REST_S - 0.1) == []
    assert desk.at(REST_S) == [RingOperator("ana", 1)]


def test_a_phone_that_nobody_takes_rings_no_longer_than_told() -> None:
    desk = Desk("ana", "bia")
    desk.tell(help_for(7))
    assert desk.at(RING_S - 0.1) == []
    assert desk.at(RING_S) == [StopRinging("ana", 1), RingOperator("bia", 1)]


def test_who_goes_back_to_the_queue_goes_back_to_the_old_place() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), help_for(8))
    desk.tell(OperatorFailed("ana", 1))
    assert [row.leg for row in desk.desk.queue(0.0)] == [7, 8]
    assert desk.at(REST_S) == [RingOperator("ana", 1)]


def test_who_says_they_are_back_is_rung_although_they_had_failed() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), OperatorFailed("ana", 1))
    assert desk.tell(SetAway("ana", False)) == [RingOperator("ana", 1)]


def test_a_request_withdrawn_while_it_rings_stops_the_ringing_and_the_next_one_rings() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), help_for(8))
    assert desk.tell(Withdraw(7)) == [StopRinging("ana", 1), RingOperator("ana", 2)]
    assert [row.leg for row in desk.desk.queue(0.0)] == [8]


def test_a_withdrawal_is_told_once_and_who_never_asked_may_withdraw() -> None:
    desk = Desk()
    desk.tell(help_for(7))
    for leg in (7, 7, 9):
        desk.desk.receive(Withdraw(leg), 0.0)
    assert desk.desk.outgoing() == [Withdrawn(1, 7)]


def test_a_caller_who_hangs_up_in_the_talk_leaves_the_operator_to_be_told_done() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), OperatorAnswered("ana", 1))
    assert desk.tell(Withdraw(7), help_for(8)) == []
    assert desk.tell(OperatorDone("ana")) == [RingOperator("ana", 2)]


def test_an_answer_for_a_request_that_has_gone_is_hung_up() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), help_for(8), Withdraw(7))
    assert desk.tell(OperatorAnswered("ana", 1)) == [StopRinging("ana", 1)]
    assert desk.tell(OperatorAnswered("ana", 2)) == [Connect("ana", 8, 2)]
    assert desk.tell(OperatorAnswered("ana", 2)) == [], "told twice"
    assert desk.tell(OperatorAnswered("nobody", 2)) == [StopRinging("nobody", 2)]


def test_a_failure_of_a_phone_that_was_stopped_is_not_taken_for_the_next_ones() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), help_for(8), Withdraw(7))
    assert desk.tell(OperatorFailed("ana", 1)) == []
    assert desk.desk.queue(0.0)[0].ringing == "ana"


def test_a_phone_that_fails_in_the_talk_ends_it() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), OperatorAnswered("ana", 1), OperatorFailed("ana", 1))
    assert desk.states() == {"ana": OperatorState.FREE}


def test_an_operator_whose_phone_stays_up_is_connected_without_ringing() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), OperatorAnswered("ana", 1), help_for(8))
    assert desk.tell(OperatorDone("ana", phone_up=True)) == [Connect("ana", 8, 2)]
    assert desk.tell(OperatorDone("ana", phone_up=True)) == []
    assert desk.tell(OperatorDone("ana"), help_for(9)) == [RingOperator("ana", 3)], "and then hung up"


def test_a_done_for_a_phone_that_rings_changes_nothing() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7))
    assert desk.tell(OperatorDone("ana")) == []
    assert desk.states() == {"ana": OperatorState.RINGING}
    assert desk.tell(OperatorAnswered("ana", 1)) == [Connect("ana", 7, 1)]


def test_who_is_in_a_room_is_told_once_that_nobody_is_free_and_stays() -> None:
    desk = Desk()
    desk.tell(help_for(7))
    assert desk.at(WAIT_S - 0.1) == []
    assert desk.at(WAIT_S) == [NobodyFree(7, 1, stays=True)]
    assert desk.at(10 * WAIT_S) == []
    assert [row.leg for row in desk.desk.queue(0.0)] == [7]


@pytest.mark.parametrize("ask", [help_for(7, ""), greeting_for(7)])
def test_who_is_alone_on_the_line_is_told_and_does_not_wait_for_ever(ask: Ask) -> None:
    desk = Desk()
    desk.tell(ask)
    assert desk.at(WAIT_S) == [NobodyFree(7, 1, stays=False)]
    assert desk.desk.queue(0.0) == ()
    assert desk.desk.next_deadline() is None
    assert desk.tell(ask) == [], "may ask again"
    assert [row.request_id for row in desk.desk.queue(0.0)] == [2]


def test_nobody_is_told_while_a_phone_rings_for_them_but_when_it_has_rung_in_vain() -> None:
    desk = Desk("ana")
    desk.tell(SetAway("ana", True), greeting_for(7))
    desk.at(WAIT_S - 1)
    assert desk.tell(SetAway("ana", False)) == [RingOperator("ana", 1)]
    assert desk.at(WAIT_S + 5) == []
    assert desk.at(WAIT_S - 1 + RING_S) == [StopRinging("ana", 1), NobodyFree(7, 1, stays=False)]


def test_who_is_told_while_staying_gets_an_operator_all_the_same() -> None:
    desk = Desk("ana")
    desk.tell(SetAway("ana", True), help_for(7))
    desk.at(WAIT_S)
    assert desk.tell(SetAway("ana", False)) == [RingOperator("ana", 1)]
    assert desk.tell(OperatorFailed("ana", 1)) == [], "told once only"


def test_who_hangs_up_late_while_a_phone_rings_for_them_has_withdrawn() -> None:
    desk = Desk("ana")
    desk.tell(SetAway("ana", True), greeting_for(7))
    desk.at(WAIT_S - 1)
    desk.tell(SetAway("ana", False))
    desk.at(WAIT_S + 1)
    assert desk.tell(Withdraw(7)) == [StopRinging("ana", 1)]


def test_an_operator_takes_whom_they_want() -> None:
    desk = Desk("ana", "bia")
    desk.tell(SetAway("bia", True), help_for(7), help_for(8))
    assert desk.tell(Take("bia", 2)) == [RingOperator("bia", 2)]
    assert desk.tell(OperatorAnswered("bia", 2), OperatorDone("bia")) == [Connect("bia", 8, 2)]
    assert desk.states()["bia"] is OperatorState.AWAY, "as before"


def test_who_takes_a_request_that_rings_at_anothers_gets_it_alone() -> None:
    desk = Desk("ana", "bia")
    desk.tell(help_for(7))
    assert desk.tell(Take("bia", 1)) == [StopRinging("ana", 1), RingOperator("bia", 1)]
    assert desk.states() == {"ana": OperatorState.FREE, "bia": OperatorState.RINGING}
    assert desk.tell(OperatorAnswered("ana", 1)) == [StopRinging("ana", 1)]


def test_who_takes_a_caller_who_has_waited_for_long_gets_them_all_the_same() -> None:
    desk = Desk("ana", "bia")
    desk.tell(SetAway("ana", True), SetAway("bia", True), greeting_for(7))
    desk.at(WAIT_S - 1)
    desk.tell(SetAway("ana", False))
    desk.at(WAIT_S + 1)
    assert desk.tell(Take("bia", 1)) == [StopRinging("ana", 1), RingOperator("bia", 1)]


def test_who_takes_a_request_after_failing_one_is_rung_again() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), OperatorFailed("ana", 1))
    assert desk.tell(TakeNext("ana")) == [RingOperator("ana", 1)]
    desk.tell(OperatorAnswered("ana", 1), OperatorDone("ana"))
    assert desk.tell(help_for(8)) == [RingOperator("ana", 2)]


def test_who_takes_another_request_while_being_rung_puts_the_first_one_back() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), help_for(8))
    assert desk.tell(Take("ana", 2)) == [StopRinging("ana", 1), RingOperator("ana", 2)]
    assert desk.tell(Take("ana", 2)) == [], "rings already"


def test_who_takes_a_request_while_listening_to_a_conference_is_connected_at_once() -> None:
    desk = Desk("ana")
    desk.tell(Busy("ana"), help_for(7))
    assert desk.tell(TakeNext("ana")) == [Connect("ana", 7, 1)]


def test_the_next_one_is_whoever_is_offered_to_nobody_else() -> None:
    desk = Desk("ana", "bia")
    desk.tell(SetAway("bia", True), help_for(7), help_for(8))
    assert desk.tell(TakeNext("bia")) == [RingOperator("bia", 2)]


def test_the_next_one_may_ring_at_anothers_where_nobody_else_waits() -> None:
    desk = Desk("ana", "bia")
    desk.tell(SetAway("bia", True), help_for(7))
    assert desk.tell(TakeNext("bia")) == [StopRinging("ana", 1), RingOperator("bia", 1)]


def test_who_wants_the_next_one_while_being_rung_gets_whom_they_are_rung_for() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), help_for(8))
    assert desk.tell(TakeNext("ana")) == []
    assert desk.tell(OperatorAnswered("ana", 1)) == [Connect("ana", 7, 1)]


def test_what_cannot_be_taken_is_answered_with_the_reason() -> None:
    desk = Desk("ana", "bia")
    assert desk.tell(TakeNext("ana")) == [NotTaken("ana", None, WhyNot.NO_SUCH_REQUEST)]
    assert desk.tell(Take("ana", 9)) == [NotTaken("ana", 9, WhyNot.NO_SUCH_REQUEST)]
    assert desk.tell(Take("zoe", 9)) == [NotTaken("zoe", 9, WhyNot.UNKNOWN_OPERATOR)]
    desk.tell(help_for(7), OperatorAnswered("ana", 1), help_for(8))
    assert desk.tell(Take("ana", 2)) == [NotTaken("ana", 2, WhyNot.TALKING)]
    assert desk.tell(Take("bia", 1)) == [NotTaken("bia", 1, WhyNot.NO_SUCH_REQUEST)], "taken already"


def test_who_goes_away_is_not_rung_and_what_rang_rings_elsewhere() -> None:
    desk = Desk("ana", "bia")
    desk.tell(help_for(7))
    assert desk.tell(SetAway("ana", True)) == [StopRinging("ana", 1), RingOperator("bia", 1)]
    assert desk.tell(help_for(8)) == []
    assert desk.tell(SetAway("ana", False)) == [RingOperator("ana", 2)]


def test_who_goes_away_in_a_talk_is_away_after_it() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7), OperatorAnswered("ana", 1), SetAway("ana", True))
    assert desk.states() == {"ana": OperatorState.TALKING}
    assert desk.tell(help_for(8), OperatorDone("ana", phone_up=True)) == []
    assert desk.states() == {"ana": OperatorState.AWAY}


def test_who_listens_to_a_conference_is_not_rung() -> None:
    """O4: monitoring."""
    desk = Desk("ana", "bia")
    desk.tell(help_for(7))
    assert desk.tell(Busy("ana")) == [StopRinging("ana", 1), RingOperator("bia", 1)]
    assert desk.tell(Busy("ana")) == []
    assert desk.states()["ana"] is OperatorState.MONITORING
    assert desk.tell(help_for(8)) == []
    assert desk.tell(OperatorDone("ana")) == [RingOperator("ana", 2)]


def test_who_comes_back_has_not_been_idle_while_away() -> None:
    desk = Desk("ana", "bia")
    desk.tell(SetAway("ana", True), help_for(7), OperatorAnswered("bia", 1))
    desk.now = 10.0
    desk.tell(OperatorDone("bia"))
    desk.now = 20.0
    assert desk.tell(SetAway("ana", False), help_for(8)) == [RingOperator("bia", 2)]


def test_who_is_away_and_listens_is_away_again_afterwards() -> None:
    desk = Desk("ana")
    desk.tell(SetAway("ana", True), Busy("ana"), OperatorDone("ana"))
    assert desk.states() == {"ana": OperatorState.AWAY}


def test_who_goes_along_into_a_conference_talks_no_more_and_the_caller_may_ask_again() -> None:
    desk = Desk("ana", "bia")
    desk.tell(help_for(7), OperatorAnswered("ana", 1), Busy("ana"))
    assert desk.states() == {"ana": OperatorState.MONITORING, "bia": OperatorState.FREE}
    assert desk.tell(help_for(7)) == [RingOperator("bia", 2)]
    assert desk.tell(Take("ana", 2)) == [StopRinging("bia", 2), Connect("ana", 7, 2)]


def test_who_takes_the_phone_has_time_to_hear_what_for_and_to_press_one() -> None:
    desk = Desk("ana", "bia")
    desk.tell(help_for(7))
    desk.at(RING_S - 1)
    assert desk.tell(PhoneTaken("ana", 1)) == []
    assert desk.at(RING_S - 1 + ACCEPT_S - 0.1) == []
    assert desk.at(RING_S - 1 + ACCEPT_S) == [StopRinging("ana", 1), RingOperator("bia", 1)]


def test_a_phone_that_was_taken_too_late_or_for_another_changes_nothing() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7))
    assert desk.tell(PhoneTaken("ana", 2), PhoneTaken("zoe", 1)) == []
    assert desk.at(RING_S) == [StopRinging("ana", 1)]
    assert desk.tell(PhoneTaken("ana", 1)) == []
    assert desk.states() == {"ana": OperatorState.FREE}


def test_who_waits_is_found_by_the_number_of_the_request() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7))
    found = desk.desk.find(1)
    assert found is not None
    assert found.leg == 7
    desk.tell(OperatorAnswered("ana", 1))
    assert desk.desk.find(1) is None


def test_events_of_an_operator_whom_nobody_knows_change_nothing() -> None:
    desk = Desk("ana")
    desk.tell(help_for(7))
    strangers = [OperatorFailed("zoe", 1), OperatorDone("zoe"), Busy("zoe"), SetAway("zoe", True)]
    assert desk.tell(*strangers) == []


@pytest.mark.parametrize("value", [0.0, -1.0, inf, nan])
def test_a_time_to_ring_that_makes_no_sense_is_refused(value: float) -> None:
    with pytest.raises(HelpDeskError, match="ring_s"):
        HelpDesk([], value, WAIT_S)


@pytest.mark.parametrize("value", [-1.0, inf, nan])
def test_a_time_to_wait_that_makes_no_sense_is_refused(value: float) -> None:
    with pytest.raises(HelpDeskError, match="wait_s"):
        HelpDesk([], RING_S, value)


def test_two_operators_of_one_name_are_refused() -> None:
    with pytest.raises(HelpDeskError, match="one name"):
        HelpDesk([Operator("ana", "a"), Operator("ana", "b")], RING_S, WAIT_S)


NAMES = ("ana", "bia", "carla")
names = st.sampled_from(NAMES)
legs = st.integers(1, 6)


class AnyOrder(RuleBasedStateMachine):
    """Callers who ask and hang up, phones that are answered, refused or left to ring, consoles that press anything.

    The machine keeps its own books: who waits, whose phone rings for whom, and who talks.
    """

    @initialize(operators=st.integers(0, 3))
    def open(self, operators: int) -> None:
        self.desk = HelpDesk([Operator(name, name) for name in NAMES[:operators]], RING_S, WAIT_S)
        self.now = 0.0
        self.waiting: dict[int, tuple[int, bool, float]] = {}
        """By request: leg, in a room, when it was asked."""
        self.told: set[int] = set()
        self.rings: dict[str, int] = {}
        self.talks: dict[str, int] = {}
        self.ends: dict[int, str] = {}
        self.listens: set[str] = set()

    def end(self, request_id: int, how: str) -> None:
        assert request_id not in self.ends, "a request ends once"
        self.ends[request_id] = how
        del self.waiting[request_id]

    def carry_out(self) -> None:
        for effect in self.desk.outgoing():
            match effect:
                case Asked(request):
                    self.waiting[request.id] = (request.leg, request.in_room, request.since)
                case RingOperator(name, request_id):
                    assert request_id in self.waiting, "rings for nobody"
                    assert request_id not in self.rings.values(), "rings at two phones"
                    assert name not in self.rings
                    assert name not in self.talks
                    assert name not in self.listens
                    self.rings[name] = request_id
                case StopRinging(name, request_id):
                    if self.rings.get(name) == request_id:
                        del self.rings[name]
                case Connect(name, leg, request_id):
                    assert self.waiting[request_id][0] == leg
                    assert name not in self.talks
                    assert name not in self.rings
                    assert request_id not in self.rings.values(), "two operators got the same request"
                    self.listens.discard(name)
                    self.talks[name] = request_id
                    self.end(request_id, "connected")
                case Withdrawn(request_id, _):
                    assert request_id not in self.rings.values()
                    self.end(request_id, "withdrawn")
                case NobodyFree(leg, request_id, stays):
                    assert request_id not in self.told, "told twice"
                    assert request_id not in self.rings.values()
                    assert self.waiting[request_id][:2] == (leg, stays)
                    self.told.add(request_id)
                    if not stays:
                        self.end(request_id, "nobody free")

    def tell(self, event: Event) -> None:
        self.desk.receive(event, self.now)
        self.carry_out()

    @rule(leg=legs, kind=st.sampled_from(Kind), conference=st.sampled_from(["", "c-1"]))
    def somebody_asks(self, leg: int, kind: Kind, conference: str) -> None:
        self.tell(Ask(leg, kind, conference, "somebody"))

    @rule(leg=legs)
    def somebody_hangs_up(self, leg: int) -> None:
        self.tell(Withdraw(leg))

    @rule(data=st.data(), answered=st.booleans())
    def a_phone_that_rings_ends_ringing(self, data: st.DataObject, answered: bool) -> None:
        if not self.rings:
            return
        name = data.draw(st.sampled_from(sorted(self.rings)))
        request_id = self.rings.pop(name)
        self.tell(OperatorAnswered(name, request_id) if answered else OperatorFailed(name, request_id))
        if answered:
            assert self.talks[name] == request_id

    @rule(name=names, request_id=st.integers(0, 9))
    def a_phone_is_taken(self, name: str, request_id: int) -> None:
        self.tell(PhoneTaken(name, request_id))

    @rule(name=names, request_id=st.integers(0, 9), answered=st.booleans())
    def something_late_comes_of_a_phone(self, name: str, request_id: int, answered: bool) -> None:
        if request_id in {self.rings.get(name), self.talks.get(name)}:
            return
        before = self.desk.operators(), self.desk.queue(self.now)
        late = OperatorAnswered(name, request_id) if answered else OperatorFailed(name, request_id)
        self.desk.receive(late, self.now)
        assert self.desk.outgoing() == ([StopRinging(name, request_id)] if answered else [])
        assert (self.desk.operators(), self.desk.queue(self.now)) == before

    @rule(name=names, phone_up=st.booleans())
    def an_operator_is_done(self, name: str, phone_up: bool) -> None:
        if name not in self.rings:
            self.talks.pop(name, None)
            self.listens.discard(name)
            self.tell(OperatorDone(name, phone_up))

    @rule(name=names)
    def an_operator_listens(self, name: str) -> None:
        self.desk.receive(Busy(name), self.now)
        if name in {row.name for row in self.desk.operators()}:
            self.talks.pop(name, None)
            self.listens.add(name)
        self.carry_out()

    @rule(name=names, away=st.booleans())
    def an_operator_goes_or_comes(self, name: str, away: bool) -> None:
        self.tell(SetAway(name, away))

    @rule(name=names, request_id=st.integers(0, 12))
    def an_operator_takes_somebody(self, name: str, request_id: int) -> None:
        self.tell(Take(name, request_id))

    @rule(name=names)
    def an_operator_takes_the_next(self, name: str) -> None:
        self.tell(TakeNext(name))

    @rule(wait_s=st.sampled_from([0.5, 7.0, 25.0]))
    def time_passes(self, wait_s: float) -> None:
        self.now += wait_s
        self.desk.advance(self.now)
        self.carry_out()

    @rule()
    def the_next_moment_comes(self) -> None:
        deadline = self.desk.next_deadline()
        if deadline is not None:
            self.now = max(self.now, deadline)
            self.desk.advance(self.now)
            self.carry_out()

    @invariant()
    def the_rows_say_what_is_so(self) -> None:
        rows = self.desk.queue(self.now)
        assert [row.request_id for row in rows] == sorted(self.waiting)
        assert {row.ringing: row.request_id for row in rows if row.ringing} == self.rings
        states = {row.name: row.state for row in self.desk.operators()}
        assert {name for name, state in states.items() if state is OperatorState.RINGING} == set(self.rings)
        assert {name for name, state in states.items() if state is OperatorState.TALKING} == set(self.talks)
        assert {name for name, state in states.items() if state is OperatorState.MONITORING} == self.listens

    @invariant()
    def nobody_waits_beside_an_operator_who_could_be_rung(self) -> None:
        unserved = self.waiting.keys() - self.rings.values()
        if unserved:
            posts = self.desk._posts.values()
            assert not [
                post.name
                for post in posts
                if post.state is OperatorState.FREE and post.rests_until <= self.now
            ]

    def teardown(self) -> None:
        """If nothing else happens but that talks end: whoever is alone on the line has ended in time, and no phone rings."""
        if not hasattr(self, "desk"):
            return
        self.listens.clear()
        for name in NAMES:
            self.an_operator_is_done(name, phone_up=False)
            self.tell(SetAway(name, away=True))
        for _ in range(50):
            deadline = self.desk.next_deadline()
            if deadline is None:
                break
            assert deadline <= max(
                self.now, max((since for _, _, since in self.waiting.values()), default=0) + WAIT_S
            )
            self.now = max(self.now, deadline)
            self.desk.advance(self.now)
            self.carry_out()
        assert self.desk.next_deadline() is None
        assert not self.rings
        assert all(in_room and request in self.told for request, (_, in_room, _) in self.waiting.items())


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


def test_who_is_alone_on_the_line_is_told_in_time_although_phones_ring_in_vain_for_ever() -> None:
    """At the latest when the ringing that was on at `wait_s` is over, however many phones there are to try."""
    desk = Desk(*(f"operator {each}" for each in range(8)))
    desk.tell(greeting_for(7))
    told: list[float] = []
    while not told:
        deadline = desk.desk.next_deadline()
        assert deadline is not None
        told += [deadline for effect in desk.at(deadline) if isinstance(effect, NobodyFree)]
    assert WAIT_S <= told[0] <= WAIT_S + RING_S
