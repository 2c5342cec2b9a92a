"""Callers, operators, consoles and blasts in any order: whatever they do, nobody is stranded and nothing is left.

Every leg is in the reception, in a room, in a private talk with somebody who is there, waiting in the hall, or on the way out.
Who listens to a conference is known to it, and nobody listens to a locked one. When all have hung up there is no leg, no timer,
no telephone, nobody in the queue, and the arena is whole.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.conference import commands
from bridge.control import protocol
from bridge.helpdesk.states import OperatorState
from bridge.service.blast_list import BlastEntry, BlastList
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard.events import Stop
from bridge.switchboard.legs import LegState
from bridge.switchboard.telephones import Task
from media.control import NO_ROOM
from tests.support.builders import accepted, sdp
from tests.support.operated_world import OperatedWorld, settled

if TYPE_CHECKING:
    from bridge.conference.commands import AnyCommand

NAMES = ("ana", "bia")
PAIRS = (7, 8)
BLAST_LIST = BlastList(
    id=1,
    pair=7,
    name="default",
    message="m",
    press_one=None,
    entries=tuple(BlastEntry(f"guest {n}", f"+55114002892{n}") for n in range(3)),
)


class Scene(Enum):
    """What goes on at the beginning."""

    HELP = "help"
    MODERATOR = "a moderator wants help"
    HALL = "hall"
    MONITOR = "monitor"
    WHISPER = "whisper"
    VISIT = "visit"


operators = st.sampled_from(NAMES)
pairs = st.sampled_from(PAIRS)
MOST_LEGS = 12
some = st.integers(0, 50)


class Crowd(RuleBasedStateMachine):
    """One bridge, two conferences, the second assisted, two operators."""

    @initialize(count=st.integers(1, 2), scene=st.sampled_from(Scene), taken=st.booleans())
    def opens(self, count: int, scene: Scene, taken: bool) -> None:
        """In the middle of things: to come there by chance would take long."""
        world = self.world = OperatedWorld(*NAMES[:count])
        for pair in PAIRS:
            self.comes(pair, Role.MODERATOR)
        if scene is Scene.HALL:
            self.comes(8, Role.PARTICIPANT)
        else:
            self.comes(7, Role.PARTICIPANT)
        match scene:
            case Scene.HELP:
                world.presses(3, "*0")
            case Scene.MODERATOR:
                world.presses(1, "*0")
            case Scene.MONITOR | Scene.WHISPER:
                world.gives(commands.Monitor())
            case Scene.VISIT:
                world.gives(commands.Visit())
        if taken or scene is Scene.WHISPER:
            self._answer("1")
        if scene is Scene.WHISPER:
            world.gives(commands.Whisper(3))

    # --- callers ---

    def comes(self, pair: int, role: Role) -> None:
        world = self.world
        leg = world.dials()
        world.presses(leg, "1234#")
        world.store_answers(
            accepted(role, pair=pair, level=Level.HIGHLY_SECURE, assisted=pair == 8, grace_s=30.0)
        )
        world.hears_all()

    @rule(pair=pairs, role=st.sampled_from([Role.MODERATOR, Role.PARTICIPANT, Role.PARTICIPANT]))
    def somebody_comes(self, pair: int, role: Role) -> None:
        if len(self.world.open) < MOST_LEGS:
            self.comes(pair, role)

    @rule()
    def somebody_asks_for_help_in_the_greeting(self) -> None:
        if len(self.world.open) < MOST_LEGS:
            self.world.presses(self.world.dials(), "*0")

    def _up(self, which: int) -> int | None:
        legs = sorted(self.world.board._lines.by_number.keys() & self.world.open)
        return legs[which % len(legs)] if legs else None

    @rule(
        which=some,
        keys=st.sampled_from(
            ["*0", "*1", "*2", "*3", "*5", "*6", "*7", "*92", "*95", "*99", "1", "1", "#", "40028922#"]
        ),
    )
    def somebody_presses(self, which: int, keys: str) -> None:
        leg = self._up(which)
        if leg is not None:
            self.world.presses(leg, keys)

    @rule(which=some, how=st.sampled_from(["hangs up", "hangs up", "is lost"]))
    def somebody_goes(self, which: int, how: str) -> None:
        leg = self._up(which)
        if leg is not None and how == "is lost":
            self.world.loses(leg)
        elif leg is not None and self.world.leg(leg).call:
            self.world.ends(leg)

    @rule(which=some)
    def somebody_in_a_conference_asks_for_help(self, which: int) -> None:
        rooms = self.world.board._rooms.by_number.values()
        people = [leg for room in rooms for leg in room.conference.participants if self.world.is_up(leg)]
        if people:
            self.world.presses(people[which % len(people)], "*0")

    # --- telephones that are called ---

    @precondition(lambda self: self.world.asked)
    @rule(opens=st.sampled_from([True, True, True, False]))
    def the_pool_answers(self, opens: bool) -> None:
        self.world.pool_answers(0, opens=opens)

    @precondition(lambda self: self.world.to_place)
    @rule(found=st.sampled_from([True, True, True, False]))
    def a_call_is_placed(self, found: bool) -> None:
        self.world.call_is_placed(found=found)

    @precondition(lambda self: "calling" in self.world.placed.values())
    @rule(which=some, status=st.sampled_from([180, 200, 200, 200, 486, 603]))
    def something_comes_of_a_call(self, which: int, status: int) -> None:
        calls = [call for call, state in self.world.placed.items() if state == "calling"]
        call = calls[which % len(calls)]
        if status == 180:
            self.world.rings(call)
        elif status == 200:
            self.world.answers(call, sdp())
        else:
            self.world.refuses(call, status)

    @rule(keys=st.sampled_from(["1", "1", "1", "2", ""]))
    def an_operator_takes_the_phone(self, keys: str) -> None:
        self._answer(keys)

    @rule(keys=st.sampled_from(["*2", "*2", "*3", "*0", "*6"]), which=some)
    def an_operator_presses(self, keys: str, which: int) -> None:
        """Whatever their task is; and who has none yet takes the phone for one."""
        world = self.world
        up = [leg for name, leg in world.telephones().items() if world.telephone(name).accepted]
        if up:
            world.presses(up[which % len(up)], keys)
        else:
            self._answer("1")

    def _answer(self, keys: str) -> None:
        world = self.world
        for name, leg in world.telephones().items():
            if world.leg(leg).state in {LegState.OPENING, LegState.CALLING}:
                while leg in (streams := [each.stream for each in world.asked]):
                    world.pool_answers(streams.index(leg), opens=True)
                while leg in {each.leg for each in world.to_place}:
                    world.call_is_placed()
                if world.telephones().get(name) == leg:
                    world.answers(world.leg(leg).call, sdp())
                    world.presses(leg, keys)
                return

    @rule(keys=st.sampled_from(["1", "1", "2", ""]))
    def all_who_are_called_answer(self, keys: str) -> None:
        world = self.world
        while world.asked:
            world.pool_answers(0, opens=True)
        while world.to_place:
            world.call_is_placed()
        for call in [call for call, state in world.placed.items() if state == "calling"]:
            leg = world.board._lines.by_call[call].number
            world.answers(call, sdp())
            world.presses(leg, keys)

    # --- store, words and time ---

    @precondition(lambda self: self.world.lists)
    @rule(found=st.booleans())
    def the_store_finds_a_list(self, found: bool) -> None:
        self.world.list_is_found(BLAST_LIST if found else None)

    @rule()
    def all_is_heard(self) -> None:
        self.world.hears_all()

    @rule(which=some, length=st.sampled_from([0, 8000]))
    def somebody_stops_speaking(self, which: int, length: int) -> None:
        legs = sorted(self.world.recording)
        if legs:
            self.world.stops_speaking(legs[which % len(legs)], length)

    @rule(seconds=st.sampled_from([0.5, 3.0, 9.0, 21.0, 70.0, 121.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.passes(seconds)

    # --- consoles ---

    @rule(name=operators, number=st.integers(0, 8))
    def an_operator_takes_one(self, name: str, number: int) -> None:
        self.world.asks(protocol.TakeRequest(name, number))

    @rule(name=operators, away=st.booleans())
    def an_operator_goes_or_comes(self, name: str, away: bool) -> None:
        self.world.asks(protocol.SetAway(name, away))

    @rule(number=st.integers(1, 8), admit=st.booleans())
    def a_console_admits_or_refuses(self, number: int, admit: bool) -> None:
        self.world.asks(
            protocol.AdmitCaller(number, "ana", "Rui") if admit else protocol.RefuseCaller(number, "ana")
        )

    @rule(pair=pairs, name=operators, which=some, other=pairs, data=st.data())
    def a_console_gives_a_command(
        self, pair: int, name: str, which: int, other: int, data: st.DataObject
    ) -> None:
        world = self.world
        if pair not in world.board._rooms.by_key or not world.room(pair).conference_id:
            self.comes(pair, Role.MODERATOR)
        if pair not in world.board._rooms.by_key:
            return
        legs = list(world.room(pair).conference.participants) or [99]
        leg = legs[which % len(legs)]
        elsewhere = world.board._rooms.by_key.get(other)
        there = "" if elsewhere is None else elsewhere.conference_id
        command: AnyCommand = data.draw(
            st.sampled_from(
                [
                    commands.Monitor(),
                    commands.Monitor(),
                    commands.Monitor(on=False),
                    commands.Visit(),
                    commands.Visit(on=False),
                    commands.Whisper(leg),
                    commands.Whisper(),
                    commands.Move(leg, there),
                    commands.Disconnect(leg),
                    commands.Lock(),
                    commands.Lock(on=False),
                    commands.Split((leg,), 1),
                    commands.MuteOne(leg),
                    commands.EndConference(),
                    commands.Blast(),
                    commands.CancelBlast(),
                ]
            )
        )
        world.asks(protocol.Give(world.room(pair).conference_id, command, name))
        for request in (protocol.HelpQueue(), protocol.ListCalls(), protocol.ListConferences()):
            world.asks(request)

    # --- what always holds ---

    @invariant()
    def everybody_is_where_they_belong(self) -> None:
        if hasattr(self, "world"):
            self.world.everybody_is_where_the_conference_says()
            self.every_telephone_has_a_task()
            self.nobody_is_stranded()
            self.nobody_listens_unseen()

    def every_telephone_has_a_task(self) -> None:
        world, desk = self.world, self.world.board._operators.desk
        states = {row.name: row.state for row in desk.operators()}
        telephones = world.board._operators._telephones.by_name
        assert {name for name, state in states.items() if state is OperatorState.TALKING} == {
            name for name, each in telephones.items() if each.caller is not None
        }
        for name, each in telephones.items():
            assert each.leg.number in world.board._lines.by_number, "a telephone without a call"
            if each.task is Task.TALK and each.caller is None:
                assert states[name] is OperatorState.RINGING
            elif each.task is not Task.TALK:
                assert states[name] is OperatorState.MONITORING
            if each.caller is not None:
                assert each.accepted
                assert world.routed[each.leg.number] == world.routed[each.caller.leg.number] != NO_ROOM
                assert not world.muted[each.leg.number]
                assert not world.whispers.get(each.leg.number)
        rung = {name for name, state in states.items() if state is not OperatorState.FREE}
        assert telephones.keys() <= rung | {
            name for name, state in states.items() if state is OperatorState.AWAY
        }

    def nobody_is_stranded(self) -> None:
        world, board = self.world, self.world.board
        waiting = board._operators._waiting.by_leg
        for leg in board._lines.by_number.values():
            if leg.state is LegState.RECEPTION:
                assert leg.runner is not None or leg.number in waiting
            elif leg.state is LegState.CALLED:
                assert leg.runner is not None or leg.user is not None
            elif leg.state is LegState.CONFERENCE:
                assert leg.room is not None
                assert leg.number in leg.room.conference.participants
        talking = {
            each.caller.leg.number for each in board._operators._telephones.by_name.values() if each.caller
        }
        queued = {row.leg for row in board._operators.desk.queue(world.now)}
        assert waiting.keys() == talking | queued
        assert not talking & queued
        errands = board._performing._errands._by_moderator
        for room in board._rooms.by_number.values():
            for number, each in room.conference.participants.items():
                if each.aside and each.dismissed is None:
                    about_something = number in talking or number in errands
                    assert about_something or board._lines.by_number[number].runner is not None

    def nobody_listens_unseen(self) -> None:
        world, board = self.world, self.world.board
        monitors = {
            each.leg.number: each
            for each in board._operators._telephones.by_name.values()
            if each.task is Task.MONITOR and each.accepted
        }
        known = set()
        for room in board._rooms.by_number.values():
            for number in room.conference.monitors:
                assert not room.conference.locked, "nobody listens to a locked conference"
                assert monitors[number].room is room
                assert world.routed[number] == room.number
                assert world.muted[number] or monitors[number].whispers_to
                known.add(number)
            places = {room.number, *room.groups.values()}
            there = {leg for leg in world.open if world.routed[leg] in places}
            assert there <= room.conference.participants.keys() | room.conference.monitors
        assert known == monitors.keys()

    def teardown(self) -> None:
        if hasattr(self, "world"):
            settled(self.world)


TestCrowd = Crowd.TestCase
TestCrowd.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_a_bridge_that_stops_in_the_middle_of_everything_calls_nobody_any_more() -> None:
    world = OperatedWorld(*NAMES)
    moderator, caller = world.moderates(), world.joins()
    world.presses(moderator, "*0")
    world.presses(caller, "*0")
    world.accepts("ana")
    world.joins()
    world.asks_before()
    world.happens(Stop())
    world.everybody_leaves()
    world.nothing_is_left()
