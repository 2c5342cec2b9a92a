"""The rows of a worker: one column per fact, one row per stream.

The columns that another process may want (levels, loss, and what a take-over needs: SSRC, sequence, timestamp) lie in
one block of memory that the pool shares with the worker, so nobody has to ask a worker for them and a worker that
dies leaves them behind. Reading them from outside is racy by a tick and that is fine.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

DEFAULT_ROWS: Final = 4_096
"""Rows of a worker: above what one core can mix in 20 ms, so the pool's own limit is met first."""

_HEADER: Final[tuple[tuple[str, Any], ...]] = (
    ("ticks", np.uint64),  # the heartbeat: it stands still when the worker does
    ("ticked_s", np.float64),  # when the last one was, by the machine's steady clock
    ("rows", np.uint64),  # rows in use
    ("caught_up", np.uint64),  # ticks that came late and were made up for
    ("skipped", np.uint64),  # ticks that were given up because they were too late
    ("busy_ns", np.uint64),  # time spent inside ticks
    ("worst_late_us", np.uint64),  # the latest start of a tick so far
    ("frames_missed", np.uint64),  # of other workers of its rooms, which were not there in time (`cascade`)
    ("entries_dropped", np.uint64),  # of its own for them, which did not fit (`outbox`)
)

_COLUMNS: Final[tuple[tuple[str, Any], ...]] = (
    ("stream", np.int64),  # 0: the row is free
    ("room", np.int32),
    ("muted", np.bool_),
    ("speaking", np.bool_),
    ("latched", np.bool_),
    ("level_dbov", np.float32),
    ("auto_gain_db", np.float32),  # what the automatic gain has come to
    ("ssrc_out", np.uint32),
    ("sequence_out", np.uint16),
    ("timestamp_out", np.uint32),
    ("packets_out", np.uint32),
    ("packets_in", np.uint32),
    ("lost", np.int32),
    ("late", np.uint32),
    ("duplicate", np.uint32),
    ("refused", np.uint32),  # secured packets that were not proved, or came again
    # How far secured packets are counted, for a take-over; see control.SrtpNumbers. Keys are not here: control has them.
    ("srtp_mark", np.uint32),  # of the keys that these count for (`srtp.mark`)
    ("srtp_next_out", np.int64),
    ("srtcp_next_out", np.int64),
    ("srtp_ssrc_in", np.uint32),
    ("srtp_next_in", np.int64),
    ("srtcp_next_in", np.int64),
    (
        "foreign",
        np.uint32,
    ),  # packets of other sources, while the peer's is not locked; then the kernel drops them
    ("concealed", np.uint32),  # frames, some of them in part
    ("accelerated", np.uint32),  # samples at 8 kHz taken out of what was said, for its delay to shrink
    ("expanded", np.uint32),  # and put in, for it to grow
    ("jitter_ms", np.float32),
    ("delay_ms", np.float32),  # of the jitter buffer
    ("lost_by_peer", np.int32),  # of what we sent, as the peer reports
    ("round_trip_ms", np.float32),
    ("loss_percent", np.float32),  # of the last seconds (`rtcp.INTERVAL_S`), not of the call
    ("loss_by_peer_percent", np.float32),  # likewise, as the peer reports
    ("r_factor", np.float32),  # of the call so far, by the E-model (`quality`); 0: nothing has come
    ("mos", np.float32),
    ("mos_by_peer", np.float32),  # as the peer has it; 0: it does not say
)

_ALIGN: Final = 64  # bytes: a cache line, so that columns do not share one


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN


def table_bytes(rows: int) -> int:
    """Bytes that `Streams` needs for `rows` rows."""
    return _ALIGN * len(_HEADER) + sum(_aligned(np.dtype(kind).itemsize * rows) for _, kind in _COLUMNS)


class Streams:
    """Columns over `buffer` (shared memory, or private memory when none is given).

    Parameters
    ----------
    rows : int > 0
        How many streams fit.
    buffer : writable buffer of at least `table_bytes(rows)` bytes, zero-filled, optional
    """

    ticks: NDArray[np.uint64]
    ticked_s: NDArray[np.float64]
    rows: NDArray[np.uint64]
    caught_up: NDArray[np.uint64]
    skipped: NDArray[np.uint64]
    busy_ns: NDArray[np.uint64]
    worst_late_us: NDArray[np.uint64]
    frames_missed: NDArray[np.uint64]
    entries_dropped: NDArray[np.uint64]
    stream: NDArray[np.int64]
    room: NDArray[np.int32]
    muted: NDArray[np.bool_]
    speaking: NDArray[np.bool_]
    latched: NDArray[np.bool_]
    level_dbov: NDArray[np.float32]
    auto_gain_db: NDArray[np.float32]
    ssrc_out: NDArray[np.uint32]
    sequence_out: NDArray[np.uint16]
    timestamp_out: NDArray[np.uint32]
    packets_out: NDArray[np.uint32]
    packets_in: NDArray[np.uint32]
    lost: NDArray[np.int32]
    late: NDArray[np.uint32]
    duplicate: NDArray[np.uint32]
    refused: NDArray[np.uint32]
    srtp_mark: NDArray[np.uint32]
    srtp_next_out: NDArray[np.int64]
    srtcp_next_out: NDArray[np.int64]
    srtp_ssrc_in: NDArray[np.uint32]
    srtp_next_in: NDArray[np.int64]
    srtcp_next_in: NDArray[np.int64]
    foreign: NDArray[np.uint32]
    concealed: NDArray[np.uint32]
    accelerated: NDArray[np.uint32]
    expanded: NDArray[np.uint32]
    jitter_ms: NDArray[np.float32]
    delay_ms: NDArray[np.float32]
    lost_by_peer: NDArray[np.int32]
    round_trip_ms: NDArray[np.float32]
    loss_percent: NDArray[np.float32]
    loss_by_peer_percent: NDArray[np.float32]
    r_factor: NDArray[np.float32]
    mos: NDArray[np.float32]
    mos_by_peer: NDArray[np.float32]

    def __init__(self, rows: int = DEFAULT_ROWS, buffer: Any = None) -> None:
        self.capacity = rows
        memory: Any = bytearray(table_bytes(rows)) if buffer is None else buffer
        offset = 0
        for name, kind in _HEADER:
            setattr(self, name, np.frombuffer(memory, dtype=kind, count=1, offset=offset))
            offset += _ALIGN
        for name, kind in _COLUMNS:
            setattr(self, name, np.frombuffer(memory, dtype=kind, count=rows, offset=offset))
            offset += _aligned(np.dtype(kind).itemsize * rows)

    def clear(self, row: int) -> None:
        """Make `row` free: every column 0."""
        for name, _ in _COLUMNS:
            getattr(self, name)[row] = 0
