"""Tones that the service makes by itself: beeps, chimes at the door, cadences, DTMF.

A chime is a few struck notes, each dying away as a bell does, with a soft octave above; that is heard over a
conversation without hurting. Two that must be told apart differ in direction, not in pitch alone: whoever enters
comes up a fifth, whoever leaves goes down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dsp.frames import FULL_SCALE, RATE_HZ
from dsp.gain import soft_limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsp.frames import Frames

FADE_MS: Final = 5.0
"""Tones begin and end within this, along half a cosine: shorter clicks, longer makes short digits soft."""

CHIME_DBOV: Final = -24.0
"""As loud as an ordinary voice."""

DTMF_DBOV: Final = -16.0
"""About -10 dBm0 for both tones together (0 dBm0 is -6.2 dBov), within ITU-T Q.23 and Q.24 everywhere."""

DTMF_TWIST_DB: Final = 2.0
"""The high tone is sent so much louder, since lines attenuate it more (Q.23 leaves it to the administration)."""

_ROWS_HZ: Final = (697.0, 770.0, 852.0, 941.0)
_COLUMNS_HZ: Final = (1209.0, 1336.0, 1477.0, 1633.0)

DTMF_HZ: Final[dict[str, tuple[float, float]]] = {
    digit: (low, high)
    for low, digits in zip(_ROWS_HZ, ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, digit in zip(_COLUMNS_HZ, digits, strict=True)
}
"""Low and high tone of each key (ITU-T Q.23)."""

RISING: Final = (587.3, 880.0)
FALLING: Final = (880.0, 587.3)
LECTURE: Final = (659.3, 830.6, 987.8)
ATTENTION: Final = (987.8, 987.8)
"""The notes of the chimes, in Hz: a fifth up (D5 A5), a fifth down, a major chord (E5 G#5 B5), one note twice (B5)."""

NOTE_MS: Final = 140
"""From one note of a chime to the next."""
RING_MS: Final = 260
"""The last note of a chime rings so much longer."""
_DECAY_S: Final = 0.11
"""A struck note loses 8.7 dB in this time."""
_OCTAVE: Final = 0.2
"""-14 dB: how much of the octave above sounds with a note."""


class UnknownDigitError(ValueError):
    """Not one of 0-9, *, #, A-D."""


def _samples(duration_ms: float, rate_hz: int) -> int:
    return round(duration_ms * rate_hz / 1_000)


def _faded(wave: NDArray[np.float64], fade_ms: float, rate_hz: int) -> NDArray[np.float64]:
    """`wave` with its first and last `fade_ms` (or halves, if it is that short) along half a cosine, in place."""
    length = min(_samples(fade_ms, rate_hz), wave.shape[-1] // 2)
    if length:
        slope = 0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / length)
        wave[:length] *= slope
        wave[-length:] *= slope[::-1]
    return wave


def _in_16_bits(wave: NDArray[np.float64]) -> Frames:
    return soft_limit(np.rint(wave).astype(np.int32)[None]).reshape(-1)


def silence(duration_ms: float, *, rate_hz: int = RATE_HZ) -> Frames:
    """Return nothing, for so long: ndarray of shape (S,), int16."""
    return np.zeros(_samples(duration_ms, rate_hz), np.int16)


def tone(
    frequencies_hz: Sequence[float],
    duration_ms: float,
    *,
    level_dbov: float = CHIME_DBOV,
    rate_hz: int = RATE_HZ,
    fade_ms: float = FADE_MS,
) -> Frames:
    """Return one or several equally loud sines at once, together at `level_dbov`.

    frequencies_hz : each above 0 and below half of `rate_hz`; none is silence
    level_dbov : of all together while the tone lasts; a single sine fills the scale at -3
    returns : ndarray of shape (S,), int16
    """
    time = np.arange(_samples(duration_ms, rate_hz)) / rate_hz
    wave = np.zeros(len(time))
    for frequency_hz in frequencies_hz:
        wave += np.sin(2 * np.pi * frequency_hz * time)
    wave *= FULL_SCALE * 10 ** (level_dbov / 20) * np.sqrt(2 / max(len(frequencies_hz), 1))
    return _in_16_bits(_faded(wave, fade_ms, rate_hz))


def cadence(
    parts: Sequence[tuple[Sequence[float], float]],
    *,
    level_dbov: float = CHIME_DBOV,
    rate_hz: int = RATE_HZ,
    fade_ms: float = FADE_MS,
) -> Frames:
    """Return tones one after another, such as busy: `[((425,), 500), ((), 500)]`.

    parts : (frequencies in Hz, duration in ms) of each; no frequencies are a pause
    returns : ndarray of shape (S,), int16
    """
    sounds = [
        tone(frequencies_hz, duration_ms, level_dbov=level_dbov, rate_hz=rate_hz, fade_ms=fade_ms)
        for frequencies_hz, duration_ms in parts
    ]
    return np.concatenate([silence(0), *sounds])


def chime(
    notes_hz: Sequence[float],
    *,
    note_ms: float = NOTE_MS,
    ring_ms: float = RING_MS,
    level_dbov: float = CHIME_DBOV,
    rate_hz: int = RATE_HZ,
) -> Frames:
    """Return struck notes, each ringing on under the next.

    level_dbov : of a note at the moment it is struck
    returns : ndarray of shape (S,), int16
    """
    step = _samples(note_ms, rate_hz)
    wave = np.zeros(step * len(notes_hz) + _samples(ring_ms, rate_hz))
    for number, note_hz in enumerate(notes_hz):
        time = np.arange(len(wave) - number * step) / rate_hz
        note = np.sin(2 * np.pi * note_hz * time) + _OCTAVE * np.sin(4 * np.pi * note_hz * time)
        wave[number * step :] += _faded(note * np.exp(-time / _DECAY_S), FADE_MS, rate_hz)
    wave *= FULL_SCALE * 10 ** (level_dbov / 20) * np.sqrt(2 / (1 + _OCTAVE**2))
    return _in_16_bits(_faded(wave, 4 * FADE_MS, rate_hz))


def entry_tone(*, rate_hz: int = RATE_HZ) -> Frames:
    """Return what a room hears when somebody enters (C1): two notes up."""
    return chime(RISING, rate_hz=rate_hz)


def exit_tone(*, rate_hz: int = RATE_HZ) -> Frames:
    """Return what a room hears when somebody leaves (C1): two notes down."""
    return chime(FALLING, rate_hz=rate_hz)


def lecture_tone(*, rate_hz: int = RATE_HZ) -> Frames:
    """Return what a room hears when a lecture begins or ends: three notes that climb a chord."""
    return chime(LECTURE, rate_hz=rate_hz)


def attention_tone(*, rate_hz: int = RATE_HZ) -> Frames:
    """Return what precedes a warning: one high note, twice."""
    return chime(ATTENTION, rate_hz=rate_hz)


def dtmf(
    digit: str,
    *,
    duration_ms: float = 100.0,
    level_dbov: float = DTMF_DBOV,
    twist_db: float = DTMF_TWIST_DB,
    rate_hz: int = RATE_HZ,
    fade_ms: float = FADE_MS,
) -> Frames:
    """Return the two tones of a key.

    digit : one of 0-9, *, #, A-D; anything else raises `UnknownDigitError`
    level_dbov : of both tones together
    returns : ndarray of shape (S,), int16
    """
    if digit not in DTMF_HZ:
        raise UnknownDigitError(f"no key {digit!r} on a telephone")
    time = np.arange(_samples(duration_ms, rate_hz)) / rate_hz
    low, high = (np.sin(2 * np.pi * frequency_hz * time) for frequency_hz in DTMF_HZ[digit])
    twist = 10 ** (twist_db / 20)
    wave = (low + twist * high) * (FULL_SCALE * 10 ** (level_dbov / 20) * np.sqrt(2 / (1 + twist**2)))
    return _in_16_bits(_faded(wave, fade_ms, rate_hz))
