"""The way out of rows that do not take one G.711 frame a tick: other codecs, and longer packets.

Payloads come from `encoding` or out of the table of codes. One that is 160 bytes a tick (G.722) becomes another line of the
table and leaves with the block like G.711. The rest are `apart`: those of other lengths have a block of their own (`loose`), where
each distinct payload is copied at once to all who get it; packets of several ticks are made one by one (`packing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media import laws
from media.codecs.kind import VARIES, facts
from media.codecs.opus import heeded
from media.control import Format
from media.encoding import Encoding, Payloads
from media.hearing import NOBODYS, Lines
from media.jitter import FRAME
from media.packing import Packing, ticks_in
from media.rtp import HEADER_BYTES
from media.streams import Streams

LOOSE_BYTES: Final = 1_288
"""Room for a header and the longest payload of one tick: 1,275 bytes of Opus (RFC 6716 section 3.2.1)."""
_MARKER: Final = 0x80
_NO_PAYLOADS: Final = Payloads(NOBODYS, NOBODYS, [])


class Outward:
    """State of R rows.

    Parameters
    ----------
    streams : Streams
    slot : ndarray of shape (R,), int32
        The room slot of each row.
    loops : ndarray of shape (R,), intp
        The music that each row hears while it is in no room.
    """

    def __init__(self, streams: Streams, slot: NDArray[np.int32], loops: NDArray[np.intp]) -> None:
        self._streams = streams
        self._encoding = Encoding(slot, loops)
        self._packing = Packing()
        self.apart = np.zeros(streams.capacity, np.bool_)
        """The row's packets are not in the block."""
        self.loose = np.zeros((streams.capacity, LOOSE_BYTES), np.uint8)
        """A packet per row whose packets are apart and of one tick."""
        self._is_loose = np.zeros(streams.capacity, np.bool_)
        self._paused = np.zeros(streams.capacity, np.bool_)  # nothing was sent in the last tick, as agreed
        self._made = _NO_PAYLOADS
        self._coded: list[tuple[int, bytes]] = []  # payloads of G.711 for packets of several ticks

    @property
    def idle(self) -> bool:
        """Everybody takes G.711, a tick in each packet."""
        return self._encoding.idle and self._packing.idle

    def open(self, row: int, new: Format, band: int) -> None:
        """What the row is sent from now on."""
        kind = facts(new.codec)
        if new.codec in laws.CODECS:
            self._encoding.close(row)
        else:
            terms = None if new.opus is None else heeded(new.opus, band)
            self._encoding.open(row, new.codec, band, terms)
        tick_bytes = None if kind.sample_bytes == VARIES else FRAME * kind.sample_bytes
        ticks = ticks_in(new.ptime_ms, tick_bytes)
        self.apart[row] = ticks > 1 or tick_bytes != FRAME
        fits = tick_bytes is None or tick_bytes <= LOOSE_BYTES - HEADER_BYTES
        self._is_loose[row] = self.apart[row] and ticks == 1 and fits
        self._paused[row] = False
        if self.apart[row] and not self._is_loose[row]:
            self._packing.open(row, ticks)
        else:
            self._packing.close(row)

    def close(self, row: int) -> None:
        """The row is gone."""
        self._encoding.close(row)
        self._packing.close(row)
        self.apart[row] = self._is_loose[row] = False

    def last(self, row: int) -> int | None:
        """The last sample that the row heard, None where the block has it."""
        return self._encoding.last(row) if self._encoding.has(row) else None

    def expect_loss(self, row: int, percent: int) -> None:
        """So much of what the row is sent does not arrive."""
        self._encoding.expect_loss(row, percent)

    def encode(
        self,
        table: NDArray[np.uint8],
        line: NDArray[np.intp],
        wide: Mapping[int, Lines],
        instead: Mapping[int, NDArray[np.int16]],
    ) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        """Make this tick's payloads; returns table and lines with those that go into the block.

        Parameters
        ----------
        table, line
            As `Listeners.tick` gives them.
        wide
            What is heard at other rates than 8 kHz.
        instead
            Rows that get this frame in place of what they would hear.
        """
        self._made = made = self._encoding.tick(wide, instead)
        self._coded = [
            (row, table[line[row]].tobytes())
            for row in self._packing.rows.tolist()
            if not self._encoding.has(row)
        ]
        in_block = ~self.apart[made.rows]
        if not in_block.any():
            return table, line
        distinct, index = np.unique(made.which[in_block], return_inverse=True)
        codes = np.frombuffer(b"".join(made.distinct[at] for at in distinct.tolist()), np.uint8)
        line = line.copy()
        line[made.rows[in_block]] = len(table) + index
        return np.concatenate((table, codes.reshape(len(distinct), FRAME))), line

    def packets(
        self, block: NDArray[np.void], sending: NDArray[np.bool_], held: set[int]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], list[tuple[int, bytes]]]:
        """The packets apart that leave in this tick, counted; headers are those of `block`.

        Parameters
        ----------
        sending : ndarray of shape (R,), bool
            Rows that are sent to.
        held : set of int
            Rows that are sent something else in this tick.

        Returns
        -------
        rows, lengths : ndarray of shape (M,), intp
            Whose packets are in `loose`, and their bytes.
        others : list of (row, packet)
            Those of several ticks.
        """
        headers = block.view(np.uint8).reshape(len(block), -1)[:, :HEADER_BYTES]
        rows, lengths = self._fill(headers, sending, held)
        others = self._packed(headers, sending, held)
        for left in (rows, np.array([row for row, _ in others], np.intp)):
            self._streams.sequence_out[left] += 1
            self._streams.packets_out[left] += 1
        return rows, lengths, others

    def _fill(
        self, headers: NDArray[np.uint8], sending: NDArray[np.bool_], held: set[int]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Make the packets of one tick in `loose`; returns the rows of those to be sent, and their bytes."""
        made = self._made
        mine = self._is_loose[made.rows]
        if held:
            mine &= ~np.isin(made.rows, list(held))
        rows, which = made.rows[mine], made.which[mine]
        if not rows.size:
            return NOBODYS, NOBODYS
        size = np.fromiter(map(len, made.distinct), np.intp, len(made.distinct))[which]
        says = size > 0
        begins = rows[says & self._paused[rows]]
        self._paused[rows] = ~says
        self.loose[rows, :HEADER_BYTES] = headers[rows]
        self.loose[begins, 1] |= _MARKER  # the first after a pause (RFC 3551 section 4.1)
        for at in np.unique(which[says]).tolist():
            payload = np.frombuffer(made.distinct[at], np.uint8)
            self.loose[rows[which == at], HEADER_BYTES : HEADER_BYTES + len(payload)] = payload
        leave = says & sending[rows]
        return rows[leave], size[leave] + HEADER_BYTES

    def _packed(
        self, headers: NDArray[np.uint8], sending: NDArray[np.bool_], held: set[int]
    ) -> list[tuple[int, bytes]]:
        """Packets of several ticks that are whole now."""
        if self._packing.idle:
            return []
        made = self._made
        mine = (self.apart[made.rows] & ~self._is_loose[made.rows]).nonzero()[0]
        payloads = [
            (row, made.distinct[which])
            for row, which in zip(made.rows[mine].tolist(), made.which[mine].tolist(), strict=True)
        ]
        out = []
        for row, payload in payloads + self._coded:
            if row in held:
                self._packing.hold(row)
                continue
            packet = self._packing.add(row, headers[row].tobytes(), payload)
            if packet is not None and sending[row]:
                out.append((row, packet))
        return out
