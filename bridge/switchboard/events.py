"""What the switchboard is told, besides `sip.events` and `media.control` events, which come as they are.

The pool answers `OpenStream` with `StreamOpened` or `StreamRefused`. A stream that the pool loses later (its worker died
and no spare could take it over) is told as `media.control.StreamClosed`, as every other end of a row.
The store answers `LookUpPasscode` and `CheckCounterPassword`. `Drain` and `Stop` come from the operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from media import control
from sip import events as sip

if TYPE_CHECKING:
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


@dataclass(frozen=True, slots=True)
class Drain:
    """Take no new calls (503 with Retry-After); those that are up go on until they end."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The bridge is being stopped: take no new calls and hang up everybody, recorded so."""


Event = (
    sip.Event
    | control.AnyEvent
    | StreamOpened
    | StreamRefused
    | PasscodeFound
    | CounterPasswordChecked
    | LookUpFailed
    | CallerRecognised
    | BlastListFound
    | Drain
    | Stop
)
