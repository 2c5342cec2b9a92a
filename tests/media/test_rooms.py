"""Rooms of a worker: a slot as long as somebody is in, for any id."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.rooms import NO_SLOT, Rooms


def test_a_room_has_one_slot_until_the_last_leaves() -> None:
    rooms = Rooms(4)
    slot = rooms.enter(2**62)
    assert rooms.enter(2**62) == slot
    assert slot != NO_SLOT
    assert rooms.slot(2**62) == slot
    assert rooms.room(slot) == 2**62
    assert not rooms.leave(slot)
    assert rooms.leave(slot)
    assert rooms.slot(2**62) is None
    assert rooms.room(slot) == 0


def test_as_many_rooms_fit_as_there_are_rows_and_their_slots_are_within_the_capacity() -> None:
    rooms = Rooms(70_000)
    slots = [rooms.enter(1_000_000 + number) for number in range(70_000)]
    assert len(set(slots)) == 70_000
    assert min(slots) > 0
    assert max(slots) < rooms.capacity


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 3)), max_size=60))
def test_members_are_counted(moves: list[tuple[bool, int]]) -> None:
    rooms, members = Rooms(60), dict.fromkeys((1, 2, 3), 0)
    for enters, room in moves:
        if enters:
            rooms.enter(room)
            members[room] += 1
        elif members[room]:
            slot = rooms.slot(room)
            assert slot is not None
            members[room] -= 1
            assert rooms.leave(slot) is (members[room] == 0)
    assert all((rooms.slot(room) is not None) is (count > 0) for room, count in members.items())
