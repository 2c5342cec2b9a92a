"""Every phone's outgoing packet, kept up to date in place: one row each (RFC 3550 5.1).

 0                   1                   2                   3
|V=2|P|X|  CC   |M|     PT      |       sequence number         |
|                           timestamp                           |
|                             SSRC                              |
|                    payload, one frame                         |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711
from benchmarks.messages import CODECS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.digits import KeyFrame

HEADER_BYTES = 12
GOLDEN = 0.6180339887498949


class Packets:
    """`packets : ndarray of shape (participants, 12 + W), uint8` is what a wire sends.

    W is `payload_bytes`, the most that a payload has; 0: as many as samples of a codec with one byte for each.
    """

    def __init__(
        self,
        *,
        participants: int,
        codec: str,
        ptime_ms: int,
        phases: int,
        rng: np.random.Generator,
        payload_bytes: int = 0,
    ) -> None:
        self.samples = 8 * ptime_ms
        """Of a packet, at 8 kHz."""
        self.ticks = CODECS[codec].ticks_per_ms * ptime_ms
        """Of a packet, by the codec's clock."""
        self.phases = phases
        self.phase = ((np.arange(participants) * GOLDEN) % 1.0 * phases).astype(np.int64)
        """Which sub-tick each sends in, `ndarray of shape (participants,)`."""
        self.packets = np.zeros((participants, HEADER_BYTES + (payload_bytes or self.samples)), np.uint8)
        self.packets[:, 0] = 0x80
        self.packets[:, 1] = CODECS[codec].payload_type
        stride = self.packets.strides[0]
        self._sequence_field = np.ndarray((participants,), ">u2", self.packets.data, 2, (stride,))
        self._timestamp_field = np.ndarray((participants,), ">u4", self.packets.data, 4, (stride,))
        ssrc_field = np.ndarray((participants,), ">u4", self.packets.data, 8, (stride,))
        ssrc_field[:] = rng.integers(1, 1 << 32, participants, dtype=np.uint32)
        self._sequence = rng.integers(0, 1 << 16, participants, dtype=np.uint16)
        self._timestamp = rng.integers(0, 1 << 32, participants, dtype=np.uint32)
        self.packets[:, HEADER_BYTES:] = g711.SILENCE.get(codec, 0)

    def key_packet(self, row: int, frame: KeyFrame, payload_type: int) -> bytes:
        """Return the next packet of a participant who is keying: an event, or audio in the pauses."""
        self._stamp(np.array([row]))
        if frame.event is None:
            return bytes(self.packets[row])
        head = bytearray(self.packets[row, :HEADER_BYTES])
        head[1] = payload_type | (0x80 if frame.marker else 0)
        began = (int(self._timestamp[row]) - frame.age * self.ticks) & 0xFFFF_FFFF
        head[4:8] = began.to_bytes(4, "big")
        return bytes(head) + frame.event

    def _stamp(self, rows: NDArray[np.int64]) -> None:
        self._sequence[rows] += np.uint16(1)
        self._pass_by(rows)
        self._sequence_field[rows] = self._sequence[rows]
        self._timestamp_field[rows] = self._timestamp[rows]

    def _pass_by(self, rows: NDArray[np.int64]) -> None:
        """A packet time goes by, whether anything is sent or not."""
        self._timestamp[rows] += np.uint32(self.ticks)
