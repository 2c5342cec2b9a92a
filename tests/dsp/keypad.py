"""Keys as telephones of all kinds sound them: off their frequencies, askew, soft, noisy, clipped, coded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from dsp.tones import DTMF_HZ

RATE_HZ = 8_000
FRAME = 160
DBM0 = -6.2
"""0 dBm0 in dBov, as a root mean square."""


def key(
    digit: str,
    milliseconds: float,
    *,
    low_dbm0: float = -10.0,
    high_dbm0: float = -8.0,
    off: tuple[float, float] = (0.0, 0.0),
    phases: tuple[float, float] = (0.0, 0.0),
) -> NDArray[np.float64]:
    """Two sines without a soft edge; `off` is by what part of itself each frequency is wrong."""
    time = np.arange(round(milliseconds * RATE_HZ / 1_000)) / RATE_HZ
    wave = np.zeros(len(time))
    parts = zip(DTMF_HZ[digit], (low_dbm0, high_dbm0), off, phases, strict=True)
    for hz, dbm0, wrong, phase in parts:
        amplitude = 32_768 * np.sqrt(2) * 10 ** ((dbm0 + DBM0) / 20)
        wave += amplitude * np.sin(2 * np.pi * hz * (1 + wrong) * time + phase)
    return wave


def pause(milliseconds: float) -> NDArray[np.float64]:
    return np.zeros(round(milliseconds * RATE_HZ / 1_000))


def dialled(
    digits: str, random: np.random.Generator, *, tone_ms: float = 70, pause_ms: float = 70
) -> NDArray[np.float64]:
    """Digits one after another, beginning anywhere within a frame, and silence enough to be done with the last."""
    pieces = [pause(random.uniform(40, 60))]
    for digit in digits:
        low, high = random.uniform(0, 6.28, 2).tolist()
        pieces += [key(digit, tone_ms, phases=(low, high)), pause(pause_ms)]
    return np.concatenate([*pieces, pause(80)])


def noisy(
    sound: NDArray[np.float64], snr_db: float, like: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """With white noise so far below the power of `like`."""
    scale = np.sqrt(np.square(like).mean() * 10 ** (-snr_db / 10))
    return sound + random.normal(0, scale, len(sound))


def whole(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    """Samples; what is too loud is clipped."""
    return np.rint(sound).clip(-32_768, 32_767).astype(np.int16)


def coded(sound: NDArray[np.float64], law: g711.Law) -> NDArray[np.float64]:
    """As it comes out of G.711."""
    return g711.decode(g711.encode(whole(sound), law), law).astype(np.float64)


def as_rows(sounds: list[NDArray[np.float64]]) -> NDArray[np.int16]:
    """Frames of (rows, frames, 160), with silence behind those that are shorter."""
    frames = -(-max(map(len, sounds)) // FRAME)
    rows = np.zeros((len(sounds), frames * FRAME), np.int16)
    for row, sound in zip(rows, sounds, strict=True):
        row[: len(sound)] = whole(sound)
    return rows.reshape(len(sounds), frames, FRAME)
