"""Reads recordings of any rate and makes them telephone audio: one channel, 8 or 16 kHz, int16, level as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile
import soxr

from dsp.frames import FULL_SCALE, RATE_HZ
from prompts.errors import PromptError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dsp.frames import Frames

WIDE_RATE_HZ: Final = 2 * RATE_HZ
"""Of wideband telephony (ITU-T G.722); also what Opus says of speech hardly needs more."""

LONGEST_FILE_S: Final = 900
"""A longer file is refused unread: it cannot be a prompt, and would fill the memory that all workers share."""

RATES_HZ: Final = (4_000, 384_000)
"""Lowest and highest; outside of these the header of the file is wrong."""

_AROUND_S: Final = 0.1
"""So much of a loop's end and beginning is put around it while it is resampled; the filter reaches less far."""


@dataclass(frozen=True, slots=True)
class Take:
    """A recording as it lies in its file.

    samples : ndarray of shape (channels, S), float32 of -1 to 1
    """

    samples: NDArray[np.float32]
    rate_hz: int

    @property
    def duration_s(self) -> float:
        return float(self.samples.shape[-1] / self.rate_hz)


def read(path: Path) -> Take:
    """Return the recording in a WAV, FLAC or Ogg file; PromptError says why it cannot be used."""
    try:
        with soundfile.SoundFile(path) as file:
            if not RATES_HZ[0] <= file.samplerate <= RATES_HZ[1]:
                raise PromptError(f"{path}: {file.samplerate} Hz is no rate of speech")
            if not file.frames:
                raise PromptError(f"{path}: empty")
            if file.frames > LONGEST_FILE_S * file.samplerate:
                raise PromptError(f"{path}: longer than {LONGEST_FILE_S} s")
            samples = file.read(dtype="float32", always_2d=True)
            return Take(np.nan_to_num(samples.T), file.samplerate)
    except (OSError, soundfile.SoundFileError) as fault:
        raise PromptError(f"{path}: cannot be read: {fault}") from fault


def narrowband(take: Take, *, loop: bool = False) -> Frames:
    """Return a recording as telephones of 8 kHz hear it. A `loop` is resampled as the circle it is.

    returns : ndarray of shape (S,), int16 at 8 kHz
    """
    return _resampled(take, RATE_HZ, loop=loop)


def wideband(take: Take, *, loop: bool = False) -> Frames:
    """Return a recording as HD telephones hear it; one that is at 16 kHz already stays as it is, sample for sample.

    returns : ndarray of shape (S,), int16 at 16 kHz
    """
    return _resampled(take, WIDE_RATE_HZ, loop=loop)


def _resampled(take: Take, rate_hz: int, *, loop: bool) -> Frames:
    mono = take.samples.mean(axis=0)
    if take.rate_hz == rate_hz:
        return _in_16_bits(mono)
    around = round(_AROUND_S * rate_hz)
    if loop:
        wrapped = round(_AROUND_S * take.rate_hz)
        mono = np.pad(mono, wrapped, mode="wrap")
    resampled = soxr.resample(mono, take.rate_hz, rate_hz, quality="VHQ")
    return _in_16_bits(resampled[around:-around] if loop else resampled)


def _in_16_bits(wave: NDArray[np.float32]) -> Frames:
    return np.asarray(np.clip(np.rint(wave * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1), np.int16)
