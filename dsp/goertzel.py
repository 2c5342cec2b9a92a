"""How loud a given frequency is in each row: proof of who hears whom, and the ground of tone detection.

Goertzel's recursion is a way to compute one bin of a Fourier transform at any frequency, sample by sample. For many rows
at once the bin itself is the shorter way: one product of matrices with the windowed cosine and sine of each frequency.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from dsp.frames import FULL_SCALE, RATE_HZ
from dsp.level import SILENCE_DBOV

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsp.frames import Frames, Levels


@lru_cache(maxsize=64)  # a program asks for a few sets of frequencies, again and again
def _basis(frequencies_hz: tuple[float, ...], size: int, rate_hz: int) -> NDArray[np.float32]:
    """Cosines, then sines, of shape (size, 2F), scaled so that a sine of amplitude A measures A / sqrt(2)."""
    time = np.arange(size)[:, None] / rate_hz
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(size)[:, None] + 0.5) / size)
    angle = 2 * np.pi * np.asarray(frequencies_hz) * time
    waves = np.concatenate((np.cos(angle), np.sin(angle)), axis=1)
    scaled: NDArray[np.float32] = (window * waves * (np.sqrt(2) / window.sum())).astype(np.float32)
    return scaled


def tone_power(frames: Frames, frequencies_hz: Sequence[float], *, rate_hz: int = RATE_HZ) -> Levels:
    """Return the level of each frequency in each row, whatever else sounds.

    A Hann window keeps tones apart that differ by two cycles per row or more: 100 Hz in 20 ms, 10 Hz in 200 ms.
    What is further away leaks less than -31 dB, and less and less with distance.

    frames : ndarray of shape (N, S), int16
    frequencies_hz : F frequencies, each above 0 and below half of `rate_hz`
    returns : ndarray of shape (N, F), float32, dBov, at least -127: a sine measures what `level.rms_dbov` says of it
    """
    basis = _basis(tuple(frequencies_hz), frames.shape[-1], rate_hz)
    parts = frames.astype(np.float32) @ basis
    count = len(frequencies_hz)
    power = np.square(parts[:, :count]) + np.square(parts[:, count:])
    levels: Levels = 10 * np.log10(
        np.maximum(power / np.float32(FULL_SCALE**2), np.float32(10 ** (SILENCE_DBOV / 10)))
    )
    return levels
