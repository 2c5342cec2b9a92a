"""An Opus packet read without decoding it (RFC 6716 section 3): how long it lasts, whether anything is in it.

      0 1 2 3 4 5 6 7
     +-+-+-+-+-+-+-+-+
     | config  |s| c |     the first byte (TOC); then, by the code c, lengths; then frames; then padding
     +-+-+-+-+-+-+-+-+

The 32 configurations are an inner codec (SILK, both, CELT), a bandwidth and the duration of a frame. Frames of a packet are
all alike: one (c = 0), two of the same size (1), two (2), or as many as a second byte says (3).
"""

from __future__ import annotations

from typing import Final

from media.codecs.kind import LONGEST_SAMPLES

LARGEST_FRAME: Final = 1_275
"""Bytes (R2)."""

_SILK: Final = (80, 160, 320, 480)
_BOTH: Final = (80, 160)
_CELT: Final = (20, 40, 80, 160)
FRAME_SAMPLES: Final = _SILK * 3 + _BOTH * 2 + _CELT * 4
"""Duration of a frame by configuration, in samples at 8 kHz (table 2): 2.5 to 60 ms."""

_CELT_ALONE: Final = 16
"""Configurations from here on have no SILK layer, and with that nothing that could repeat an earlier frame."""
_STEREO: Final = 0x04
_SILK_FRAME: Final = 160
"""20 ms: longer frames hold two or three of SILK, each with a bit of voice activity."""
_SUSPENDED: Final = 1
"""A frame of at most one byte is none: the sender pauses (DTX)."""


def duration(payload: bytes) -> int:
    """How long `payload` lasts, in samples at 8 kHz; 0 where it is no Opus packet."""
    if payload and not payload[0] & 3 and len(payload) <= LARGEST_FRAME:  # one frame: nearly every packet
        return FRAME_SAMPLES[payload[0] >> 3]
    return len(frames(payload)) * FRAME_SAMPLES[payload[0] >> 3] if payload else 0


def frame_samples(payload: bytes) -> int:
    """How long each frame of `payload` lasts, in samples at 8 kHz. Not for an empty payload."""
    return FRAME_SAMPLES[payload[0] >> 3]


def silent(payload: bytes) -> bool:
    """Tell whether `payload` says only that nothing is sent for a while (DTX): whoever decodes it gets comfort noise."""
    found = frames(payload)
    return bool(found) and all(size <= _SUSPENDED for _, size in found)


def voiceless(payload: bytes) -> bool:
    """Tell whether the encoder heard nobody speak in `payload`: all bits of voice activity of its SILK frames are 0.

    Of packets without SILK (music) nobody can tell.
    """
    if not payload or payload[0] >> 3 >= _CELT_ALONE:
        return False
    activities = max(1, frame_samples(payload) // _SILK_FRAME)
    bits = 0xFF00 >> activities & 0xFF
    if payload[0] & _STEREO:
        bits |= bits >> activities + 1
    if not payload[0] & 3:
        return len(payload) <= 1 + _SUSPENDED or not payload[1] & bits
    found = frames(payload)
    return bool(found) and not any(size > _SUSPENDED and payload[start] & bits for start, size in found)


def repeats(payload: bytes) -> int:
    """Return how much of what came before it `payload` has once more, at a lower rate (in-band FEC, LBRR); 0: nothing.

    It is as much as one frame lasts, in samples at 8 kHz, and the first frame has it. SILK begins with a bit of voice activity
    for each of its frames and then the bit that is sought, once per channel. All are even odds to the range coder, so they
    are the first bits of the frame as they stand (section 4.2.3).
    """
    found = frames(payload)
    if not found or payload[0] >> 3 >= _CELT_ALONE:
        return 0
    start, size = found[0]
    if size <= _SUSPENDED:
        return 0
    samples = frame_samples(payload)
    activities = max(1, samples // _SILK_FRAME)
    flags = 0x80 >> activities
    if payload[0] & _STEREO:
        flags |= 0x80 >> 2 * activities + 1
    return samples if payload[start] & flags else 0


def frames(payload: bytes) -> list[tuple[int, int]]:
    """Return where each frame begins and its size in bytes; empty where `payload` breaks a rule (R1 to R7)."""
    if not payload:
        return []
    body = len(payload) - 1
    code = payload[0] & 3
    if code == 0:
        found = [(1, body)]
    elif code == 1:
        found = [] if body % 2 else [(1, body // 2), (1 + body // 2, body // 2)]
    elif code == 2:
        at, size = _size(payload, 1)
        found = (
            []
            if size < 0 or at + size > len(payload)
            else [(at, size), (at + size, len(payload) - at - size)]
        )
    else:
        found = _several(payload)
    return found if all(size <= LARGEST_FRAME for _, size in found) else []


def _size(payload: bytes, at: int) -> tuple[int, int]:
    """Return the size of a frame that stands at `at` in one byte or two (section 3.2.1), behind where it ends; -1: cut off."""
    if at >= len(payload):
        return at, -1
    first = payload[at]
    if first < 252:
        return at + 1, first
    if at + 1 >= len(payload):
        return at, -1
    return at + 2, first + 4 * payload[at + 1]


def _several(payload: bytes) -> list[tuple[int, int]]:
    """As `frames`, of a packet of any number of frames (section 3.2.5)."""
    if len(payload) < 2:
        return []
    count = payload[1] & 0x3F
    if not 0 < count * frame_samples(payload) <= LONGEST_SAMPLES:
        return []
    at, end = 2, len(payload)
    if payload[1] & 0x40:
        at, padding = _padding(payload, at)
        end -= padding
    if at > end:
        return []
    if not payload[1] & 0x80:
        size, rest = divmod(end - at, count)
        return [] if rest else [(at + size * index, size) for index in range(count)]
    sizes = []
    for _ in range(count - 1):
        at, size = _size(payload, at)
        if size < 0:
            return []
        sizes.append(size)
    sizes.append(end - at - sum(sizes))
    return [] if sizes[-1] < 0 else [(at + sum(sizes[:index]), size) for index, size in enumerate(sizes)]


def _padding(payload: bytes, at: int) -> tuple[int, int]:
    """Return how much padding stands at the end, behind where that is said: 255 is 254 and goes on in the next byte."""
    padding = 0
    while at < len(payload):
        byte = payload[at]
        at += 1
        if byte < 255:
            return at, padding + byte
        padding += 254
    return at, len(payload)
