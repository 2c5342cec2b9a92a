"""Noise taken out of voices: what stays the same in each band of 50 Hz for long is made softer, speech is left alone.

Windows of 20 ms, one each 10 ms, the root of a Hann window before and after: what is not changed comes out as it went in,
10 ms later, and no step between windows is heard. In each bin the power of the noise is learnt from the likelihood that
the bin holds none but noise (Gerkmann and Hendriks, "Unbiased MMSE-Based Noise Power Estimation with Low Complexity and
Low Tracking Delay", 2012): so it is followed while somebody speaks, too, between the harmonics. From it comes the ratio
of speech to noise, smoothed with what was let through last ("decision-directed"), and from that the gain that is nearest
to the logarithm of the speech's amplitude (Ephraim and Malah, 1984, 1985), which leaves no warbling ("musical noise")
behind. A remainder of the noise is kept: a line that falls silent between words sounds broken.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dsp.frames import FRAME_SAMPLES, FULL_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Frames

HOP_SAMPLES: Final = FRAME_SAMPLES // 2
"""At band 1; also the delay: 10 ms."""
LEAST_GAIN: Final = 0.18
"""-15 dB: so much of the noise is left. With less, the gaps between words are heard as holes."""
NOISE_MEMORY: Final = np.float32(0.87)
"""Per hop: the noise is a mean over some 80 ms of what is noise."""
PRESENCE_MEMORY: Final = np.float32(0.94)
SURE: Final = np.float32(0.99)
"""A bin that has been speech for so long is noise after all that has risen: it is believed no more than this."""
SPEECH_RATIO: Final = np.float32(31.6)
"""15 dB: what speech, where there is some, is above the noise, for the likelihood."""
MEMORY: Final = np.float32(0.97)
"""Of the ratio, so much is what was let through last: less warbles, more smears the beginnings of words."""
LEAST_RATIO: Final = np.float32(0.003)
"""-25 dB."""
LEAST_POWER: Final = np.float32(1.0)
"""Of a bin, about the rounding to 16 bits."""

_TABLE_LOW: Final = -9.0
_TABLE_HIGH: Final = 4.0
_TABLE_STEP: Final = 1 / 64


@cache
def memory(band: int) -> np.dtype[Any]:
    """What is remembered of a row, as a dtype; all zero: nothing is known yet."""
    bins, hop = HOP_SAMPLES * band + 1, HOP_SAMPLES * band
    return np.dtype(
        [
            ("noise", np.float32, bins),  # power
            ("presence", np.float32, bins),  # how likely speech has been lately
            ("clean", np.float32, bins),  # power that was let through last
            ("before", np.float32, hop),  # samples that no second window has seen yet
            ("tail", np.float32, hop),  # of the last window, to be added to the next
            ("known", np.bool_),
        ]
    )


@cache
def _window(band: int) -> NDArray[np.float32]:
    size = 2 * HOP_SAMPLES * band
    return np.sin(np.pi * (np.arange(size) + 0.5) / size).astype(np.float32)


@cache
def _lift() -> NDArray[np.float32]:
    """exp(E1(v) / 2) for the logarithms of v from `_TABLE_LOW` on: E1 is the integral of exp(-t) / t from v, which is that
    of exp(-exp(u)) from u = log v.
    """
    logs = np.arange(_TABLE_LOW, _TABLE_HIGH + 2, _TABLE_STEP) + _TABLE_STEP / 2
    integral = np.cumsum(np.exp(-np.exp(logs))[::-1])[::-1] * _TABLE_STEP
    return np.exp(integral / 2).astype(np.float32)


def log_gain(ratio: NDArray[np.float32], posterior: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gain that is best for the logarithm of the amplitude (Ephraim and Malah, 1985).

    ratio : ndarray, float32, > 0: power of the speech over that of the noise, as it is guessed
    posterior : ndarray, float32, > 0: power of what came over that of the noise
    """
    wiener = ratio / (1 + ratio)
    log = np.log(np.maximum(posterior * wiener, np.float32(1e-6)))
    index = (
        np.clip(log, np.float32(_TABLE_LOW), np.float32(_TABLE_HIGH)) - np.float32(_TABLE_LOW)
    ) * np.float32(1 / _TABLE_STEP)
    gain: NDArray[np.float32] = wiener * _lift()[index.astype(np.intp)]
    return gain


def suppress(frames: Frames, memories: NDArray[Any], *, band: int = 1) -> tuple[Frames, NDArray[Any]]:
    """Return rows with less noise and `HOP_SAMPLES` * band later, and what is remembered of them.

    frames : ndarray of shape (N, S), int16, S = 160 * band
    memories : ndarray of shape (N,), memory(band): zero for a new row, then what the last call returned
    band : int: the frames' rate in units of 8 kHz
    returns : (N, S) int16 and (N,) memory(band)
    """
    after = memories.copy()
    rows, size = frames.shape
    hop = HOP_SAMPLES * band
    sound = np.concatenate((memories["before"], frames), axis=1, dtype=np.float32)
    windows = np.empty((rows, 2, size), np.float32)
    windows[:, 0], windows[:, 1] = sound[:, :size], sound[:, hop:]
    windows *= _window(band)
    spectra = np.fft.rfft(windows, axis=-1)
    power = np.square(spectra.real) + np.square(spectra.imag)
    np.maximum(power, LEAST_POWER * np.float32(size), out=power)

    fresh = ~memories["known"]
    noise = np.where(fresh[:, None], power[:, 1], memories["noise"])
    presence, clean = memories["presence"], memories["clean"]
    gains = np.empty_like(power)
    for turn in range(2):
        noise, presence = _learn(power[:, turn], noise, presence)
        posterior = np.minimum(power[:, turn] / noise, np.float32(1e4))
        ratio = MEMORY * clean / noise + (1 - MEMORY) * np.maximum(posterior - 1, np.float32(0))
        gain = log_gain(np.maximum(ratio, LEAST_RATIO), posterior)
        gains[:, turn] = np.clip(gain, np.float32(LEAST_GAIN), np.float32(1))
        clean = np.square(gains[:, turn]) * power[:, turn]
    spectra *= gains
    made = np.fft.irfft(spectra, size, axis=-1) * _window(band)

    whole = np.empty((rows, size), np.float32)
    np.add(memories["tail"], made[:, 0, :hop], out=whole[:, :hop])
    np.add(made[:, 0, hop:], made[:, 1, :hop], out=whole[:, hop:])
    np.rint(whole, out=whole)
    np.clip(whole, -FULL_SCALE, FULL_SCALE - 1, out=whole)
    after["noise"], after["presence"], after["clean"] = noise, presence, clean
    after["before"], after["tail"], after["known"] = sound[:, size:], made[:, 1, hop:], True
    return whole.astype(np.int16), after


def _learn(
    power: NDArray[np.float32], noise: NDArray[np.float32], presence: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The noise after a hop, and how likely there has been speech in each bin."""
    surprise = np.minimum(power / noise * (SPEECH_RATIO / (1 + SPEECH_RATIO)), np.float32(80))
    likely = 1 / (1 + (1 + SPEECH_RATIO) * np.exp(-surprise))
    presence = PRESENCE_MEMORY * presence + (1 - PRESENCE_MEMORY) * likely
    likely = np.where(presence > SURE, np.minimum(likely, SURE), likely)
    heard = likely * noise + (1 - likely) * power
    learnt: NDArray[np.float32] = NOISE_MEMORY * noise + (1 - NOISE_MEMORY) * heard
    return learnt, presence
