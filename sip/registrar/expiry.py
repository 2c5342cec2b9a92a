"""Who has a binding that ends, and when: a heap with one entry for each user, that of the binding which ends first.

A binding that is refreshed leaves its entry alone: when it comes up, the user is looked at, and put back for the true
end. Only an end that moves forward puts a second entry in, and the first is then a corpse; when these are more than
the living they are swept, so that a telephone which registers and unregisters all day costs no memory.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

CORPSES_FEW: Final = 64
"""So many are not worth sweeping."""


class Expiry:
    """Names by the time they are to be looked at."""

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __len__(self) -> int:
        """Entries of the heap, corpses and all."""
        return len(self._heap)

    def no_later_than(self, at: float, name: str) -> None:
        """Look at `name` by then."""
        known = self._at.get(name)
        if known is not None and known <= at:
            return
        self._at[name] = at
        heappush(self._heap, (at, name))
        self._sweep()

    def forget(self, name: str) -> None:
        """There is nothing to look at any more."""
        if self._at.pop(name, None) is not None:
            self._sweep()

    def next_deadline(self) -> float | None:
        """When somebody is to be looked at."""
        heap = self._heap
        while heap and self._at.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: float) -> list[str]:
        """Take out everybody to be looked at by now."""
        names: list[str] = []
        while (at := self.next_deadline()) is not None and at <= now:
            name = heappop(self._heap)[1]
            del self._at[name]
            names.append(name)
        return names

    def _sweep(self) -> None:
        if len(self._heap) > 2 * len(self._at) + CORPSES_FEW:
            self._heap = [(at, name) for name, at in self._at.items()]
            heapify(self._heap)
