"""What the desk wants done, in order."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.helpdesk.model import Request
    from bridge.helpdesk.states import OperatorState


class WhyNot(Enum):
    """Why somebody cannot take a request."""

    UNKNOWN_OPERATOR = "unknown_operator"
    TALKING = "talking"
    """They have a caller on the phone."""
    NO_SUCH_REQUEST = "no_such_request"
    """Nobody waits, or the one wanted has gone or been taken."""


@dataclass(frozen=True, slots=True)
class RingOperator:
    """Ring the operator's phone for this request."""

    name: str
    request_id: int


@dataclass(frozen=True, slots=True)
class StopRinging:
    """Hang up the phone call that rang, or rings, for this request. One that is gone already is left alone."""

    name: str
    request_id: int


@dataclass(frozen=True, slots=True)
class Connect:
    """The operator, whose phone is up, and the caller talk in private now. Whatever the operator listened to ends."""

    name: str
    leg: int
    request_id: int


@dataclass(frozen=True, slots=True)
class TellPosition:
    """Tell the caller that an operator is being called and how many are served before them (1: they are next)."""

    leg: int
    position: int


@dataclass(frozen=True, slots=True)
class NobodyFree:
    """Tell the caller that nobody is free. Told once to each."""

    leg: int
    request_id: int
    stays: bool
    """True: they are in a room and keep their place in the queue. False: the request has ended."""


@dataclass(frozen=True, slots=True)
class Asked:
    """For log and consoles: a request has come."""

    request: Request


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """For log and consoles: the caller of this request does not wait any more."""

    request_id: int
    leg: int


@dataclass(frozen=True, slots=True)
class OperatorChanged:
    """For log and consoles: the operator is in this state now."""

    name: str
    state: OperatorState


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The answer to a `Take` or `TakeNext` (`request_id` None) that cannot be."""

    name: str
    request_id: int | None
    why: WhyNot


Effect = (
    RingOperator
    | StopRinging
    | Connect
    | TellPosition
    | NobodyFree
    | Asked
    | Withdrawn
    | OperatorChanged
    | NotTaken
)
