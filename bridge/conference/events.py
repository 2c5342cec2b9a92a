"""What happens to a conference: the second argument of `reduce`.

A person in a conference is the `leg` they speak over, the call's own number, for as long as they are in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.conference.commands import Actor, Command
    from bridge.conference.trouble import Trouble
    from bridge.service.role import Role
    from bridge.service.settings import Settings
    from prompts.values import Clip


class LeaveReason(Enum):
    """Why somebody is no longer in a conference (R2)."""

    HUNG_UP = "hung_up"
    """The caller hung up."""
    LOST = "lost"
    """The caller vanished: no RTP for its time-out, no answer to a request."""
    FAILED = "failed"
    """Something of ours gave way: worker, store, transport."""
    DISCONNECTED = "disconnected"
    """An operator or moderator put this one out."""
    CONFERENCE_ENDED = "conference_ended"
    """The conference was ended for everybody by a moderator or operator."""
    MODERATOR_LEFT = "moderator_left"
    """The conference ended because its last moderator did not come back (C5)."""
    MAXIMUM_LENGTH = "maximum_length"
    """The conference ended because its time was up (C6)."""
    HOURS_ENDED = "hours_ended"
    """Level 1: its hours were over before a moderator came."""
    STRANDED = "stranded"
    """Alone or waiting for long, and did not answer when asked."""
    MOVED = "moved"
    """Into another conference, where a new record begins."""
    NOT_ADMITTED = "not_admitted"
    """An operator refused this one, or nobody came to admit (O2)."""
    CALL_LIMIT = "call_limit"
    """A call out reached its longest time, or the money for it was spent (G3)."""
    SHUT_DOWN = "shut_down"
    """The bridge is being stopped."""


class TimerKey(Enum):
    """The timers of one conference; at most one of each runs."""

    WAITING_PROMPT = "waiting_prompt"
    """A word to those who wait without music."""
    GRACE = "grace"
    """C5: the last moderator's time to come back is over."""
    LENGTH_WARNING = "length_warning"
    """C6: the maximum length is near."""
    LENGTH = "length"
    """C6: the maximum length is reached."""
    HOURS_END = "hours_end"
    """Level 1: the hours of use are over; people are told and talk on, unless they were still waiting to."""
    STRANDED = "stranded"
    """Somebody has been alone, or waiting, for long: time to ask."""
    STRANDED_ANSWER = "stranded_answer"
    """And who has not pressed a key by now is gone."""
    STRAGGLERS = "stragglers"
    """The conference is over and somebody's call has still not ended."""


@dataclass(frozen=True, slots=True)
class Join:
    """A call has passed the reception and wants in. Ask `admit` first: a refusal is nicer from the dialogue."""

    leg: int
    role: Role
    name: str | None = None
    """Who it is, where an individual counter-password or the caller's own registration says so (A5)."""
    muted: bool = False
    """Muted by own choice before coming in."""
    clip: Clip | None = None
    """The name as the caller said it (C2)."""
    caller: str = ""
    """The number, for rosters; whoever shows it masks it."""
    came_by: str = "dial-in"
    """How, for rosters and records: "dial-in", "dial-out", "blast", "operator"."""


@dataclass(frozen=True, slots=True)
class Leave:
    """The call is over, or has been taken out of the conference. A leg that is not in is ignored."""

    leg: int
    reason: LeaveReason = LeaveReason.HUNG_UP


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another telephone takes the place of `leg`, which leaves nothing behind: same person, same role (RFC 3891). Ignored for
    somebody who is aside, or has been told to go.
    """

    leg: int
    by: int


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody gives a command, by key or from a console. `keys` is what was keyed, where it was."""

    command: Command
    actor: Actor
    keys: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class UnknownKeys:
    """Keys that mean nothing."""

    leg: int
    keys: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StepAside:
    """Out of the room for a while, still in the conference: alone with the bridge (dialling, `model.ALONE`) or in a private
    talk in the side room of that number, above `model.LARGEST_GROUP`. They are heard there whatever silenced them in the
    room. From one aside into another without `StepBack` between: they return to where they were first.
    """

    leg: int
    place: int


@dataclass(frozen=True, slots=True)
class StepBack:
    """And back to where they were, as they were."""

    leg: int


@dataclass(frozen=True, slots=True)
class StillThere:
    """A key was pressed by somebody who was asked whether they are there."""

    leg: int


@dataclass(frozen=True, slots=True)
class Listen:
    """An operator's phone begins or ends to listen: allowed by `Given(Monitor)` before, and refused all the same where the
    conference has been locked, or is over, since.
    """

    leg: int
    on: bool
    announced: bool


@dataclass(frozen=True, slots=True)
class End:
    """The conference is ended for everybody. `by` names who did it, for the log."""

    by: str
    reason: LeaveReason = LeaveReason.CONFERENCE_ENDED


@dataclass(frozen=True, slots=True)
class RecordingStopped:
    """The recording has ended by itself. `failed`: not because it was as long as it may be."""

    reason: str
    failed: bool


@dataclass(frozen=True, slots=True)
class LineTroubled:
    """Somebody's line disturbs the others, or no longer. One who is not in is ignored."""

    leg: int
    trouble: Trouble | None


@dataclass(frozen=True, slots=True)
class TimerFired:
    """A timer set by `SetTimer` is due. One that was cancelled or set anew meanwhile is ignored."""

    key: TimerKey


@dataclass(frozen=True, slots=True)
class HoursEndAt:
    """The level's hours of use end at `at`, on the clock of `now`: told by who knows the time of day, once the
    conference has opened (`levels.end_of_hours`). People are warned, no talk is cut off.
    """

    at: float


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """The pair's settings are new. A conference in progress keeps those it opened with (A7)."""

    settings: Settings


Event = (
    Join
    | Leave
    | Replaced
    | Given
    | UnknownKeys
    | StepAside
    | StepBack
    | StillThere
    | Listen
    | End
    | RecordingStopped
    | LineTroubled
    | TimerFired
    | HoursEndAt
    | SettingsChanged
)
