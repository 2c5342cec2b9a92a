"""Who wants an operator, and who the operators are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.helpdesk.states import OperatorState


class HelpDeskError(ValueError):
    """Operators or times that make no desk; the text says which and why."""


class Kind(Enum):
    """What an operator is wanted for. Both stand in one queue, by time alone."""

    HELP = "help"
    """`*0`, in a room or before it."""
    GREETING = "greeting"
    """An assisted conference: the caller waits in the hall to be asked for name and company (O2)."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Somebody who helps. `phone` is what to ring, for the one who rings it; the desk does not read it."""

    name: str
    phone: str


@dataclass(frozen=True, slots=True)
class Request:
    """One caller's wish to talk to an operator. Ids grow with time."""

    id: int
    leg: int
    kind: Kind
    conference: str
    """The conference they are in or want to enter; empty where that is not known yet (`*0` in the greeting)."""
    caller: str
    """Who it is, as consoles show it: a name or a number."""
    since: float

    @property
    def in_room(self) -> bool:
        """Whether they are among others and lose nothing by waiting on."""
        return self.kind is Kind.HELP and bool(self.conference)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One waiting request as consoles show it (O3)."""

    request_id: int
    leg: int
    kind: Kind
    conference: str
    caller: str
    position: int
    """1 is the next."""
    waited_s: float
    ringing: str | None
    """The operator whose phone rings for it."""


@dataclass(frozen=True, slots=True)
class OperatorRow:
    """One operator as consoles show it."""

    name: str
    state: OperatorState
    since: float
    request_id: int | None
    """Whom they are rung for, or talk to."""
    phone_up: bool
    """Their phone is connected to the bridge."""
