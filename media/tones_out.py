"""Keys that we press on the line of somebody who takes them as tones only: for so long the row hears nothing else."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp.resample import PAST, upsample
from dsp.tones import DTMF_HZ, dtmf, silence
from media import laws
from media.jitter import FRAME


class TonesOut:
    """The rows that are sending tones; few, and seldom.

    Parameters
    ----------
    a_law : ndarray of shape (R,), bool
        The row speaks PCMA; otherwise PCMU.
    bands : ndarray of shape (R,), int
        The rate that the row hears at, over 8 kHz.
    """

    def __init__(self, a_law: NDArray[np.bool_], bands: NDArray[np.integer]) -> None:
        self._a_law = a_law
        self._bands = bands
        self._left: dict[int, NDArray[np.int16]] = {}  # samples at the row's band, a multiple of a frame
        self._finished: list[int] = []

    @property
    def idle(self) -> bool:
        """No row sends tones."""
        return not self._left and not self._finished

    def press(self, row: int, digits: str, duration_ms: int, gap_ms: int) -> None:
        """Queue keys; characters that are no key are left out."""
        keys = [digit for digit in digits.upper() if digit in DTMF_HZ]
        if not keys:
            return
        sounds = [piece for key in keys for piece in (dtmf(key, duration_ms=duration_ms), silence(gap_ms))]
        samples = np.concatenate(sounds)
        samples = np.concatenate((samples, np.zeros(-len(samples) % FRAME, np.int16)))
        band = int(self._bands[row])
        if band > 1:
            samples = upsample(samples[None], np.zeros((1, PAST), np.int16), band)[0][0]
        self._left[row] = np.concatenate((self._left.get(row, samples[:0]), samples))

    def forget(self, row: int) -> None:
        """The row ends."""
        self._left.pop(row, None)

    def tick(self, frames: NDArray[np.uint8]) -> list[int]:
        """Put this tick's piece in the place of what its rows would hear; returns the rows that have pressed their last key.

        Rows at other rates than 8 kHz have got theirs by `wide`.

        Parameters
        ----------
        frames : ndarray of shape (R, 160), uint8
            What is sent, as codes; written to.
        """
        rows = np.array([row for row in self._left if self._bands[row] == 1], np.intp)
        if rows.size:
            now = np.stack([self._next(row) for row in rows.tolist()])
            frames[rows] = laws.encode(now, self._a_law[rows])
        finished, self._finished = self._finished, []
        return finished

    def wide(self) -> dict[int, NDArray[np.int16]]:
        """The pieces of this tick of rows at other rates, to be encoded instead of what they would hear."""
        return {row: self._next(row) for row in list(self._left) if self._bands[row] > 1}

    def _next(self, row: int) -> NDArray[np.int16]:
        size = FRAME * int(self._bands[row])
        left = self._left[row]
        if len(left) > size:
            self._left[row] = left[size:]
        else:
            del self._left[row]
            self._finished.append(row)
        return left[:size]
