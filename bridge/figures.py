"""What has happened since the last look, in numbers: one line of the log a minute, if anything did.

Each part of the bridge counts for itself, in a `Counter` of its own that only grows; here they are read side by side.
A page for a metrics system would read the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EVERY_S: Final = 60.0
"""Often enough to see when trouble began; 1,440 lines a day on a bridge that is never quiet."""

Counts = dict[str, int]


class Figures:
    """Reads the counters of all parts. Each is asked by a call, since some are put together when asked."""

    def __init__(self, parts: Mapping[str, Callable[[], Mapping[str, int]]]) -> None:
        self._parts = parts
        self._before: dict[str, Mapping[str, int]] = {}

    def totals(self) -> dict[str, Counts]:
        """All that was ever counted, by part."""
        return {part: dict(read()) for part, read in self._parts.items()}

    def news(self) -> dict[str, Counts]:
        """What has been added since the last call, by part; parts and names to which nothing was added are left out."""
        totals = self.totals()
        added = {part: _added(counts, self._before.get(part, {})) for part, counts in totals.items()}
        self._before = dict(totals)
        return {part: counts for part, counts in added.items() if counts}


def _added(counts: Counts, before: Mapping[str, int]) -> Counts:
    return {
        name: count - before.get(name, 0)
        for name, count in sorted(counts.items())
        if count != before.get(name, 0)
    }
