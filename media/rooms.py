"""Rooms of a worker: small numbers for large ids, so that a room's facts are columns too. Empty rooms do not exist."""

from __future__ import annotations

from typing import Final

from media.control import NO_ROOM

NO_SLOT: Final = 0
"""The slot of rows that are in no room."""


class Rooms:
    """Room id to slot (1 .. `rows`) and back, while anybody is in it."""

    def __init__(self, rows: int) -> None:
        self.capacity = rows + 1
        self._slots: dict[int, int] = {NO_ROOM: NO_SLOT}
        self._ids: dict[int, int] = {}
        self._members = [0] * self.capacity
        self._free = list(range(rows, 0, -1))

    def enter(self, room: int) -> int:
        """One more in `room`; returns its slot."""
        slot = self._slots.get(room)
        if slot is None:
            slot = self._slots[room] = self._free.pop()
            self._ids[slot] = room
        self._members[slot] += 1
        return slot

    def leave(self, slot: int) -> bool:
        """One less in `slot`; True when that was the last and the slot is free again."""
        self._members[slot] -= 1
        if slot == NO_SLOT or self._members[slot] > 0:
            return False
        del self._slots[self._ids.pop(slot)]
        self._free.append(slot)
        return True

    def slot(self, room: int) -> int | None:
        """The slot of `room`, None while nobody is in it."""
        return self._slots.get(room)

    def room(self, slot: int) -> int:
        """The id of the room in `slot`."""
        return self._ids.get(slot, NO_ROOM)
