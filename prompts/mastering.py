"""What is done to every recording before it is kept: filter, trim, level, peaks. Pure numpy, no file touched.

Samples are floats of -1 to 1 here, at 16 kHz; levels are dBov (0 is a full-scale square wave, RFC 6464).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from dsp.frames import Frames

Wave: TypeAlias = NDArray[np.float64]

VERSION: Final = 2
"""Raised when anything here changes what comes out: every recording is then made anew."""

RATE_HZ: Final = 16_000
"""Recordings are kept at this rate, and HD telephones play them so; what others play is derived."""

LEVEL_DBOV: Final = -20.0
"""Of the speech-active part. Callers come in at -20 to -30: an announcement should be heard, and not startle."""
PEAK_DBFS: Final = -3.0
"""No sample is louder. G.711 and whatever comes after it keep some room."""

HIGH_PASS_HZ: Final = 80.0
"""Hum and breath below any voice of ours; fourth order."""
LOW_PASS_HZ: Final = 7_000.0
"""The edge of wideband telephony (ITU-T G.722); what lies above costs bytes and reaches nobody; twelfth order."""
PRESENCE_HZ: Final = (150.0, 1_200.0)
"""Between these the presence boost of a muffled voice rises; what is understood on the telephone lives above."""

KEPT_BITS: Final = 10
"""Of each sample of speech; the rest is zero, which FLAC does not store: a third of the size of the repository's audio.
The rounding lies at -65 dBov, 45 dB below the voice, where mu-law's own lies 38 dB below it."""

MARGIN_MS: Final = 30
"""What is left of the silence at both ends: enough for soft consonants, short enough to put clips together."""
FADE_MS: Final = 5
AUDIBLE_DB: Final = 36.0
"""So far below the voice sound begins and ends: soft final consonants count, the engine's hiss does not."""
ACTIVE_DB: Final = 15.9
"""Frames so far below the level of the active part are pauses (the margin of ITU-T P.56)."""

_FRAME: Final = RATE_HZ // 100
_LIMITER: Final = RATE_HZ // 200
"""Half the width, 5 ms, over which the limiter closes and opens."""


def _power(wave: Wave, size: int = _FRAME) -> Wave:
    """Mean square per `size` samples; the last, partial frame is left out."""
    frames = wave[: len(wave) // size * size].reshape(-1, size)
    return np.asarray((frames * frames).mean(axis=-1))


def active_level(wave: Wave, *, rate_hz: int = RATE_HZ) -> float:
    """Return the level of the parts of `wave` in which somebody speaks, in dBov; -127 for silence.

    wave : ndarray of shape (S,), float
    """
    power = _power(wave, rate_hz // 100)
    if not power.size or power.max() <= 10**-12.7:
        return -127.0
    active = power
    for _ in range(8):  # settles in three or four
        active = power[power >= active.mean() * 10 ** (-ACTIVE_DB / 10)]
    return float(10 * np.log10(active.mean()))


def filtered(wave: Wave, *, presence_db: float = 0.0) -> Wave:
    """Return `wave` without hum, and with the range of consonants raised by `presence_db`; no phase is turned."""
    size = (
        1 << (len(wave) + RATE_HZ // 4 - 1).bit_length()
    )  # room for the filter's ringing, which must not wrap round
    frequency_hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    below, above = (frequency_hz / HIGH_PASS_HZ) ** 8, (frequency_hz / LOW_PASS_HZ) ** 24
    gain = np.sqrt(below / (1 + below) / (1 + above))
    low, high = np.log(PRESENCE_HZ)
    rise = np.clip((np.log(np.maximum(frequency_hz, 1.0)) - low) / (high - low), 0.0, 1.0)
    gain *= 10 ** (presence_db * rise / 20)
    return np.asarray(np.fft.irfft(np.fft.rfft(wave, size) * gain, size)[: len(wave)])


def trimmed(wave: Wave) -> Wave:
    """Return `wave` from just before it is first heard to just after it is last heard, with soft edges."""
    threshold = 10 ** ((active_level(wave) - AUDIBLE_DB) / 10)
    heard = np.flatnonzero(_power(wave) > threshold)
    if not heard.size:
        return wave[:0]
    margin = RATE_HZ * MARGIN_MS // 1_000
    padded = np.pad(wave, margin)
    kept = padded[heard[0] * _FRAME : (heard[-1] + 1) * _FRAME + 2 * margin].copy()
    fade = np.sin(np.linspace(0, np.pi / 2, RATE_HZ * FADE_MS // 1_000)) ** 2
    kept[: len(fade)] *= fade
    kept[-len(fade) :] *= fade[::-1]
    return kept


def limited(wave: Wave, peak: float) -> Wave:
    """Return `wave` with no sample above `peak`: the gain bends 5 ms before and after, so that nothing clips."""
    width = 2 * _LIMITER + 1
    wanted = np.minimum(1.0, peak / np.maximum(np.abs(wave), 1e-9))
    padded = np.pad(wanted, 2 * _LIMITER, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, width).min(axis=-1)
    bell = np.hanning(width + 2)[1:-1]
    return np.asarray(wave * np.convolve(lowest, bell / bell.sum(), mode="valid"))


def mastered(wave: Wave, *, presence_db: float = 0.0) -> Frames:
    """Return a recording ready to be kept.

    wave : ndarray of shape (S,), float of -1 to 1 at `RATE_HZ`
    returns : ndarray of shape (T,), int16; T is 0 where nothing is heard
    """
    speech = trimmed(filtered(wave, presence_db=presence_db))
    speech = speech * 10 ** ((LEVEL_DBOV - active_level(speech)) / 20)
    step = 1 << (16 - KEPT_BITS)
    return np.asarray(np.rint(limited(speech, 10 ** (PEAK_DBFS / 20)) * 32_768 / step) * step, np.int16)
