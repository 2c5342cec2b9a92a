"""G.722 of many rows seen as columns: which frames cannot be speech, told from their codes alone.

Theory of operation
-------------------
Whoever decodes G.722 follows the step sizes of its two bands. The logarithm of each is a sum that leaks (G.722 section 3.4):
every code adds what a table says of its leading bits, and never does it fall below 0. That is all of the decoder that is cheap:
two codes at a time make one line of a table, and 80 steps over all rows take 0.6 us a row, where decoding takes 12.

A step size tells how far the signal is from what the predictor expects of it. That is how loud a noise is, but of a voice or
a tone, which can be expected, only the least. So nobody is called quiet for steps below a fixed mark alone unless it is
very low. Each row has marks of its own: the steps of its noise, as it was *heard*, that is decoded and measured, and a
margin, the wider the quieter the noise is. Where there is a noise, no voice can be foretold better than that, and as soon as
one comes the steps grow. The marks rise slowly, for a breath has larger steps than the vowel after it, and fall at once.

Where the steps of the upper band are at rest, there is digital silence. Any other row is heard again every two seconds, and
whenever its steps are beyond the marks. Where codes are missing, nothing is
known for a few frames.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.level import LEAST_SUSTAIN_DBOV

FRAME: Final = 160
"""Codes of 20 ms: a byte is two samples at 16 kHz."""

QUIET_DBOV: Final = LEAST_SUSTAIN_DBOV
"""A frame no louder is quiet: neither does speech begin with it nor go on."""

CERTAIN: Final = np.array([3_000, 6_000], np.float32)
"""Of the lower and the upper band: below this the row is quiet, whatever its noise. In steps of 0.003 dB; 0 is the smallest
step, a peak of 24. (At 3,600 three frames of -43 dBov in 40 s of soft, noiseless speech were called quiet; at 3,200 none.)"""

AT_REST: Final = np.array([6_000, 2_000], np.float32)
"""Below this it is digital silence: the upper band is at rest, which it is not under a tone with a peak of 20 (3,500 and more),
while the lower one wanders by itself as far as 4,200. Behind a gap as well: in one frame steps come seven tenths of the way to
those of the encoder, wherever these are."""

MARGIN: Final = np.float32(1_400)
"""Above the row's noise at the most: 4 dB."""
MARGIN_FROM_DBOV: Final = np.float32(-52.0)
_BOTH: Final = np.array([1.0, 1.5], np.float32)
"""Of the margin, by band: two bits a code leave the steps of the upper one less steady."""
MARGIN_PER_DB: Final = np.float32(170)
"""The margin by how far the noise, as it was heard, lies below this: 680, 2 dB, for one that is hardly quiet."""

NEARLY: Final = np.float32(1_024)
"""3 dB: so little beyond the marks a frame is most likely quiet yet; further beyond, something has begun."""

RISE: Final = np.float32(64)
"""0.2 dB: by so much a noise may be louder with every frame of it that is heard to be quiet."""
LASTS: Final = 25
"""Frames of 20 ms heard to be quiet one after another: the least of them is noise, however much louder than before."""

TRUSTED: Final = 3
"""Frames in a row, after which what a gap has made of the steps is forgotten: it leaks away to a fiftieth."""
HEARD_FIRST: Final = 25
"""Frames of a call that are heard before any is quiet: that is how the noise of the line is learnt, here and by `dsp.level`."""
SUDDEN_EVERY: Final = 4
"""Frames: of what is far beyond the marks, which is sound in any case, so many are heard only once."""
HEARD_EVERY: Final = 100
"""Frames (2 s): after that each row is heard once in so many, and by turns."""

_LEAK: Final = 127 / 128
_MOST: Final = np.array([18_432, 22_528], np.float32)
"""The largest steps (sections 3.4.1 and 3.4.2)."""

_LOWER: Final = np.array(
    [-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60]
)
"""What the four leading bits of a code of the lower band add (table 9: W_L, by the code)."""
_UPPER: Final = np.array([798, -214, 798, -214])
"""What the two bits of the upper band add (table 9: W_H, by the code)."""


def _pairs() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What two codes do to the steps, by both as one number: x becomes max(leak * leak * x + add, least)."""
    code = np.arange(256)
    adds = np.stack((_LOWER[(code & 0x3F) >> 2], _UPPER[code >> 6]), axis=1).astype(np.float64)
    both = np.arange(65_536, dtype="<u2").view(np.uint8).reshape(-1, 2)
    first, second = adds[both[:, 0]], adds[both[:, 1]]
    return (_LEAK * first + second).astype(np.float32), np.maximum(second, 0).astype(np.float32)


_ADDS, _LEASTS = _pairs()
_LEAKS: Final = np.float32(_LEAK * _LEAK)


class Steps(NamedTuple):
    """Logarithms of the step sizes of N rows, by band."""

    after: NDArray[np.float32]
    """(N, 2): behind the frame."""
    most: NDArray[np.float32]
    """(N, 2): the largest within it, seen at every second code."""


def follow(codes: NDArray[np.uint8], before: NDArray[np.float32]) -> Steps:
    """Follow the steps through a frame of each row.

    They are never below those of a decoder, and by no more than 0.4 dB above: it rounds down at every code.

    codes : ndarray of shape (N, 160), uint8
    before : ndarray of shape (N, 2), float32: `after` of the frame before, 0 at the beginning
    """
    pairs = np.ascontiguousarray(np.ascontiguousarray(codes).view("<u2").T)
    steps, leasts = _ADDS.take(pairs, axis=0), _LEASTS.take(pairs, axis=0)
    now, leaked = before, np.empty_like(before)
    for step, least in zip(steps, leasts, strict=True):
        np.multiply(now, _LEAKS, out=leaked)
        np.add(step, leaked, out=step)
        np.maximum(step, least, out=step)
        now = step
    return Steps(np.minimum(now, _MOST), steps.max(axis=0))


class Told(NamedTuple):
    """What the codes say of a frame of N rows; each is of shape (N,)."""

    quiet: NDArray[np.bool_]
    """Nobody speaks in it."""
    unsure: NDArray[np.bool_]
    """It should be heard, and `heard` be told. The others that are not quiet may be speech, whatever is heard."""
    sudden: NDArray[np.bool_]
    """Something has begun, or the line is not known yet: whoever hears it had better hear it well."""


class Hearsay:
    """What is known of R rows without decoding them.

    Parameters
    ----------
    rows : int
    """

    def __init__(self, rows: int) -> None:
        self._tick = 0
        self._steps = np.zeros((rows, 2), np.float32)
        self._most = np.zeros((rows, 2), np.float32)  # within the last frame
        self._noise = np.zeros((rows, 2), np.float32)
        self._margin = np.zeros(rows, np.float32)
        self._quiet = np.zeros(rows, np.intp)  # frames heard to be quiet since one that was not
        self._least = np.zeros((rows, 2), np.float32)  # steps in these
        self._follows = np.zeros(rows, np.int64)  # where the next frame begins
        self._run = np.full(rows, -1, np.int64)
        self._known = np.zeros(rows, np.intp)  # frames since the last gap
        self._learnt = np.zeros(rows, np.intp)  # frames that were heard

    def clear(self, row: int) -> None:
        """Another stream has the row."""
        self._run[row] = -1
        self._noise[row] = self._margin[row] = self._quiet[row] = self._learnt[row] = 0

    def frames(
        self,
        rows: NDArray[np.intp],
        start: NDArray[np.int64],
        run: NDArray[np.int64],
        codes: NDArray[np.uint8],
        there: NDArray[np.bool_],
    ) -> Told:
        """Follow a frame of each of `rows`, that begins at `start` of a run of positions.

        Parameters
        ----------
        there : ndarray of shape (N,), bool
            All of its codes have come.
        """
        self._tick += 1
        again = run != self._run[rows]
        before = self._steps[rows]
        before[again] = 0
        goes_on = there & ~again & (start == self._follows[rows])
        known = np.where(goes_on, self._known[rows] + 1, 0)
        self._known[rows] = known
        self._run[rows] = run
        self._follows[rows] = start + FRAME
        after, most = follow(codes, before)
        self._steps[rows] = np.where(there[:, None], after, before)
        self._most[rows] = most
        noise = np.minimum(self._noise[rows], most)
        told = known >= TRUSTED
        self._noise[rows] = np.where(told[:, None], noise, self._noise[rows])
        marks = np.maximum(noise + self._margin[rows, None] * _BOTH, CERTAIN)
        quiet = np.logical_and.reduce(most <= marks, axis=1)
        quiet &= (self._learnt[rows] >= HEARD_FIRST) & ((self._tick + rows) % HEARD_EVERY != 0)
        quiet &= told
        quiet |= np.logical_and.reduce(most <= AT_REST, axis=1) & there
        sudden = np.logical_or.reduce(most > marks + NEARLY, axis=1)
        self._margin[rows[sudden]] = 0
        unsure = told & ~quiet & (~sudden | ((self._tick + rows) % SUDDEN_EVERY == 0))
        return Told(quiet, unsure, sudden)

    def heard(self, rows: NDArray[np.intp], levels_dbov: NDArray[np.float32]) -> NDArray[np.bool_]:
        """So loud were the last frames of `rows`, decoded; returns which of them were quiet."""
        quiet: NDArray[np.bool_] = levels_dbov <= np.float32(QUIET_DBOV)
        self._learnt[rows] += 1
        loud = rows[~quiet]
        self._quiet[loud] = 0
        self._margin[loud] = 0
        mine = rows[quiet]
        most = self._most[mine]
        self._margin[mine] = np.minimum((MARGIN_FROM_DBOV - levels_dbov[quiet]) * MARGIN_PER_DB, MARGIN)
        count = self._quiet[mine] + 1
        least = np.where(count[:, None] == 1, most, np.minimum(self._least[mine], most))
        noise = np.minimum(most, self._noise[mine] + RISE)
        lasts = count >= LASTS
        noise[lasts] = np.maximum(noise[lasts], least[lasts])
        self._noise[mine], self._least[mine] = noise, least
        self._quiet[mine] = np.where(lasts, 0, count)
        return quiet
