"""What the switchboard is told, besides `sip.events` `media.control` and `media.recording` events, which come as they are.

The pool answers `OpenStream` with `StreamOpened` or `StreamRefused`. A stream that the pool loses later (its worker died
and no spare could take it over) is told as `media.control.StreamClosed`, as every other end of a row.
The store answers `LookUpPasscode` and `CheckCounterPassword`. `Drain` and `Stop` come from the operator.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from media import control
from media.recording.messages import Ended
from sip import events as sip

if TYPE_CHECKING:
    from bridge.control.protocol import AnyRequest
    from bridge.dialogue.verdicts import Accepted, CounterVerdict, Verdict
    from bridge.service.blast_list import BlastList


@dataclass(frozen=True, slots=True)
class StreamOpened:
    """The stream's RTP socket listens at `host` and `port`, the address to be said in SDP."""

    stream: int
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class StreamRefused:
    """No port or no row is free, or the worker is away; `reason` is for the log."""

    stream: int
    reason: str


@dataclass(frozen=True, slots=True)
class CallPlaced:
    """Our INVITE is out: `call` is the agent's handle of it."""

    leg: int
    call: int
    call_id: str


@dataclass(frozen=True, slots=True)
class CallNotPlaced:
    """There is no way to the address; `reason` is for the log."""

    leg: int
    reason: str


@dataclass(frozen=True, slots=True)
class NameFound:
    """What is kept of somebody's name (C2); None where nothing is."""

    leg: int
    audio: Any = field(repr=False)
    """ndarray of shape (S,), int16 at 8 kHz, or None."""


@dataclass(frozen=True, slots=True)
class MessageKept:
    """A recorded message was kept, or could not be (a full disk)."""

    leg: int
    kept: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody at a console asks, or commands. Answered by the effect `Answered` with the same `ticket`, once."""

    ticket: int
    request: AnyRequest


@dataclass(frozen=True, slots=True)
class PasscodeFound:
    """What the service says about the keyed passcode: an unknown one is "found" too, and denied."""

    leg: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class CounterPasswordChecked:
    """What the service says about the keyed counter-password."""

    leg: int
    verdict: CounterVerdict


@dataclass(frozen=True, slots=True)
class LookUpFailed:
    """The store could not answer. The caller is told so and may call again later."""

    leg: int


@dataclass(frozen=True, slots=True)
class CallerRecognised:
    """Who calls is known by their number, for exactly one conference that they may enter now; None: is not."""

    leg: int
    verdict: Accepted | None


@dataclass(frozen=True, slots=True)
class BlastListFound:
    """The list that a conference asked for (O5), or None: it has no such list, or the store has `failed`."""

    request: int
    blast_list: BlastList | None
    failed: bool = False
    audio: Any = field(default=None, repr=False)
    """The list's message: ndarray of shape (S,), int16 at 8 kHz, or None."""


@dataclass(frozen=True, slots=True)
class Drain:
    """Take no new calls (503 with Retry-After); those that are up go on until they end."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The bridge is being stopped: take no new calls and hang up everybody, recorded so."""


Event = (
    sip.Event
    | control.AnyEvent
    | Ended
    | StreamOpened
    | StreamRefused
    | CallPlaced
    | CallNotPlaced
    | NameFound
    | MessageKept
    | Asked
    | PasscodeFound
    | CounterPasswordChecked
    | LookUpFailed
    | CallerRecognised
    | BlastListFound
    | Drain
    | Stop
)
