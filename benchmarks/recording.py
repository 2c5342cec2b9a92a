"""What every phone receives, kept as columns while the run goes on, and handed to the analysis as one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import voices

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.analysis import Delivery
    from benchmarks.tally import Tally
    from benchmarks.wire import Arrivals

CAPTURED_LISTENERS_PER_ROOM = 12
"""Whose audio is kept for the marks: more would not sharpen the median."""
CAPTURED_LISTENERS = 600
ROLL_CALLS = 2
"""How often each room's audio is kept whole, to see who hears whom."""


@dataclass(frozen=True, slots=True)
class Table:
    """All arrivals of the steady window, sorted by (row, arrival).

    rows, at_ns, sizes, sequence, timestamp : ndarrays of shape (N,); payload_type, ssrc likewise.
    """

    rows: NDArray[np.int64]
    at_ns: NDArray[np.int64]
    sizes: NDArray[np.int64]
    sequence: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    payload_type: NDArray[np.int64]
    ssrc: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Captures:
    """Arrivals whose audio was kept, sorted like the table.

    payload : ndarray of shape (N, samples), uint8; sizes : ndarray of shape (N,), of each payload, where they differ. What had
    to be decoded one stream after the other is int16, samples at 8 kHz.
    """

    rows: NDArray[np.int64]
    at_ns: NDArray[np.int64]
    timestamp: NDArray[np.int64]
    payload: NDArray[np.uint8] | NDArray[np.int16]
    sizes: NDArray[np.int64] | None = None


def table_of(
    rows: NDArray[np.int64], at_ns: NDArray[np.int64], sizes: NDArray[np.int64], headers: NDArray[np.uint8]
) -> Table:
    """Read the header columns of `headers : ndarray of shape (N, 12), uint8` and sort; malformed packets fall out."""
    sound = (sizes >= 12) & (headers[:, 0] >> 6 == 2)
    order = np.flatnonzero(sound)
    order = order[np.lexsort((at_ns[order], rows[order]))]
    raw = np.ascontiguousarray(headers[order])
    return Table(
        rows[order],
        at_ns[order],
        sizes[order],
        raw[:, 2:4].copy().view(">u2")[:, 0].astype(np.int64),
        raw[:, 4:8].copy().view(">u4")[:, 0].astype(np.int64),
        (raw[:, 1] & 0x7F).astype(np.int64),
        raw[:, 8:12].copy().view(">u4")[:, 0].astype(np.int64),
    )


class Recorder:
    """Keeps arrivals between `begin` and `end`, and the audio of those moments that will be judged.

    With a `tally` it has them counted there and keeps none. `whole : ndarray of shape (participants,), bool`: of these it keeps
    all audio and of others none, for a codec with a memory makes no sense in pieces.
    """

    def __init__(
        self,
        *,
        room: NDArray[np.int64],
        place: NDArray[np.int64],
        shift_s: NDArray[np.float64],
        samples: int,
        tally: Tally | None = None,
        whole: NDArray[np.bool_] | None = None,
    ) -> None:
        self._whole = whole
        self._tally = tally
        self._room, self._shift_s = room, shift_s
        self.samples = samples
        """Of one packet of the server, which need not be what we asked for: learned before the window."""
        per_room = max(1, min(CAPTURED_LISTENERS_PER_ROOM, CAPTURED_LISTENERS // max(1, len(shift_s))))
        size = np.bincount(room, minlength=len(shift_s))[room]
        step = np.maximum(1, size // per_room)
        self.is_sampled = place % step == 0
        self._roll_calls_left = np.full(len(shift_s), ROLL_CALLS)
        self._in_roll_call = np.zeros(len(shift_s), bool)
        self._was_roll_call = np.zeros(len(shift_s), bool)
        self._keep = np.zeros(len(room), bool)
        self._columns: list[
            tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]
        ] = []
        self._captures: list[
            tuple[
                NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64]
            ]
        ] = []
        self.is_running = False

    def begin(self) -> None:
        self.is_running = True

    def end(self) -> None:
        self.is_running = False

    def follow(self, at_s: float) -> None:
        """Choose whose audio is kept now; once per packet time is enough."""
        if self._whole is not None:
            self._keep = self._whole
            return
        cycle_s = voices.cycle_time_s(at_s, self._shift_s)
        roll = (cycle_s >= voices.ROLL_CALL_S[0]) & (cycle_s < voices.ROLL_CALL_S[1])
        begins = roll & ~self._was_roll_call & (self._roll_calls_left > 0) & self.is_running
        self._roll_calls_left -= begins
        self._in_roll_call = (self._in_roll_call & roll) | begins
        self._was_roll_call = roll
        # some of the quiet before a mark belongs to it, and what the server delays runs into the next cycle
        marks = (cycle_s >= voices.QUIET_FROM_S) | (cycle_s < voices.HEARD_WITHIN_S)
        self._keep = self._in_roll_call[self._room] | (marks[self._room] & self.is_sampled)

    def take(self, arrivals: Arrivals) -> None:
        """Keep what just came."""
        if not len(arrivals.rows):
            return
        if not self.is_running:
            if self._whole is None and (usual := int(np.median(arrivals.sizes)) - 12) > 0:
                self.samples = usual
            return
        if self._tally is None:
            self._columns.append((arrivals.rows, arrivals.at_ns, arrivals.sizes, arrivals.headers))
        else:
            self._tally.take(arrivals, self.samples)
        least = 12 + self.samples if self._whole is None else 13
        which = np.flatnonzero(self._keep[arrivals.rows] & (arrivals.sizes >= least))
        if len(which):
            self._captures.append(
                (
                    arrivals.rows[which],
                    arrivals.at_ns[which],
                    arrivals.headers[which],
                    arrivals.payloads(which, self.samples).copy(),
                    np.minimum(arrivals.sizes[which] - 12, self.samples),
                )
            )

    def delivery(
        self, up: NDArray[np.int64], *, begin_ns: int, end_ns: int, ptime_ms: int
    ) -> Delivery | None:
        """Judge what was counted of the participants `up`; None where packets were kept, to be judged at leisure."""
        if self._tally is None:
            return None
        return self._tally.delivery(up, begin_ns=begin_ns, end_ns=end_ns, ptime_ms=ptime_ms)

    def table(self) -> Table:
        """Return all arrivals."""
        if not self._columns:
            nothing = np.empty(0, np.int64)
            return table_of(nothing, nothing, nothing, np.empty((0, 12), np.uint8))
        rows, at_ns, sizes, headers = (np.concatenate(column) for column in zip(*self._columns, strict=True))
        return table_of(rows, at_ns, sizes, headers)

    def captures(self) -> Captures:
        """Return the kept audio."""
        if not self._captures:
            nothing = np.empty(0, np.int64)
            return Captures(nothing, nothing, nothing, np.empty((0, self.samples), np.uint8))
        rows, at_ns, headers, payload, sizes = (
            np.concatenate(column) for column in zip(*self._captures, strict=True)
        )
        order = np.lexsort((at_ns, rows))
        timestamp = headers[order, 4:8].copy().view(">u4")[:, 0].astype(np.int64)
        return Captures(rows[order], at_ns[order], timestamp, payload[order], sizes[order])
