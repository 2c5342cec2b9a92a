"""Time made shorter or longer within a frame, while somebody talks, without a click.

To shorten, a row jumps ahead; to lengthen, it jumps back and plays something again. Either way the jump is a short
cross-fade, put where the signal here and the signal there are most alike: in a pause, or where the voice repeats
itself. Everything before the cross-fade and after it is the signal untouched, so the result joins what was played
before and what will be played next by itself.

A jump by the voice's own period (`conceal.find_period`, or a multiple) is not heard at all; a jump by a whole frame,
which is what a buffer of frames can do without moving its samples, mostly is not where the likeness is high. The
likeness is returned, so that a caller who can wait waits for a better moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dsp.frames import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from dsp.frames import Frames, Levels

CROSSFADE: Final = RATE_HZ * 6 // 1_000
"""6 ms: long enough that two parts that do not match are no click, short enough that they are no echo."""

LIKE: Final = 0.7
"""A likeness from which on a jump is hardly heard: what differs is 5 dB below what is the same."""

_LEAST_ENERGY: Final = 64.0 * CROSSFADE
"""Energy of an amplitude of 8, one step of G.711, over the cross-fade: what is softer is alike whatever it is."""


def splice(block: Frames, begin: int, jump: ArrayLike, size: int) -> tuple[Frames, Levels]:
    """Return `size` samples of each row from `begin` on, with one jump on the way.

    block : ndarray of shape (N, B), int16
    begin : int: the first sample returned is block[:, begin]
    jump : int or array of shape (N,): the last one is block[:, begin + size - 1 + jump]; both within the block
    size : int >= CROSSFADE
    returns : ndarray of shape (N, size), int16, and ndarray of shape (N,), float32: how alike the two sides of the
        jump are where they meet, 1 for equal, 0 for strangers, less for opposites
    """
    rows = np.arange(len(block))[:, None]
    time = np.arange(size)
    stay = block[:, begin : begin + size].astype(np.float32)
    ahead = begin + time + np.asarray(jump, np.intp).reshape(-1, 1)
    leap = block[rows, ahead].astype(np.float32)

    mismatch = _windowed((stay - leap) ** 2)
    place = mismatch.argmin(axis=1)[:, None]
    energy = np.take_along_axis(_windowed(stay**2 + leap**2), place, axis=1)
    least = np.take_along_axis(mismatch, place, axis=1)
    likeness = (1 - least / np.maximum(energy, _LEAST_ENERGY)).astype(np.float32).reshape(-1)

    weight = np.clip((time - place + 1) / (CROSSFADE + 1), 0, 1).astype(np.float32)
    spliced = np.rint(stay + weight * (leap - stay)).astype(np.int16)
    return spliced, likeness


def _windowed(power: Levels) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Sum of each stretch of CROSSFADE samples: shape (N, S - CROSSFADE + 1)."""
    total = np.zeros((len(power), power.shape[1] + 1))
    np.cumsum(power, axis=1, dtype=np.float64, out=total[:, 1:])
    return total[:, CROSSFADE:] - total[:, :-CROSSFADE]


def squeeze(frames: Frames) -> tuple[Frames, Levels]:
    """Return one frame in place of two: it begins like the first and ends like the second.

    frames : ndarray of shape (N, 2S), int16: two frames that follow one another
    returns : ndarray of shape (N, S), int16, and the likeness of shape (N,), as of `splice`
    """
    size = frames.shape[1] // 2
    return splice(frames, 0, size, size)


def expand(frames: Frames) -> tuple[Frames, Levels]:
    """Return one frame to play between two: it begins like the second, as if that came already, and ends like the
    first, so that the second follows it.

    Where the second is not there yet, `conceal.conceal` goes on from the first.

    frames : ndarray of shape (N, 2S), int16: the frame played last, and the one to play next
    returns : ndarray of shape (N, S), int16, and the likeness of shape (N,), as of `splice`
    """
    size = frames.shape[1] // 2
    return splice(frames, size, -size, size)
