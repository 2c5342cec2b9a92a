"""Judging what came to people who are in a conference while others come: gaps, losses, and whether talk went on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.analysis import NS_PER_MS, Spread, spread, wrapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.int64]

GAP_LIMIT_MS = 60.0
"""What the jitter buffer of any telephone hides: two packets that are missing, or late."""


@dataclass(frozen=True, slots=True)
class Judged:
    """All streams of those who were watched. `unheard` counts packets without the one who talks all the time."""

    streams: int
    packets: int
    lost: int
    gap_ms: Spread
    unheard: int
    longest_unheard: int


@dataclass(frozen=True, slots=True)
class Attendance:
    """Arrivals, sorted by (row, moment): rows, at_ns, sequence, heard : ndarrays of shape (N,)."""

    rows: Column
    at_ns: Column
    sequence: Column
    heard: NDArray[np.bool_]

    @classmethod
    def of(cls, columns: list[tuple[Column, Column, Column, NDArray[np.bool_]]]) -> Attendance:
        """Put the arrivals of many looks together."""
        if not columns:
            nothing = np.empty(0, np.int64)
            return cls(nothing, nothing, nothing, np.empty(0, bool))
        rows, at_ns, sequence, heard = (np.concatenate(column) for column in zip(*columns, strict=True))
        order = np.lexsort((at_ns, rows))
        return cls(rows[order], at_ns[order], sequence[order], heard[order].astype(bool))

    def judge(self, *, talker: int) -> Judged:
        """Judge all streams; the one who talks does not hear himself."""
        same = self.rows[1:] == self.rows[:-1]
        gaps_ms = np.diff(self.at_ns)[same] / NS_PER_MS
        steps = wrapped(np.diff(self.sequence), 16)[same]
        silent = ~self.heard & (self.rows != talker)
        return Judged(
            streams=len(np.unique(self.rows)),
            packets=len(self.rows),
            lost=int(np.maximum(steps - 1, 0).sum()),
            gap_ms=spread(gaps_ms),
            unheard=int(silent.sum()),
            longest_unheard=longest_run(silent, self.rows),
        )


def longest_run(flags: NDArray[np.bool_], rows: NDArray[np.int64]) -> int:
    """Return the most flags on end within one row; flags, rows : ndarrays of shape (N,), sorted by row."""
    ends = np.flatnonzero(~flags | np.r_[rows[1:] != rows[:-1], True])
    before = np.r_[-1, ends[:-1]]
    runs = ends - before - ~flags[ends]
    return int(runs.max(initial=0))
