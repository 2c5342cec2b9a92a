"""Moments to come, by key: one moment per key, the earliest first.

A heap holds every moment ever set and a table says which of them still count, so that moving or cancelling costs no
search. What no longer counts is thrown out when the heap has grown to `SLACK` times what counts.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

Key = TypeVar("Key", bound="Hashable")

SLACK: Final = 4
"""Heap entries per timer that counts before the heap is swept: amortised, a sweep costs less than the pushes did."""

SMALLEST_SWEEP: Final = 64
"""Entries below which nothing is swept: it would be work without gain."""


class Timers(Generic[Key]):
    """Keyed timers. Keys are hashable and need not be ordered."""

    __slots__ = ("_at", "_heap", "_serial")

    def __init__(self) -> None:
        self._at: dict[Key, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._serial = 0

    def __len__(self) -> int:
        return len(self._at)

    def __contains__(self, key: Key) -> bool:
        return key in self._at

    def set(self, key: Key, at: float) -> None:
        """`key` is due at `at`, and no longer at any moment said before."""
        self._serial += 1
        self._at[key] = (at, self._serial)
        heappush(self._heap, (at, self._serial, key))
        if len(self._heap) > max(SMALLEST_SWEEP, SLACK * len(self._at)):
            self._heap = [entry for entry in self._heap if self._counts(entry)]
            heapify(self._heap)

    def cancel(self, key: Key) -> None:
        """`key` is not due any more. Unknown keys are fine: most timers are cancelled after they ran out."""
        self._at.pop(key, None)

    def next_deadline(self) -> float | None:
        """When `due` has something to say, or None."""
        heap = self._heap
        while heap and not self._counts(heap[0]):
            heappop(heap)
        return heap[0][0] if heap else None

    def due(self, now: float) -> Iterator[Key]:
        """Keys whose moment is not after `now`, in order of moment. What is set or cancelled meanwhile counts."""
        while (deadline := self.next_deadline()) is not None and deadline <= now:
            key = heappop(self._heap)[2]
            del self._at[key]
            yield key

    def _counts(self, entry: tuple[float, int, Key]) -> bool:
        return self._at.get(entry[2]) == entry[:2]
