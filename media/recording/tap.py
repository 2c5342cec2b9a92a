"""What a tick does for recordings: the frames that go into the mix of a recorded room are copied into the ring, each at the
rate at which it was said.

That is all. Mixing, resampling, encoding and writing are done elsewhere (`take`), from the same frames: who is muted,
not let into the mix or whispering is not in them, nor hold music, nor what is played to one alone. A room that nobody
recorded costs nothing, and one in which nobody speaks is not looked at.

Which rooms are recorded is told to every worker, wherever the room lives: it may be empty for a while and begin again in
another, and the recording goes on. A worker that has no such room has a number in a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from media.bands import Voices
from media.recording.ring import NOBODY, Ring

_NOTHING = 0


class Tap:
    """State between ticks: which slots of `rooms` are recorded, and as what."""

    def __init__(self, room_slots: int) -> None:
        self._ring: Ring | None = None
        self._recording = np.zeros(room_slots, np.int64)
        self._by_room: dict[int, int] = {}
        self._missed: Counter[int] = Counter()  # ticks of each recording that did not fit into the ring
        self.idle = True
        """No room here is recorded."""

    def attach(self, ring: Ring) -> None:
        """Hand over through `ring` from now on."""
        self._ring = ring

    def record(self, room: int, recording: int, slot: int | None) -> None:
        """Record `room`, which has `slot` if anybody is in it; `recording` 0 ends that, or pauses it."""
        if recording == _NOTHING:
            self._by_room.pop(room, None)
        else:
            self._by_room[room] = recording
        if slot is not None:
            self._set(slot, recording)

    def room_opened(self, room: int, slot: int) -> None:
        """Somebody came into a room that was empty."""
        if self._by_room:
            self._set(slot, self._by_room.get(room, _NOTHING))

    def room_emptied(self, slot: int) -> None:
        """The slot will be another room's."""
        if self._recording[slot]:
            self._set(slot, _NOTHING)

    def _set(self, slot: int, recording: int) -> None:
        self._recording[slot] = recording
        self.idle = not self._recording.any()

    def take(
        self,
        now: float,
        tick: int,
        voices: Sequence[Voices],
        slots: NDArray[np.integer],
        streams: NDArray[np.int64],
        announced: tuple[NDArray[np.intp], NDArray[np.int16]],
    ) -> None:
        """Hand over what the recorded rooms hear in this tick.

        slots : ndarray of shape (R,), int: the room of each row
        streams : ndarray of shape (R,), int64
        announced : ndarray of shape (A,), intp, and ndarray of shape (A, S), int16: slots, and what is said to them
        """
        if self._ring is None:
            return
        if self._missed:
            self._tell_missed(now, tick)
        parts = []
        for each in voices:
            parts.append((slots[each.rows], streams[each.rows], each.frames))
            if each.departed:
                gone = np.array([(departed.slot, departed.stream) for departed in each.departed])
                parts.append((gone[:, 0], gone[:, 1], np.array([frame for _, _, frame, _ in each.departed])))
        said_to, said = announced
        parts.append((said_to, np.full(len(said_to), NOBODY, np.int64), said))
        missed: set[int] = set()
        for rooms, whose, frames in parts:
            of_rooms = self._recording[rooms]
            here = of_rooms.nonzero()[0]
            recordings = of_rooms[here]
            if len(here) and not self._ring.write(now, tick, recordings, whose[here], frames[here]):
                missed.update(recordings.tolist())
        self._missed.update(missed)

    def _tell_missed(self, now: float, tick: int) -> None:
        assert self._ring is not None
        for recording, ticks in list(self._missed.items()):
            if self._ring.write_gap(now, tick, recording, ticks):
                del self._missed[recording]
