"""What every phone of a load test sends, a phase of rows at a time: its script, laid over `packets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks import repertoire, voices
from benchmarks.packets import HEADER_BYTES, Packets

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.voices import Mark

DTX_PACKETS = 21
"""Who is silent with DTX sends two in so many: one of background noise, and one that says that nothing follows, as browsers
do; libopus makes one of noise every 420 ms."""


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
        told = range(min(rooms, participants))
        said = {tone for room in told for tone in voices.tones_of_room(room, talkers)}
        self._can = repertoire.prepare(codec, ptime_ms, said, rng)
        super().__init__(
            participants=participants,
            codec=codec,
            ptime_ms=ptime_ms,
            phases=phases,
            rng=rng,
            payload_bytes=self._can.payloads.shape[1],
        )
        if quiet == "dtx" and self._can.pause < 0:
            raise ValueError(f"{codec} has no DTX")
        self.varies = self._can.varies
        """Whether packets differ in size: then `sizes` says how long each is."""
        self.sizes = np.zeros(participants, np.int64)
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
        self._rng = rng
        self._rounds = np.zeros(phases, np.int64)
        self._say(rows, np.zeros(participants, np.int64))
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
        self._rounds[phase] += 1
        rows = self._rows_of_phase[phase]
        if self._quiet == "dtx":
            rows = self._pause(phase)
        self._stamp(rows)
        talkers = self._talkers_of_phase[phase]
        if len(talkers):
            cycle_s = voices.cycle_time_s(at_s, self.shift_s[self.room[talkers]])
            on = voices.speaking(at_s, cycle_s, self.place[talkers], cadence=self._cadence)
            self._frame[talkers] += 1
            tones = self._can.tones[self.tone[talkers]] + self._frame[talkers] % self._can.loop
            self._say(talkers, np.where(on, tones, self._silence(talkers, phase)))
        if len(quiet := self._quiet_of_phase[phase]):
            if self._quiet == "noise":
                noise = self._can.noise
                self._say(quiet, self._rng.integers(noise.start, noise.stop, len(quiet)))
            elif self._quiet == "silence" and self._can.silence > 1:
                self._say(quiet, self._silence(quiet, phase))
        return rows, self._write_marks(phase)

    def _say(self, rows: NDArray[np.int64], lines: NDArray[np.int64]) -> None:
        """Put these lines of the repertoire into the packets of `rows`."""
        self.packets[rows, HEADER_BYTES:] = self._can.payloads[lines]
        self.sizes[rows] = HEADER_BYTES + self._can.sizes[lines]

    def _silence(self, rows: NDArray[np.int64], phase: int) -> NDArray[np.int64]:
        """Return the line of silence that is each one's turn; no two neighbours have the same."""
        return np.asarray((self._rounds[phase] + rows) % self._can.silence)

    def _pause(self, phase: int) -> NDArray[np.int64]:
        """Let the time of a phase's silent ones go by; return who sends, they among them whose turn it is."""
        quiet = self._quiet_of_phase[phase]
        turn = (self._rounds[phase] + quiet) % DTX_PACKETS
        speaking, pausing, resting = quiet[turn == 0], quiet[turn == 1], quiet[turn > 1]
        self._pass_by(resting)
        self._say(speaking, self._silence(speaking, phase))
        self._say(pausing, np.full(len(pausing), self._can.pause))
        return np.concatenate([self._talkers_of_phase[phase], speaking, pausing])

    def _write_marks(self, phase: int) -> list[Mark]:
        began = []
        going = []
        for mark, frame in self._marking[phase]:
            row = np.array([mark.row])
            if frame == len(self._can.mark):
                self._say(row, self._silence(row, phase))
                continue
            self._say(row, np.array([self._can.mark[frame]]))
            if frame == 0:
                began.append(mark)
            going.append((mark, frame + 1))
        self._marking[phase] = going
        return began
