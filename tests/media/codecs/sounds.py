"""Sounds to code, and how like one another they are."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from tests.dsp.speech import voice

PROMPTS = Path(__file__).parents[3] / "prompts" / "audio" / "en"


@cache
def speech(band: int, seconds: float = 1.4) -> np.ndarray:
    """Whole frames of 20 ms of a voice, shape (N, 160 * band), int16; at wider bands it has no more than at 8 kHz."""
    sound = soxr.resample(voice(seconds), 8_000, 8_000 * band) if band > 1 else voice(seconds)
    pcm = np.clip(sound, -32_768, 32_767).astype(np.int16)
    frames = pcm[: len(pcm) // (160 * band) * 160 * band].reshape(-1, 160 * band)
    frames.flags.writeable = False
    return frames


@cache
def prompts(band: int) -> np.ndarray:
    """Whole frames of somebody who really spoke, up to 8 kHz: the longest of our English prompts."""
    paths = sorted(PROMPTS.glob("*.flac"), key=lambda path: path.stat().st_size)[-2:]
    sound = np.concatenate([soundfile.read(path, dtype="float32")[0] for path in paths])
    pcm = np.clip(soxr.resample(sound, 16_000, 8_000 * band) * 32_768, -32_768, 32_767).astype(np.int16)
    return pcm[: len(pcm) // (160 * band) * 160 * band].reshape(-1, 160 * band)


def sine(hz: float, rate_hz: int, seconds: float = 0.5, peak: float = 8_000.0) -> np.ndarray:
    """Whole frames of a tone."""
    times = np.arange(int(seconds * rate_hz) // (rate_hz // 50) * (rate_hz // 50)) / rate_hz
    return np.round(peak * np.sin(2 * np.pi * hz * times)).astype(np.int16).reshape(-1, rate_hz // 50)


def likeness(first: np.ndarray, second: np.ndarray, *, within: int) -> float:
    """The correlation of both at the delay, up to `within` samples, at which `second` follows `first` best; 1 is the same.

    Of the first 8,000 samples: no test needs more.
    """
    size = min(len(first), len(second), 8_000) - within
    early = first[:size].astype(float)
    best = 0.0
    for delay in range(within):
        late = second[delay : delay + size].astype(float)
        best = max(best, float(early @ late / max(np.linalg.norm(early) * np.linalg.norm(late), 1.0)))
    return best


def apart_db(wanted: np.ndarray, got: np.ndarray) -> float:
    """How far below `wanted` the difference lies: the signal to noise ratio."""
    difference = np.linalg.norm(wanted.astype(float) - got)
    return float(20 * np.log10(max(np.linalg.norm(wanted.astype(float)), 1e-9) / max(difference, 1e-9)))
