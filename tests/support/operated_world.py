"""A world with operators: callers in the IVR, the hall and conferences, and telephones that the bridge calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bridge.config.settings import Help, Operator
from bridge.control import protocol
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard.effects import Answered, Effect
from bridge.switchboard.events import Asked
from media import control
from media.control import Play, PlayRoom
from tests.support.bridge_world import World
from tests.support.builders import ACCESS_NUMBER, ReadableVoice, accepted, sdp

if TYPE_CHECKING:
    from bridge.conference.commands import AnyCommand
    from bridge.conference.model import Participant
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.room import Room
    from bridge.switchboard.telephones import Telephone

RING_S, WAIT_S = 20.0, 120.0


class OperatedWorld(World):
    """Operators are ana, bia ... in the order in which they are rung."""

    def __init__(self, *operators: str, **configured: Any) -> None:
        self.heard: defaultdict[int, list[str]] = defaultdict(list)
        """What was said to each leg since `said` was last asked."""
        self.heard_in: defaultdict[int, list[str]] = defaultdict(list)
        """The same, to each room of the media plane."""
        self.whispers: dict[int, int] = {}
        self.gains: dict[int, float] = {}
        self.levelled: dict[int, bool] = {}
        self.suppressed: dict[int, bool] = {}
        self.replies: list[protocol.AnyReply] = []
        self.values: dict[str, dict[str, object]] = {}
        """Of each utterance that was said, the values said last."""
        configured.setdefault("help", Help(ring_s=RING_S, wait_s=WAIT_S))
        super().__init__(
            operators=tuple(Operator(name, f"sip:{name}@192.0.2.50") for name in operators), **configured
        )

    def execute(self, effect: Effect) -> None:
        if isinstance(effect, Answered):
            self.replies.append(effect.reply)
        super().execute(effect)

    def _command(self, command: control.AnyCommand) -> None:
        match command:
            case Play():
                self.heard[command.stream] += self._words(command)
            case PlayRoom():
                self.heard_in[command.room] += self._words(command)
            case control.Gain():
                self.gains[command.stream] = command.gain_db
            case control.AutoGain():
                self.levelled[command.stream] = command.on
            case control.Suppress():
                self.suppressed[command.stream] = command.on
            case control.Whisper():
                self.whispers[command.stream] = command.to
        super()._command(command)

    def _words(self, command: Play | PlayRoom) -> list[str]:
        voice = self.board._lines._voice
        assert isinstance(voice, ReadableVoice)
        words = voice.read(command.segments)
        for each in words:
            self.values[each.name] = dict(each.values)
        return [each.name for each in words]

    def said(self, leg: int) -> list[str]:
        """What was said to the leg since this was last asked."""
        return self.heard.pop(leg, [])

    # --- looking ---

    def leg(self, number: int) -> Leg:
        return self.board._lines.by_number[number]

    def is_up(self, number: int) -> bool:
        return number in self.board._lines.by_number

    def room(self, pair: int = 7) -> Room:
        return self.board._rooms.by_key[pair]

    def person(self, leg: int, pair: int = 7) -> Participant:
        return self.room(pair).conference.participants[leg]

    def telephone(self, name: str) -> Telephone:
        return self.board._operators._telephones.by_name[name]

    def telephones(self) -> dict[str, int]:
        """Whose telephone is called or up, on which leg."""
        return {name: each.leg.number for name, each in self.board._operators._telephones.by_name.items()}

    def states(self) -> dict[str, str]:
        return {row.name: row.state.value for row in self.board._operators.desk.operators()}

    def together(self, one: int, other: int) -> bool:
        """Whether the two hear each other, and nobody else hears them."""
        place = self.routed[one]
        there = {leg for leg, room in self.routed.items() if room == place and leg in self.open}
        return place != control.NO_ROOM and there == {one, other}

    # --- callers ---

    def dials(self) -> int:
        """Somebody hears the greeting; their leg."""
        call = self.calls_in(ACCESS_NUMBER)
        leg = self.board._lines.by_call[call].number
        self.pool_answers(-1, opens=True)
        self.acknowledges(call)
        return leg

    def keys_code(self, leg: int, role: Role = Role.PARTICIPANT, **given: Any) -> int:
        """A passcode is keyed, and the store says whose it is."""
        self.presses(leg, "1234#")
        self.store_answers(accepted(role, **given))
        self.hears_all()
        return leg

    def joins(self, role: Role = Role.PARTICIPANT, **given: Any) -> int:
        """Somebody is in the conference, or waits for its moderator, or for an operator in its hall."""
        leg = self.keys_code(self.dials(), role, **given)
        self.heard.clear()
        self.heard_in.clear()
        return leg

    def moderates(self, **given: Any) -> int:
        """Of a pair that has all rights, unless said otherwise."""
        return self.joins(Role.MODERATOR, **{"level": Level.HIGHLY_SECURE, **given})

    def asks_before(self) -> int:
        """`*0` in the greeting."""
        leg = self.dials()
        self.presses(leg, "*0")
        self.hears_all()
        return leg

    def ends(self, leg: int) -> None:
        """Whoever is on that leg hangs up."""
        self.hangs_up(self.leg(leg).call)

    # --- operators ---

    def rings_there(self) -> int:
        """The next call out has its stream, its INVITE and its 180; its leg."""
        self.pool_answers(0, opens=True)
        call = self.call_is_placed()
        self.rings(call)
        return self.board._lines.by_call[call].number

    def takes_phone(self, name: str) -> int:
        """The operator, or a machine, answers."""
        leg = self.telephones()[name]
        while self.asked:
            self.rings_there()
        self.answers(self.leg(leg).call, sdp())
        return leg

    def accepts(self, name: str) -> int:
        """And presses 1."""
        leg = self.takes_phone(name)
        self.presses(leg, "1")
        return leg

    # --- consoles ---

    def asks(self, request: protocol.AnyRequest) -> Any:
        """Ask as a console does; the reply."""
        self.happens(Asked(1, request))
        return self.replies[-1]

    def gives(self, command: AnyCommand, by: str = "ana", pair: int = 7, *, moderator: bool = False) -> Any:
        """A command to a conference; what came of it."""
        return self.asks(protocol.Give(self.room(pair).conference_id, command, by, moderator))


def settled(world: OperatedWorld) -> None:
    """When all have hung up nothing is left."""
    world.everybody_is_where_the_conference_says()
    world.everybody_leaves()
    world.nothing_is_left()
    operators = world.board._operators
    assert not operators._telephones.by_name
    assert not operators._waiting.by_leg
    assert not operators.desk.queue(world.now)
    assert set(world.states().values()) <= {"free", "away"}


def in_talk(world: OperatedWorld) -> tuple[int, int, int]:
    """A moderator, a participant who has asked for help, and ana, who talks with the participant."""
    moderator, caller = world.moderates(level=Level.HIGHLY_SECURE), world.joins()
    world.presses(caller, "*0")
    ana = world.accepts("ana")
    assert world.together(caller, ana)
    return moderator, caller, ana


def away(world: OperatedWorld) -> None:
    for name in ("ana", "bia"):
        assert world.asks(protocol.SetAway(name, True)) == protocol.Given(True)
