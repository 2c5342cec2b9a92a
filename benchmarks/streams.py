"""What every phone of a load test sends, a phase of rows at a time: its script, laid over `packets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import g711, voices
from benchmarks.packets import HEADER_BYTES, Packets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.voices import Mark


class Streams(Packets):
    """The outgoing side of all participants.

    Participant `row` sits in room `row % rooms`; the first `talkers` of a room talk.
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
        super().__init__(participants=participants, codec=codec, ptime_ms=ptime_ms, phases=phases, rng=rng)
        self._cadence, self._quiet = cadence, quiet
        rows = np.arange(participants)
        self.room = rows % rooms
        self.place = rows // rooms
        self.is_talker = self.place < talkers
        self.tone = np.full(participants, -1)
        for room in range(min(rooms, participants)):
            mine = rows[(self.room == room) & self.is_talker]
            self.tone[mine] = voices.tones_of_room(room, len(mine))
        self.is_up = np.zeros(participants, bool)
        self.is_keying = np.zeros(participants, bool)
        self.members = [rows[self.room == room] for room in range(rooms)]
        self.shift_s = voices.room_shift_s(rooms)
        self._silence = np.full(self.samples, g711.SILENCE[codec], np.uint8)
        self._noise = voices.noise_frames(codec, self.samples, rng)
        self._rng = rng
        self._tones = voices.tone_frames(codec, self.samples)
        self._mark_frames = voices.mark_frames(codec, self.samples)
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
