"""Time made shorter or longer within a frame, while somebody talks, without a click.

To shorten, a row jumps ahead; to lengthen, it jumps back and plays something again. Either way the jump is a short
cross-fade, put where the signal here and the signal there are most alike: in a pause, or where the voice repeats
itself. Everything before the cross-fade and after it is the signal untouched, so the result joins what was played
before and what will be played next by itself.

A jump by the voice's own period, or a few of them, is hardly heard; `shorten` and `lengthen` look for it. How alike the
two sides are is returned, so that a caller who can wait waits for a better moment.

Samples are those of `band` times 8 kHz; a period is found on the signal at 8 kHz and made exact at its own rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dsp.frames import FRAME_SAMPLES, RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from dsp.frames import Frames, Indices, Levels

CROSSFADE: Final = RATE_HZ * 6 // 1_000
"""6 ms: long enough that two parts that do not match are no click, short enough that they are no echo."""

LIKE: Final = 0.7
"""A likeness from which on a jump is hardly heard: what differs is 5 dB below what is the same."""

SHORTEST: Final = RATE_HZ * 25 // 10_000
LONGEST: Final = RATE_HZ * 15 // 1_000
"""2.5 and 15 ms: the periods of voices."""

_LEAST_ENERGY: Final = 64.0 * CROSSFADE
"""Energy of an amplitude of 8, one step of G.711, over the cross-fade: what is softer is alike whatever it is."""

_TRANSFORM: Final = 288
"""Length of the Fourier transform: at least a frame and the longest period, and 2**5 * 3**2 is a fast one."""


class Stretched(NamedTuple):
    """N frames that last as long as others."""

    frames: Frames
    """(N, S)."""
    samples: Indices
    """(N,): how many were taken out or put in, at 8 kHz."""
    likeness: Levels
    """(N,): 1 for a change that nobody can hear, 0 for one between strangers."""


def splice(block: Frames, begin: int, jump: ArrayLike, size: int, *, band: int = 1) -> tuple[Frames, Levels]:
    """Return `size` samples of each row from `begin` on, with one jump on the way.

    block : ndarray of shape (N, B), int16
    begin : int: the first sample returned is block[:, begin]
    jump : int or array of shape (N,): the last one is block[:, begin + size - 1 + jump]; both within the block
    size : int >= CROSSFADE * band
    returns : ndarray of shape (N, size), int16, and ndarray of shape (N,), float32: how alike the two sides of the
        jump are where they meet, 1 for equal, 0 for strangers, less for opposites
    """
    rows = np.arange(len(block))[:, None]
    time = np.arange(size)
    fade = CROSSFADE * band
    stay = block[:, begin : begin + size].astype(np.float32)
    ahead = begin + time + np.asarray(jump, np.intp).reshape(-1, 1)
    leap = block[rows, ahead].astype(np.float32)

    mismatch = _windowed((stay - leap) ** 2, fade)
    place = mismatch.argmin(axis=1)[:, None]
    energy = np.take_along_axis(_windowed(stay**2 + leap**2, fade), place, axis=1)
    least = np.take_along_axis(mismatch, place, axis=1)
    likeness = (1 - least / np.maximum(energy, _LEAST_ENERGY * band)).astype(np.float32).reshape(-1)

    weight = np.clip((time - place + 1) / (fade + 1), 0, 1).astype(np.float32)
    spliced = np.rint(stay + weight * (leap - stay)).astype(np.int16)
    return spliced, likeness


def _windowed(power: Levels, size: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Sum of each stretch of `size` samples: shape (N, S - size + 1)."""
    total = np.zeros((len(power), power.shape[1] + 1))
    np.cumsum(power, axis=1, dtype=np.float64, out=total[:, 1:])
    return total[:, size:] - total[:, :-size]


def shorten(block: Frames, most: ArrayLike = LONGEST, *, band: int = 1) -> Stretched:
    """Return the frame at the beginning of each row without one of its periods, or a few.

    block : ndarray of shape (N, (FRAME_SAMPLES + LONGEST) * band), int16: the frame and what follows it
    most : int or array of shape (N,), SHORTEST to LONGEST: no more samples may be taken out
    returns : frames of shape (N, FRAME_SAMPLES * band); they end where the block has come `samples` further
    """
    size = FRAME_SAMPLES * band
    narrow = _narrow(block, band)
    period = _period(narrow[:, :FRAME_SAMPLES], narrow, np.asarray(most).reshape(-1, 1))
    frames, likeness = splice(block, 0, period * band, size, band=band)
    return Stretched(frames, period, likeness)


def lengthen(block: Frames, most: ArrayLike = LONGEST, *, band: int = 1) -> Stretched:
    """Return the frame at the end of each row with one of its periods played twice, or a few.

    block : ndarray of shape (N, (LONGEST + FRAME_SAMPLES) * band), int16: what was played last, and the frame
    most : int or array of shape (N,), SHORTEST to LONGEST: no more samples may be put in
    returns : frames of shape (N, FRAME_SAMPLES * band); they end `samples` before the block does
    """
    size = FRAME_SAMPLES * band
    narrow = _narrow(block, band)
    # The same question, asked from the end: time runs backwards.
    backwards = narrow[:, ::-1]
    period = _period(backwards[:, :FRAME_SAMPLES], backwards, np.asarray(most).reshape(-1, 1))
    frames, likeness = splice(block, LONGEST * band, -period * band, size, band=band)
    return Stretched(frames, period, likeness)


def _narrow(block: Frames, band: int) -> Levels:
    """The block at 8 kHz: well enough for a period, the mean of every `band` samples."""
    samples = block.astype(np.float32)
    return samples if band == 1 else samples.reshape(len(block), -1, band).mean(axis=2)


def _period(frame: Levels, block: Levels, most: Indices) -> Indices:
    """By how many samples, at most `most`, `frame` should be moved along `block` to be most like what is there."""
    likeness = np.fft.irfft(
        np.conj(np.fft.rfft(frame, _TRANSFORM)) * np.fft.rfft(block, _TRANSFORM), _TRANSFORM
    )[:, SHORTEST : LONGEST + 1]
    energies = _windowed(block**2, FRAME_SAMPLES)
    likeness = likeness / np.sqrt(np.maximum(energies[:, :1] * energies[:, SHORTEST : LONGEST + 1], 1.0))
    allowed = np.where(np.arange(SHORTEST, LONGEST + 1) <= most, likeness, -2.0)
    period: Indices = allowed.argmax(axis=1) + SHORTEST
    return period
