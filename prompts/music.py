"""Plays the score: hold music that can be heard for five minutes, composed by program and belonging to nobody else.

Everything happens on a circle of two minutes: notes, reverberation and filters that run past the end go on at the
beginning, so the loop has no seam at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from prompts.mastering import RATE_HZ, Wave, limited
from prompts.score import BAR, SECTIONS, Part, notes
from prompts.synthesis import INSTRUMENTS, shaker

if TYPE_CHECKING:
    from dsp.frames import Frames

EIGHTH_S: Final = 0.375
"""Eighty quarters a minute: the pace of a calm walk. A whole number of 20 ms frames fits into the loop."""
LOOP_SAMPLES: Final = round(len(SECTIONS) * 8 * BAR * EIGHTH_S * RATE_HZ)

LEVEL_DBOV: Final = -24.0
"""Four decibels below the prompts that are spoken over it."""
PEAK_DBFS: Final = -9.0
"""Music on a telephone offends by its peaks."""
BAND_HZ: Final = (150.0, 7_000.0)
"""From what a small loudspeaker carries to the edge of wideband telephony (ITU-T G.722)."""

KEPT_BITS: Final = 13
"""Of each sample; the rest is zero, which FLAC does not store. The rounding lies at -83 dBov, 59 dB below the music."""

_SEED: Final = 1962
"""Of the small irregularities of hands, the shaker's noise and the room."""
_LOUDNESS: Final = {
    Part.PIANO: 1.0,
    Part.FLUTE: 0.62,
    Part.GUITAR: 0.42,
    Part.PAD: 0.16,
    Part.BASS: 0.9,
    Part.SHAKER: 0.10,
}
_TIMING_S: Final = 0.006
"""How far from the beat a hand is, as a standard deviation."""
_ROOM_S: Final = 0.28
"""Time constant of the reverberation."""
_ROOM_SHARE: Final = 0.22
_EVENING_S: Final = 4.0
"""Over so much time the level is evened out, by `_EVENING_SHARE` of its decibels."""
_EVENING_SHARE: Final = 0.6


def recipe() -> bytes:
    """Return everything the music is made from: the sources of the score, the instruments and this player."""
    here = Path(__file__).parent
    return b"".join((here / name).read_bytes() for name in ("score.py", "synthesis.py", "music.py"))


def _played(random: np.random.Generator) -> Wave:
    """All notes, laid on the circle."""
    tail = 4 * RATE_HZ
    line = np.zeros(LOOP_SAMPLES + tail)
    for note in notes():
        wave = (
            shaker(random)
            if note.part is Part.SHAKER
            else INSTRUMENTS[note.part](note.pitch, note.length * EIGHTH_S)
        )
        force = _LOUDNESS[note.part] * note.force * (1 + 0.08 * random.standard_normal())
        late_s = abs(_TIMING_S * random.standard_normal())
        at = round((note.start * EIGHTH_S + late_s) * RATE_HZ)
        line[at : at + len(wave)] += force * wave
    line[:tail] += line[LOOP_SAMPLES:]
    return line[:LOOP_SAMPLES]


def _with_room(wave: Wave, random: np.random.Generator) -> Wave:
    """Reverberation as convolution with dying noise, round the circle."""
    time = np.arange(RATE_HZ) / RATE_HZ
    response = np.zeros(len(wave))
    response[: len(time)] = (
        random.standard_normal(len(time)) * np.exp(-time / _ROOM_S) * np.minimum(time / 0.01, 1)
    )
    response *= _ROOM_SHARE / np.sqrt((response**2).sum())
    response[0] += 1.0
    return np.asarray(np.fft.irfft(np.fft.rfft(wave) * np.fft.rfft(response), len(wave)))


def _in_band(wave: Wave) -> Wave:
    """Fourth order at the low edge, eighth at the high one, round the circle."""
    low, high = BAND_HZ
    frequency_hz = np.fft.rfftfreq(len(wave), 1 / RATE_HZ)
    below, above = (frequency_hz / low) ** 8, (frequency_hz / high) ** 16
    gain = np.sqrt(below / (1 + below) / (1 + above))
    return np.asarray(np.fft.irfft(np.fft.rfft(wave) * gain, len(wave)))


def _evened(wave: Wave) -> Wave:
    """The quieter sections lifted towards the louder ones, slowly, round the circle."""
    kernel = np.zeros(len(wave))
    width = round(_EVENING_S * RATE_HZ)
    kernel[:width] = np.hanning(width)
    kernel = np.roll(kernel / kernel.sum(), -(width // 2))
    power = np.fft.irfft(np.fft.rfft(wave**2) * np.fft.rfft(kernel), len(wave))
    gain = (power.mean() / np.maximum(power, power.mean() / 100)) ** (_EVENING_SHARE / 2)
    return np.asarray(wave * gain)


def compose() -> Frames:
    """Return the hold music: one turn of the loop, int16 at 16 kHz. The same samples every time; takes some seconds."""
    random = np.random.default_rng(_SEED)
    wave = _evened(_in_band(_with_room(_played(random), random)))
    wave *= 10 ** (LEVEL_DBOV / 20) / np.sqrt((wave**2).mean())
    around = RATE_HZ // 10  # the limiter, too, sees what comes after the end
    looped = limited(np.concatenate([wave[-around:], wave, wave[:around]]), 10 ** (PEAK_DBFS / 20))
    step = 1 << (16 - KEPT_BITS)
    return np.asarray(np.rint(looped[around:-around] * 32_767 / step) * step, np.int16)
