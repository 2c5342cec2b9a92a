"""In which workers each room lives: in one as a rule, in several where it is larger than what one has left.

Nobody is refused because of where his room is, as long as any worker has a place; and no room is spread that need not be. So
whoever comes goes to a worker in which the room lives already, and only where those are full to another. The last places of a
worker are kept for its small rooms: a crowd that could fill it goes on elsewhere a little before, so that not each room of
three that lives beside it must be spread for the sake of the fourth. Once all workers are that full, these places are taken, too.

Who has a place in one of the room's workers stays there. A room is not drawn together again when it has become smaller: those
who moved would hear it. When the last of a room leaves a worker, the room no longer lives there.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

KEPT_SHARE: Final = 16
"""One in so many of a worker's places is kept for rooms of which no more people than that are in it: 250 of 4,000."""

_W = TypeVar("_W", bound=Hashable)


class Change(NamedTuple, Generic[_W]):
    """A room lives elsewhere than it did."""

    room: int
    before: tuple[_W, ...]
    now: tuple[_W, ...]


class Places(Generic[_W]):
    """Rooms with somebody in, and how many of each are in which worker.

    Parameters
    ----------
    rows : int > 0
        Streams that one worker takes at the most.
    """

    def __init__(self, rows: int) -> None:
        self._kept = rows // KEPT_SHARE
        self._people: dict[int, dict[_W, int]] = {}  # workers in the order in which the room came to them
        self._touched: dict[int, tuple[_W, ...]] = {}  # rooms, and where they lived when they were last told

    def __len__(self) -> int:
        """Rooms."""
        return len(self._people)

    def __iter__(self) -> Iterator[int]:
        return iter(self._people)

    def people(self, room: int) -> int:
        """How many are in it, or on their way there."""
        return sum(self._people.get(room, {}).values())

    def workers(self, room: int) -> tuple[_W, ...]:
        """Where it lives, the worker first to which it came first; nowhere while nobody is in."""
        return tuple(self._people.get(room, ()))

    # Where somebody is to go -----------------------------------------------------------------------------------

    def choose(self, room: int, everyone: Sequence[_W], free: Callable[[_W], int]) -> _W | None:
        """The worker for somebody new in `room`, or in none (0); None where all are full.

        free : tells how many places a worker has left
        """
        theirs = self.workers(room)
        for worker in theirs:
            if self._takes(room, worker, free(worker)):
                return worker
        most = max(everyone, key=free, default=None)
        if most is None or free(most) <= 0:
            return None
        if theirs and free(most) <= self._kept:  # nobody has any but the last places
            return next((worker for worker in theirs if free(worker) > 0), most)
        return most

    def move(self, room: int, here: _W, free: Callable[[_W], int]) -> _W:
        """The worker for somebody who has a place in `here` and comes into `room`: that one, or another to which he moves."""
        theirs = self.workers(room)
        if here in theirs:
            return here
        return next((worker for worker in theirs if self._takes(room, worker, free(worker))), here)

    def _takes(self, room: int, worker: _W, free: int) -> bool:
        return free > 0 and (free > self._kept or self._people[room][worker] < self._kept)

    # What happens ----------------------------------------------------------------------------------------------

    def enter(self, room: int, worker: _W) -> None:
        """One more of `room` is in `worker`."""
        self._touch(room)
        people = self._people.setdefault(room, {})
        people[worker] = people.get(worker, 0) + 1

    def leave(self, room: int, worker: _W) -> None:
        """One less is."""
        self._touch(room)
        people = self._people[room]
        people[worker] -= 1
        if not people[worker]:
            del people[worker]
        if not people:
            del self._people[room]

    def inherit(self, dead: _W, heir: _W) -> None:
        """All that was in `dead` is in `heir`, which was empty."""
        for room in self._rooms_of(dead):
            self._touch(room)
            self._people[room] = {
                heir if worker == dead else worker: count for worker, count in self._people[room].items()
            }

    def forget(self, dead: _W) -> None:
        """All that was in `dead` is no more."""
        for room in self._rooms_of(dead):
            self._touch(room)
            del self._people[room][dead]
            if not self._people[room]:
                del self._people[room]

    def _rooms_of(self, worker: _W) -> Iterable[int]:
        return [room for room, people in self._people.items() if worker in people]

    def _touch(self, room: int) -> None:
        self._touched.setdefault(room, self.workers(room))

    def changes(self) -> list[Change[_W]]:
        """Which rooms have come to other workers, or left some, since the last call."""
        touched, self._touched = self._touched, {}
        changes = [Change(room, before, self.workers(room)) for room, before in touched.items()]
        return [change for change in changes if change.before != change.now]
