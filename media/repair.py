"""From codes to samples: the frames of rows, with what is missing made up, and no seam to be heard.

What was lost is gone on with from the last that came (dsp/conceal.py), longer and softer, and what comes after is faded in
over it. Where the jitter buffer lets its delay shrink, two frames are squeezed into one. It is done only for rows that
somebody wants to hear: the others cost nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.conceal import conceal, find_period, recover
from dsp.stretch import squeeze
from media import laws
from media.jitter import FRAME, HISTORY, JitterBuffer, Pull
from media.streams import Streams

RECOVERY_SAMPLES: Final = 40
"""5 ms: the first good frame after a gap is faded in over what concealed the gap."""
SEAM_SAMPLES: Final = 20
"""2.5 ms: where a part of a frame came, it is faded into what stands for the rest."""


class Repair:
    """State of R rows between ticks."""

    def __init__(self, streams: Streams, jitter: JitterBuffer) -> None:
        rows = streams.capacity
        self._streams = streams
        self._jitter = jitter
        self.a_law = np.zeros(rows, np.bool_)
        """The row speaks PCMA; otherwise PCMU."""
        self._gap = np.zeros(rows, np.int32)  # samples concealed so far, 0 where the last frame was good
        self._period = np.zeros(rows, np.intp)  # of the voice before the gap
        self._before = np.zeros((rows, (HISTORY - 1) * FRAME), np.uint8)  # what came before the gap

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._gap[row] = 0

    def settle(self, complete: NDArray[np.bool_]) -> None:
        """The first rows' frames of this tick came, where `complete` says so: their gaps are over."""
        self._gap[: len(complete)][complete] = 0

    def going_on(self, row: int) -> NDArray[np.int16]:
        """What the row would say next if it lost a frame now; (1, 160)."""
        which = np.array([row])
        gap = self._gap[which]
        before = self._before[which] if gap[0] else self._jitter.history(which, self._jitter.play[which])
        return conceal(self._decode(which, before), gap, FRAME)

    def samples(self, rows: NDArray[np.intp], pull: Pull) -> NDArray[np.int16]:
        """Decode the frames of `rows`, repair gaps, squeeze two frames into one where the delay shrinks."""
        frames = self._decode(rows, pull.codes[rows])
        if pull.missing.size:
            self._conceal(rows, frames, pull)
        recovering = ((self._gap[rows] > 0) & pull.complete[rows]).nonzero()[0]
        if recovering.size:
            which = rows[recovering]
            synthetic = self._go_on(which, RECOVERY_SAMPLES)
            frames[recovering] = recover(synthetic, frames[recovering], RECOVERY_SAMPLES)
        if pull.squeeze.size:
            here, there = _common(rows, pull.squeeze)
            if here.size:
                second = self._decode(rows[here], pull.following[there])
                frames[here], _ = squeeze(np.concatenate((frames[here], second), axis=1))
        return frames

    def _conceal(self, rows: NDArray[np.intp], frames: NDArray[np.int16], pull: Pull) -> None:
        here, there = _common(rows, pull.missing)
        if not here.size:
            return
        which, anchor = rows[here], pull.anchor[there]
        begins = which[self._gap[which] == 0]
        if begins.size:
            before = self._jitter.history(begins, anchor[self._gap[which] == 0])
            self._before[begins] = before
            self._period[begins] = find_period(self._decode(begins, before))
        repaired = self._go_on(which, FRAME)
        partial = pull.partial[there]
        pieces = np.flatnonzero(partial.any(axis=1))
        if pieces.size:
            kept = _seams(partial[pieces], after_gap=self._gap[which[pieces]] > 0)
            made = repaired[pieces]
            repaired[pieces] = np.rint(made + kept * (frames[here[pieces]].astype(np.float32) - made))
        frames[here] = repaired
        # A frame that ends with what came is no gap that has to be come back from.
        self._gap[which] = np.where(partial[:, -1], 0, self._gap[which] + FRAME)
        self._streams.concealed[which] += 1
        self._jitter.remember(which, anchor, laws.encode(repaired, self.a_law[which]))

    def _go_on(self, rows: NDArray[np.intp], size: int) -> NDArray[np.int16]:
        """What is made up for rows in a gap, from as far as it has come."""
        before = self._decode(rows, self._before[rows])
        return conceal(before, self._gap[rows], size, periods=self._period[rows])

    def _decode(self, rows: NDArray[np.intp], codes: NDArray[np.uint8]) -> NDArray[np.int16]:
        return laws.decode(codes, self.a_law[rows])


def _seams(there: NDArray[np.bool_], *, after_gap: NDArray[np.bool_]) -> NDArray[np.float32]:
    """How much of what came is heard, sample by sample, so that it is faded in after a gap and out before one.

    Parameters
    ----------
    there : ndarray of shape (M, 160), bool
    after_gap : ndarray of shape (M,), bool
        The frame before ended with what was made up.
    """
    place = np.arange(FRAME)
    begin = np.where(after_gap, -1, -FRAME)[:, None]
    since = place - np.maximum.accumulate(np.where(there, begin, place), axis=1)
    ahead = np.minimum.accumulate(np.where(there, 2 * FRAME, place)[:, ::-1], axis=1)[:, ::-1] - place
    kept = np.minimum(since, ahead).clip(0, SEAM_SAMPLES).astype(np.float32)
    return kept / np.float32(SEAM_SAMPLES)


def _common(rows: NDArray[np.intp], some: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices into `rows` and into `some` of what both have."""
    _, here, there = np.intersect1d(rows, some, assume_unique=True, return_indices=True)
    return here, there
