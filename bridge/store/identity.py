"""Ids of conferences and participants: unique across machines without asking anybody, in order of time."""

from __future__ import annotations

from typing import Final

ENTROPY_BYTES: Final = 10
"""What `unique_id` needs for each id: 80 bits, of which 74 are used."""


def unique_id(wall_s: float, entropy: bytes) -> str:
    """A UUID of version 7 (RFC 9562 section 5.7) in its usual text form.

    The first 48 bits are milliseconds since 1970 (`wall_s` in seconds), so ids sort as things began and a database
    appends them at the end of its index; the rest is `entropy`, `ENTROPY_BYTES` of it.
    """
    chance = int.from_bytes(entropy[:ENTROPY_BYTES])
    high = (int(wall_s * 1000) & 0xFFFF_FFFF_FFFF) << 16 | 0x7000 | (chance >> 62 & 0x0FFF)
    low = 1 << 63 | chance & 0x3FFF_FFFF_FFFF_FFFF
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
