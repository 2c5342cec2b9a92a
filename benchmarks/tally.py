"""What came in a run of hours: counts and a histogram of gaps in place of the packets, which would not fit into memory.

A packet leaves nothing behind but these; so what is told is less than `analysis` tells of a short run. What stands in columns,
one value for each stream, is of the last packet that came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.analysis import NS_PER_MS, Delivery, Spread, expected_packets, spread, wrapped
from benchmarks.ears import in_turns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.wire import Arrivals

BIN_NS = 100_000
"""Gaps are told to 0.1 ms."""
BINS = 20_000
"""Two seconds; a longer gap counts as that in the histogram, and as itself as the longest."""
HEADER_BYTES = 12


class Tally:
    """Of the streams of so many participants."""

    def __init__(self, participants: int) -> None:
        self._count = np.zeros(participants, np.int64)
        self._first_ns = np.zeros(participants, np.int64)
        self._last_ns = np.zeros(participants, np.int64)
        self._sequence = np.zeros(participants, np.int64)
        self._timestamp = np.zeros(participants, np.int64)
        self._ssrc = np.zeros(participants, np.int64)
        self._span = np.zeros(participants, np.int64)
        self._gaps = np.zeros(BINS, np.int64)
        self._longest_ns = 0
        self._ssrc_changes = self._timestamp_jumps = self._back = self._odd_sizes = 0

    def take(self, arrivals: Arrivals, frame: int) -> None:
        """Count what just came; `frame` is what a packet should hold, in bytes and in ticks of its clock."""
        good = np.flatnonzero((arrivals.sizes >= HEADER_BYTES) & (arrivals.headers[:, 0] >> 6 == 2))
        self._odd_sizes += int(np.count_nonzero(arrivals.sizes != HEADER_BYTES + frame))
        heads = np.ascontiguousarray(arrivals.headers[good])
        columns = (
            arrivals.rows[good],
            arrivals.at_ns[good],
            heads[:, 2:4].copy().view(">u2")[:, 0].astype(np.int64),
            heads[:, 4:8].copy().view(">u4")[:, 0].astype(np.int64),
            heads[:, 8:12].copy().view(">u4")[:, 0].astype(np.int64),
        )
        for turn in in_turns(columns[0], columns[1]):
            self._count_in(*(column[turn] for column in columns), frame=frame)

    def _count_in(
        self,
        rows: NDArray[np.int64],
        at_ns: NDArray[np.int64],
        sequence: NDArray[np.int64],
        timestamp: NDArray[np.int64],
        ssrc: NDArray[np.int64],
        *,
        frame: int,
    ) -> None:
        """Count one packet of each row."""
        known = self._count[rows] > 0
        gaps = (at_ns - self._last_ns[rows])[known]
        if len(gaps):
            self._gaps += np.bincount(np.clip(gaps // BIN_NS, 0, BINS - 1), minlength=BINS)
            self._longest_ns = max(self._longest_ns, int(gaps.max()))
        steps = wrapped(sequence - self._sequence[rows], 16)
        same = known & (self._ssrc[rows] == ssrc)
        ticks = wrapped(timestamp - self._timestamp[rows], 32)
        self._ssrc_changes += int(np.count_nonzero(known & ~same))
        self._timestamp_jumps += int(np.count_nonzero(same & (ticks != steps * frame)))
        self._back += int(np.count_nonzero(same & (steps <= 0)))
        self._span[rows] += np.where(same, steps, 1)
        self._first_ns[rows] = np.where(known, self._first_ns[rows], at_ns)
        self._last_ns[rows], self._sequence[rows] = at_ns, sequence
        self._timestamp[rows], self._ssrc[rows] = timestamp, ssrc
        self._count[rows] += 1

    def delivery(self, up: NDArray[np.int64], *, begin_ns: int, end_ns: int, ptime_ms: int) -> Delivery:
        """Judge the streams of the participants `up : ndarray of shape (S,)`.

        Packets that came twice or out of order are counted as the latter; lateness by the sender's own clock and the worst
        listener's gaps are not known.
        """
        ptime_ns = ptime_ms * NS_PER_MS
        heard = up[self._count[up] > 0]
        silent = len(up) - len(heard)
        expected = expected_packets(self._first_ns[heard], self._last_ns[heard], begin_ns, end_ns, ptime_ns)
        counts, spans = self._count[heard], self._span[heard]
        received = np.minimum(counts, expected)
        all_expected = int(expected.sum()) + silent * int((end_ns - begin_ns) // ptime_ns)
        return Delivery(
            streams=len(up),
            packets=int(counts.sum()),
            expected=all_expected,
            completeness=float(received.sum() / max(1, all_expected)),
            completeness_by_sequence=float(np.minimum(counts, spans).sum() / max(1, int(spans.sum()))),
            worst_stream=0.0 if silent or not len(heard) else float((received / expected).min()),
            silent_streams=silent,
            gap_ms=self._spread(),
            worst_p99_gap_ms=float("nan"),
            lateness_ms=spread(np.empty(0)),
            duplicates=0,
            reordered=self._back,
            missing_numbers=int(np.maximum(spans - counts, 0).sum()),
            timestamp_jumps=self._timestamp_jumps,
            ssrc_changes=self._ssrc_changes,
            odd_sizes=self._odd_sizes,
        )

    def _spread(self) -> Spread:
        """Percentiles of the gaps, each the upper end of its bin."""
        total = int(self._gaps.sum())
        if not total:
            return spread(np.empty(0))
        below = np.cumsum(self._gaps)
        ends = (np.searchsorted(below, np.array([0.5, 0.95, 0.99, 0.999]) * total) + 1) * BIN_NS / NS_PER_MS
        p50, p95, p99, p999 = ends.tolist()
        return Spread(p50, p95, p99, p999, self._longest_ns / NS_PER_MS, total)
