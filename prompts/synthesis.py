"""The instruments of the hold music: each makes one note as a sum of dying partials, soft enough for a telephone.

A plain telephone carries what lies below 3.4 kHz, and all of the piece is there; an HD one has the gleam above it too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from prompts.mastering import RATE_HZ, Wave
from prompts.score import Part

_TWO_PI: Final = 2 * np.pi
_HIGHEST_HZ: Final = 6_800.0
"""Partials above the band of an HD telephone are not made."""


def frequency_hz(pitch: int) -> float:
    """Return the frequency of a MIDI pitch, equally tempered, A at 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def _time(length_s: float) -> Wave:
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def _envelope(time: Wave, *, attack_s: float, hold_s: float, release_s: float) -> Wave:
    """A rise without corner, and after `hold_s` a fall without corner."""
    rise = np.sin(np.clip(time / attack_s, 0, 1) * np.pi / 2) ** 2
    fall = np.cos(np.clip((time - hold_s) / release_s, 0, 1) * np.pi / 2) ** 2
    return np.asarray(rise * fall)


def _partials(time: Wave, pitch: int, partials: tuple[tuple[float, float, float], ...]) -> Wave:
    """Sum of (multiple of the fundamental, amplitude, time constant in seconds)."""
    base_hz = frequency_hz(pitch)
    wave = np.zeros_like(time)
    for multiple, amplitude, decay_s in partials:
        if multiple * base_hz < _HIGHEST_HZ:
            wave += amplitude * np.sin(_TWO_PI * multiple * base_hz * time) * np.exp(-time / decay_s)
    return wave


def _piano(pitch: int, length_s: float) -> Wave:
    """An electric piano: a bar with a tine, whose bell-like partial is gone soon; a slow, shallow tremolo."""
    time = _time(length_s + 0.5)
    wave = _partials(
        time, pitch, ((1, 1.0, 1.3), (2, 0.28, 0.8), (3, 0.09, 0.45), (4, 0.05, 0.3), (6.7, 0.05, 0.07))
    )
    tremolo = 1 - 0.08 * (1 - np.cos(_TWO_PI * 4.6 * time))
    return wave * tremolo * _envelope(time, attack_s=0.012, hold_s=length_s, release_s=0.45)


def _flute(pitch: int, length_s: float) -> Wave:
    """A soft wind: nearly a sine, and a vibrato that comes in after a moment."""
    time = _time(length_s + 0.25)
    base_hz = frequency_hz(pitch)
    depth = 0.0035 * np.clip((time - 0.25) / 0.4, 0, 1)
    phase = _TWO_PI * base_hz * np.cumsum(1 + depth * np.sin(_TWO_PI * 5.0 * time)) / RATE_HZ
    wave = np.sin(phase) + 0.16 * np.sin(2 * phase) + 0.05 * np.sin(3 * phase)
    return np.asarray(wave * _envelope(time, attack_s=0.07, hold_s=max(length_s - 0.05, 0.1), release_s=0.25))


def _guitar(pitch: int, length_s: float) -> Wave:
    """A nylon string plucked a third of its length from the bridge; high partials die first."""
    time = _time(length_s + 0.3)
    partials = tuple((k, float(np.sin(np.pi * k / 3.1)) / k**1.25, 0.85 / k**0.7) for k in range(1, 11))
    return _partials(time, pitch, partials) * _envelope(time, attack_s=0.006, hold_s=length_s, release_s=0.25)


def _pad(pitch: int, length_s: float) -> Wave:
    """A breath of chord under everything: two sines a little apart."""
    time = _time(length_s + 0.9)
    apart = np.sin(_TWO_PI * frequency_hz(pitch) * 1.0018 * time)
    wave = 0.5 * apart + _partials(time, pitch, ((1, 0.5, 60.0), (2, 0.12, 60.0)))
    return np.asarray(wave * _envelope(time, attack_s=0.5, hold_s=length_s, release_s=0.9))


def _bass(pitch: int, length_s: float) -> Wave:
    """A round bass that is heard by its second to fourth partials where the line does not carry the first."""
    time = _time(length_s + 0.15)
    wave = _partials(time, pitch, ((1, 1.0, 0.9), (2, 0.65, 0.6), (3, 0.3, 0.4), (4, 0.12, 0.25)))
    return wave * _envelope(time, attack_s=0.02, hold_s=length_s * 0.9, release_s=0.15)


INSTRUMENTS: Final = {
    Part.PIANO: _piano,
    Part.FLUTE: _flute,
    Part.GUITAR: _guitar,
    Part.PAD: _pad,
    Part.BASS: _bass,
}
"""(pitch, length in seconds) -> one note, ends included."""


def shaker(random: np.random.Generator) -> Wave:
    """Return one stroke of the shaker: a puff of noise between 1.8 and 3.2 kHz, and its grains around 5.4."""
    time = _time(0.12)
    spectrum = np.fft.rfft(random.standard_normal(len(time)))
    band_hz = np.fft.rfftfreq(len(time), 1 / RATE_HZ)
    spectrum *= np.exp(-(((band_hz - 2_500) / 500) ** 2)) + 0.5 * np.exp(-(((band_hz - 5_400) / 800) ** 2))
    return np.asarray(
        np.fft.irfft(spectrum, len(time)) * _envelope(time, attack_s=0.03, hold_s=0.03, release_s=0.09)
    )
