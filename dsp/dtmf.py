"""Keys heard as tones (ITU-T Q.23, Q.24), in many rows at once.

Theory of operation
-------------------
A key is two sines, one of four low and one of four high frequencies. Every 10 ms a window of 20 ms is looked at: two
products of matrices give the amplitude and phase of all eight frequencies in all rows. Hann's window keeps the low group
out of the high one, and because windows overlap by half, the amplitudes of all windows over a tone add up to its length,
wherever it began. Of what sounds in a window

- *purity* is the part that the strongest low and the strongest high tone make up together. Two sines have 1, with noise
  15 dB below 0.97, a window that is covered by tone in part about that part; a voice, which is never two sines, seldom 0.7;
- the *offset* of each tone from where it should be is how far its phase has turned from one window to the next: within a
  hertz or so, which tells 1.5 % from 3.5 % where the amplitude could not;
- *twist* is how much louder the high tone is than the low one.

A *run* is a series of windows with the same key. It is told as a key when it lasts, is pure, tuned and loud enough, once;
it ends when it has not been heard for `GAP_WINDOWS`. What was lost on the way and made up is not looked at: the run holds its
breath, and the first window after it says whether the key was down all the time.

From the first pure window on the row is *suspected*: its frame should not be heard by others. A tone that begins in the last
13 ms of a frame is seen with the next one, all others at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dsp.frames import FRAME_SAMPLES, FULL_SCALE, RATE_HZ
from dsp.tones import DTMF_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Frames, Indices, Levels, Mask

WINDOW: Final = FRAME_SAMPLES
HOP: Final = WINDOW // 2
HOP_MS: Final = 1_000 * HOP / RATE_HZ

LONG_ENOUGH_MS: Final = 28.0
"""Q.24 table A-1: 40 ms are a key, 23 ms are none. The measure is short by up to 10 ms where both ends fall into windows
that are less than half covered, never long."""
TOLERANCE: Final = 0.025
"""Of the frequency: 1.5 % must be taken, 3.5 % must not."""
TWIST_DB: Final = (-12.0, 8.0)
"""High tone against low tone: -8 to 4 dB must be taken, also where noise adds to either; purity keeps voices out, not this."""
LEAST_DBOV: Final = -37.0
"""Of each tone: -25 dBm0 (-31 dBov) must be taken; what is 6 dB softer is crosstalk."""
PURE: Final = 0.85
"""A window full of a key, with noise 8 dB below."""
PURE_WINDOWS: Final = 2
"""Shortest keys fill so many."""
SUSPICIOUS: Final = 0.7
"""The first window of a key: nobody hears it if it is one."""
PARTLY: Final = 0.45
"""At the ends of a run, about half covered."""
GAP_WINDOWS: Final = 3
"""Without the key in a row end it: a pause of 40 ms leaves four, an interruption of 10 ms (Q.24) two."""
WORTH_A_LOOK: Final = 0.33
"""Before the amplitude of a tone that is off its frequency is set right (as much as 2.5 dB at `TOLERANCE`), and of a window
that is half covered."""

KEYS: Final = "123A456B789C*0#D"
"""By low and high tone: key number 4 * low + high."""

_LOW_HZ: Final = tuple([DTMF_HZ[key][0] for key in KEYS[::4]])
_HIGH_HZ: Final = tuple([DTMF_HZ[key][1] for key in KEYS[:4]])
_HZ: Final = np.array(_LOW_HZ + _HIGH_HZ)
_HANN: Final = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(WINDOW) + 0.5) / WINDOW)
_TIME: Final = np.arange(WINDOW) / RATE_HZ
_BASIS: Final = np.concatenate(
    [wave(2 * np.pi * _HZ[:, None] * _TIME) * _HANN * (np.sqrt(2) / _HANN.sum()) for wave in (np.cos, np.sin)]
).astype(np.float32)
"""(16, 160): its product with samples is the amplitude of each tone as root mean square, in phase and in quadrature."""
_WEIGHT: Final = (np.square(_HANN) / np.square(_HANN).sum()).astype(np.float32)
_BACK: Final = np.exp(-2j * np.pi * _HZ * HOP / RATE_HZ).astype(np.complex64)
"""Takes back by how much each tone's phase turns from one window to the next where it is exactly tuned."""
_HZ_PER_RADIAN: Final = RATE_HZ / (2 * np.pi * HOP)
_TOLERANCE_HZ: Final = (_HZ * TOLERANCE).astype(np.float32)
_RATIOS: Final = tuple([np.float32(10 ** (db / 20)) for db in TWIST_DB])
_ROUGHLY: Final = tuple(
    [np.float32(10 ** ((db + play) / 10)) for db, play in zip(TWIST_DB, (-3, 3), strict=True)]
)
"""Before the amplitudes are set right."""
_LEAST: Final = np.float32(FULL_SCALE * 10 ** (LEAST_DBOV / 20))
_LEAST_POWER: Final = np.float32(_LEAST**2 / 8)  # of both, in a window that is half covered
_NONE: Final = -1


class Heard(NamedTuple):
    """What M rows have in a frame."""

    told: list[tuple[int, str]]
    """Keys that were recognised: place among the M, and which."""
    suspected: Mask
    """(M,): there is a key in it, or what may be one."""


class _Look(NamedTuple):
    """What is in the windows of M rows."""

    key: NDArray[np.int8]
    """The strongest pair, -1 where it is nothing to speak of."""
    which: Indices
    """(2, M): its low and its high frequency."""
    waves: NDArray[np.complex64]
    """(2, M): their amplitude and phase."""
    power: Levels
    """Of all that sounds."""


class ToneDetector:
    """Runs of R rows, as columns.

    A row is shown all its frames in order, except that frames of silence may be left out while it is not `busy`.
    """

    def __init__(self, rows: int) -> None:
        self.busy = np.zeros(rows, np.bool_)
        """A key may be going on, or the end of the last frame was heard: the next one must be looked at."""
        self._tail = np.zeros((rows, HOP), np.float32)
        self._lost = np.zeros(rows, np.bool_)  # the last frame
        self._torn = np.zeros(rows, np.bool_)  # the last window could not be looked at
        self._key = np.full(rows, _NONE, np.int8)  # of the run
        self._told = np.zeros(rows, np.bool_)
        self._sum = np.zeros((2, rows), np.float32)  # of the run's amplitudes, low and high
        self._peak = np.zeros((2, rows), np.float32)
        self._pure = np.zeros(rows, np.int16)  # windows
        self._tuned = np.zeros(rows, np.bool_)  # the frequencies were measured
        self._gap = np.zeros(rows, np.int8)  # windows since the last one with the key
        self._unseen = np.zeros(rows, np.int8)  # windows since the last that could be looked at
        self._last_key = np.full(rows, _NONE, np.int8)  # of the last window, whatever it was worth
        self._last = np.zeros((2, rows), np.complex64)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self.busy[row] = self._lost[row] = self._torn[row] = False
        self._tail[row] = 0
        self._end(np.array([row]))
        self._last_key[row] = _NONE

    def listen(self, rows: Indices, frames: Frames, lost: Mask) -> Heard:
        """Take one frame of each of `rows`.

        rows : ndarray of shape (M,), intp, all different
        frames : ndarray of shape (M, 160), int16
        lost : ndarray of shape (M,), bool: the frame did not come, whatever stands there
        """
        samples = np.empty((len(rows), HOP + WINDOW), np.float32)
        samples[:, :HOP] = self._tail[rows]
        samples[:, HOP:] = frames
        self._tail[rows] = frames[:, -HOP:]
        power = samples * samples
        suspected = np.zeros(len(rows), np.bool_)
        told: list[tuple[int, str]] = []
        for window, unseen in ((0, lost | self._lost[rows]), (HOP, lost)):
            piece = slice(window, window + WINDOW)
            self._look(rows, samples[:, piece], power[:, piece] @ _WEIGHT, unseen, suspected, told)
            self._torn[rows] = unseen
        self._lost[rows] = lost
        loud = power[:, -HOP:].max(axis=1) > 2 * _LEAST_POWER
        self.busy[rows] = loud | lost | (self._key[rows] != _NONE)
        return Heard(told, suspected)

    def _look(
        self,
        rows: Indices,
        samples: Levels,
        power: Levels,
        unseen: Mask,
        suspected: Mask,
        told: list[tuple[int, str]],
    ) -> None:
        """Take the next window of each row; few of them are worth more than a glance."""
        parts = _BASIS @ samples.T
        squares = parts * parts
        tones = squares[:8] + squares[8:]
        low, high = tones[:4].max(axis=0), tones[4:].max(axis=0)
        worth = (low + high > WORTH_A_LOOK * power) & (power > _LEAST_POWER) & ~unseen
        worth &= (high > _ROUGHLY[0] * low) & (high < _ROUGHLY[1] * low)
        closer = (worth | (self._key[rows] != _NONE)).nonzero()[0]
        if not closer.size:
            self._last_key[rows] = _NONE
            return
        mine = rows[closer]
        which = np.stack((tones[:4, closer].argmax(axis=0), 4 + tones[4:, closer].argmax(axis=0)))
        key = np.where(worth[closer], 4 * which[0] + which[1] - 4, _NONE).astype(np.int8)
        waves = parts[which, closer] - 1j * parts[8 + which, closer]
        suspected[closer] |= self._follow(mine, _Look(key, which, waves, power[closer]), unseen[closer])
        self._last_key[rows] = _NONE
        self._last_key[mine] = key
        self._last[:, mine] = waves
        ready = self._ready(mine)
        self._told[mine[ready]] = True
        told += [(int(closer[place]), KEYS[self._key[mine[place]]]) for place in ready.nonzero()[0].tolist()]

    def _follow(self, rows: Indices, look: _Look, unseen: Mask) -> Mask:
        """Go on with each row's run, begin one, or end it; returns in which of them there may be a key."""
        amplitude, purity, fits, checked = self._weigh(rows, look)
        known = self._key[rows]
        same = fits & (look.key == known)
        begins = fits & ~same & ((known == _NONE) | (purity >= SUSPICIOUS))
        fresh = rows[begins]
        self._end(fresh)
        self._key[fresh] = look.key[begins]
        there = same | begins
        going = rows[there]
        amplitude = amplitude[:, there]
        self._peak[:, going] = np.maximum(self._peak[:, going], amplitude)
        self._sum[:, going] += amplitude + self._unseen[going] * self._peak[:, going]
        torn = fresh[self._torn[fresh]]  # it may have begun in what was lost
        self._sum[:, torn] += self._peak[:, torn]
        self._pure[going] += purity[there] >= PURE
        self._tuned[going] |= checked[there]
        self._gap[going] = self._unseen[going] = 0

        away = (known != _NONE) & ~there
        self._unseen[rows[away & unseen]] += 1
        gone = rows[away & ~unseen]
        self._gap[gone] += 1 + self._unseen[gone]
        self._unseen[gone] = 0
        self._end(gone[(self._gap[gone] >= GAP_WINDOWS) | ~self._told[gone]])
        told = self._told[rows]
        suspected: Mask = (there & (told | (purity >= SUSPICIOUS))) | (told & unseen)
        return suspected

    def _weigh(self, rows: Indices, look: _Look) -> tuple[Levels, Levels, Mask, Mask]:
        """Measure the two tones that may be a key.

        Returns
        -------
        amplitude : ndarray of shape (2, M), float32
        purity : ndarray of shape (M,), float32
        fits : ndarray of shape (M,), bool
            All that can be measured is as a key's.
        checked : ndarray of shape (M,), bool
            That includes the frequencies: the window before had the same tones.
        """
        checked = (look.key == self._last_key[rows]) & (look.key != _NONE)
        turned = look.waves * np.conj(self._last[:, rows]) * _BACK[look.which]
        offset = np.where(checked, np.angle(turned) * _HZ_PER_RADIAN, 0.0).astype(np.float32)
        tuned = (np.abs(offset) <= _TOLERANCE_HZ[look.which]).all(axis=0)
        bins = np.minimum(np.abs(offset), _TOLERANCE_HZ[look.which]) * np.float32(WINDOW / RATE_HZ)
        amplitude = np.abs(look.waves) * ((1 - bins * bins) / np.sinc(bins))
        low, high = amplitude
        purity = (low * low + high * high) / np.maximum(look.power, _LEAST_POWER)
        fits = (look.key != _NONE) & tuned & (purity >= PARTLY)
        fits &= (high >= _RATIOS[0] * low) & (high <= _RATIOS[1] * low)
        return amplitude, purity, fits, checked

    def _ready(self, rows: Indices) -> Mask:
        """Which of the runs of `rows` are keys now and were none before."""
        peak = self._peak[:, rows]
        sums = self._sum[:, rows] + (self._unseen[rows] > 0) * peak
        long = (sums * np.float32(HOP_MS) >= np.float32(LONG_ENOUGH_MS) * peak).all(axis=0)
        ready = long & (peak >= _LEAST).all(axis=0) & (self._pure[rows] >= PURE_WINDOWS)
        fresh: Mask = ready & self._tuned[rows] & ~self._told[rows] & (self._key[rows] != _NONE)
        return fresh

    def _end(self, rows: Indices) -> None:
        self._key[rows] = _NONE
        self._told[rows] = self._tuned[rows] = False
        self._sum[:, rows] = self._peak[:, rows] = 0
        self._pure[rows] = self._gap[rows] = self._unseen[rows] = 0
