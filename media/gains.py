"""What is made louder or softer of what rows say: by an operator's hand (O4), or by the automatic gain of `*4`.

Both add up, in decibels, and move along a straight line within each frame. Rows with neither are not looked at: the
columns are asked only while some row has one.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.agc import VOICE, agc_step
from dsp.gain import db_to_ratio, ramp
from media.streams import Streams

MOST_DB: Final = 24.0
"""By hand, either way: more makes a voice noise, or nothing."""


class Gains:
    """State of R rows between ticks."""

    def __init__(self, streams: Streams) -> None:
        rows = streams.capacity
        self._streams = streams
        self._manual_db = np.zeros(rows, np.float32)
        self._auto = np.zeros(rows, np.bool_)
        self._voices = np.zeros(rows, VOICE)
        self._changed = np.zeros(rows, np.bool_)  # not as it came, or not yet as it came again
        self.ratio = np.ones(rows, np.float32)
        """What the last sample of each row was multiplied by."""
        self.idle = True
        """All rows are as they came."""

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._manual_db[row] = 0.0
        self._auto[row] = False
        self._voices[row] = np.zeros((), VOICE)
        self.ratio[row] = 1.0
        if not self.idle:
            self._changed[row] = False
            self.idle = not self._changed.any()

    def set_manual(self, row: int, gain_db: float) -> None:
        """By hand, kept within -`MOST_DB` and `MOST_DB`; what is no number is 0."""
        kept = 0.0 if np.isnan(gain_db) else min(max(gain_db, -MOST_DB), MOST_DB)
        self._manual_db[row] = kept
        if kept:
            self._begin(row)

    def set_auto(self, row: int, *, on: bool, gain_db: float = 0.0) -> None:
        """Automatic or not. `gain_db` is where it begins: what another worker had learned of the voice."""
        if bool(self._auto[row]) == on:
            return
        self._auto[row] = on
        self._voices[row] = np.zeros((), VOICE)
        self._voices["gain_db"][row] = gain_db if on else 0.0
        self._streams.auto_gain_db[row] = self._voices["gain_db"][row]
        if on:
            self._begin(row)

    def _begin(self, row: int) -> None:
        self._changed[row] = True
        self.idle = False

    def db(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """How much louder these rows are than they came."""
        louder: NDArray[np.float32] = self._manual_db[rows] + self._voices["gain_db"][rows]
        return louder

    def apply(
        self,
        rows: NDArray[np.intp],
        frames: NDArray[np.int16],
        levels: NDArray[np.float32],
        active: NDArray[np.bool_],
        floors: NDArray[np.float32],
    ) -> None:
        """Change the frames of those rows that have a gain, in place.

        Parameters
        ----------
        rows : ndarray of shape (T,), intp
        frames : ndarray of shape (T, 160), int16
        levels, floors : ndarray of shape (T,), float32
            Of the frames as they came, and of the lines' noise, in dBov.
        active : ndarray of shape (T,), bool
            Somebody speaks.
        """
        here = self._changed[rows].nonzero()[0]
        if not here.size:
            return
        mine = rows[here]
        auto = here[self._auto[mine]]
        if auto.size:
            which = rows[auto]
            voices = agc_step(levels[auto], active[auto], floors[auto], self._voices[which])
            self._voices[which] = voices
            self._streams.auto_gain_db[which] = voices["gain_db"]
        target = db_to_ratio(self.db(mine)).astype(np.float32)
        frames[here] = ramp(frames[here], self.ratio[mine], target)
        self.ratio[mine] = target
        done = mine[(target == 1.0) & ~self._auto[mine]]
        if done.size:
            self._changed[done] = False
            self.idle = not self._changed.any()
