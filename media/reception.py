"""What each row has received, as RFC 3550 counts it: extended sequence, loss, duplicates, interarrival jitter.

State is columns; `update` takes at most one packet per row and call (the engine splits batches so).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media.streams import Streams

_WINDOW: Final = 64
"""Sequence numbers remembered per row to tell a duplicate from a late packet: 1.28 s at 20 ms, one machine word."""

_RESTART: Final = 3_000
"""A jump of more sequence numbers than this (RFC 3550 A.1, MAX_DROPOUT: a minute at 50 packets a second) is a new
numbering, not a loss."""


class Reception:
    """RFC 3550 appendix A.1, A.3 and A.8 over rows."""

    def __init__(self, streams: Streams) -> None:
        rows = streams.capacity
        self._streams = streams
        self.ssrc = np.zeros(rows, np.uint32)
        self.started = np.zeros(rows, np.bool_)
        self.highest = np.zeros(rows, np.int64)
        """Extended highest sequence number received."""
        self._base = np.zeros(rows, np.int64)
        self._received = np.zeros(rows, np.int64)
        self._carried_loss = np.zeros(rows, np.int64)  # of numberings that ended
        self._seen = np.zeros(rows, np.uint64)  # bit k: highest - k has come
        self._transit = np.zeros(rows, np.float64)  # samples
        self.jitter = np.zeros(rows, np.float64)
        """Interarrival jitter in samples (RFC 3550 section 6.4.1)."""
        self._expected_prior = np.zeros(rows, np.int64)
        self._received_prior = np.zeros(rows, np.int64)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        for column in (
            self.started, self.highest, self._base, self._received, self._carried_loss, self._seen, self._transit,
            self.jitter, self._expected_prior, self._received_prior, self.ssrc,
        ):  # fmt: skip
            column[row] = 0

    def update(
        self,
        rows: NDArray[np.intp],
        ssrc: NDArray[np.uint32],
        sequence: NDArray[np.uint16],
        timestamp: NDArray[np.uint32],
        arrival: NDArray[np.float64],
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Count one packet of each of `rows`; M = len(rows), all different.

        Parameters
        ----------
        arrival : ndarray of shape (M,), float64
            Arrival time in samples of the row's clock.

        Returns
        -------
        fresh : ndarray of shape (M,), bool
            False for duplicates.
        renewed : ndarray of shape (M,), bool
            True where a source or a numbering begins: the jitter buffer must forget the old one.
        """
        wire = sequence.astype(np.int64)
        highest = self.highest[rows]
        step = ((wire - highest + 0x8000) & 0xFFFF) - 0x8000
        renewed = ~self.started[rows] | (self.ssrc[rows] != ssrc) | (np.abs(step) > _RESTART)
        if renewed.any():
            self._renew(rows[renewed], ssrc[renewed], wire[renewed])
            highest = self.highest[rows]
            step = np.where(renewed, 0, step)

        seen = self._seen[rows]
        ahead = step > 0
        shift = np.clip(np.where(ahead, step, 0), 0, _WINDOW - 1).astype(np.uint64)
        moved = np.where(step >= _WINDOW, np.uint64(0), seen << shift)
        behind = np.clip(np.where(ahead, 0, -step), 0, _WINDOW - 1).astype(np.uint64)
        bit = np.uint64(1) << behind
        duplicate = ((moved & bit) != 0) & ~ahead & ~renewed
        self._seen[rows] = moved | bit
        self.highest[rows] = highest + np.where(ahead, step, 0)
        fresh = ~duplicate
        self._received[rows] += fresh

        transit = arrival - timestamp
        change = transit - self._transit[rows]
        # The 32-bit timestamp wraps: a change of half its range is the wrap, not a delay.
        change = np.where(np.abs(change) > 2.0**31, 0.0, np.abs(change))
        jitter = self.jitter[rows]
        self.jitter[rows] = np.where(renewed | duplicate, jitter, jitter + (change - jitter) / 16.0)
        self._transit[rows] = np.where(duplicate, self._transit[rows], transit)

        streams = self._streams
        streams.packets_in[rows] += 1
        streams.duplicate[rows] += duplicate
        return fresh, renewed

    def _renew(self, rows: NDArray[np.intp], ssrc: NDArray[np.uint32], wire: NDArray[np.int64]) -> None:
        self._carried_loss[rows] += self._loss(rows)
        self.started[rows] = True
        self.ssrc[rows] = ssrc
        self.highest[rows] = wire
        self._base[rows] = wire
        self._received[rows] = 0
        self._seen[rows] = 0
        self._expected_prior[rows] = 0
        self._received_prior[rows] = 0

    def _loss(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        expected = np.where(self.started[rows], self.highest[rows] - self._base[rows] + 1, 0)
        return np.maximum(expected - self._received[rows], 0)

    def lost(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Packets lost so far, over all numberings, never below 0."""
        return self._carried_loss[rows] + self._loss(rows)

    def fraction_lost(self, rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        """Loss since the last call in 1/256 (RFC 3550 A.3); the one reader is the RTCP report, which starts the interval anew."""
        expected = np.where(self.started[rows], self.highest[rows] - self._base[rows] + 1, 0)
        received = self._received[rows]
        expected_now = expected - self._expected_prior[rows]
        lost_now = expected_now - (received - self._received_prior[rows])
        self._expected_prior[rows] = expected
        self._received_prior[rows] = received
        safe = np.maximum(expected_now, 1)
        return np.where(
            (expected_now > 0) & (lost_now > 0), np.minimum((lost_now << 8) // safe, 255), 0
        ).astype(np.uint8)
