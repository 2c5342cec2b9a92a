"""RTP clocks: the timestamps of all rows in samples at 8 kHz, whatever their codecs count in.

Opus counts 48,000 a second and L16 as many as it has samples. All that receives (loss, jitter, the buffer, keys) wants one
unit, so timestamps are unwrapped and divided as they come; a column of rows that count 8,000 goes through as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


class Clocks:
    """State of R rows."""

    def __init__(self, rows: int) -> None:
        self.ticks = np.ones(rows, np.uint32)
        """Of each row's RTP clock, per sample at 8 kHz."""
        self._others = 0
        self._last = np.zeros(rows, np.uint32)
        self._unwrapped = np.zeros(rows, np.int64)

    @property
    def plain(self) -> bool:
        """All count 8,000 a second."""
        return not self._others

    def set(self, row: int, ticks: int) -> None:
        """The row's clock ticks so often per sample at 8 kHz."""
        self._others += (ticks != 1) - (int(self.ticks[row]) != 1)
        self.ticks[row] = ticks

    def samples(self, rows: NDArray[np.intp], timestamp: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Return the timestamps of one packet each of `rows`, in samples at 8 kHz."""
        if self.plain:
            return timestamp
        unwrapped = self._unwrapped[rows] + (timestamp - self._last[rows]).view(np.int32)
        self._unwrapped[rows] = unwrapped
        self._last[rows] = timestamp
        return (unwrapped // self.ticks[rows]).astype(np.uint32)
