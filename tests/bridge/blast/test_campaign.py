"""A list called from end to end (`*92`, `*3`), by hand and by whatever comes to hypothesis's mind."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.blast.campaign import CATCH_UP_S, CLOSING_S, CONFIRM_S, MESSAGE_MAX_S, Campaign
from bridge.blast.effects import Changed, Dial, Effect, HangUp, Join, Over, Play
from bridge.blast.events import Answered, Cancel, Event, Failed, Left, Played, Pressed, Ringing
from bridge.blast.model import ENTRIES_MAX, BlastError, Entry, Rules
from bridge.blast.states import AFTER, State
from bridge.service.outcome import Outcome

RULES = Rules(calls_per_second=10, parallel=5, attempts=2, retry_after_s=60.0, ring_s=30.0, press_one=False)
ASKING = replace(RULES, press_one=True)


def entries(number: int) -> list[Entry]:
    return [Entry(each, f"person {each}", f"55119{each:08}") for each in range(1, number + 1)]


class Blast:
    """A campaign, its clock, and what it wanted."""

    def __init__(self, number: int = 1, rules: Rules = RULES) -> None:
        self.campaign = Campaign(entries(number), rules)
        self.now = 0.0
        self.campaign.start(self.now)

    def tell(self, *events: Event) -> list[Effect]:
        """Tell it and take what it wants, but for what is for the board."""
        for event in events:
            self.campaign.receive(event, self.now)
        return self.wants()

    def wants(self) -> list[Effect]:
        return [effect for effect in self.campaign.outgoing() if not isinstance(effect, Changed)]

    def at(self, now: float) -> list[Effect]:
        """Let time pass until `now`, moment by moment, and take what it wants."""
        while (deadline := self.campaign.next_deadline()) is not None and deadline <= now:
            self.now = max(self.now, deadline)
            self.campaign.advance(self.now)
        self.now = now
        self.campaign.advance(now)
        return self.wants()

    def state(self, entry: int = 1) -> State:
        return next(row.state for row in self.campaign.board() if row.id == entry)


def test_who_answers_hears_the_message_and_is_connected() -> None:
    """service.md `*92`."""
    blast = Blast()
    assert blast.wants() == [Dial(1)]
    assert blast.tell(Ringing(1)) == []
    assert blast.state() is State.RINGING
    assert blast.tell(Answered(1)) == [Play(1)]
    assert blast.state() is State.GREETED
    assert blast.tell(Played(1)) == [Join(1), Over()]
    assert blast.state() is State.JOINED
    assert blast.tell(Left(1)) == []
    assert blast.state() is State.LEFT
    assert blast.campaign.next_deadline() is None


def test_every_change_is_told_for_the_board() -> None:
    blast = Blast()
    for event in (Ringing(1), Failed(1, Outcome.BUSY)):
        blast.campaign.receive(event, 1.0)
    changes = [effect for effect in blast.campaign.outgoing() if isinstance(effect, Changed)]
    assert changes == [
        Changed(1, State.CALLING),
        Changed(1, State.RINGING),
        Changed(1, State.BUSY, Outcome.BUSY),
    ]


def test_the_board_shows_the_list_in_its_order_with_counts_and_times() -> None:
    blast = Blast(2, replace(RULES, parallel=1))
    blast.now = 3.0
    blast.tell(Ringing(1))
    first, second = blast.campaign.board()
    assert (first.name, first.number, first.state, first.attempts, first.since) == (
        "person 1",
        "5511900000001",
        State.RINGING,
        1,
        3.0,
    )
    assert (second.id, second.state, second.attempts, second.since) == (2, State.WAITING, 0, 0.0)


def test_two_hundred_numbers_at_twenty_a_second_are_called_within_ten_seconds() -> None:
    blast = Blast(200, Rules(calls_per_second=20, parallel=500))
    started = [blast.now for effect in blast.wants() if isinstance(effect, Dial)]
    while len(started) < 200:
        deadline = blast.campaign.next_deadline()
        assert deadline is not None
        started += [deadline for effect in blast.at(deadline) if isinstance(effect, Dial)]
    assert started[-1] <= 10.0
    assert min(later - sooner for sooner, later in pairwise(started)) > 0.049


def test_who_comes_late_may_catch_up_a_little_and_no_more() -> None:
    blast = Blast(200, Rules(calls_per_second=20, parallel=500))
    blast.wants()
    blast.campaign.advance(5.0)
    assert len(blast.wants()) == 1 + round(20 * CATCH_UP_S)


def test_no_more_than_the_rules_allow_are_called_at_once() -> None:
    blast = Blast(7, replace(RULES, parallel=2))
    assert blast.at(5.0) == [Dial(1), Dial(2)]
    assert blast.tell(Answered(1), Played(1)) == [Play(1), Join(1), Dial(3)], "who is in takes no place"
    assert blast.tell(Failed(2, Outcome.DECLINED)) == [Dial(4)]
    assert blast.tell(Failed(3, Outcome.DECLINED)) == []
    assert blast.at(5.1) == [Dial(5)], "the rate holds for the place that fell free, too"


@pytest.mark.parametrize("outcome", [outcome for outcome in Outcome if AFTER[outcome].again])
def test_what_may_end_otherwise_is_tried_again_after_the_pause(outcome: Outcome) -> None:
    """service.md `*92`: busy and no answer are retried as configured and reported."""
    blast = Blast()
    blast.wants()
    blast.now = 4.0
    assert blast.tell(Failed(1, outcome)) == []
    assert blast.at(63.9) == []
    assert blast.at(64.0) == [Dial(1)]
    assert blast.tell(Failed(1, outcome)) == [Over()], "two attempts were allowed"
    row = blast.campaign.board()[0]
    assert (row.attempts, row.outcome) == (2, outcome)


@pytest.mark.parametrize(
    ("outcome", "state", "attempts"),
    [
        (Outcome.DECLINED, State.DECLINED, 1),
        (Outcome.UNKNOWN_NUMBER, State.FAILED, 1),
        (Outcome.UNREACHABLE, State.FAILED, 1),
        (Outcome.ERROR, State.FAILED, 1),
        (Outcome.REFUSED, State.REFUSED, 0),
    ],
)
def test_what_will_not_end_otherwise_is_not_tried_again(
    outcome: Outcome, state: State, attempts: int
) -> None:
    blast = Blast()
    assert blast.tell(Failed(1, outcome)) == [Dial(1), Over()]
    row = blast.campaign.board()[0]
    assert (row.state, row.outcome, row.attempts) == (state, outcome, attempts)


def test_who_is_reached_at_the_second_attempt_is_not_reported_as_busy() -> None:
    blast = Blast()
    blast.tell(Failed(1, Outcome.BUSY))
    blast.at(60.0)
    blast.tell(Answered(1), Played(1))
    row = blast.campaign.board()[0]
    assert (row.state, row.attempts, row.outcome) == (State.JOINED, 2, None)


def test_who_is_tried_again_waits_behind_whoever_has_not_been_tried() -> None:
    blast = Blast(3, replace(RULES, parallel=1, retry_after_s=0.0))
    assert blast.tell(Failed(1, Outcome.BUSY)) == [Dial(1)]
    assert blast.at(1.0) == [Dial(2)]
    assert blast.tell(Failed(2, Outcome.DECLINED)) == [Dial(3)]
    assert blast.tell(Failed(3, Outcome.DECLINED)) == [Dial(1)]


def test_a_phone_that_rings_too_long_is_hung_up_and_called_again_when_that_call_is_down() -> None:
    blast = Blast()
    blast.tell(Ringing(1))
    assert blast.at(30.0) == [HangUp(1)]
    assert blast.state() is State.NO_ANSWER
    assert not blast.campaign.over
    blast.tell(Failed(1, Outcome.BUSY))
    assert blast.campaign.board()[0].outcome is Outcome.NO_ANSWER, "we know better why"
    assert blast.at(89.0) == []
    assert blast.at(90.0) == [Dial(1)]


def test_a_call_whose_end_is_never_told_does_not_hold_the_campaign_for_ever() -> None:
    blast = Blast(1, replace(RULES, attempts=1))
    blast.wants()
    assert blast.at(30.0) == [HangUp(1)]
    assert blast.at(30.0 + CLOSING_S - 1) == []
    assert blast.at(30.0 + CLOSING_S) == [Over()]


def test_an_answer_that_crosses_our_hanging_up_is_hung_up() -> None:
    blast = Blast()
    blast.at(30.0)
    assert blast.tell(Answered(1)) == [HangUp(1)]
    assert blast.state() is State.NO_ANSWER


def test_an_answer_of_somebody_who_is_not_called_is_hung_up() -> None:
    blast = Blast()
    blast.wants()
    assert blast.tell(Failed(1, Outcome.BUSY), Answered(1)) == [HangUp(1)]
    assert blast.tell(Answered(99)) == [HangUp(99)]


def test_an_answer_that_is_told_twice_is_greeted_once() -> None:
    blast = Blast()
    blast.wants()
    assert blast.tell(Answered(1), Answered(1)) == [Play(1)]
    assert blast.tell(Played(1), Answered(1), Played(1)) == [Join(1), Over()]


def test_who_must_press_one_is_connected_when_they_do() -> None:
    blast = Blast(1, ASKING)
    blast.wants()
    assert blast.tell(Answered(1), Played(1)) == [Play(1)]
    assert blast.state() is State.CONFIRMING
    assert blast.tell(Pressed(1, "2"), Pressed(1, "#")) == []
    assert blast.tell(Pressed(1, "1")) == [Join(1), Over()]
    assert blast.tell(Pressed(1, "1")) == []


def test_who_knows_the_message_may_press_one_while_it_plays() -> None:
    blast = Blast(1, ASKING)
    blast.wants()
    assert blast.tell(Answered(1), Pressed(1, "1"), Played(1)) == [Play(1), Join(1), Over()]


def test_a_key_means_nothing_where_none_is_asked_for() -> None:
    blast = Blast()
    blast.wants()
    assert blast.tell(Answered(1), Pressed(1, "1")) == [Play(1)]


def test_a_machine_that_answers_is_not_connected() -> None:
    """Issue 3: answered by a person confirmed by "press 1" where set, voicemail not connected."""
    blast = Blast(1, ASKING)
    blast.tell(Answered(1), Played(1))
    assert blast.at(CONFIRM_S - 0.1) == []
    assert blast.at(CONFIRM_S) == [HangUp(1)]
    assert blast.state() is State.NOT_CONFIRMED
    assert blast.tell(Pressed(1, "1")) == []
    assert blast.tell(Left(1)) == [Over()]


@pytest.mark.parametrize("rules", [RULES, ASKING])
def test_who_hangs_up_on_the_message_is_not_connected_and_not_called_again(rules: Rules) -> None:
    blast = Blast(1, rules)
    assert blast.tell(Answered(1), Left(1)) == [Dial(1), Play(1), Over()]
    assert blast.state() is State.NOT_CONFIRMED
    assert blast.campaign.next_deadline() is None


def test_who_hangs_up_when_asked_for_a_key_is_not_connected() -> None:
    blast = Blast(1, ASKING)
    assert blast.tell(Answered(1), Played(1), Left(1)) == [Dial(1), Play(1), Over()]
    assert blast.state() is State.NOT_CONFIRMED


def test_a_message_whose_end_is_never_told_leaves_nobody_in_silence() -> None:
    blast = Blast()
    blast.tell(Answered(1))
    assert blast.at(MESSAGE_MAX_S) == [Join(1), Over()]


def test_a_call_that_is_lost_before_the_answer_has_failed() -> None:
    blast = Blast()
    blast.tell(Ringing(1), Left(1))
    assert blast.state() is State.FAILED
    assert blast.campaign.board()[0].outcome is Outcome.ERROR


def test_a_cancel_stops_what_is_not_answered_and_leaves_the_rest() -> None:
    """service.md `*92`: `*3` cancels the calls not yet answered."""
    blast = Blast(7)
    blast.at(0.4)
    blast.tell(Ringing(2), Answered(3), Answered(4), Played(4), Failed(5, Outcome.BUSY))
    assert blast.at(0.5) == [Dial(6)]
    assert blast.tell(Cancel()) == [HangUp(1), HangUp(2), HangUp(6)]
    assert [row.state for row in blast.campaign.board()] == [
        State.CANCELLED,
        State.CANCELLED,
        State.GREETED,
        State.JOINED,
        State.BUSY,
        State.CANCELLED,
        State.CANCELLED,
    ]
    assert blast.tell(Played(3)) == [Join(3)]
    assert blast.tell(Answered(2)) == [HangUp(2)], "an answer after the cancel"
    assert blast.tell(Left(2), Failed(1, Outcome.NO_ANSWER)) == []
    assert blast.tell(Failed(6, Outcome.NO_ANSWER), Cancel()) == [Over()]
    assert blast.campaign.next_deadline() is None


def test_a_cancel_while_a_call_is_taken_down_waits_for_its_end() -> None:
    blast = Blast()
    blast.at(30.0)
    assert blast.tell(Cancel()) == []
    assert not blast.campaign.over
    assert blast.tell(Failed(1, Outcome.NO_ANSWER)) == [Over()]
    assert blast.state() is State.NO_ANSWER, "what became of the last attempt stays on the board"


def test_a_cancel_while_a_call_is_taken_down_does_not_wait_for_its_end_for_ever() -> None:
    blast = Blast()
    blast.at(30.0)
    assert blast.tell(Cancel()) == []
    assert blast.at(30.0 + CLOSING_S) == [Over()]


@pytest.mark.parametrize("late", [Failed(1, Outcome.DECLINED), Left(1), Ringing(1), Played(1)])
def test_what_comes_after_the_end_of_a_call_does_not_move_the_next_attempt(late: Event) -> None:
    blast = Blast()
    blast.tell(Failed(1, Outcome.BUSY))
    blast.now = 50.0
    assert blast.tell(late) == []
    assert blast.at(60.0) == [Dial(1)]


def test_a_cancel_before_the_start_calls_nobody() -> None:
    campaign = Campaign(entries(2), RULES)
    assert campaign.next_deadline() is None
    campaign.receive(Cancel(), 0.0)
    assert campaign.over
    campaign.start(1.0)
    assert [effect for effect in campaign.outgoing() if not isinstance(effect, Changed)] == [Over()]
    assert campaign.summary[State.CANCELLED] == 2


def test_a_second_start_changes_nothing() -> None:
    blast = Blast()
    blast.wants()
    blast.campaign.start(5.0)
    assert blast.wants() == []
    assert blast.campaign.board()[0].since == 0.0


def test_an_empty_list_is_over_at_once() -> None:
    assert Blast(0).wants() == [Over()]


def test_an_id_in_the_list_twice_is_refused() -> None:
    with pytest.raises(BlastError, match="twice"):
        Campaign([*entries(3), *entries(1)], RULES)


def test_a_list_beyond_the_limit_is_refused() -> None:
    with pytest.raises(BlastError, match="at most"):
        Campaign(entries(ENTRIES_MAX + 1), RULES)


def test_an_event_touches_one_entry_however_long_the_list_is() -> None:
    """No look through the list per event: what an event does is the same for one entry and for 2,000."""
    few, many = Blast(6), Blast(2000)
    for blast in (few, many):
        blast.at(0.3)
    for event in (Ringing(1), Answered(1), Failed(2, Outcome.BUSY), Played(1), Left(1)):
        assert few.tell(event) == many.tell(event)
    assert len(many.campaign._alarms) == len(few.campaign._alarms)


def outcomes() -> st.SearchStrategy[Outcome]:
    return st.sampled_from(Outcome)


class AnyOrder(RuleBasedStateMachine):
    """Peers that ring, answer, fail and hang up in any order, a network that reorders, and a moderator who may cancel.

    The machine keeps its own books: which calls are up, as whoever carries the effects out would.
    """

    @initialize(
        number=st.integers(0, 8),
        calls_per_second=st.sampled_from([1.0, 7.0, 20.0]),
        parallel=st.integers(1, 4),
        attempts=st.integers(1, 3),
        retry_after_s=st.sampled_from([0.0, 5.0, 60.0]),
        press_one=st.booleans(),
    )
    def begin(
        self,
        number: int,
        calls_per_second: float,
        parallel: int,
        attempts: int,
        retry_after_s: float,
        press_one: bool,
    ) -> None:
        self.rules = Rules(calls_per_second, parallel, attempts, retry_after_s, 30.0, press_one)
        self.campaign = Campaign(entries(number), self.rules)
        self.now = 0.0
        self.up: set[int] = set()
        """Calls that were dialled and whose end has not been told."""
        self.hung_up: dict[int, float] = {}
        """Those of them that we hung up, and when."""
        self.joined: set[int] = set()
        self.dials: list[tuple[float, int]] = []
        self.ends: Counter[int] = Counter()
        self.cancelled = False
        self.overs = 0
        self.campaign.start(self.now)
        self.carry_out()

    def carry_out(self) -> None:
        for effect in self.campaign.outgoing():
            match effect:
                case Dial(entry):
                    assert not self.cancelled, "dialled after the cancel"
                    assert entry not in self.up, "dialled while its last call is up"
                    self.up.add(entry)
                    self.dials.append((self.now, entry))
                case HangUp(entry):
                    if entry in self.up:
                        self.hung_up.setdefault(entry, self.now)
                case Play(entry) | Join(entry):
                    assert entry in self.up - self.hung_up.keys(), "nobody is there to hear it"
                    if isinstance(effect, Join):
                        self.joined.add(entry)
                case Over():
                    self.overs += 1
        assert len(self.up - self.joined) <= self.rules.parallel

    def tell(self, event: Event) -> None:
        self.campaign.receive(event, self.now)
        if isinstance(event, Failed | Left) and event.id in self.up:
            self.up.discard(event.id)
            self.hung_up.pop(event.id, None)
            self.joined.discard(event.id)
            self.ends[event.id] += 1
        self.carry_out()

    def pick(self, data: st.DataObject) -> int:
        """Mostly somebody on the line, at times anybody, or nobody."""
        return data.draw(st.sampled_from(sorted(self.up)) if self.up else st.integers(0, 9))

    @rule(data=st.data(), kind=st.sampled_from([Ringing, Answered, Played, Left]))
    def something_happens(self, data: st.DataObject, kind: type[Ringing | Answered | Played | Left]) -> None:
        self.tell(kind(self.pick(data)))

    @rule(entry=st.integers(0, 9), kind=st.sampled_from([Ringing, Answered, Played]))
    def something_comes_for_anybody(self, entry: int, kind: type[Ringing | Answered | Played]) -> None:
        on_the_line = entry in self.up
        before = self.campaign.summary
        self.tell(kind(entry))
        if not on_the_line:
            assert self.campaign.summary == before, "what comes for nobody changes nothing"

    @rule(data=st.data(), outcome=outcomes())
    def a_call_fails(self, data: st.DataObject, outcome: Outcome) -> None:
        self.tell(Failed(self.pick(data), outcome))

    @rule(data=st.data(), digit=st.sampled_from("1*5"))
    def a_key_is_pressed(self, data: st.DataObject, digit: str) -> None:
        self.tell(Pressed(self.pick(data), digit))

    @precondition(lambda self: not self.cancelled)
    @rule(sure=st.integers(0, 4))
    def the_moderator_cancels(self, sure: int) -> None:
        if sure == 0:
            self.cancelled = True
            self.tell(Cancel())

    def pass_until(self, now: float) -> None:
        """Who hung up is told the end before it is given up waiting for: the contract of `events`."""
        for entry, since in sorted(self.hung_up.items()):
            if since + CLOSING_S <= now:
                self.tell(Left(entry))
        self.now = now
        self.campaign.advance(now)
        self.carry_out()

    @rule(wait_s=st.sampled_from([0.01, 0.3, 2.0, 31.0]))
    def time_passes(self, wait_s: float) -> None:
        """The owner comes when it likes, too early and too late."""
        self.pass_until(self.now + wait_s)

    @rule()
    def the_next_moment_comes(self) -> None:
        deadline = self.campaign.next_deadline()
        if deadline is not None:
            self.pass_until(max(self.now, deadline))

    @invariant()
    def nobody_is_called_more_often_than_allowed(self) -> None:
        counts = Counter(entry for _, entry in self.dials)
        assert max(counts.values(), default=0) <= self.rules.attempts
        for entry, dialled in counts.items():
            assert dialled == self.ends[entry] + (entry in self.up), "every call ends once"

    @invariant()
    def calls_begin_no_faster_than_allowed(self) -> None:
        times = [at for at, _ in self.dials]
        rate = self.rules.calls_per_second
        for first in range(len(times)):
            for last in range(first, len(times)):
                assert last - first + 1 <= (times[last] - times[first] + CATCH_UP_S) * rate + 1 + 1e-6

    @invariant()
    def the_counts_are_those_of_the_board(self) -> None:
        states = Counter(row.state for row in self.campaign.board())
        assert self.campaign.summary == {state: states[state] for state in State}

    @invariant()
    def it_is_over_when_nobody_is_left_to_call_or_greet(self) -> None:
        assert self.overs == int(self.campaign.over)
        states = {row.state for row in self.campaign.board()}
        open_states = {
            State.WAITING,
            State.CALLING,
            State.RINGING,
            State.GREETED,
            State.CONFIRMING,
        }
        if self.campaign.over:
            assert not states & open_states
            assert self.up == self.joined
            assert self.campaign.next_deadline() is None
        else:
            assert self.campaign.next_deadline() is not None or self.up - self.joined

    def teardown(self) -> None:
        """If nothing else happens but what must, it ends, and nobody is left on the line but who joined."""
        if not hasattr(self, "campaign"):
            return
        for _ in range(200):
            if self.campaign.over:
                break
            deadline = self.campaign.next_deadline()
            assert deadline is not None, "waits for something that never comes"
            self.pass_until(max(self.now, deadline))
        assert self.campaign.over
        assert self.up == self.joined


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(st.sampled_from([0.001, 0.05, 0.2, 1.5]), max_size=60))
def test_however_the_owner_comes_the_rate_is_kept(waits_s: list[float]) -> None:
    blast = Blast(100, Rules(calls_per_second=20, parallel=500))
    times = [0.0] * len(blast.wants())
    for wait_s in waits_s:
        blast.now += wait_s
        blast.campaign.advance(blast.now)
        times += [blast.now] * len(blast.wants())
    for last, at in enumerate(times):
        for first in range(last):
            assert last - first + 1 <= (at - times[first] + CATCH_UP_S) * 20 + 1 + 1e-6
