"""Keys that we press on somebody's line: while a row sends telephone-events (RFC 4733) it sends no audio."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media.clocks import Clocks
from media.intake import NO_EVENT
from media.streams import Streams
from media.telephone_event import EventSender


class KeysOut:
    """The rows that are sending keys; few, and seldom.

    Parameters
    ----------
    streams : Streams
    event_type : ndarray of shape (R,), int
        Payload type of each row's telephone-events, `NO_EVENT` where none was negotiated.
    clocks : Clocks
        Events count in the clock of the row's audio (RFC 4733 section 2.5.1.2).
    """

    def __init__(self, streams: Streams, event_type: NDArray[np.integer], clocks: Clocks) -> None:
        self._streams = streams
        self._clocks = clocks
        self._event_type = event_type
        self._senders: dict[int, EventSender] = {}

    @property
    def idle(self) -> bool:
        """No row sends keys."""
        return not self._senders

    @property
    def rows(self) -> NDArray[np.intp]:
        """Those that do."""
        return np.fromiter(self._senders, np.intp)

    def press(self, row: int, digits: str, duration_ms: int, gap_ms: int) -> None:
        """Queue keys; without telephone-events there is no way to send them."""
        if self._event_type[row] != NO_EVENT:
            self._senders.setdefault(row, EventSender()).press(digits, duration_ms, gap_ms)

    def forget(self, row: int) -> None:
        """The row ends."""
        self._senders.pop(row, None)

    def tick(self, sending: NDArray[np.bool_]) -> tuple[list[tuple[int, bytes]], list[int]]:
        """The packets of this tick, of rows that are `sending`; and the rows that have pressed their last key."""
        packets: list[tuple[int, bytes]] = []
        # A peer may agree to events no more while keys are being pressed: those that are left are pressed no more.
        finished = [
            row
            for row, sender in self._senders.items()
            if not sender.queue or self._event_type[row] == NO_EVENT
        ]
        for row in finished:
            del self._senders[row]
        streams = self._streams
        for row, sender in self._senders.items():
            ticks = int(self._clocks.ticks[row])
            for timestamp, marker, payload in sender.tick(int(streams.timestamp_out[row]), ticks):
                if not sending[row]:
                    continue
                header = bytes((0x80, int(self._event_type[row]) | (0x80 if marker else 0)))
                sequence = int(streams.sequence_out[row])
                header += sequence.to_bytes(2, "big")
                header += (timestamp & 0xFFFFFFFF).to_bytes(4, "big")
                header += int(streams.ssrc_out[row]).to_bytes(4, "big")
                packets.append((row, header + payload))
                streams.sequence_out[row] = (sequence + 1) & 0xFFFF
                streams.packets_out[row] += 1
        return packets, finished
