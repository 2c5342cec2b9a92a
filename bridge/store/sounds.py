"""Short recordings in the state directory: names that are kept, messages that a blast begins with.

Each is a FLAC file of one channel at 8 kHz. It is written whole beside its place and then moved there: a full disk or a
crash leaves the old recording or the new one, never half of either.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Final

import numpy as np
import soundfile

from bridge.store.errors import StoreRefusedError, StoreUnavailableError
from dsp.frames import RATE_HZ
from prompts import reading
from prompts.errors import PromptError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SUFFIX: Final = ".flac"


def keep(path: Path, pcm: NDArray[np.int16], *, longest_s: float) -> None:
    """Write `pcm` to `path`, in place of what was there.

    pcm : ndarray of shape (S,), int16 at 8 kHz

    Raises `StoreRefusedError` where it is empty or too long, `StoreUnavailableError` where the disk is full or away.
    """
    if not pcm.size:
        raise StoreRefusedError("there is nothing on the recording")
    if pcm.size > longest_s * RATE_HZ:
        raise StoreRefusedError(
            f"the recording lasts {pcm.size / RATE_HZ:.0f} s: at most {longest_s:g} s are kept"
        )
    encoded = io.BytesIO()
    soundfile.write(encoded, pcm, RATE_HZ, format="FLAC", subtype="PCM_16")
    draft = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            draft.touch(mode=0o600)
            draft.write_bytes(encoded.getvalue())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error.strerror}") from error


def load(path: Path) -> NDArray[np.int16] | None:
    """The recording that `keep` wrote, None where there is none; raises `StoreUnavailableError`.

    returns : ndarray of shape (S,), int16 at 8 kHz
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error.strerror}") from error
    try:
        pcm, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    except soundfile.SoundFileError as error:
        raise StoreUnavailableError(f"{path} is no recording: {error}") from error
    return np.ascontiguousarray(pcm, np.int16)


def forget(path: Path) -> None:
    """Delete it, if it is there."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"{path}: {error.strerror}") from error


def read(path: Path) -> NDArray[np.int16]:
    """Somebody's WAV, FLAC or Ogg file of any rate, made telephone audio; `StoreRefusedError` says what is wrong with it.

    returns : ndarray of shape (S,), int16 at 8 kHz
    """
    try:
        return reading.narrowband(reading.read(path))
    except PromptError as error:
        raise StoreRefusedError(str(error)) from error
