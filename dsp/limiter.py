"""The limiter at the end of a mix: many loud voices at once are made softer together, not bent one by one.

It looks at the whole frame before it plays a sample of it, so it adds no delay. The frame is cut into eight blocks; each
tells how soft it must become to stay below the ceiling, the gain at the seam of two blocks is the lesser of both, and between
seams it moves in a straight line: it is there before the peak is. It comes back slowly, so that it does not follow the
wave itself, which would be distortion. Only a peak in the first block of a frame can come too soon for that; what of it is
still too loud is cut, for 2.5 ms at the most. Below the ceiling, with a gain of 1, not a bit changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dsp.frames import FRAME_MS

if TYPE_CHECKING:
    from dsp.frames import Frames, Levels, Mix

CEILING: Final = 30_000
"""-0.77 dBFS: some room is left for what comes too soon. A voice of -15 dBov does not reach it."""
MOST: Final = 32_767
BLOCKS: Final = 8
"""Of a frame: 2.5 ms each."""
RELEASE_DB_PER_S: Final = 40.0
"""So fast the gain comes back: a quarter of a second after a shout of 10 dB too much all is as it was."""

_RELEASE: Final = np.float32(RELEASE_DB_PER_S * FRAME_MS / 1_000 / BLOCKS / 20 * np.log(10))
_RISES: Final = _RELEASE * np.arange(BLOCKS + 1, dtype=np.float32)


def limit(mix: Mix, gains: Levels) -> tuple[Frames, Levels]:
    """Return mixes in 16 bits, and the gains that they end with.

    mix : ndarray of shape (N, S), int32, S a multiple of `BLOCKS`
    gains : ndarray of shape (N,), float32, above 0 and up to 1: what the last call returned; 1 for a new mix
    returns : (N, S) int16, from -32,767 to 32,767, and (N,) float32
    """
    if not _beyond(mix) and gains.min(initial=1) >= 1:
        return mix.astype(np.int16), gains
    loud = (mix.max(axis=1) > CEILING) | (mix.min(axis=1) < -CEILING) | (gains < 1)
    rows = loud.nonzero()[0]
    frames = mix.astype(np.int16)
    after = gains.copy()
    frames[rows], after[rows] = _limit(mix[rows], gains[rows])
    return frames, after


def _beyond(mix: Mix) -> bool:
    """Anything is: one look over all of it costs a fifth of one by rows."""
    return bool(mix.max(initial=0) > CEILING or mix.min(initial=0) < -CEILING)


def _limit(mix: Mix, gains: Levels) -> tuple[Frames, Levels]:
    rows, samples = mix.shape
    blocks = mix.reshape(rows, BLOCKS, samples // BLOCKS).astype(np.float32)
    peaks = np.maximum(blocks.max(axis=-1), -blocks.min(axis=-1))
    wanted = np.log(np.float32(CEILING) / np.maximum(peaks, np.float32(CEILING)))
    seams = np.empty((rows, BLOCKS + 1), np.float32)
    seams[:, 0] = np.log(gains)
    seams[:, 1:] = wanted
    np.minimum(seams[:, 1:-1], wanted[:, 1:], out=seams[:, 1:-1])
    seams = np.exp(np.minimum(np.minimum.accumulate(seams - _RISES, axis=1) + _RISES, np.float32(0)))
    along = np.arange(1, samples // BLOCKS + 1, dtype=np.float32) / np.float32(samples // BLOCKS)
    slopes = (seams[:, 1:] - seams[:, :-1])[:, :, None] * along
    slopes += seams[:, :-1, None]
    blocks *= slopes
    np.rint(blocks, out=blocks)
    np.minimum(blocks, np.float32(MOST), out=blocks)
    np.maximum(blocks, np.float32(-MOST), out=blocks)
    return blocks.reshape(rows, samples).astype(np.int16), seams[:, -1].copy()
