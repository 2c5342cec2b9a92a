"""The way of all phones' packets to the server: each is lost or comes late, as a seeded trace of its phone says (`traces`).

A packet is copied when it is made, and sent in the sub-tick in which it is due: what the server gets is what a network of that
kind would hand it, to the grain of a sub-tick. All phones of a phase go at once; no packet is an object.

A row of `packets` is one packet on its way. Of P participants the row `n` belongs to `n % P`, and there are so many rows for
each that the slowest packet has been sent before its row is wanted again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.traces import Network

LOST = -1
TRACE_PACKETS = 2048
"""Of each phone, 41 s; then its network begins again as it was. No two phones have the same."""
NEVER = np.iinfo(np.int64).max


class Way:
    """Packets of `source : ndarray of shape (participants, bytes), uint8`, which others keep up to date, on their way."""

    def __init__(
        self, network: Network, source: NDArray[np.uint8], *, sub_ticks: int, seed: int, packet_s: float
    ) -> None:
        self._source = source
        participants = len(source)
        sub_tick_s = packet_s / sub_ticks
        traces = np.stack(
            [network.trace(seed * participants + row, TRACE_PACKETS) for row in range(participants)]
        )
        self._steps = np.where(np.isnan(traces), LOST, np.nan_to_num(traces) / sub_tick_s).astype(np.int32)
        """(participants, TRACE_PACKETS): how many sub-ticks each packet is on its way."""
        slots = int(self._steps.max()) // sub_ticks + 2
        self.packets = np.zeros((slots * participants, source.shape[1]), np.uint8)
        self._due = np.full(len(self.packets), NEVER)
        self._sent = np.zeros(participants, np.int64)
        self._slots = slots

    def post(self, rows: NDArray[np.int64], turn: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Take the packet of each participant in `rows` in the sub-tick `turn`.

        Returns the rows of `packets` of those that are not lost, and whose they are.
        """
        numbers = self._sent[rows]
        self._sent[rows] += 1
        steps = self._steps[rows, numbers % TRACE_PACKETS]
        kept = steps != LOST
        rows, numbers = rows[kept], numbers[kept]
        places = numbers % self._slots * len(self._source) + rows
        self.packets[places] = self._source[rows]
        self._due[places] = turn + steps[kept]
        return places, rows

    def due(self, turn: int) -> NDArray[np.int64]:
        """Return the rows of `packets` that arrive by the sub-tick `turn`, each once; in the order they are due."""
        places = np.flatnonzero(self._due <= turn)
        places = places[np.argsort(self._due[places], kind="stable")]
        self._due[places] = NEVER
        return places
