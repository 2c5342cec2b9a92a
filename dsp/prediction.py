"""Linear prediction: what a noise sounds like, in ten numbers.

Each sample is foretold as a weighted sum of the ten before it; what cannot be foretold is white. Turned around, white
noise sent through the inverse of the predictor sounds like the signal that it was computed from. Three ways to write the
same thing, each with what it is good for: autocorrelation (can be averaged over frames), reflection coefficients (stay
stable whatever is done to them, and are what RFC 3389 sends), impulse response (can be convolved with).

Signs are those of RFC 3389 and of the field: the first reflection coefficient of a dull noise is negative.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Levels

    Numbers = NDArray[np.float64]

ORDER: Final = 10
"""Predictors of this order tell the colour of a room: it is what G.711's appendix on comfort noise and G.729 use."""

WHITENING: Final = 1e-4
"""White noise 40 dB down is thought into every signal, so that a pure tone has a predictor too."""


def autocorrelation(frames: Levels, order: int = ORDER) -> Numbers:
    """Return how each frame goes with itself so many samples later, per sample; the first is its power.

    frames : ndarray of shape (N, S), float32, S > order
    returns : ndarray of shape (N, order + 1), float64
    """
    size = frames.shape[1]
    own = np.zeros((len(frames), order + 1))
    for lag in range(order + 1):
        own[:, lag] = np.einsum("ns,ns->n", frames[:, lag:], frames[:, : size - lag])
    own /= size
    return own


def reflection(own: Numbers) -> Numbers:
    """Return the reflection coefficients that go with an autocorrelation (Levinson's and Durbin's recursion).

    own : ndarray of shape (N, P + 1), float64, as of `autocorrelation`; nothing but zeros are white
    returns : ndarray of shape (N, P), float64, all between -1 and 1
    """
    rows, order = own.shape[0], own.shape[1] - 1
    error = own[:, 0] * (1 + WHITENING) + np.finfo(np.float64).tiny
    foretold = np.zeros((rows, order + 1))
    foretold[:, 0] = 1
    coefficients = np.empty((rows, order))
    for step in range(1, order + 1):
        left = np.einsum("ni,ni->n", foretold[:, :step], own[:, step:0:-1])
        coefficient = np.clip(-left / error, -1, 1)
        coefficients[:, step - 1] = coefficient
        foretold[:, 1 : step + 1] += coefficient[:, None] * foretold[:, step - 1 :: -1]
        error *= np.maximum(1 - coefficient * coefficient, WHITENING)
    return coefficients


def predictor(coefficients: Numbers) -> Numbers:
    """Return the error filter 1, a1, a2 ...: what cannot be foretold is the signal sent through it.

    coefficients : ndarray of shape (N, P), float64: reflection coefficients
    returns : ndarray of shape (N, P + 1), float64
    """
    rows, order = coefficients.shape
    taps = np.zeros((rows, order + 1))
    taps[:, 0] = 1
    for step in range(1, order + 1):
        taps[:, 1 : step + 1] += coefficients[:, step - 1, None] * taps[:, step - 1 :: -1]
    return taps


_GRID: Final = 128
"""Points of the Fourier transform by which a filter is inverted: 16 ms at 8 kHz. Hardly any noise rings for longer."""


def response(coefficients: Numbers, length: int) -> Numbers:
    """Return how the inverse of the error filter answers to a single 1: what white noise is to be convolved with.

    coefficients : ndarray of shape (N, P), float64: reflection coefficients
    length : int <= 128: cut off here
    returns : ndarray of shape (N, length), float64, of energy 1
    """
    spectrum = np.fft.rfft(predictor(coefficients), _GRID)
    answer = np.fft.irfft(1 / spectrum, _GRID)[:, :length]
    normal: Numbers = answer / np.sqrt(np.einsum("ns,ns->n", answer, answer))[:, None]
    return normal
