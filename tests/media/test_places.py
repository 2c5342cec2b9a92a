"""Where rooms live: together as long as they can, and nobody refused while anybody has a place."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from media.places import KEPT_SHARE, Change, Places

ROWS = 64
KEPT = ROWS // KEPT_SHARE


class Workers:
    """Workers by letters, and how many places each has taken."""

    def __init__(self, names: str = "AB", rows: int = ROWS) -> None:
        self.places: Places[str] = Places(rows)
        self.rows = rows
        self.taken = dict.fromkeys(names, 0)

    def free(self, worker: str) -> int:
        return self.rows - self.taken[worker]

    def come(self, room: int, count: int = 1) -> str | None:
        """So many new people; where the last of them is."""
        worker = None
        for _ in range(count):
            worker = self.places.choose(room, list(self.taken), self.free)
            if worker is None:
                return None
            self.taken[worker] += 1
            if room:
                self.places.enter(room, worker)
        return worker


def test_a_room_lives_together_and_others_where_most_is_free() -> None:
    workers = Workers()
    assert workers.come(1, 10) == "A"
    assert workers.come(2) == "B"
    assert workers.come(1) == "A"
    assert workers.come(0) == "B"
    assert workers.places.workers(1) == ("A",)
    assert workers.places.people(1) == 11
    assert set(workers.places) == {1, 2}


def test_a_crowd_goes_on_elsewhere_a_little_before_its_worker_is_full_and_small_rooms_do_not() -> None:
    workers = Workers()
    assert workers.come(2, 2) == "A"
    workers.taken["B"] = 20
    assert workers.come(1, ROWS - 2 - KEPT) == "A"
    assert workers.come(1) == "B"
    assert workers.places.workers(1) == ("A", "B")
    assert workers.come(2) == "A"


def test_the_last_places_are_taken_once_nobody_has_any_others() -> None:
    workers = Workers()
    assert workers.come(1, 2 * (ROWS - KEPT)) == "B"
    assert [workers.free(worker) for worker in "AB"] == [KEPT, KEPT]
    for expected in "A" * KEPT + "B" * KEPT:
        assert workers.come(1) == expected
    assert workers.come(1) is None
    assert workers.come(0) is None
    assert Workers("").come(1) is None


def test_who_has_a_place_where_his_room_lives_stays_and_else_moves_while_there_is_one() -> None:
    workers = Workers("ABC")
    workers.come(1, ROWS - KEPT)
    assert workers.places.move(2, "B", workers.free) == "B"  # nobody is in it
    assert workers.places.move(1, "A", workers.free) == "A"
    assert workers.places.move(1, "B", workers.free) == "B"  # there are but the last places: it comes to him
    workers.places.enter(1, "B")
    assert workers.places.move(1, "C", workers.free) == "B"
    workers.places.leave(1, "A")
    workers.taken["A"] -= 1
    assert workers.places.move(1, "C", workers.free) == "A"


def test_changes_are_told_once_and_what_came_to_nothing_is_none() -> None:
    places: Places[str] = Places(ROWS)
    places.enter(1, "A")
    places.enter(1, "A")
    assert places.changes() == [Change(1, (), ("A",))]
    places.enter(1, "B")
    places.leave(1, "B")
    assert places.changes() == []
    places.enter(1, "B")
    assert places.changes() == [Change(1, ("A",), ("A", "B"))]
    places.inherit("A", "C")
    places.enter(2, "B")
    assert places.changes() == [Change(1, ("A", "B"), ("C", "B")), Change(2, (), ("B",))]
    assert places.people(1) == 3
    places.forget("B")
    assert places.changes() == [Change(1, ("C", "B"), ("C",)), Change(2, ("B",), ())]
    assert len(places) == 1


class Anything(RuleBasedStateMachine):
    """People come, move and go, and workers die."""

    def __init__(self) -> None:
        super().__init__()
        self.workers = Workers("ABC", rows=8)
        self.people: list[tuple[int, str]] = []
        self.told: dict[int, tuple[str, ...]] = {}

    @rule(room=st.integers(1, 3))
    def come(self, room: int) -> None:
        free = sum(map(self.workers.free, "ABC"))
        worker = self.workers.come(room)
        assert (worker is None) == (free == 0)
        if worker is not None:
            self.people.append((room, worker))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0), room=st.integers(1, 3))
    def change_rooms(self, which: int, room: int) -> None:
        old, worker = self.people.pop(which % len(self.people))
        self.workers.places.leave(old, worker)
        new = self.workers.places.move(room, worker, self.workers.free)
        assert new == worker or self.workers.free(new) > 0
        self.workers.taken[worker] -= 1
        self.workers.taken[new] += 1
        self.workers.places.enter(room, new)
        self.people.append((room, new))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0))
    def go(self, which: int) -> None:
        room, worker = self.people.pop(which % len(self.people))
        self.workers.places.leave(room, worker)
        self.workers.taken[worker] -= 1

    @rule(worker=st.sampled_from("ABC"))
    def die(self, worker: str) -> None:
        self.workers.places.forget(worker)
        self.workers.taken[worker] = 0
        self.people = [each for each in self.people if each[1] != worker]

    @invariant()
    def everybody_is_counted_where_he_is(self) -> None:
        places = self.workers.places
        for change in places.changes():
            assert self.told.get(change.room, ()) == change.before
            self.told[change.room] = change.now
        for room in (1, 2, 3):
            mine = [worker for number, worker in self.people if number == room]
            assert places.people(room) == len(mine)
            assert set(places.workers(room)) == set(mine) == set(self.told.get(room, ()))
        assert all(0 <= self.workers.free(worker) <= 8 for worker in "ABC")


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)


@given(st.integers(1, 200))
def test_all_places_of_all_workers_can_be_had_by_one_room(rows: int) -> None:
    workers = Workers("ABC", rows)
    workers.come(1, 3 * rows)
    assert set(workers.taken.values()) == {rows}
    assert workers.come(1) is None
