"""A voice that nobody spoke: bursts of a buzz with moving resonances, as loud, as long and as uneven as syllables are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 8_000
FRAME = 160


def syllable(random: np.random.Generator, milliseconds: int = 220) -> NDArray[np.float64]:
    """A buzz of 100 to 200 Hz under an envelope that comes quickly and goes slowly; full scale is 1."""
    time = np.arange(milliseconds * RATE_HZ // 1_000) / RATE_HZ
    pitch_hz = random.uniform(100, 200)
    tune = pitch_hz * (1 - 0.1 * time / time[-1])
    phase = 2 * np.pi * np.cumsum(tune) / RATE_HZ
    formant_hz = random.uniform(400, 900)
    harmonics = np.arange(1, int(3_400 / pitch_hz))
    weight = 1 / (1 + ((harmonics * pitch_hz - formant_hz) / 300) ** 2) / harmonics**0.3
    buzz = (weight[:, None] * np.sin(harmonics[:, None] * phase)).sum(axis=0)
    along = time / time[-1]
    return np.asarray(buzz * np.minimum(along / 0.15, 1.0) * np.cos(np.pi / 2 * along) ** 1.5)


def voice(
    seconds: float, level_dbov: float = -26.0, *, seed: int = 1, pause: float = 0.3
) -> NDArray[np.float64]:
    """Syllables in words, with pauses of a part `pause` of the time; `level_dbov` is that of the frames with speech.

    Samples of int16's scale, as floats.
    """
    random = np.random.default_rng(seed)
    pieces: list[NDArray[np.float64]] = []
    while sum(map(len, pieces)) < seconds * RATE_HZ:
        pieces.append(syllable(random, int(random.integers(140, 280))) * random.uniform(0.5, 1.0))
        if random.random() < pause:
            pieces.append(np.zeros(int(random.integers(1_000, 3_000))))
    sound = np.concatenate(pieces)[: int(seconds * RATE_HZ)]
    return leveled(sound, level_dbov)


def leveled(sound: NDArray[np.float64], level_dbov: float) -> NDArray[np.float64]:
    """The same, with the frames within 15.9 dB of the mean of such frames at `level_dbov` (ITU-T P.56)."""
    frames = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    power = (frames**2).mean(axis=1)
    active = power[power > power.mean() * 10**-1.59]
    active = power[power > active.mean() * 10**-1.59]
    return np.asarray(sound * 32_768 * 10 ** (level_dbov / 20) / np.sqrt(active.mean()))


def noise(seconds: float, level_dbov: float, *, seed: int = 9) -> NDArray[np.float64]:
    """White noise, likewise."""
    random = np.random.default_rng(seed)
    return random.normal(0, 32_768 * 10 ** (level_dbov / 20), int(seconds * RATE_HZ))


def whole(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    """Samples."""
    return np.rint(sound.clip(-32_768, 32_767)).astype(np.int16)


def frames(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    """Samples in frames of 20 ms; what is left of the last one is dropped."""
    return whole(sound[: len(sound) // FRAME * FRAME]).reshape(-1, FRAME)
