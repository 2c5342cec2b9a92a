"""From 8 to 16 to 48 kHz and back for many rows at once, by whole factors (2, 3, 6), with the filter's past handed in.

One low-pass filter per factor, a sinc under a Kaiser window, serves both ways: it takes away the images after samples
were put between, and what would alias before samples are left out. It is flat within 0.1 dB up to 85 % of the half of
the lower rate (3.4 of 4 kHz) and more than 60 dB down from 115 % on, and delays by `DELAY` samples of the lower rate
each way.

A frame is cut into short blocks, and each block times the filter written as a matrix is a product that the linear
algebra library does faster than a loop over taps.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from dsp.frames import Frames, Levels

FACTORS: Final = (2, 3, 6)
"""8 to 16, 16 to 48, 8 to 48 kHz."""

DELAY: Final = 13
"""Samples of the lower rate, 1.6 ms at 8 kHz: half the filter. Less is a wider slope between pass and stop."""

PAST: Final = 2 * DELAY
"""So many samples of the lower rate the filter looks back; at the higher rate `PAST` times the factor."""

TAIL: Final = 32
"""Samples of the lower rate in which what a frame leaves in the filter has died away: `PAST`, and no half block."""

_BETA: Final = 6.0
"""Kaiser's shape: the stop band is 62 dB down."""

_BLOCK: Final = 16
"""Samples of the lower rate per block; a frame is a multiple of it. Longer multiplies more zeros."""


def _filter(factor: int) -> Levels:
    """The low-pass filter at the higher rate, 2 * DELAY * factor + 1 taps, with a gain of 1."""
    reach = DELAY * factor
    taps = np.sinc(np.arange(-reach, reach + 1) / factor) * np.kaiser(2 * reach + 1, _BETA)
    normal: Levels = (taps / taps.sum()).astype(np.float32)
    return normal


@lru_cache(maxsize=len(FACTORS))
def _upward(factor: int) -> Levels:
    """Matrix of shape (PAST + block, block * factor): out at time t is the sum over k of taps[t - k * factor] in[k]."""
    taps = _filter(factor) * np.float32(factor)
    matrix = np.zeros((PAST + _BLOCK, _BLOCK * factor), np.float32)
    for k in range(PAST + _BLOCK):
        t = np.arange(_BLOCK * factor)
        tap = t - (k - PAST) * factor
        inside = (tap >= 0) & (tap < len(taps))
        matrix[k, t[inside]] = taps[tap[inside]]
    return matrix


@lru_cache(maxsize=len(FACTORS))
def _downward(factor: int) -> Levels:
    """Matrix of shape ((PAST + block) * factor, block): out at time t is the sum over k of taps[t * factor - k] in[k]."""
    taps = _filter(factor)
    matrix = np.zeros(((PAST + _BLOCK) * factor, _BLOCK), np.float32)
    for t in range(_BLOCK):
        tap = t * factor - (np.arange(len(matrix)) - PAST * factor)
        inside = (tap >= 0) & (tap < len(taps))
        matrix[inside, t] = taps[tap[inside]]
    return matrix


def _filtered(extended: Frames, matrix: Levels, step: int) -> Frames:
    """Each stretch of `len(matrix)` samples, `step` apart, times `matrix`, in 16 bits."""
    blocks = sliding_window_view(extended, len(matrix), axis=1)[:, ::step].astype(np.float32)
    samples = blocks.reshape(-1, len(matrix)) @ matrix
    np.rint(samples, out=samples)
    np.clip(samples, -32_768, 32_767, out=samples)
    return samples.astype(np.int16).reshape(len(extended), blocks.shape[1] * matrix.shape[1])


def upsample(frames: Frames, past: Frames, factor: int) -> tuple[Frames, Frames]:
    """Return rows at `factor` times their rate, and the past to hand in with the next frame.

    frames : ndarray of shape (N, S), int16, S a multiple of 16 and at least PAST
    past : ndarray of shape (N, PAST), int16: what the last call returned; zeros at first
    factor : one of FACTORS
    returns : ndarray of shape (N, S * factor), int16, and ndarray of shape (N, PAST), int16
    """
    extended = np.concatenate((past, frames), axis=1)
    return _filtered(extended, _upward(factor), _BLOCK), extended[:, -PAST:].copy()


def downsample(frames: Frames, past: Frames, factor: int) -> tuple[Frames, Frames]:
    """Return rows at the `factor`-th part of their rate, and the past to hand in with the next frame.

    frames : ndarray of shape (N, S), int16, S a multiple of 16 * factor and at least PAST * factor
    past : ndarray of shape (N, PAST * factor), int16: what the last call returned; zeros at first
    factor : one of FACTORS
    returns : ndarray of shape (N, S // factor), int16, and ndarray of shape (N, PAST * factor), int16
    """
    extended = np.concatenate((past, frames), axis=1)
    return _filtered(extended, _downward(factor), _BLOCK * factor), extended[:, -PAST * factor :].copy()


def apart(frames: Frames, source: int, target: int) -> Frames:
    """Return frames at another rate, each as if silence lay before and behind it, with `TAIL` of what follows it.

    Frames that belong together are so when what follows one is added to the beginning of the next: the filter is linear.
    Whoever gets frames with gaps, in no order, needs no pasts, and hears no edge at a gap.

    frames : ndarray of shape (N, 160 * source), int16
    source, target : bands, factors of 8 kHz; one is a multiple of the other by one of FACTORS
    returns : ndarray of shape (N, 160 * target + TAIL * target / lower), int16, where `lower` is the lesser of both
    """
    lower = min(source, target)
    padded = np.pad(frames, ((0, 0), (0, TAIL * source // lower)))
    factor = max(source, target) // lower
    past = np.zeros((len(frames), PAST * source // lower), np.int16)
    return (upsample if source < target else downsample)(padded, past, factor)[0]
