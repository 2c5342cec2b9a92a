"""The way out of rows that do not take one G.711 frame a tick: other codecs, and longer packets.

Payloads come from `encoding` or out of the table of codes. One that is 160 bytes a tick (G.722) becomes another line of the
table and leaves with the block like G.711. The rest are `apart`: their packets are made one by one (`packing`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from media import laws
from media.codecs.kind import VARIES, facts
from media.codecs.opus import heeded
from media.control import Format
from media.encoding import Encoding
from media.hearing import Lines
from media.jitter import FRAME
from media.packing import Packing, ticks_in
from media.rtp import HEADER_BYTES
from media.streams import Streams


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
        self._payloads: list[tuple[int, bytes]] = []

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
        if self.apart[row]:
            self._packing.open(row, ticks)
        else:
            self._packing.close(row)

    def close(self, row: int) -> None:
        """The row is gone."""
        self._encoding.close(row)
        self._packing.close(row)
        self.apart[row] = False

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
        payloads = self._encoding.tick(wide, instead)
        self._payloads = [(row, payload) for row, payload in payloads if self.apart[row]]
        self._payloads += [
            (row, table[line[row]].tobytes())
            for row in self._packing.rows.tolist()
            if not self._encoding.has(row)
        ]
        in_block = [(row, payload) for row, payload in payloads if not self.apart[row]]
        if not in_block:
            return table, line
        distinct = {
            payload: len(table) + at for at, payload in enumerate(dict.fromkeys(p for _, p in in_block))
        }
        codes = np.frombuffer(b"".join(distinct), np.uint8).reshape(len(distinct), FRAME)
        line = line.copy()
        line[[row for row, _ in in_block]] = [distinct[payload] for _, payload in in_block]
        return np.concatenate((table, codes)), line

    def packets(
        self, block: NDArray[np.void], sending: NDArray[np.bool_], held: set[int]
    ) -> list[tuple[int, bytes]]:
        """The packets apart that leave in this tick, counted; headers are those of `block`.

        Parameters
        ----------
        sending : ndarray of shape (R,), bool
            Rows that are sent to.
        held : set of int
            Rows that are sent something else in this tick.
        """
        if not self._payloads:
            return []
        rows = np.array([row for row, _ in self._payloads], np.intp)
        octets = block.view(np.uint8).reshape(len(block), -1)
        headers = octets[rows, :HEADER_BYTES].tobytes()
        out = []
        for at, ((row, payload), sends) in enumerate(
            zip(self._payloads, sending[rows].tolist(), strict=True)
        ):
            if row in held:
                self._packing.hold(row)
                continue
            header = headers[HEADER_BYTES * at : HEADER_BYTES * (at + 1)]
            packet = self._packing.add(row, header, payload)
            if packet is not None and sends:
                out.append((row, packet))
        left = np.array([row for row, _ in out], np.intp)
        self._streams.sequence_out[left] += 1
        self._streams.packets_out[left] += 1
        return out
