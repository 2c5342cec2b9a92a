"""Turning new calls away before those that are up suffer: how pressed the machine is, and who is refused then.

Theory of operation
-------------------
Three figures are told now and then: how many transactions live, by how much the event loop is late, and how often the media
is. Each is put in relation to what may not be reached, and the worst of the three is the *pressure*, 1 being the
end. The pressure moves a level, by the table:

    CALM    everybody comes in
    WARY    new requests of strangers are refused whose address may be invented; all others come in
    FULL    new calls of all are refused, and everything new of strangers

A level is left only when the pressure has been beyond the mark for a while (`RISES_S`, `FALLS_S`), and the marks to rise
lie above those to fall, so that the level does not flutter: one long pause of the collector refuses nobody, and after a
storm it takes some seconds of calm until all is as before.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from sip.transactions import TRANSACTIONS_MAX

if TYPE_CHECKING:
    from collections.abc import Mapping

LAG_MAX_S: Final = 0.4
"""The event loop so late is the end: a call is then answered after most of a second, and the queue grows."""
LATE_SHARE_MAX: Final = 0.2
"""So large a share of the media's ticks coming late by a whole tick is the end. Jitter buffers at the far end take such a
tick; many of them in a row they do not."""
LATE_OVER_S: Final = 2.0
"""The time over which that share is averaged: in one look there are a dozen ticks, and whatever else runs on the machine may make
all of them late. One such look, or two within a second, refuse nobody; a third of all ticks for two seconds does."""
RISES_S: Final = 0.5
"""Pressure must last so long before anybody is refused for it."""
FALLS_S: Final = 3.0
"""And must be away so long before they are let in again."""


class Level(Enum):
    """How pressed the machine is; the value is the word in the log."""

    CALM = "calm"
    WARY = "wary"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Marks:
    """Where a level is left, and where to."""

    rises_at: float
    rises_to: Level
    falls_below: float
    falls_to: Level


MARKS: Final[Mapping[Level, Marks]] = {
    Level.CALM: Marks(rises_at=0.7, rises_to=Level.WARY, falls_below=0.0, falls_to=Level.CALM),
    Level.WARY: Marks(rises_at=1.0, rises_to=Level.FULL, falls_below=0.5, falls_to=Level.CALM),
    Level.FULL: Marks(rises_at=float("inf"), rises_to=Level.FULL, falls_below=0.8, falls_to=Level.WARY),
}
"""The whole machine."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is told of the machine; all of it may be nothing."""

    transactions: int = 0
    lag_s: float = 0.0
    """By how much the event loop came later than it wanted."""
    late_share: float = 0.0
    """The share of the media's ticks that came late by a tick or more, in the busiest worker."""


class Shedding:
    """The level, moved by what is told."""

    __slots__ = ("_late_share", "_measured_at", "_since", "_towards", "level", "pressure")

    def __init__(self) -> None:
        self.level = Level.CALM
        self.pressure = 0.0
        self._towards = Level.CALM
        """Where the pressure points, since `_since`."""
        self._since = 0.0
        self._late_share = 0.0
        """The average."""
        self._measured_at: float | None = None

    def measure(self, load: Load, now: float) -> bool:
        """Take a measurement; whether the level is another one now."""
        self.pressure = self._pressure(load, now)
        marks = MARKS[self.level]
        if self.pressure >= marks.rises_at:
            towards, patience_s = marks.rises_to, RISES_S
        elif self.pressure < marks.falls_below:
            towards, patience_s = marks.falls_to, FALLS_S
        else:
            self._towards = self.level
            return False
        if towards is not self._towards:
            self._towards, self._since = towards, now
        if now - self._since < patience_s:
            return False
        self.level, self._since = towards, now
        return True

    def refuses(self, method: str, *, known: bool, real: bool) -> bool:
        """Whether a new request outside dialogs is turned away. `real`: it is where it says, known or not."""
        if self.level is Level.FULL:
            return not known or method == "INVITE"
        return self.level is Level.WARY and not (known or real)

    def _pressure(self, load: Load, now: float) -> float:
        since_s = 0.0 if self._measured_at is None else now - self._measured_at
        self._measured_at = now
        self._late_share += (load.late_share - self._late_share) * min(1.0, since_s / LATE_OVER_S)
        return max(
            load.transactions / TRANSACTIONS_MAX,
            load.lag_s / LAG_MAX_S,
            self._late_share / LATE_SHARE_MAX,
        )
