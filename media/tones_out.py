"""Keys that we press on the line of somebody who takes them as tones only: for so long the row hears nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.tones import DTMF_HZ, dtmf, silence
from media import laws
from media.jitter import FRAME


class TonesOut:
    """The rows that are sending tones; few, and seldom.

    Parameters
    ----------
    a_law : ndarray of shape (R,), bool
        The row speaks PCMA; otherwise PCMU.
    """

    def __init__(self, a_law: NDArray[np.bool_]) -> None:
        self._a_law = a_law
        self._left: dict[int, NDArray[np.int16]] = {}  # samples, a multiple of a frame

    @property
    def idle(self) -> bool:
        """No row sends tones."""
        return not self._left

    def press(self, row: int, digits: str, duration_ms: int, gap_ms: int) -> None:
        """Queue keys; characters that are no key are left out."""
        keys = [digit for digit in digits.upper() if digit in DTMF_HZ]
        if not keys:
            return
        sounds = [self._left.get(row, silence(0))]
        for key in keys:
            sounds += [dtmf(key, duration_ms=duration_ms), silence(gap_ms)]
        samples = np.concatenate(sounds)
        self._left[row] = np.concatenate((samples, np.zeros(-len(samples) % FRAME, np.int16)))

    def forget(self, row: int) -> None:
        """The row ends."""
        self._left.pop(row, None)

    def tick(self, frames: NDArray[np.uint8]) -> list[int]:
        """Put this tick's piece in the place of what its rows would hear; returns the rows that have pressed their last key.

        Parameters
        ----------
        frames : ndarray of shape (R, 160), uint8
            What is sent, as codes; written to.
        """
        rows = np.fromiter(self._left, np.intp)
        now = np.stack([self._left[row][:FRAME] for row in rows.tolist()])
        frames[rows] = laws.encode(now, self._a_law[rows])
        for row in rows.tolist():
            self._left[row] = self._left[row][FRAME:]
        finished = [row for row, left in self._left.items() if not left.size]
        for row in finished:
            del self._left[row]
        return finished
