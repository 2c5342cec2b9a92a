"""When a tick is due, and what to do when it is late: a pure rule.

A tick is due every 20 ms, counted from the first. One that is late by less than a tick is simply run; the next is
due at its own time, so nothing drifts. Later than that, one tick is made up for and what is still behind is given up:
a burst of old audio helps nobody and would be late itself.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

TICK_S: Final = 0.020
"""The frame of the whole engine, and the packet time that every phone accepts."""

CATCH_UP_S: Final = 2 * TICK_S
"""Up to here a late tick is followed at once by the next (one catch-up); beyond, the time lost is skipped."""


class Outcome(Enum):
    """What became of the moment that `Pacer.poll` was asked about."""

    EARLY = auto()
    ON_TIME = auto()
    CAUGHT_UP = auto()
    SKIPPED = auto()


class Pacer:
    """Keeps the schedule of ticks; `now` in seconds of any steady clock."""

    def __init__(self, now: float) -> None:
        self.due = now
        self.late_s = 0.0
        """How late the last tick began."""
        self.skipped_ticks = 0

    def poll(self, now: float) -> Outcome:
        """Say whether a tick is to be run now; if so the schedule moves on."""
        late = now - self.due
        if late < 0.0:
            return Outcome.EARLY
        self.late_s = late
        if late < TICK_S:
            self.due += TICK_S
            return Outcome.ON_TIME
        if late < CATCH_UP_S:
            self.due += TICK_S
            return Outcome.CAUGHT_UP
        behind = int(late / TICK_S)
        self.skipped_ticks += behind
        self.due += (behind + 1) * TICK_S
        return Outcome.SKIPPED
