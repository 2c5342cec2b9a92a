"""Time that passes when nobody is looking: the next thing to happen happens next, whatever the hour.

Everything that waits puts itself here. Things due at the same moment happen in the order in which they were put, so a
run depends on nothing but what was put.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush


class Clock:
    """The clock of one world and its queue of things to happen."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = 0

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do `action` at `moment`; at once, if that has passed."""
        self._serial += 1
        heappush(self._due, (moment, self._serial, action))

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        self.at(self.now + delay_s, action)

    def run(self, until: float) -> None:
        """Let all happen that is due before `until`, and then it is `until`."""
        due = self._due
        while due and due[0][0] <= until:
            moment, _, action = heappop(due)
            self.now = max(self.now, moment)
            action()
        self.now = until


class Alarm:
    """One timer that a core is advanced by; too early does no harm, it is set again."""

    def __init__(self, clock: Clock, due: Callable[[], None]) -> None:
        self._clock = clock
        self._due = due
        self._at: float | None = None

    def set(self, deadline: float | None) -> None:
        """Ring at `deadline` or before."""
        if deadline is None or (self._at is not None and self._at <= deadline):
            return
        self._at = deadline
        self._clock.at(deadline, lambda: self._ring(deadline))

    def _ring(self, deadline: float) -> None:
        if self._at == deadline:
            self._at = None
            self._due()
