"""Keeps the array that a library was laid out to, so that the next start maps it instead of decoding all recordings.

Three files under the cache directory, named after a digest of everything they were made from: the array at 8 kHz, the one
at 16 kHz, and the places in them. They can be deleted at any time. A cache that cannot be written or read is as good as none.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from dsp.frames import Frames

FORMAT: Final = 2
"""Raised when the same recordings come to lie differently in the array."""

_PREFIX: Final = "prompts-"


def load(cache: Path, key: str) -> tuple[Frames, Frames, dict[str, tuple[int, int]]] | None:
    """Return arrays and places as stored under `key`, the arrays mapped from their files; None where there is nothing sound.

    returns : ndarray of shape (S,), int16 at 8 kHz; ndarray of shape (2 * S,), int16 at 16 kHz; places in the first
    """
    try:
        places = msgspec.json.decode(_places(cache, key).read_bytes(), type=dict[str, tuple[int, int]])
        audio, wide = (np.load(path, mmap_mode="r", allow_pickle=False) for path in _arrays(cache, key))
    except (OSError, ValueError, EOFError, msgspec.MsgspecError):
        return None
    if audio.dtype != np.int16 or wide.dtype != np.int16 or wide.shape != (2 * audio.size,):
        return None
    if any(offset < 0 or length < 0 or offset + length > len(audio) for offset, length in places.values()):
        return None
    return audio, wide, places


def store(cache: Path, key: str, audio: Frames, wide: Frames, places: Mapping[str, tuple[int, int]]) -> None:
    """Store all three under `key`, and remove what was stored under other keys."""
    mark = f".{os.getpid()}.new"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        arrays, index = _arrays(cache, key), _places(cache, key)
        for array, samples in zip(arrays, (audio, wide), strict=True):
            with array.with_suffix(mark).open("wb") as file:
                np.save(file, samples, allow_pickle=False)
            array.with_suffix(mark).replace(array)
        index.with_suffix(mark).write_bytes(msgspec.json.encode(places))
        index.with_suffix(mark).replace(index)
        for old in cache.glob(f"{_PREFIX}*"):
            if old not in (*arrays, index):
                old.unlink(missing_ok=True)
    except OSError:
        return


def _arrays(cache: Path, key: str) -> tuple[Path, Path]:
    return cache / f"{_PREFIX}{key}.npy", cache / f"{_PREFIX}{key}-wide.npy"


def _places(cache: Path, key: str) -> Path:
    return cache / f"{_PREFIX}{key}.json"
