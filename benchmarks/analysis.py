"""Judging delivery: was every packet there, when did it come, do its numbers run on. All streams at once, on columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.recording import Table

SAMPLES_PER_MS = 8
NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of something, in milliseconds; NaN where there was nothing."""

    p50: float
    p95: float
    p99: float
    p999: float
    max: float
    count: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the steady window's streams arrived.

    `completeness` counts distinct packets against the clock, `completeness_by_sequence` against the numbers the server gave
    them: a server that skips a tick fails the first, a network that drops a packet fails both.
    """

    streams: int
    packets: int
    expected: int
    completeness: float
    completeness_by_sequence: float
    worst_stream: float
    silent_streams: int
    gap_ms: Spread
    worst_p99_gap_ms: float
    lateness_ms: Spread
    duplicates: int
    reordered: int
    missing_numbers: int
    timestamp_jumps: int
    ssrc_changes: int
    odd_sizes: int


def spread(values_ms: NDArray[np.float64]) -> Spread:
    """Summarise `values_ms : ndarray of shape (N,)`."""
    if not len(values_ms):
        nan = float("nan")
        return Spread(nan, nan, nan, nan, nan, 0)
    p50, p95, p99, p999, top = np.percentile(values_ms, [50, 95, 99, 99.9, 100]).tolist()
    return Spread(p50, p95, p99, p999, top, len(values_ms))


def wrapped(difference: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Return differences of counters of `bits` as the nearest signed step, `ndarray of shape (N,)`."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half


def expected_packets(
    first_ns: NDArray[np.int64], last_ns: NDArray[np.int64], begin_ns: int, end_ns: int, ptime_ns: int
) -> NDArray[np.int64]:
    """Return how many packets the clock allows each stream in the window, `ndarray of shape (S,)`.

    Counting from a stream's own first packet to its last makes the count exact where dividing the window would be off by one,
    which at 1,000 packets is the whole allowance; only what is missing before the first and after the last is rounded.
    """
    inside = np.rint((last_ns - first_ns) / ptime_ns).astype(np.int64) + 1
    before = np.maximum(0, np.rint((first_ns - begin_ns) / ptime_ns - 1)).astype(np.int64)
    after = np.maximum(0, np.rint((end_ns - last_ns) / ptime_ns - 1)).astype(np.int64)
    return inside + before + after


def judge_delivery(
    table: Table,
    up: NDArray[np.int64],
    *,
    begin_ns: int,
    end_ns: int,
    ptime_ms: int,
    ticks_per_ms: int = SAMPLES_PER_MS,
    payload_bytes_per_ms: int | None = 8,
) -> Delivery:
    """Judge all streams of the participants `up : ndarray of shape (S,)` in the window.

    `ticks_per_ms` is that of the timestamps' clock; `payload_bytes_per_ms` None: sizes differ, and none is odd.
    """
    ptime_ns = ptime_ms * NS_PER_MS
    inside = (table.at_ns >= begin_ns) & (table.at_ns < end_ns) & np.isin(table.rows, up)
    rows, at_ns = table.rows[inside], table.at_ns[inside]
    whole_window = int((end_ns - begin_ns) // ptime_ns)
    if not len(rows):
        nothing = spread(np.empty(0))
        missing = whole_window * len(up)
        return Delivery(
            len(up), 0, missing, 0.0, 0.0, 0.0, len(up), nothing, float("nan"), nothing, 0, 0, 0, 0, 0, 0
        )
    starts = np.flatnonzero(np.r_[True, rows[1:] != rows[:-1]])
    counts = np.diff(np.r_[starts, len(rows)])
    same = rows[1:] == rows[:-1]
    gaps_ms = (at_ns[1:] - at_ns[:-1])[same] / NS_PER_MS
    steps = np.where(same, wrapped(np.diff(table.sequence[inside]), 16), 0)
    ticks = np.where(same, wrapped(np.diff(table.timestamp[inside]), 32), 0)
    ssrc_change = same & (np.diff(table.ssrc[inside]) != 0)
    continuous = same & ~ssrc_change

    number = np.r_[0, np.cumsum(steps)]
    number -= np.repeat(number[starts], counts)
    keys = np.repeat(np.arange(len(starts)), counts) * (1 << 40) + number + (1 << 39)
    distinct_rows = np.unique(keys) >> 40
    distinct = np.bincount(distinct_rows, minlength=len(starts))
    span = np.maximum.reduceat(number, starts) - np.minimum.reduceat(number, starts) + 1
    expected = expected_packets(at_ns[starts], at_ns[starts + counts - 1], begin_ns, end_ns, ptime_ns)
    received = np.minimum(distinct, expected)
    silent = len(up) - len(starts)
    all_expected = int(expected.sum()) + silent * whole_window

    media_ms = np.r_[0, np.cumsum(ticks)] / ticks_per_ms
    late = at_ns / NS_PER_MS - media_ms
    late -= np.repeat(np.minimum.reduceat(late, starts), counts)

    row_of_gap = np.repeat(np.arange(len(starts)), counts)[1:][same]
    order = np.lexsort((gaps_ms, row_of_gap))
    gap_counts = counts - 1
    gap_ends = np.cumsum(gap_counts)
    with_gaps = gap_counts > 0
    at_p99 = gap_ends[with_gaps] - 1 - (gap_counts[with_gaps] * 0.01).astype(np.int64)
    worst_p99 = float(gaps_ms[order][at_p99].max()) if with_gaps.any() else float("nan")

    frame = ptime_ms * ticks_per_ms
    odd_sizes = 0
    if payload_bytes_per_ms is not None:
        odd_sizes = int(np.count_nonzero(table.sizes[inside] != 12 + ptime_ms * payload_bytes_per_ms))
    return Delivery(
        streams=len(up),
        packets=len(rows),
        expected=all_expected,
        completeness=float(received.sum() / max(1, all_expected)),
        completeness_by_sequence=float(distinct.sum() / span.sum()),
        worst_stream=0.0 if silent else float((received / expected).min()),
        silent_streams=silent,
        gap_ms=spread(gaps_ms),
        worst_p99_gap_ms=worst_p99,
        lateness_ms=spread(late),
        duplicates=len(rows) - int(distinct.sum()),
        reordered=int(np.count_nonzero(continuous & (steps < 0))),
        missing_numbers=int((span - distinct).sum()),
        timestamp_jumps=int(np.count_nonzero(continuous & (ticks != steps * frame))),
        ssrc_changes=int(np.count_nonzero(ssrc_change)),
        odd_sizes=odd_sizes,
    )
