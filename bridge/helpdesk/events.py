"""What the desk is told.

Of each phone that `RingOperator` rings, one end is told unless the desk stopped it: `OperatorAnswered` or
`OperatorFailed`, with the request it rang for, so that what comes late is known to be late. Each talk that `Connect`
begins ends with `OperatorDone`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.helpdesk.model import Kind


@dataclass(frozen=True, slots=True)
class Ask:
    """A caller wants an operator. Who asks again is told their position again."""

    leg: int
    kind: Kind
    conference: str
    caller: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The caller hung up or does not want an operator any more."""

    leg: int


@dataclass(frozen=True, slots=True)
class PhoneTaken:
    """Somebody took the phone that rang for this request, and hears what for: an operator, or a machine."""

    name: str
    request_id: int


@dataclass(frozen=True, slots=True)
class OperatorAnswered:
    """The operator took the phone that rang for this request, and wants the caller."""

    name: str
    request_id: int


@dataclass(frozen=True, slots=True)
class OperatorFailed:
    """The phone that was to ring for this request was busy, not answered, declined, or not to be reached."""

    name: str
    request_id: int


@dataclass(frozen=True, slots=True)
class OperatorDone:
    """The talk or the monitoring is over, or the operator's phone has hung up, whatever they did."""

    name: str
    phone_up: bool = False
    """Their phone is still connected to the bridge: the next caller needs no ringing."""


@dataclass(frozen=True, slots=True)
class Busy:
    """The operator listens to a conference (O4), or goes on in one after a talk; `OperatorDone` ends it."""

    name: str


@dataclass(frozen=True, slots=True)
class SetAway:
    """The operator is not to be rung, or is to be rung again. In a talk it holds from the end of the talk on."""

    name: str
    away: bool


@dataclass(frozen=True, slots=True)
class Take:
    """From console or command line: this operator takes that request, whoever's phone rings for it."""

    name: str
    request_id: int


@dataclass(frozen=True, slots=True)
class TakeNext:
    """From console or command line: this operator takes whoever is first and is not being offered to somebody else;
    where all are, the first of those. Whose phone rings already has the next one.
    """

    name: str


Event = (
    Ask
    | Withdraw
    | PhoneTaken
    | OperatorAnswered
    | OperatorFailed
    | OperatorDone
    | Busy
    | SetAway
    | Take
    | TakeNext
)
