"""Records on their way to the database: in order, in batches, within bounds. Pure; `bridge.store.worker` drives it.

A record that comes in waits up to `BATCH_WAIT_S` for company, so that a busy bridge writes a few large transactions instead
of many small ones. A batch stays here until it is written. While the database is away it is tried again, after pauses that
double up to `RETRY_LONGEST_S`. When `CAPACITY` records wait, newer ones are refused and counted: what waits keeps its order.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.store.records import Record

BATCH_WAIT_S: Final = 0.2
"""How long a record may wait for company: what a crash can take away, at most."""

BATCH_LIMIT: Final = 1000
"""Records in one transaction: some 20 ms of work, so that a look-up behind it does not wait noticeably."""

CAPACITY: Final = 100_000
"""Records that wait while the database is away, some 50 MB: an hour of a busy bridge. Newer ones are refused."""

RETRY_FIRST_S: Final = 0.5
RETRY_LONGEST_S: Final = 15.0
"""The pauses between attempts double from the first to the longest."""


class Journal:
    """Records that wait to be written."""

    def __init__(self, *, capacity: int = CAPACITY, batch_limit: int = BATCH_LIMIT) -> None:
        self._waiting: deque[Record] = deque()
        self._capacity = capacity
        self._batch_limit = batch_limit
        self._due_s: float | None = None
        self._pause_s = 0.0
        self.refused = 0
        """Records that found the journal full: lost."""
        self.written = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def receive(self, record: Record, now: float) -> bool:
        """Keep `record` until it is written; False where the journal is full and the record is lost."""
        if len(self._waiting) >= self._capacity:
            self.refused += 1
            return False
        self._waiting.append(record)
        if self._due_s is None:
            self._due_s = now + BATCH_WAIT_S
        return True

    def next_deadline(self) -> float | None:
        """When `batch` will have something, or None while nothing waits."""
        return self._due_s

    def batch(self, now: float) -> list[Record]:
        """What is to be written now; it stays in the journal until `wrote` or `failed` is said."""
        if self._due_s is None or now < self._due_s:
            return []
        return list(islice(self._waiting, self._batch_limit))

    def wrote(self, count: int, now: float) -> None:
        """The first `count` records are in the database, or will never be and were reported."""
        for _ in range(count):
            self._waiting.popleft()
        self.written += count
        self._pause_s = 0.0
        self._due_s = now if self._waiting else None

    def failed(self, now: float) -> None:
        """The database did not take the batch; wait before the next attempt."""
        self._pause_s = min(max(RETRY_FIRST_S, self._pause_s * 2), RETRY_LONGEST_S)
        self._due_s = now + self._pause_s

    @property
    def failing(self) -> bool:
        """Whether the last attempt failed."""
        return self._pause_s > 0.0

    def remainder(self) -> list[Record]:
        """All that waits: what a stop must keep elsewhere."""
        return list(self._waiting)
