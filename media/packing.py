"""Packets with several ticks of sound in one, where a peer wants it so.

Nearly everybody takes a packet a tick; some telephones want 40 or 60 ms in one. They are few, so theirs are made one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

TICK_MS: Final = 20
LONGEST_MS: Final = 60
"""More in one packet is more delay than a conversation bears, and three syllables lost at once; who wants more gets this."""
PACKET_BYTES: Final = 1_372
"""The most that goes into one packet: 1,400 bytes with header and the longest tag of SRTP, which every tunnel takes."""
_STAMP: Final = slice(4, 8)
"""Where in a header the timestamp is (RFC 3550 section 5.1)."""


def ticks_in(ptime_ms: int, tick_bytes: int | None) -> int:
    """Tell how many ticks go into a packet of `ptime_ms`: the whole ones, at least one, no more than fit.

    tick_bytes : bytes of one tick's payload, None where payloads cannot be laid end to end (Opus)
    """
    if tick_bytes is None:
        return 1
    return max(1, min(min(ptime_ms, LONGEST_MS) // TICK_MS, PACKET_BYTES // tick_bytes))


@dataclass(slots=True)
class _Packet:
    """What one row has ready of its next packet."""

    ticks: int
    stamp: bytes = b""
    """The timestamp of the first part, as it stands in the header."""
    parts: list[bytes] = field(default_factory=list)


class Packing:
    """The rows whose packets are made here."""

    def __init__(self) -> None:
        self._rows: dict[int, _Packet] = {}

    @property
    def idle(self) -> bool:
        """There are none."""
        return not self._rows

    @property
    def rows(self) -> NDArray[np.intp]:
        """All of them."""
        return np.fromiter(self._rows, np.intp, len(self._rows))

    def has(self, row: int) -> bool:
        """Whether the row is one of them."""
        return row in self._rows

    def open(self, row: int, ticks: int) -> None:
        """The row's packets are made here from now on, of so many ticks each."""
        if row not in self._rows or self._rows[row].ticks != ticks:
            self._rows[row] = _Packet(ticks)

    def close(self, row: int) -> None:
        """They are in the block, or the row is gone."""
        self._rows.pop(row, None)

    def hold(self, row: int) -> None:
        """The row sends something else in this tick: what was begun is not sent."""
        self._rows[row].parts.clear()

    def add(self, row: int, header: bytes, payload: bytes) -> bytes | None:
        """Take a tick's payload, with the header that it would have if it were a packet.

        Returns the packet once it is whole.
        """
        packet = self._rows[row]
        if not packet.parts:
            packet.stamp = header[_STAMP]
        packet.parts.append(payload)
        if len(packet.parts) < packet.ticks:
            return None
        payload = b"".join(packet.parts)
        packet.parts.clear()
        return header[: _STAMP.start] + packet.stamp + header[_STAMP.stop :] + payload
