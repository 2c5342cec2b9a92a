"""Which place of a recording a tick has, in frames of 20 ms from its beginning.

Ticks are counted by the worker that makes them, evenly and without gaps; the first one seen of each worker is placed by
the machine's steady clock, those after it by their number, so that two that ran close together (one was late) still get
two places. Where a count no longer agrees with the clock, as after an hour in which the worker had nothing to do, it is
placed anew. A worker that takes over for a dead one is placed likewise: in between is silence, as long as it was.

A pause is left out: what comes after it follows what came before. Where it was and how long is kept (`pauses`), for those
who must know what time something was said at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from media.pacer import TICK_S

ASTRAY_TICKS: Final = 25
"""0.5 s: a count that is further than this from the clock is no more this stretch's. A tick is never so late (`pacer`)."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Left out: at `place` of the file, from `begin_s` to `end_s` of the steady clock."""

    place: int
    begin_s: float
    end_s: float


@dataclass(slots=True)
class Timeline:
    """Begins at `began_s`."""

    began_s: float
    pauses: list[Pause] = field(default_factory=list)
    _paused_s: float | None = None
    _left_out: int = 0
    _anchors: dict[str, int] = field(default_factory=dict)

    @property
    def paused(self) -> bool:
        """Nothing is recorded now."""
        return self._paused_s is not None

    def place(self, source: str, tick: int, now_s: float) -> int | None:
        """Return the place of a tick of `source`, None where it lies before the beginning or in a pause."""
        by_clock = round((now_s - self.began_s) / TICK_S)
        anchor = self._anchors.get(source)
        if anchor is None or abs(anchor + tick - by_clock) > ASTRAY_TICKS:
            anchor = self._anchors[source] = by_clock - tick
        raw = anchor + tick
        if raw < 0:
            return None
        if self._paused_s is not None and raw >= self._raw(self._paused_s):
            return None
        left_out = 0
        for pause in self.pauses:
            begin, end = self._raw(pause.begin_s), self._raw(pause.end_s)
            if raw < begin:
                break
            if raw < end:
                return None
            left_out += end - begin
        return raw - left_out

    def length(self, now_s: float) -> int:
        """Return how many places there are by `now_s`."""
        until = now_s if self._paused_s is None else min(now_s, self._paused_s)
        return max(0, self._raw(until) - self._left_out)

    def pause(self, at_s: float) -> None:
        """Leave out what is said from here on."""
        if self._paused_s is None:
            self._paused_s = max(at_s, self.began_s)

    def resume(self, at_s: float) -> None:
        """And no longer."""
        if self._paused_s is None:
            return
        begin_s, self._paused_s = self._paused_s, None
        end_s = max(at_s, begin_s)
        self.pauses.append(Pause(self._raw(begin_s) - self._left_out, begin_s, end_s))
        self._left_out += self._raw(end_s) - self._raw(begin_s)

    def forget(self, source: str) -> None:
        """That worker is gone."""
        self._anchors.pop(source, None)

    def _raw(self, at_s: float) -> int:
        return round((at_s - self.began_s) / TICK_S)
