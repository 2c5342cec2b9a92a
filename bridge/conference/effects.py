"""What a conference wants done, in the order given: the second half of what `reduce` returns.

Effects name no conference: whoever called `reduce` knows which one it was. Times are on the clock of `now`; the edge
turns them into time of day for the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.conference.commands import Actor, Command, Outcome
    from bridge.conference.events import LeaveReason, TimerKey
    from bridge.conference.tape import Tape
    from bridge.service.role import Role
    from prompts.phrases import Utterance


class ToneName(Enum):
    """The tones of a conference, by what they tell."""

    ENTRY = "entry"
    EXIT = "exit"
    LECTURE = "lecture"


@dataclass(frozen=True, slots=True)
class Enter:
    """Route the leg into the room, or into the side room of that number: from now on it hears and is heard there, unless
    muted, and no longer where it was.
    """

    leg: int
    place: int = 0


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
class SetGain:
    """How much louder the leg is heard (O4), or softer, while it disturbs. A new leg is at 0."""

    leg: int
    gain_db: float


@dataclass(frozen=True, slots=True)
class SetAutoGain:
    """`*4`: the leg's loudness is levelled, or left alone as a new leg's is."""

    leg: int
    on: bool


@dataclass(frozen=True, slots=True)
class SetSuppression:
    """Noise is taken out of what the leg says, or let in as a new leg's is."""

    leg: int
    on: bool


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
class SayList:
    """To one alone, one after another, and stopped together: a roll call of hundreds is one speech."""

    leg: int
    utterances: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop what is being said to one alone: they have heard enough of it."""

    leg: int


@dataclass(frozen=True, slots=True)
class SayRoom:
    """To everybody in the room, or in the sub-conference of that number."""

    utterance: Utterance
    place: int = 0


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
class SetRecording:
    """The room is recorded from now on (C6), or is paused, goes on, ends. Sent only when it changes; if it ends by itself,
    `RecordingStopped` comes.
    """

    tape: Tape


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
class Perform:
    """A command that was allowed and that needs more than a conference: see `commands.PERFORMED`, and `HandOver` to nobody
    yet. The actor is as the conference knows them, whatever role they came with.
    """

    command: Command
    actor: Actor


@dataclass(frozen=True, slots=True)
class Reply:
    """What becomes of a command from a console. Exactly one per `Given` with an actor without a leg, unless `Perform` follows."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Act:
    """Somebody in charge did something (R4)."""

    actor: Actor
    action: str
    """The command's name."""
    subject: str = ""
    """To whom or what, and how: "Ana", "+551133334444, off", "on", "+6.0 dB"."""


@dataclass(frozen=True, slots=True)
class RecordIdentity:
    """Who the leg is, as somebody in charge says (O2, R2); empty fields are unknown."""

    leg: int
    name: str
    company: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Log:
    """A line for the operator of the bridge; never with a passcode in it."""

    event: str
    fields: tuple[tuple[str, int | float | str], ...] = ()


Effect = (
    Enter
    | Withdraw
    | SetMute
    | SetGain
    | SetAutoGain
    | SetSuppression
    | Music
    | Say
    | SayList
    | Hush
    | SayRoom
    | ToneRoom
    | HangUp
    | TurnAway
    | SetTimer
    | CancelTimer
    | SetRecording
    | RecordJoin
    | RecordLeave
    | ConferenceOpened
    | ConferenceBegan
    | ConferenceEnded
    | Perform
    | Reply
    | Act
    | RecordIdentity
    | Log
)
