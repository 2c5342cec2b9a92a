"""The conference as a whole, driven at random by people, consoles and a switchboard that do anything at any time."""

import time
from dataclasses import replace

import msgspec
import pytest
from hypothesis import settings as run
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.conference import commands
from bridge.conference.commands import EVERYBODY, Actor, AnyCommand
from bridge.conference.course import STRAGGLERS_S
from bridge.conference.effects import (
    Act,
    Effect,
    HangUp,
    Hush,
    Perform,
    RecordLeave,
    Reply,
    Say,
    SayList,
    SayRoom,
    SetMute,
)
from bridge.conference.events import (
    End,
    Event,
    Given,
    HoursEndAt,
    Join,
    Leave,
    LeaveReason,
    LineTroubled,
    Listen,
    Replaced,
    SettingsChanged,
    StepAside,
    StepBack,
    StillThere,
    TimerFired,
    TimerKey,
    UnknownKeys,
)
from bridge.conference.model import (
    ALONE,
    MAIN,
    TALKING,
    Conference,
    House,
    Participant,
    Phase,
    Refused,
    silenced_by_mode,
)
from bridge.conference.noisy import on_another_line
from bridge.conference.reducer import admit, reduce
from bridge.conference.roster import roster
from bridge.conference.trouble import Trouble
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, NoisyLines, Settings
from prompts.values import Clip
from tests.bridge.conference.replay import Replay

LEGS = st.integers(1, 8)
MONITORS = st.integers(101, 103)
STRANGER = 99
"""A leg that never comes in."""
ROLES = st.sampled_from([Role.PARTICIPANT] * 4 + [Role.MODERATOR] * 2 + [Role.OPERATOR])
SETTINGS = st.builds(
    Settings,
    level=st.sampled_from(Level),
    entry_exit_tones=st.booleans(),
    announce_names=st.booleans(),
    music_until_moderator=st.booleans(),
    begins_with_moderator=st.sampled_from([True, True, False]),
    when_last_moderator_leaves=st.sampled_from(LastModerator),
    grace_s=st.sampled_from([0.0, 60.0]),
    maximum_participants=st.sampled_from([None, None, 1, 4]),
    maximum_length_s=st.sampled_from([None, 200.0, 900.0]),
    mute_on_entry=st.booleans(),
    mute_mode=st.sampled_from([MuteMode.CONVERSATION, *MuteMode]),
    strict_mute=st.booleans(),
    extension_s=st.sampled_from([0.0, 600.0]),
    stranded_after_s=st.sampled_from([None, 120.0]),
    noisy_lines=st.sampled_from([NoisyLines.MUTE, *NoisyLines]),
    noisy_notices=st.booleans(),
    suppress_noise=st.booleans(),
    level_voices=st.booleans(),
) | st.builds(Settings.for_open_room)

ON = st.sampled_from([None, True, False])
OWN = st.one_of(
    st.builds(commands.MuteSelf, on=ON),
    st.builds(commands.RaiseHand, on=ON),
    st.sampled_from(
        [
            commands.RollCall(),
            commands.StopRollCall(),
            commands.Headcount(),
            commands.ListCommands(),
            commands.AskForHelp(),
            commands.ReturnAlone(),
        ]
    ),
)
FLOOR = st.one_of(
    st.builds(commands.Lecture, on=ON),
    st.builds(commands.SetMode, mode=st.sampled_from([None, *MuteMode])),
    st.just(commands.NextQuestion()),
    st.just(commands.ClearHands()),
    st.builds(commands.GiveFloor, leg=LEGS),
    st.builds(commands.LevelVoices, on=ON),
    st.builds(commands.SuppressNoise, leg=st.integers(0, 8), on=ON),
    st.builds(commands.MuteOne, leg=LEGS, on=st.booleans()),
    st.builds(commands.MuteAll, on=st.booleans()),
    st.builds(commands.SetGain, leg=LEGS, gain_db=st.sampled_from([-90.0, -3.0, 0.0, 6.0])),
)
CHARGE = st.one_of(
    st.builds(commands.Lock, on=ON),
    st.builds(commands.Disconnect, leg=LEGS),
    st.sampled_from([commands.Extend(), commands.LeaveWithoutEnding(), commands.Rejoin()]),
    st.builds(commands.HandOver, leg=st.integers(0, 8)),
    st.builds(commands.SetRole, leg=LEGS, role=st.sampled_from(Role)),
    st.builds(commands.Identify, leg=LEGS, name=st.just("Ana")),
    st.builds(commands.Split, legs=st.lists(LEGS, max_size=3).map(tuple), group=st.integers(-1, 10)),
)
ELSEWHERE = st.one_of(
    st.builds(commands.DialOut, number=st.sampled_from(["", "+551133334444"])),
    st.just(commands.Blast()),
    st.just(commands.CancelBlast()),
    st.just(commands.ReturnWithGuest()),
    st.builds(commands.Announce, text=st.just("excuse"), leg=st.integers(0, 8)),
    st.builds(commands.Monitor, on=st.booleans()),
    st.builds(commands.Whisper, leg=st.integers(0, 8)),
    st.builds(commands.Visit, on=st.booleans()),
    st.builds(commands.Move, leg=LEGS, conference=st.just("c2")),
    st.builds(commands.Transfer, leg=LEGS, to=st.just("+551133334444")),
)
COMMANDS = OWN | FLOOR | CHARGE | ELSEWHERE


class PeopleInAConference(RuleBasedStateMachine):
    """Rules that need somebody draw `who` and take the one at that place, so that most steps hit a person."""

    @initialize(settings=SETTINGS, people=st.lists(ROLES, min_size=2, max_size=6))
    def start(self, settings: Settings, people: list[Role]) -> None:
        self.conference = Conference(settings, house=House(announce_up_to=4))
        self.replay = Replay()
        self.now = 1000.0
        for leg, role in enumerate(people, 1):
            self.happen(Join(leg, role, clip=Clip(leg, 8000) if leg % 2 else None))

    def happen(self, event: Event) -> list[Effect]:
        self.conference, effects = reduce(self.conference, event, self.now)
        self.replay.do(effects, self.conference)
        return effects

    def somebody(self, who: int) -> int:
        legs = list(self.conference.participants)
        return legs[who % len(legs)]

    def present(self) -> list[Participant]:
        return [each for each in self.conference.participants.values() if not each.dismissed]

    # People come and go

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
        leg = self.somebody(who)
        effects = self.happen(Leave(leg, reason))
        assert [e.leg for e in effects if isinstance(e, RecordLeave)] == [leg]

    @precondition(lambda self: len(self.conference.participants) > 3)
    @rule()
    def end(self) -> None:
        self.happen(End("operator"))
        assert self.conference.phase is Phase.ENDED
        assert not self.replay.places

    # They give commands

    def give_by_key(self, who: int, command: AnyCommand, pretended: Role = Role.OPERATOR) -> None:
        leg = self.somebody(who)
        giver = self.conference.participants[leg]
        effects = self.happen(Given(command, Actor(pretended, leg), "*?"))
        if giver.dismissed:
            assert effects == []
            return
        assert effects[0] == Hush(leg)
        told = [e for e in effects if isinstance(e, Say | SayList | HangUp) and e.leg == leg]
        told += [e for e in effects if isinstance(e, SayRoom | Perform)]
        assert told or command == commands.StopRollCall() or isinstance(command, commands.Identify)
        assert not any(isinstance(e, Reply) for e in effects)
        if giver.role not in command.givers:
            assert [e.utterance.name for e in effects if isinstance(e, Say)] == ["command_forbidden"]
            assert not any(isinstance(e, Act | Perform) for e in effects)
        assert all(e.actor.role is giver.role for e in effects if isinstance(e, Act | Perform))

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, command=COMMANDS, pretended=st.sampled_from(Role))
    def key(self, who: int, command: AnyCommand, pretended: Role) -> None:
        self.give_by_key(who, command, pretended)

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, command=FLOOR | OWN)
    def key_what_changes_who_is_heard(self, who: int, command: AnyCommand) -> None:
        self.give_by_key(who, command)

    @precondition(lambda self: self.conference.phase in TALKING)
    @rule(who=LEGS, mode=st.sampled_from([MuteMode.QUESTIONS, MuteMode.QUESTIONS, *MuteMode]))
    def hands_go_up_and_one_gets_the_floor(self, who: int, mode: MuteMode) -> None:
        olga = Actor(Role.OPERATOR)
        self.happen(Given(commands.SetMode(mode), olga))
        for each in self.present():
            self.happen(Given(commands.RaiseHand(on=True), Actor(each.role, each.leg)))
        self.happen(Given(commands.NextQuestion(), olga))
        self.happen(Given(commands.GiveFloor(self.somebody(who)), olga))

    @rule(command=COMMANDS, role=st.sampled_from(Role))
    def console(self, command: AnyCommand, role: Role) -> None:
        effects = self.happen(Given(command, Actor(role, name="Olga")))
        answers = [e for e in effects if isinstance(e, Reply | Perform)]
        assert len(answers) == 1
        done = isinstance(answers[0], Perform) or answers[0].outcome.done
        assert sum(isinstance(e, Act) for e in effects) == (done and command.givers != EVERYBODY)
        assert not done or role in command.givers
        if not done:
            assert len(effects) == 1

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, command=FLOOR | CHARGE)
    def an_operator_does_something_to_somebody_who_is_in(self, who: int, command: AnyCommand) -> None:
        if hasattr(command, "leg"):
            command = msgspec.structs.replace(command, leg=self.somebody(who))
        elif isinstance(command, commands.Split):
            command = commands.Split((self.somebody(who),), command.group)
        self.console(command, Role.OPERATOR)

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, role=st.sampled_from([Role.MODERATOR, Role.PARTICIPANT]))
    def the_role_goes_to_somebody(self, who: int, role: Role) -> None:
        self.console(commands.SetRole(self.somebody(who), role), Role.OPERATOR)

    @precondition(lambda self: self.conference.moderators)
    @rule(who=LEGS, gone=st.booleans())
    def a_moderator_hands_over_or_leaves_the_others(self, who: int, gone: bool) -> None:
        moderator = next(each.leg for each in self.present() if each.role is Role.MODERATOR)
        command = commands.LeaveWithoutEnding() if gone else commands.HandOver(self.somebody(who))
        self.happen(Given(command, Actor(Role.MODERATOR, moderator)))
        assert self.conference.phase is Phase.RUNNING
        assert gone or self.conference.moderators

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS)
    def key_nonsense(self, who: int) -> None:
        leg = self.somebody(who)
        told = [e for e in self.happen(UnknownKeys(leg, "*77")) if isinstance(e, Say) and e.leg == leg]
        assert len(told) == (self.conference.participants[leg].dismissed is None)

    @rule(command=COMMANDS)
    def a_stranger_is_nobody(self, command: AnyCommand) -> None:
        before = self.conference
        for event in (
            Leave(STRANGER),
            Given(command, Actor(Role.OPERATOR, STRANGER), "*?"),
            UnknownKeys(STRANGER, "*?"),
            StepAside(STRANGER, ALONE),
            StepBack(STRANGER),
            StillThere(STRANGER),
            Listen(STRANGER, on=False, announced=True),
            Replaced(STRANGER, STRANGER + 1),
        ):
            assert self.happen(event) == []
        assert self.conference == before

    # The switchboard arranges things around them

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, place=st.sampled_from([ALONE, 10, 11]))
    def step_aside(self, who: int, place: int) -> None:
        leg = self.somebody(who)
        self.happen(StepAside(leg, place))
        each = self.conference.participants[leg]
        assert each.dismissed or (each.aside and each.place == place)

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS)
    def step_back(self, who: int) -> None:
        leg = self.somebody(who)
        self.happen(StepBack(leg))
        each = self.conference.participants[leg]
        assert each.dismissed or not each.aside

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS)
    def another_telephone_takes_ones_place(self, who: int) -> None:
        old = self.somebody(who)
        before = self.conference.participants
        new = max(before) + 1000
        self.conference, effects = reduce(self.conference, Replaced(old, new), self.now)
        if before[old].aside or before[old].dismissed:
            assert effects == []
            return
        self.replay.exchange(old, new)
        self.replay.do(effects, self.conference)
        after = self.conference.participants
        assert [new if leg == old else leg for leg in before] == list(after)
        assert after[new] == on_another_line(replace(before[old], leg=new))
        assert after[new].trouble is None

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS)
    def a_talk_aside_leaves_no_trace(self, who: int) -> None:
        leg = self.somebody(who)
        before = self.conference
        if not before.participants[leg].aside and before.phase in TALKING:
            self.happen(StepAside(leg, ALONE))
            self.happen(StepAside(leg, 12))
            assert before.participants[leg].dismissed or leg not in self.replay.muted
            self.happen(StepBack(leg))
            assert self.conference.participants == before.participants

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, trouble=st.sampled_from([None, *Trouble]))
    def a_line_disturbs_or_no_longer(self, who: int, trouble: Trouble | None) -> None:
        leg = self.somebody(who)
        before = self.conference.participants[leg]
        effects = self.happen(LineTroubled(leg, trouble))
        if before.trouble is trouble:
            assert not effects
        if trouble is None:
            assert not any(isinstance(effect, SetMute) for effect in effects)
        assert not any(isinstance(effect, SetMute) and effect.leg != leg for effect in effects)

    @precondition(lambda self: self.conference.participants)
    @rule(who=LEGS, trouble=st.sampled_from(Trouble))
    def whoever_opens_a_line_that_was_muted_for_a_trouble_is_heard(self, who: int, trouble: Trouble) -> None:
        leg = self.somebody(who)
        self.happen(LineTroubled(leg, trouble))
        each = self.conference.participants[leg]
        if each.hushed_at is None or each.muted_by_other or each.dismissed or each.aside:
            return
        self.happen(Given(commands.MuteSelf(on=False), Actor(each.role, leg)))
        if not silenced_by_mode(self.conference, each):
            assert leg not in self.replay.muted
            for again in (None, trouble):
                self.happen(LineTroubled(leg, again))
            assert leg not in self.replay.muted

    @rule(leg=MONITORS, on=st.booleans(), announced=st.booleans())
    def listen(self, leg: int, on: bool, announced: bool) -> None:
        self.happen(Listen(leg, on, announced))
        if self.conference.locked or not on:
            assert leg not in self.replay.places

    @rule(settings=SETTINGS)
    def change_settings(self, settings: Settings) -> None:
        self.happen(SettingsChanged(settings))

    # Time passes

    @rule(after_s=st.sampled_from([-1.0, 100.0]))
    def hours(self, after_s: float) -> None:
        self.happen(HoursEndAt(self.now + after_s))

    @rule(seconds=st.sampled_from([0.5, 31.0, 61.0, 125.0, 700.0]))
    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while due := [(at, key) for key, at in self.replay.timers.items() if at <= end]:
            at, key = min(due, key=lambda each: each[0])
            self.now = max(self.now, at)
            del self.replay.timers[key]
            self.happen(TimerFired(key))
        self.now = end

    @precondition(lambda self: self.conference.unanswered)
    @rule()
    def those_who_are_asked_answer(self) -> None:
        for leg in sorted(self.conference.unanswered):
            effects = self.happen(StillThere(leg))
            assert [e.utterance.name for e in effects if isinstance(e, Say)] == ["still_there_thanks"]

    # Nobody is stuck

    @precondition(lambda self: self.conference.phase not in {Phase.EMPTY, Phase.ENDED})
    @rule()
    def whoever_is_in_charge_can_let_everybody_speak(self) -> None:
        for command in (commands.MuteAll(on=False), commands.SetMode(MuteMode.CONVERSATION)):
            self.happen(Given(command, Actor(Role.OPERATOR)))
        for each in self.present():
            if each.role is Role.PARTICIPANT and not each.aside:
                assert each.leg not in self.replay.muted

    @rule()
    def whoever_is_muted_by_nothing_else_can_speak_again(self) -> None:
        for each in self.present():
            free = self.conference.mode is MuteMode.CONVERSATION or each.role is Role.MODERATOR
            bound = (
                self.conference.settings.strict_mute and each.muted_by_other and each.role is Role.PARTICIPANT
            )
            if free and not bound and self.conference.muted(each.leg):
                self.happen(Given(commands.MuteSelf(), Actor(each.role, each.leg)))
                assert each.leg not in self.replay.muted

    @precondition(lambda self: len(self.conference.participants) > 3)
    @rule(monitor=MONITORS)
    def everybody_leaves(self, monitor: int) -> None:
        self.happen(Listen(monitor, on=True, announced=False))
        for leg in list(self.conference.participants):
            self.happen(Leave(leg))
        assert self.conference == Conference(self.conference.settings, house=self.conference.house)
        assert not self.replay.open
        assert not self.replay.places
        assert not self.replay.muted

    # What is always so

    @invariant()
    def doing_the_effects_gives_the_same_conference(self) -> None:
        conference, replay = self.conference, self.replay
        people, monitors = conference.participants, conference.monitors
        places = {leg: conference.place(leg) for leg in people}
        assert replay.roster == set(people)
        assert replay.places == {
            **{leg: place for leg, place in places.items() if place is not None},
            **dict.fromkeys(monitors, MAIN),
        }
        assert replay.muted == {leg for leg in people if conference.muted(leg)} | monitors
        assert replay.timers == conference.deadlines
        assert replay.open == (conference.phase is not Phase.EMPTY)
        assert replay.begun == (conference.began_at is not None)
        assert replay.told_to_go == {leg for leg, each in people.items() if each.dismissed}
        present = {each.leg for each in self.present()}
        assert replay.levelled & present == (present if conference.levelling else set())
        assert all(each.heard_gain_db == replay.gains.get(each.leg, 0.0) for each in people.values())
        assert replay.suppressed & present == {each.leg for each in self.present() if each.suppressed}

    @invariant()
    def lines_that_disturb_are_dealt_with_as_the_pair_wants_it(self) -> None:
        conference = self.conference
        wanted = conference.settings.noisy_lines
        for each in self.present():
            assert each.lowered == (each.trouble is not None and wanted is NoisyLines.LOWER)
            assert each.hushed_at is None or (wanted is NoisyLines.MUTE and each.muted_in_room)
            assert (each.leg in conference.noisy) == (each.trouble is not None or each.hushed_at is not None)
            heard = each.leg not in self.replay.muted and self.replay.places.get(each.leg) in range(10)
            assert not heard or each.trouble is None or each.trouble_dealt_with

    @invariant()
    def nobody_hears_what_they_must_not(self) -> None:
        conference = self.conference
        assert not (self.replay.places.keys() & self.replay.music)
        for leg, place in self.replay.places.items():
            each = conference.participants.get(leg)
            if each is None:
                assert leg in conference.monitors
                assert not conference.locked
                assert leg in self.replay.muted
            else:
                assert each.dismissed is None
                assert each.aside == (place > 9)
                assert each.aside or conference.phase in TALKING

    @invariant()
    def the_mode_silences_participants_in_the_main_room_and_nobody_else(self) -> None:
        conference = self.conference
        for each in self.present():
            mode = conference.mode if each.place == MAIN and each.role is Role.PARTICIPANT else None
            silent = mode is MuteMode.PRESENTATION or (
                mode is MuteMode.QUESTIONS and conference.asking != each.leg
            )
            assert (each.leg in self.replay.muted) == (each.muted or silent)

    @invariant()
    def whoever_waits_hears_music_where_it_is_set(self) -> None:
        conference = self.conference
        waiting = conference.phase is Phase.WAITING and conference.settings.music_until_moderator
        here = {each.leg for each in self.present() if not each.aside}
        assert self.replay.music == (here if waiting else set())

    @invariant()
    def a_conference_is_empty_exactly_when_nobody_is_there(self) -> None:
        conference = self.conference
        assert (conference.phase is Phase.EMPTY) == (not conference.participants)
        assert conference.moderators == sum(each.role is Role.MODERATOR for each in self.present())
        assert conference.phase is not Phase.WAITING or not conference.moderators
        assert conference.phase is not Phase.ENDING or not conference.moderators
        maximum = conference.settings.maximum_participants
        counted = sum(each.role is not Role.OPERATOR for each in conference.participants.values())
        assert maximum is None or counted <= maximum

    @invariant()
    def hands_and_floor_are_of_people_who_are_in(self) -> None:
        conference = self.conference
        present = {each.leg for each in self.present()}
        assert present.issuperset(conference.hands)
        assert len(set(conference.hands)) == len(conference.hands)
        assert conference.asking not in conference.hands
        assert conference.asking is None or (
            conference.asking in present and conference.mode is MuteMode.QUESTIONS
        )
        assert not conference.hands or conference.mode is not MuteMode.PRESENTATION

    @invariant()
    def what_must_end_has_a_timer_that_ends_it(self) -> None:
        phases = {Phase.ENDING: 60.0, Phase.ENDED: STRAGGLERS_S}
        limit_s = phases.get(self.conference.phase)
        if limit_s is not None:
            assert min(self.conference.deadlines.values()) <= self.now + limit_s

    @invariant()
    def whoever_is_alone_or_waits_will_be_asked(self) -> None:
        conference = self.conference
        people = [each for each in self.present() if each.role is not Role.OPERATOR]
        operators = len(self.present()) - len(people)
        alone = conference.phase in TALKING and len(people) == 1 and not operators
        stranded = bool(people) and (alone or conference.phase is Phase.WAITING)
        runs = {TimerKey.STRANDED, TimerKey.STRANDED_ANSWER} & conference.deadlines.keys()
        assert len(runs) == (stranded and conference.settings.stranded_after_s is not None)
        assert bool(conference.unanswered) == (TimerKey.STRANDED_ANSWER in runs)
        assert conference.unanswered <= {each.leg for each in people}

    @invariant()
    def the_roster_shows_everybody_who_is_in(self) -> None:
        rows = roster(self.conference, masked=True)
        assert [row.leg for row in rows] == [each.leg for each in self.present()]
        assert all(row.silenced == (row.leg in self.replay.muted) for row in rows)


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
