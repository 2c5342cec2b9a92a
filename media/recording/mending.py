"""A file that was not closed: what can be played of it is made a whole file.

WAV is right as it lies: who reads it goes by the size of the file where the header has none. So is Ogg, page by page. FLAC
has the number of samples in its header, which is written when the file is closed; without it libsndfile refuses it. The
last frame that is whole says what number it has (RFC 9639 section 9.1), and all before it are of one size.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

import soundfile

from media.recording.messages import FileFormat
from media.recording.names import PART, format_of

_TAIL_BYTES: Final = 262_144
"""Searched for the last frame: several of the largest, 4,608 samples of 16 bits that could not be compressed."""
_STREAMINFO: Final = 8
"""Where its body begins: behind `fLaC` and the header of the block (RFC 9639 sections 7 and 8.1)."""
_FIXED_SIZE: Final = b"\xff\xf8"
"""The sync code of frames that are numbered (RFC 9639 section 9.1)."""


def mend(part: Path) -> bool:
    """Complete a `.part` file and give it its name; false where nothing in it can be played, and it stays as it is."""
    try:
        if format_of(part.name) is FileFormat.FLAC:
            _count_samples(part)
        with soundfile.SoundFile(part) as file:
            playable = file.frames > 0
        whole = part.with_name(part.name.removesuffix(PART))
        if playable and not whole.exists():
            part.rename(whole)
            return True
    except (OSError, soundfile.SoundFileError):
        pass
    return False


def _count_samples(path: Path) -> None:
    """Write the number of samples into the header of a FLAC file that has none."""
    with path.open("r+b") as file:
        head = file.read(_STREAMINFO + 34)
        if len(head) < _STREAMINFO + 34 or not head.startswith(b"fLaC"):
            return
        block = int.from_bytes(head[_STREAMINFO : _STREAMINFO + 2], "big")
        size = file.seek(0, os.SEEK_END)
        file.seek(max(_STREAMINFO + 34, size - _TAIL_BYTES))
        number = _last_frame(file.read())
        if number is None or not number:
            return
        # 20 bits of rate, 3 of channels, 5 of depth, 36 of samples. The last frame may be cut off: it is not counted.
        facts = int.from_bytes(head[_STREAMINFO + 10 : _STREAMINFO + 18], "big")
        facts = facts & ~((1 << 36) - 1) | number * block
        file.seek(_STREAMINFO + 10)
        file.write(facts.to_bytes(8, "big"))
        # Of unknown sound no checksum is known: all zeros say so (RFC 9639 section 8.2).
        file.seek(_STREAMINFO + 18)
        file.write(bytes(16))


def _last_frame(tail: bytes) -> int | None:
    """The number of the last frame whose header is whole and right."""
    at = tail.rfind(_FIXED_SIZE)
    while at >= 0:
        with contextlib.suppress(IndexError, ValueError):
            return _frame_number(tail[at : at + 16])
        at = tail.rfind(_FIXED_SIZE, 0, at)
    return None


def _frame_number(header: bytes) -> int:
    """Of a frame's header; ValueError where that is none, IndexError where it is cut off."""
    sizes, rates = header[2] >> 4, header[2] & 0x0F
    number, length = _coded(header[4:])
    end = 4 + length + {6: 1, 7: 2}.get(sizes, 0) + {12: 1, 13: 2, 14: 2}.get(rates, 0)
    if sizes == 0 or rates == 15 or _crc_8(header[:end]) != header[end]:
        raise ValueError("no frame begins here")
    return number


def _coded(data: bytes) -> tuple[int, int]:
    """A number as UTF-8 codes one, and how many bytes it has."""
    first = data[0]
    if first < 0x80:
        return first, 1
    length = 8 - (first ^ 0xFF).bit_length()
    if not 2 <= length <= 6 or len(data) < length or any(each >> 6 != 2 for each in data[1:length]):
        raise ValueError("no coded number")
    number = first & (0x7F >> length)
    for each in data[1:length]:
        number = number << 6 | each & 0x3F
    return number, length


def _crc_8(data: bytes) -> int:
    """The checksum of frame headers, x^8 + x^2 + x + 1 (RFC 9639 section 9.1.8)."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
