"""Operators' telephones, while they are called or up (`*0`, O2, O4).

Theory of operation
-------------------
A telephone is called when there is something to do, and hung up when it is done: one `Task` at a time.

    called ----> answered ----> accepted ----> hung up
    it rings     "press 1"      the task       at once, or after last words (LEAVING)

Until it is accepted it can be given another task, and goes on ringing: whoever presses 1 then is wanted all the same.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.conference.events import LeaveReason
from bridge.conference.model import ALONE
from bridge.switchboard.calls_out import Wanted
from bridge.switchboard.legs import Leg, LegState

if TYPE_CHECKING:
    from bridge.config.settings import Config
    from bridge.service.dialplan import DialPlan
    from bridge.switchboard.calls_out import CallsOut
    from bridge.switchboard.dialogues import Dialogues
    from bridge.switchboard.legs import User
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.places import Places
    from bridge.switchboard.room import Room
    from bridge.switchboard.waiting import Caller
    from prompts.phrases import Utterance

RING_TIMES: Final = 2
"""A telephone is given up after so many times what one caller's ringing takes: the desk, which lets it stop, may let it ring
on for the next caller. This is only for a desk that never says so."""


class Task(Enum):
    """What a telephone is called for."""

    TALK = "talk"
    MONITOR = "monitor"
    VISIT = "visit"
    LEAVING = "leaving"
    """Nothing any more: it hears last words."""


class Telephone:
    """One operator's."""

    __slots__ = (
        "accepted",
        "announced",
        "caller",
        "conference",
        "keys",
        "language",
        "leg",
        "name",
        "request",
        "room",
        "task",
        "whispers_to",
    )

    def __init__(self, name: str, leg: Leg, task: Task) -> None:
        self.name = name
        self.leg = leg
        self.task = task
        self.language = leg.language
        """The operator's own; that of a conference while they are in it."""
        self.accepted = False
        """Somebody is there, no machine: has pressed 1."""
        self.request = 0
        """TALK: rung for this request of the desk."""
        self.caller: Caller | None = None
        """TALK, accepted: with whom."""
        self.room: Room | None = None
        """MONITOR and VISIT."""
        self.conference = ""
        """Its id when that was asked for: the room may have another one by the time of the answer."""
        self.announced = False
        """MONITOR: the people are told."""
        self.whispers_to = 0
        """MONITOR and VISIT: who alone hears them; 0: nobody (MONITOR), or everybody (VISIT)."""
        self.keys = ""

    def send(self, task: Task, room: Room, *, announced: bool = False) -> None:
        """Give it a conference to go to."""
        self.task, self.room, self.conference, self.announced = task, room, room.conference_id, announced
        self.request = 0

    def ring_for(self, request: int) -> None:
        """Give it a caller."""
        self.task, self.request, self.room = Task.TALK, request, None


class Telephones:
    """All that are called or up."""

    __slots__ = ("_calls", "_config", "_dialogues", "_lines", "_places", "_plan", "by_name", "user")

    def __init__(
        self,
        lines: Lines,
        places: Places,
        dialogues: Dialogues,
        calls: CallsOut,
        plan: DialPlan,
        config: Config,
    ) -> None:
        self._lines = lines
        self._places = places
        self._dialogues = dialogues
        self._calls = calls
        self._plan = plan
        self._config = config
        self.by_name: dict[str, Telephone] = {}
        self.user: User | None = None
        """Who is told of their calls: `answering`."""

    def of(self, leg: Leg) -> Telephone | None:
        """Whose telephone this is."""
        return next((each for each in self.by_name.values() if each.leg is leg), None)

    def with_caller(self, leg: Leg) -> Telephone | None:
        """Who talks with this one in private."""
        talks = (each for each in self.by_name.values() if each.caller is not None and each.caller.leg is leg)
        return next(talks, None)

    def call(self, name: str, now: float) -> Telephone | None:
        """Let it ring; None where it cannot."""
        operator, destination = self._config.operator(name), self._plan.operator(name)
        if operator is None or destination is None or self.user is None:
            return None
        language = operator.language or self._config.service.language
        ring_s = RING_TIMES * self._config.help.ring_s
        wish = Wanted(destination, "operator", ring_s, language, None, name, limited=False)
        leg = self._calls.place(wish, self.user, now)
        if not isinstance(leg, Leg):
            return None
        self.by_name[name] = Telephone(name, leg, Task.TALK)
        return self.by_name[name]

    def hang_up(self, telephone: Telephone, words: Utterance | None, now: float) -> bool:
        """End its call; False where last words are said first: then `gone` is told after them."""
        leg = telephone.leg
        alive = leg.number in self._lines.by_number
        if alive:
            self._dialogues.end(leg)
        if alive and words is not None and leg.state is LegState.CALLED:
            telephone.task, telephone.room, telephone.whispers_to = Task.LEAVING, None, 0
            self._places.route_apart(leg, ALONE)
            self._lines.part(leg, words, LeaveReason.DISCONNECTED, now)
            return False
        self.forget(telephone)
        leg.user = None
        if alive:
            self._lines.hang_up(leg, LeaveReason.DISCONNECTED)
        return True

    def forget(self, telephone: Telephone) -> None:
        """Its call is over."""
        self.by_name.pop(telephone.name, None)
