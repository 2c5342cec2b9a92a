"""Who speaks to one other row instead of to the room (O4): kept by the name of the other stream, looked up each tick.

So nothing has to be told when the other leaves, moves or comes back after a worker's death: while it is not in the same
room there is nobody to hear the whisper, and the room does not hear it either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.rooms import NO_SLOT

NOBODY: Final = 0
"""In place of a stream: the row speaks to its room."""


class Whispers:
    """Few at any time: a dictionary, and a column that is asked only while there are any."""

    def __init__(self, rows: int, slot: NDArray[np.int32]) -> None:
        self._slot = slot
        self._to: dict[int, int] = {}
        self.rows: Mapping[int, int] = {}
        """Stream to row, as the engine keeps it."""
        self.apart = np.zeros(rows, np.bool_)
        """The row does not speak to its room."""

    @property
    def idle(self) -> bool:
        """Everybody speaks to his room."""
        return not self._to

    def to(self, row: int) -> int:
        """The stream that `row` whispers to, or `NOBODY`."""
        return self._to.get(row, NOBODY)

    def begin(self, row: int, to: int) -> None:
        """From now on `row` whispers to the stream `to`; with `NOBODY` it speaks to its room again."""
        if to == NOBODY:
            self._to.pop(row, None)
        else:
            self._to[row] = to
        self.apart[row] = to != NOBODY

    def listener(self, row: int) -> int | None:
        """The row that hears the whisper of `row`; None where there is none now."""
        return self.listener_of(self.to(row), row)

    def listener_of(self, to: int, row: int) -> int | None:
        """The row of the stream `to` where it is another than `row`, in the same room."""
        there = self.rows.get(to)
        if there is None or there == row or self._slot[row] == NO_SLOT:
            return None
        return there if self._slot[there] == self._slot[row] else None
