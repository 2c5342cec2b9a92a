"""What every phone sends: one packet per row, kept up to date in place, a phase of rows at a time (RFC 3550 5.1).

 0                   1                   2                   3
|V=2|P|X|  CC   |M|     PT      |       sequence number         |
|                           timestamp                           |
|                             SSRC                              |
|                    payload, one frame of G.711                |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711, voices
from benchmarks.messages import PAYLOAD_TYPES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.digits import KeyFrame
    from benchmarks.voices import Mark

HEADER_BYTES = 12
GOLDEN = 0.6180339887498949


class Streams:
    """The outgoing side of all participants.

    Participant `row` sits in room `row % rooms`; the first `talkers` of a room talk. `packets : ndarray of shape
    (participants, 12 + samples), uint8` is what a wire sends.
    """

    def __init__(
        self,
        *,
        participants: int,
        rooms: int,
        talkers: int,
        codec: str,
        ptime_ms: int,
        phases: int,
        quiet: str,
        cadence: str,
        seed: int,
    ) -> None:
        rng = np.random.default_rng(seed)
        self.samples = 8 * ptime_ms
        self.phases = phases
        self._cadence, self._quiet = cadence, quiet
        rows = np.arange(participants)
        self.room = rows % rooms
        self.place = rows // rooms
        self.is_talker = self.place < talkers
        self.tone = np.full(participants, -1)
        for room in range(min(rooms, participants)):
            mine = rows[(self.room == room) & self.is_talker]
            self.tone[mine] = voices.tones_of_room(room, len(mine))
        self.phase = ((rows * GOLDEN) % 1.0 * phases).astype(np.int64)
        self.is_up = np.zeros(participants, bool)
        self.is_keying = np.zeros(participants, bool)
        self.members = [rows[self.room == room] for room in range(rooms)]
        self.shift_s = voices.room_shift_s(rooms)
        self._silence = np.full(self.samples, g711.SILENCE[codec], np.uint8)
        self._noise = voices.noise_frames(codec, self.samples, rng)
        self._rng = rng
        self._tones = voices.tone_frames(codec, self.samples)
        self._mark_frames = voices.mark_frames(codec, self.samples)
        self.packets = np.zeros((participants, HEADER_BYTES + self.samples), np.uint8)
        self.packets[:, 0] = 0x80
        self.packets[:, 1] = PAYLOAD_TYPES[codec]
        stride = self.packets.strides[0]
        self._sequence_field = np.ndarray((participants,), ">u2", self.packets.data, 2, (stride,))
        self._timestamp_field = np.ndarray((participants,), ">u4", self.packets.data, 4, (stride,))
        ssrc_field = np.ndarray((participants,), ">u4", self.packets.data, 8, (stride,))
        ssrc_field[:] = rng.integers(1, 1 << 32, participants, dtype=np.uint32)
        self._sequence = rng.integers(0, 1 << 16, participants, dtype=np.uint16)
        self._timestamp = rng.integers(0, 1 << 32, participants, dtype=np.uint32)
        self.packets[:, HEADER_BYTES:] = self._silence
        self._frame = np.zeros(participants, np.int64)
        self._marking: list[list[tuple[Mark, int]]] = [[] for _ in range(phases)]
        self._rows_of_phase = [rows[:0] for _ in range(phases)]
        self._talkers_of_phase = [rows[:0] for _ in range(phases)]
        self._quiet_of_phase = [rows[:0] for _ in range(phases)]

    def refresh(self) -> None:
        """Take over a change of `is_up` or `is_keying`."""
        for phase in range(self.phases):
            here = self.is_up & (self.phase == phase) & ~self.is_keying
            self._talkers_of_phase[phase] = np.flatnonzero(here & self.is_talker)
            self._quiet_of_phase[phase] = np.flatnonzero(here & ~self.is_talker)
            sends = here if self._quiet != "none" else here & self.is_talker
            self._rows_of_phase[phase] = np.flatnonzero(sends)

    def begin_mark(self, mark: Mark) -> None:
        """Let the participant of `mark` begin its burst with its next packet."""
        if self.is_up[mark.row] and not self.is_keying[mark.row]:
            self._marking[self.phase[mark.row]].append((mark, 0))

    def next_phase(self, phase: int, at_s: float) -> tuple[NDArray[np.int64], list[Mark]]:
        """Make the packets of a phase ready; return their rows and the marks whose first packet is among them."""
        rows = self._rows_of_phase[phase]
        self._stamp(rows)
        talkers = self._talkers_of_phase[phase]
        if len(talkers):
            cycle_s = voices.cycle_time_s(at_s, self.shift_s[self.room[talkers]])
            on = voices.speaking(at_s, cycle_s, self.place[talkers], cadence=self._cadence)
            self._frame[talkers] = (self._frame[talkers] + 1) % voices.LOOP_FRAMES
            self.packets[talkers, HEADER_BYTES:] = np.where(
                on[:, None], self._tones[self.tone[talkers], self._frame[talkers]], self._silence
            )
        if self._quiet == "noise" and len(quiet := self._quiet_of_phase[phase]):
            which = self._rng.integers(0, len(self._noise), len(quiet))
            self.packets[quiet, HEADER_BYTES:] = self._noise[which]
        return rows, self._write_marks(phase)

    def key_packet(self, row: int, frame: KeyFrame, payload_type: int) -> bytes:
        """Return the next packet of a participant who is keying: an event, or audio in the pauses."""
        self._stamp(np.array([row]))
        if frame.event is None:
            return bytes(self.packets[row])
        head = bytearray(self.packets[row, :HEADER_BYTES])
        head[1] = payload_type | (0x80 if frame.marker else 0)
        began = (int(self._timestamp[row]) - frame.age * self.samples) & 0xFFFF_FFFF
        head[4:8] = began.to_bytes(4, "big")
        return bytes(head) + frame.event

    def _stamp(self, rows: NDArray[np.int64]) -> None:
        self._sequence[rows] += np.uint16(1)
        self._timestamp[rows] += np.uint32(self.samples)
        self._sequence_field[rows] = self._sequence[rows]
        self._timestamp_field[rows] = self._timestamp[rows]

    def _write_marks(self, phase: int) -> list[Mark]:
        began = []
        going = []
        for mark, frame in self._marking[phase]:
            if frame == len(self._mark_frames):
                self.packets[mark.row, HEADER_BYTES:] = self._silence
                continue
            self.packets[mark.row, HEADER_BYTES:] = self._mark_frames[frame]
            if frame == 0:
                began.append(mark)
            going.append((mark, frame + 1))
        self._marking[phase] = going
        return began
