"""Louder and softer without a click: ratios, ramps within a frame, and the limiter at the end of every mix.

The limiter is a curve, the same for every sample, so it needs no memory and no look-ahead. Below the knee it changes
nothing, not a bit. Above it, what exceeds the knee by d comes out as R * d / (d + R), where R is the room that is left
up to full scale: the slope is 1 at the knee, sinks steadily and never becomes zero, so that many loud voices at once
sound pressed together but not broken, and nothing ever wraps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from dsp.frames import Frames, Levels, Mix

KNEE: Final = 23_170
"""-3.01 dBFS, 32,768 / sqrt(2): two people who speak at once at ordinary levels stay below."""

CEILING: Final = 32_767
"""What a sum without end comes to."""

_HEADROOM: Final = float(CEILING - KNEE)

MOST_GAIN: Final = 1_000.0
"""60 dB: `ramp` takes a larger ratio as this, which keeps the product within int32."""


def db_to_ratio(db: ArrayLike) -> NDArray[np.float64]:
    """Return what to multiply samples by: 0 dB is 1, -6 dB is 0.501, 20 dB is 10."""
    return np.power(10.0, np.asarray(db, np.float64) / 20.0)


def ratio_to_db(ratio: ArrayLike) -> NDArray[np.float64]:
    """Return the decibels of ratios above zero."""
    return 20.0 * np.log10(np.asarray(ratio, np.float64))


_MANY: Final = 0.04
"""Where more than this part of a mix exceeds the knee, it is faster to bend all of it than to pick."""


def _bend(samples: Levels) -> Levels:
    """The curve, for any float32: below the knee the magnitude itself is the smaller of the two."""
    magnitude = np.abs(samples)
    bent = np.maximum(magnitude, np.float32(KNEE))
    bent -= np.float32(KNEE - _HEADROOM)
    np.divide(np.float32(_HEADROOM * _HEADROOM), bent, out=bent)
    np.subtract(np.float32(CEILING), bent, out=bent)  # CEILING - R * R / (d + R): rounding keeps it monotone
    np.rint(bent, out=bent)
    np.minimum(bent, magnitude, out=bent)
    np.copysign(bent, samples, out=bent)
    return bent


def soft_limit(mix: Mix, *, out: Frames | None = None) -> Frames:
    """Return `mix` in 16 bits: as it is where no louder than `KNEE`, bent smoothly under full scale where it is.

    mix : ndarray of shape (N, S), int32, any value
    out : ndarray of shape (N, S), int16, optional; filled and returned
    returns : ndarray of shape (N, S), int16, from -32,767 to 32,767
    """
    if out is None:
        out = np.empty(mix.shape, np.int16)
    loud = (mix + np.int32(KNEE)).view(
        np.uint32
    ) > 2 * KNEE  # one comparison for both signs: the sum may wrap
    count = np.count_nonzero(loud)
    if count > _MANY * mix.size:
        out[...] = _bend(mix.astype(np.float32))
    else:
        out[...] = mix
        if count:
            out[loud] = _bend(mix[loud].astype(np.float32))
    return out


def _slopes(start_gain: ArrayLike, end_gain: ArrayLike, rows: int, size: int) -> Levels:
    """Gains of shape (N or 1, S) that leave `start_gain` with the first sample and reach `end_gain` with the last."""
    start = np.minimum(np.asarray(start_gain, np.float32), np.float32(MOST_GAIN)).reshape(-1, 1)
    end = np.minimum(np.asarray(end_gain, np.float32), np.float32(MOST_GAIN)).reshape(-1, 1)
    along = np.arange(1, size + 1, dtype=np.float32) / np.float32(size)
    gains: Levels = np.empty((max(len(start), len(end), min(rows, 1)), size), np.float32)
    np.multiply(end, along, out=gains)
    gains += start * (np.float32(1) - along)
    return gains


def ramp(frames: Frames, start_gain: ArrayLike, end_gain: ArrayLike, *, out: Frames | None = None) -> Frames:
    """Return rows made louder or softer, the ratio moving in a straight line within the frame.

    The last sample gets `end_gain`; give that as the next frame's `start_gain` and no step is heard. What would become
    too loud goes through the limiter.

    frames : ndarray of shape (N, S), int16
    start_gain, end_gain : float or array of shape (N,), 0 to `MOST_GAIN`
    out : ndarray of shape (N, S), int16, optional, may be `frames`; filled and returned
    returns : ndarray of shape (N, S), int16
    """
    gains = _slopes(start_gain, end_gain, *frames.shape)
    amplified = gains.max(initial=0) > 1
    scaled = frames * gains
    np.rint(scaled, out=scaled)
    if amplified:
        return soft_limit(scaled.astype(np.int32), out=out)
    if out is None:
        out = np.empty(frames.shape, np.int16)
    out[...] = scaled
    return out


def ramp_mix(mix: Mix, start_gain: ArrayLike, end_gain: ArrayLike) -> Mix:
    """Return a mix made softer, as `ramp` does: for the conversation under a prompt.

    mix : ndarray of shape (N, S), int32
    start_gain, end_gain : float or array of shape (N,), 0 to 1
    returns : ndarray of shape (N, S), int32
    """
    scaled = mix * _slopes(start_gain, end_gain, *mix.shape).astype(np.float64)
    np.rint(scaled, out=scaled)
    return scaled.astype(np.int32)
