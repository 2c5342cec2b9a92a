"""Keeps the array that a library was laid out to, so that the next start maps it instead of decoding all recordings.

Two files under the cache directory, named after a digest of everything they were made from: the array, and the places in
it. They can be deleted at any time. A cache that cannot be written or read is as good as none.
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

FORMAT: Final = 1
"""Raised when the same recordings come to lie differently in the array."""

_PREFIX: Final = "prompts-"


def load(cache: Path, key: str) -> tuple[Frames, dict[str, tuple[int, int]]] | None:
    """Return array and places as stored under `key`, the array mapped from its file; None where there is nothing sound."""
    try:
        places = msgspec.json.decode(_places(cache, key).read_bytes(), type=dict[str, tuple[int, int]])
        audio = np.load(_array(cache, key), mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, msgspec.MsgspecError):
        return None
    if audio.dtype != np.int16 or audio.ndim != 1:
        return None
    if any(offset < 0 or length < 0 or offset + length > len(audio) for offset, length in places.values()):
        return None
    return audio, places


def store(cache: Path, key: str, audio: Frames, places: Mapping[str, tuple[int, int]]) -> None:
    """Store both under `key`, and remove what was stored under other keys."""
    mark = f".{os.getpid()}.new"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        array, index = _array(cache, key), _places(cache, key)
        with array.with_suffix(mark).open("wb") as file:
            np.save(file, audio, allow_pickle=False)
        array.with_suffix(mark).replace(array)
        index.with_suffix(mark).write_bytes(msgspec.json.encode(places))
        index.with_suffix(mark).replace(index)
        for old in cache.glob(f"{_PREFIX}*"):
            if old not in (array, index):
                old.unlink(missing_ok=True)
    except OSError:
        return


def _array(cache: Path, key: str) -> Path:
    return cache / f"{_PREFIX}{key}.npy"


def _places(cache: Path, key: str) -> Path:
    return cache / f"{_PREFIX}{key}.json"
