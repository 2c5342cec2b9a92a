"""The conference as a whole, driven at random by people who come, go and press keys at any time."""

import time
from dataclasses import replace

import pytest
from hypothesis import settings as run
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.conference.commands import Command
from bridge.conference.course import STRAGGLERS_S
from bridge.conference.effects import (
    CancelTimer,
    ConferenceBegan,
    ConferenceEnded,
    ConferenceOpened,
    Effect,
    Enter,
    HangUp,
    Music,
    RecordJoin,
    RecordLeave,
    Say,
    SetMute,
    SetTimer,
    TurnAway,
    Withdraw,
)
from bridge.conference.events import (
    Disconnect,
    End,
    Event,
    HoursEndAt,
    Join,
    Leave,
    LeaveReason,
    MuteOne,
    Press,
    SettingsChanged,
    TimerFired,
)
from bridge.conference.model import TALKING, Conference, Phase, Refused
from bridge.conference.reducer import admit, reduce
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import LastModerator, Settings

LEGS = st.integers(1, 8)
STRANGER = 99
"""A leg that never comes in."""
ROLES = st.sampled_from([Role.PARTICIPANT, Role.PARTICIPANT, Role.PARTICIPANT, Role.MODERATOR])
SETTINGS = st.builds(
    Settings,
    level=st.sampled_from(Level),
    entry_exit_tones=st.booleans(),
    music_until_moderator=st.booleans(),
    begins_with_moderator=st.sampled_from([True, True, False]),
    when_last_moderator_leaves=st.sampled_from(LastModerator),
    grace_s=st.sampled_from([0.0, 60.0]),
    maximum_participants=st.sampled_from([None, None, 1, 4]),
    maximum_length_s=st.sampled_from([None, 200.0, 900.0]),
    mute_on_entry=st.booleans(),
) | st.builds(Settings.for_open_room)


class Replay:
    """What a bridge knows that only ever does the effects."""

    def __init__(self) -> None:
        self.open = self.begun = False
        self.roster: dict[int, Role] = {}
        self.room: set[int] = set()
        self.muted: set[int] = set()
        self.music: set[int] = set()
        self.told_to_go: set[int] = set()
        self.timers: dict[object, float] = {}

    def do(self, effect: Effect) -> None:
        self._record(effect)
        self._route(effect)
        self._tell(effect)

    def _record(self, effect: Effect) -> None:
        match effect:
            case ConferenceOpened():
                assert not self.open
                self.open = True
            case ConferenceBegan():
                assert self.open
                assert not self.begun
                self.begun = True
            case ConferenceEnded():
                assert self.open
                assert not self.roster
                self.open = self.begun = False
            case RecordJoin():
                assert self.open
                assert effect.leg not in self.roster, "recorded twice"
                self.roster[effect.leg] = effect.role
            case RecordLeave():
                assert effect.leg not in self.room, "left the table, not the room"
                del self.roster[effect.leg]
                for told in (self.room, self.muted, self.music, self.told_to_go):
                    told.discard(effect.leg)
            case TurnAway():
                assert effect.leg not in self.roster

    def _route(self, effect: Effect) -> None:
        match effect:
            case Enter():
                assert self.begun, "heard the room before it began"
                assert effect.leg in self.roster
                assert effect.leg not in self.room
                assert effect.leg not in self.music
                self.room.add(effect.leg)
            case Withdraw():
                self.room.remove(effect.leg)
            case SetMute():
                assert effect.muted != (effect.leg in self.muted), "told what it knew"
                (self.muted.add if effect.muted else self.muted.remove)(effect.leg)
            case Music():
                assert effect.on != (effect.leg in self.music), "told what it knew"
                (self.music.add if effect.on else self.music.remove)(effect.leg)

    def _tell(self, effect: Effect) -> None:
        match effect:
            case HangUp():
                assert effect.leg not in self.room
                assert effect.leg not in self.told_to_go
                self.told_to_go.add(effect.leg)
            case Say():
                assert effect.leg in self.roster
                assert effect.leg not in self.told_to_go
            case SetTimer():
                self.timers[effect.key] = effect.at
            case CancelTimer():
                del self.timers[effect.key]


class PeopleInAConference(RuleBasedStateMachine):
    """Rules that need somebody draw `who` and take the one at that place, so that most steps hit a person."""

    @initialize(settings=SETTINGS, people=st.lists(ROLES, min_size=2, max_size=6))
    def start(self, settings: Settings, people: list[Role]) -> None:
        self.conference = Conference(settings)
        self.replay = Replay()
        self.now = 1000.0
        for leg, role in enumerate(people, 1):
            self.happen(Join(leg, role))

    def happen(self, event: Event) -> list[Effect]:
        self.conference, effects = reduce(self.conference, event, self.now)
        for effect in effects:
            self.replay.do(effect)
        return effects

    def somebody(self, who: int) -> int:
        legs = list(self.conference.participants)
        return legs[who % len(legs)]

    @rule(leg=LEGS, role=ROLES, muted=st.booleans())
    def join(self, leg: int, role: Role, muted: bool) -> None:
        known = leg in self.conference.participants
        verdict = admit(self.conference, role)
        effects = self.happen(Join(leg, role, muted=muted))
        if known:
            assert effects == []
        else:
            assert (leg in self.conference.participants) != isinstance(verdict, Refused)

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, reason=st.sampled_from([LeaveReason.HUNG_UP, LeaveReason.LOST]))
    def leave(self, who: int, reason: LeaveReason) -> None:
        self.happen(Leave(self.somebody(who), reason))

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, command=st.sampled_from(Command) | st.none())
    def press(self, who: int, command: Command | None) -> None:
        leg = self.somebody(who)
        present = self.conference.participants[leg].dismissed is None
        effects = self.happen(Press(leg, command, "*?"))
        assert any(isinstance(each, Say) and each.leg == leg for each in effects) == present

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, command=st.sampled_from([Command.LECTURE, Command.LOCK, Command.MUTE_SELF]))
    def press_what_changes_something(self, who: int, command: Command) -> None:
        self.press(who, command)

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, muted=st.booleans())
    def mute_one(self, who: int, muted: bool) -> None:
        self.happen(MuteOne(self.somebody(who), muted))

    @precondition(lambda self: len(self.conference.participants) > 2)
    @rule(who=LEGS)
    def disconnect(self, who: int) -> None:
        self.happen(Disconnect(self.somebody(who)))

    @rule(command=st.sampled_from(Command))
    def a_stranger_is_nobody(self, command: Command) -> None:
        before = self.conference
        for event in (
            Leave(STRANGER),
            Press(STRANGER, command),
            MuteOne(STRANGER, muted=True),
            Disconnect(STRANGER),
        ):
            assert self.happen(event) == []
        assert self.conference == before

    @precondition(lambda self: len(self.conference.participants) > 3)
    @rule()
    def end(self) -> None:
        self.happen(End("operator"))
        assert self.conference.phase is Phase.ENDED

    @rule(settings=SETTINGS)
    def change_settings(self, settings: Settings) -> None:
        self.happen(SettingsChanged(settings))

    @rule(after_s=st.sampled_from([-1.0, 100.0]))
    def hours(self, after_s: float) -> None:
        self.happen(HoursEndAt(self.now + after_s))

    @rule(seconds=st.sampled_from([0.5, 31.0, 61.0, 700.0]))
    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [(at, key) for key, at in self.replay.timers.items() if at <= end]:
            at, key = min(due, key=lambda each: each[0])
            self.now = max(self.now, at)
            del self.replay.timers[key]
            self.happen(TimerFired(key))
        self.now = end

    @precondition(lambda self: self.conference.lecture)
    @rule()
    def a_moderator_ends_the_lecture(self) -> None:
        for leg, each in self.conference.participants.items():
            if each.role is Role.MODERATOR and each.dismissed is None:
                self.happen(Press(leg, Command.LECTURE, "*5"))
                assert not self.conference.lecture
                return
        assert self.conference.phase in {Phase.ENDING, Phase.ENDED}, "a lecture that nobody can end"

    @rule()
    def whoever_is_muted_outside_a_lecture_can_speak_again(self) -> None:
        for leg, each in self.conference.participants.items():
            free = not self.conference.lecture or each.role is Role.MODERATOR
            if free and not each.dismissed and self.conference.muted(leg):
                self.happen(Press(leg, Command.MUTE_SELF, "*6"))
                assert leg not in self.replay.muted

    @precondition(lambda self: len(self.conference.participants) > 3)
    @rule()
    def everybody_leaves(self) -> None:
        for leg in list(self.conference.participants):
            self.happen(Leave(leg))
        assert self.conference == Conference(self.conference.settings)
        assert not self.replay.open

    @invariant()
    def doing_the_effects_gives_the_same_conference(self) -> None:
        conference, replay = self.conference, self.replay
        people = conference.participants
        assert replay.roster == {leg: each.role for leg, each in people.items()}
        assert replay.room == {leg for leg in people if conference.in_room(leg)}
        assert replay.muted == {leg for leg in people if conference.muted(leg)}
        assert replay.timers == conference.deadlines
        assert replay.open == (conference.phase is not Phase.EMPTY)
        assert replay.begun == (conference.began_at is not None)
        assert replay.told_to_go == {leg for leg, each in people.items() if each.dismissed}

    @invariant()
    def nobody_hears_the_room_before_it_begins_or_after_it_ends(self) -> None:
        assert not self.replay.room or self.conference.phase in TALKING
        assert not (self.replay.room & self.replay.music)

    @invariant()
    def whoever_waits_hears_music_where_it_is_set(self) -> None:
        conference = self.conference
        waiting = conference.phase is Phase.WAITING and conference.settings.music_until_moderator
        present = {leg for leg, each in conference.participants.items() if not each.dismissed}
        assert self.replay.music == (present if waiting else set())

    @invariant()
    def a_conference_is_empty_exactly_when_nobody_is_there(self) -> None:
        conference = self.conference
        assert (conference.phase is Phase.EMPTY) == (not conference.participants)
        assert conference.moderators == sum(
            each.role is Role.MODERATOR and each.dismissed is None
            for each in conference.participants.values()
        )
        maximum = conference.settings.maximum_participants
        assert maximum is None or len(conference.participants) <= maximum

    @invariant()
    def what_must_end_has_a_timer_that_ends_it(self) -> None:
        phases = {Phase.ENDING: 60.0, Phase.ENDED: STRAGGLERS_S}
        limit_s = phases.get(self.conference.phase)
        if limit_s is not None:
            assert min(self.conference.deadlines.values()) <= self.now + limit_s


TestPeopleInAConference = PeopleInAConference.TestCase
TestPeopleInAConference.settings = run(max_examples=100, stateful_step_count=40, deadline=None)


def test_a_conference_is_a_value_that_reduce_leaves_alone():
    before = Conference(Settings())
    first, _ = reduce(before, Join(1, Role.MODERATOR), 1.0)
    kept = replace(first, participants=dict(first.participants))
    second, effects = reduce(first, Join(2, Role.PARTICIPANT), 2.0)
    assert before == Conference(Settings())
    assert first == kept
    assert reduce(first, Join(2, Role.PARTICIPANT), 2.0) == (second, effects)


@pytest.mark.parametrize("people", [1000])
def test_a_thousand_people_come_and_go_in_a_moment(people):
    """A guard against accidental loops over everybody per join; the figure itself is in the measurements."""
    conference, now = Conference(Settings()), 0.0
    started = time.perf_counter()
    for leg in range(people):
        conference, _ = reduce(conference, Join(leg, Role.PARTICIPANT), now)
    conference, _ = reduce(conference, Join(people, Role.MODERATOR), now)
    for leg in range(people + 1):
        conference, _ = reduce(conference, Leave(leg), now)
    assert time.perf_counter() - started < 2.0
    assert conference.phase is Phase.EMPTY
