"""What is in a recording: levels in dB against a full-scale square wave, by numpy alone."""

from __future__ import annotations

import numpy as np

RATE_HZ = 8000
SILENCE_DBOV = -60.0
"""Quieter than this nobody hears anything; G.711's own idle noise lies at -72."""


def _windows(samples: np.ndarray, seconds: float) -> np.ndarray:
    length = round(seconds * RATE_HZ)
    count = len(samples) // length
    assert count, f"only {len(samples) / RATE_HZ:.2f} s were recorded"
    return samples[: count * length].reshape(count, length)


def levels(samples: np.ndarray, *, seconds: float = 0.5) -> np.ndarray:
    """Level of each piece of so many seconds."""
    return 10 * np.log10((_windows(samples, seconds) ** 2).mean(axis=1) + 1e-12)


def levels_at(samples: np.ndarray, frequency_hz: float, *, seconds: float = 0.5) -> np.ndarray:
    """Level of a sine of this frequency in each piece: of all that is in it, this line alone."""
    pieces = _windows(samples, seconds)
    length = pieces.shape[1]
    probe = np.hanning(length) * np.exp(-2j * np.pi * frequency_hz * np.arange(length) / RATE_HZ)
    return 20 * np.log10(np.abs((pieces * probe).mean(axis=1)) * 4 / np.sqrt(2) + 1e-6)


def is_pure(samples: np.ndarray, frequency_hz: float) -> bool:
    """Whether every half second holds this sine, loud, and beside it nothing to speak of."""
    all_of_it, line = levels(samples), levels_at(samples, frequency_hz)
    return bool((line > -30).all() and (all_of_it - line < 1).all())


def is_silent(samples: np.ndarray) -> bool:
    return bool((levels(samples) < SILENCE_DBOV).all())


def loudest_s(samples: np.ndarray, frequency_hz: float) -> float:
    """When this frequency is loudest, to 1/40 s."""
    piece_s = 0.05
    step = round(piece_s / 2 * RATE_HZ)
    at = [
        levels_at(samples[start:], frequency_hz, seconds=piece_s)[0]
        for start in range(0, len(samples) - 2 * step, step)
    ]
    assert max(at) > -45, f"there is no {frequency_hz:g} Hz"
    return int(np.argmax(at)) * piece_s / 2


def rises(samples: np.ndarray) -> bool:
    """Whether of the two notes of the chimes (C1) the low one comes first, as for who enters; else somebody has left."""
    low_s, high_s = loudest_s(samples, 587.3), loudest_s(samples, 880.0)
    assert abs(low_s - high_s) < 0.5, "these notes are no chime"
    return low_s < high_s
