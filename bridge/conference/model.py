"""What a conference is between two events: who is in it, and how it stands.

A `Conference` is a value. `reduce` makes the next one out of it and leaves it alone, so an old one can be kept,
compared and replayed. The table of participants is copied when it changes: 3 us for 1,000 people, which is less than
the rest of a join costs, and nobody can change a conference behind another's back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from bridge.conference.keymap import DEFAULT_KEYMAP, Keymap
from bridge.service.role import Role
from bridge.service.settings import LastModerator, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.conference.effects import ToneName
    from bridge.conference.events import LeaveReason, TimerKey

__all__ = [
    "Admitted",
    "Conference",
    "LastModerator",
    "Participant",
    "Phase",
    "Refusal",
    "Refused",
    "Role",
    "Settings",
]


class Phase(Enum):
    """How far a conference is; `phases` says what leads from one to the next."""

    EMPTY = "empty"
    """Nobody is there."""
    WAITING = "waiting"
    """People are there and hear nobody, until a moderator comes (C3, C4)."""
    RUNNING = "running"
    """Everybody hears everybody."""
    ENDING = "ending"
    """Running still, but its last moderator has left and the grace time runs (C5)."""
    ENDED = "ended"
    """Over: everybody is being told and disconnected."""


TALKING: Final = frozenset({Phase.RUNNING, Phase.ENDING})
"""The phases in which people hear each other."""


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody in a conference, moderator or not."""

    leg: int
    role: Role
    name: str | None
    joined_at: float
    muted: bool = False
    """Own choice, an operator's, or mute on entry: all undone by `*6`. Lecture mode is the conference's, not theirs."""
    dismissed: LeaveReason | None = None
    """Already told to go, and why: what the record will say, however the call ends."""


@dataclass(frozen=True, slots=True)
class Conference:
    """One room and the people in it. `Conference(settings)` is an empty one."""

    settings: Settings
    phase: Phase = Phase.EMPTY
    participants: Mapping[int, Participant] = field(default_factory=lambda: _NOBODY)
    """By leg, in the order they came. Never changed in place."""
    moderators: int = 0
    """How many of them are moderators and have not been dismissed."""
    lecture: bool = False
    """`*5`: only moderators are heard."""
    locked: bool = False
    """`*7`: nobody comes in."""
    began_at: float | None = None
    """When people began to hear each other."""
    deadlines: Mapping[TimerKey, float] = field(default_factory=lambda: _NO_TIMERS)
    """The timers that run, and when each is due."""
    toned_at: Mapping[ToneName, float] = field(default_factory=lambda: _NO_TONES)
    """When each tone was last given."""
    keymap: Keymap = DEFAULT_KEYMAP
    """What people can key; the help reads it out."""
    next_settings: Settings | None = None
    """Changed while people are in: holds once the room is empty (A7)."""

    def muted(self, leg: int) -> bool:
        """Whether the leg is heard by nobody, for whatever reason."""
        participant = self.participants[leg]
        return participant.muted or (self.lecture and participant.role is not Role.MODERATOR)

    def in_room(self, leg: int) -> bool:
        """Whether the leg hears the others."""
        participant = self.participants.get(leg)
        return self.phase in TALKING and participant is not None and participant.dismissed is None


_NOBODY: Final[Mapping[int, Participant]] = MappingProxyType({})
_NO_TIMERS: Final[Mapping[TimerKey, float]] = MappingProxyType({})
_NO_TONES: Final[Mapping[ToneName, float]] = MappingProxyType({})


class Refusal(Enum):
    """Why somebody with a good code may not come in now."""

    LOCKED = "locked"
    FULL = "full"
    ENDED = "ended"
    """The conference is just being ended; in a moment a new one can be had."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Come in. `waits` where the conference has not begun and this one does not begin it."""

    waits: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now."""

    reason: Refusal
