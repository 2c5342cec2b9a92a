"""What a conference wants done, in the order given: the second half of what `reduce` returns.

Effects name no conference: whoever called `reduce` knows which one it was. Times are on the clock of `now`; the edge
turns them into time of day for the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.conference.events import LeaveReason, TimerKey
    from bridge.service.role import Role
    from prompts.phrases import Utterance


class ToneName(Enum):
    """The tones of a conference, by what they tell."""

    ENTRY = "entry"
    EXIT = "exit"
    LECTURE = "lecture"


@dataclass(frozen=True, slots=True)
class Enter:
    """Route the leg into the room: from now on it hears and is heard, unless muted."""

    leg: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Route the leg out of the room."""

    leg: int


@dataclass(frozen=True, slots=True)
class SetMute:
    """The leg is heard by nobody, or again by everybody. A new leg is unmuted. Sent only when it changes."""

    leg: int
    muted: bool


@dataclass(frozen=True, slots=True)
class Music:
    """Hold music to a leg outside the room, on or off (C3)."""

    leg: int
    on: bool


@dataclass(frozen=True, slots=True)
class Say:
    """To one alone; the others hear nothing of it."""

    leg: int
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop what is being said to one alone: they have heard enough of it."""

    leg: int


@dataclass(frozen=True, slots=True)
class SayRoom:
    """To everybody in the room."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class ToneRoom:
    """A tone to everybody in the room."""

    tone: ToneName


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call once `utterance` has been heard; the call's end comes back as `Leave`."""

    leg: int
    reason: LeaveReason
    utterance: Utterance | None = None


@dataclass(frozen=True, slots=True)
class TurnAway:
    """A `Join` that came too late to be let in: say why, then end the call. It never was in; no `Leave` is needed."""

    leg: int
    utterance: Utterance


@dataclass(frozen=True, slots=True)
class SetTimer:
    """`TimerFired(key)` at `at`; replaces a running timer of the same key."""

    key: TimerKey
    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """No `TimerFired(key)` any more."""

    key: TimerKey


@dataclass(frozen=True, slots=True)
class RecordJoin:
    """Somebody is in, or waits to be (R2). Exactly one `RecordLeave` follows."""

    leg: int
    role: Role
    name: str | None
    at: float


@dataclass(frozen=True, slots=True)
class RecordLeave:
    """And is no longer (R2)."""

    leg: int
    reason: LeaveReason
    at: float


@dataclass(frozen=True, slots=True)
class ConferenceOpened:
    """The first one came: before any `RecordJoin`. They may still have to wait."""

    at: float


@dataclass(frozen=True, slots=True)
class ConferenceBegan:
    """People hear each other (C4). At most once between `ConferenceOpened` and `ConferenceEnded`."""

    at: float


@dataclass(frozen=True, slots=True)
class ConferenceEnded:
    """The last one is gone: after the last `RecordLeave`. `reason` is the last leaver's."""

    at: float
    reason: LeaveReason


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the operator of the bridge; never with a passcode in it."""

    event: str
    fields: tuple[tuple[str, int | float | str], ...] = ()


Effect = (
    Enter
    | Withdraw
    | SetMute
    | Music
    | Say
    | Hush
    | SayRoom
    | ToneRoom
    | HangUp
    | TurnAway
    | SetTimer
    | CancelTimer
    | RecordJoin
    | RecordLeave
    | ConferenceOpened
    | ConferenceBegan
    | ConferenceEnded
    | Log
)
