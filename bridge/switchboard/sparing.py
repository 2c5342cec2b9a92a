"""Lines of the log that strangers can cause at will are told sparingly: a flood of calls must not fill the disk."""

from __future__ import annotations

from typing import Final

BURST_LINES: Final = 50
"""So many in a row are told: all of an ordinary bad minute."""

LINES_PER_S: Final = 1.0
"""And so many for as long as it goes on: some 25 MB a day. What is left out is counted and said with the next line."""


class Sparing:
    """Says of each line of a kind whether it is to be written."""

    __slots__ = ("_at", "_left", "_left_out")

    def __init__(self) -> None:
        self._left = float(BURST_LINES)
        self._at = 0.0
        self._left_out = 0

    def ask(self, now: float) -> int | None:
        """How many lines were left out before this one, which is to be written; None where it is left out too."""
        self._left = min(float(BURST_LINES), self._left + max(0.0, now - self._at) * LINES_PER_S)
        self._at = now
        if self._left < 1.0:
            self._left_out += 1
            return None
        self._left -= 1.0
        left_out, self._left_out = self._left_out, 0
        return left_out
