"""What each row has received, as RFC 3550 counts it: extended sequence, loss, duplicates, interarrival jitter.

State is columns; a call takes at most one packet per row (the engine splits batches so). Nearly every batch is the next
packet of each row and takes a short way; whatever is unusual in any row takes the long one, with the same outcome for
the others.

Peers begin their numbering anew without a word (a recording played again, a transfer behind a gateway). A number far
from the others is therefore believed when the next one follows it (RFC 3550 A.1); a single stray one changes nothing.
And where numbers go on while timestamps go back, the peer has changed its clock: that is no delay.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from media.streams import Streams

WINDOW: Final = 64
"""Sequence numbers remembered per row to tell a duplicate from a late packet: 1.28 s at 20 ms, one machine word."""
MAX_DROPOUT: Final = 3_000
"""A jump ahead of more (RFC 3550 A.1: a minute at 50 packets a second) is a new numbering, not a loss."""
MAX_MISORDER: Final = 100
"""A jump back of more (RFC 3550 A.1: 2 s) is a new numbering, not a late packet."""
JUMP_SAMPLES: Final = 80_000
"""10 s: no packet is delayed so much more than the one before; the peer's clock has jumped, and that is no jitter."""

GRACE: Final = 14
"""The newest numbers, of which `survey` does not speak yet: 280 ms at 20 ms, for what comes later is not played anyway. The
other 50 are as many packets as come between two looks (`bursts.LOOK_TICKS`) if each has 10 ms."""

NO_SOURCE: Final = -1
"""In place of an SSRC, before the first packet."""
_NO_NUMBER: Final = -1
_ONE: Final = np.uint64(1)
_ALL_SEEN: Final = np.uint64(2**WINDOW - 1)
_OLDEST: Final = np.uint64(WINDOW - 4)
"""Where the four oldest of a window lie: if none of them came, neither did what was before."""


class Received(NamedTuple):
    """What became of M packets."""

    fresh: NDArray[np.bool_]
    """To be played: neither a duplicate nor a stray."""
    duplicate: NDArray[np.bool_]
    renewed: NDArray[np.bool_]
    """A source, a numbering or a clock begins: what the jitter buffer holds must be forgotten."""
    follows: NDArray[np.bool_]
    """Its number follows the highest: nothing that was sent since then is missing."""


class Surveyed(NamedTuple):
    """What became of the numbers of M rows that nobody had asked for before."""

    rows: NDArray[np.intp]
    """Those that may have lost something; of the others all has come."""
    first: NDArray[np.int64]
    """How many should have come before, over all numberings."""
    overlooked: NDArray[np.int64]
    """How many of these numbers are in the window no more."""
    missing: NDArray[np.bool_]
    """Those were lost, all of them; else they came."""
    shown: NDArray[np.int64]
    """How many the window shows."""
    gone: NDArray[np.uint64]
    """Bit k: of these, the one with k newer ones behind it was lost, or discarded."""


class Reception:
    """RFC 3550 appendix A.1, A.3 and A.8 over rows."""

    def __init__(self, streams: Streams) -> None:
        rows = streams.capacity
        self._streams = streams
        self.ssrc = np.full(rows, NO_SOURCE, np.int64)
        """Whom the row hears; -1 before the first packet."""
        self.highest = np.zeros(rows, np.int64)
        """Extended highest sequence number received."""
        self.jitter = np.zeros(rows, np.float64)
        """Interarrival jitter in samples (RFC 3550 section 6.4.1)."""
        self._bad = np.full(rows, _NO_NUMBER, np.int32)  # the number that would prove a new numbering
        self._base = np.zeros(rows, np.int64)
        self._received = np.zeros(rows, np.int64)
        self._carried_loss = np.zeros(rows, np.int64)  # of numberings that ended
        self._carried_expected = np.zeros(rows, np.int64)
        self._seen = np.zeros(rows, np.uint64)  # bit k: highest - k has come
        self._timestamp = np.zeros(rows, np.uint32)  # of the last packet
        self._arrival = np.zeros(rows, np.float64)
        self._expected_prior = np.zeros(rows, np.int64)
        self._received_prior = np.zeros(rows, np.int64)
        self._discarded = np.zeros(rows, np.uint64)  # bit k: `_discarded_at` - k came, but too late
        self._discarded_at = np.zeros(rows, np.int64)
        self._surveyed = np.zeros(rows, np.int64)  # the highest number that `survey` spoke of
        self._index = np.arange(rows)

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        for column in (
            self.highest, self.jitter, self._base, self._received, self._carried_loss, self._carried_expected, self._seen,
            self._timestamp, self._arrival, self._expected_prior, self._received_prior,
            self._discarded, self._discarded_at, self._surveyed,
        ):  # fmt: skip
            column[row] = 0
        self.ssrc[row] = NO_SOURCE
        self._bad[row] = _NO_NUMBER

    def started(self, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell which of `rows` have received anything."""
        known: NDArray[np.bool_] = self.ssrc[rows] != NO_SOURCE
        return known

    def update(
        self,
        rows: NDArray[np.intp],
        ssrc: NDArray[np.uint32],
        sequence: NDArray[np.uint16],
        timestamp: NDArray[np.uint32],
        arrival: NDArray[np.float64],
    ) -> Received:
        """Count one packet of each of `rows`; M = len(rows), all different.

        Parameters
        ----------
        arrival : ndarray of shape (M,), float64
            Arrival time in samples of the row's clock.
        """
        step = self._step(rows, sequence)
        same = self.ssrc[rows] == ssrc
        elapsed = (timestamp - self._timestamp[rows]).view(np.int32)
        self._streams.packets_in[rows] += 1
        if np.count_nonzero(same & (step == 1) & (elapsed >= 0)) == len(rows):
            self.highest[rows] += 1
            self._seen[rows] = self._seen[rows] << _ONE | _ONE
            self._received[rows] += 1
            none = np.zeros(len(rows), np.bool_)
            self._measure(rows, timestamp, arrival, elapsed, None)
            every = ~none
            return Received(every, none, none, every)

        far = same & ((step > MAX_DROPOUT) | (step < -MAX_MISORDER))
        if np.count_nonzero(far) or np.count_nonzero(same) < len(rows):
            proved = far & (self._bad[rows] == sequence)
            stray = far & ~proved
            self._bad[rows[stray]] = (sequence[stray] + np.uint16(1)).astype(np.int32)
            begins = ~same | proved
            self._begin(rows[begins], ssrc[begins], sequence[begins])
            step[begins] = 0
        else:
            stray = begins = far
        duplicate = self._known(rows, step)
        duplicate &= ~(stray | begins)
        renewed = same & (step > 0) & (elapsed < 0)
        renewed |= begins
        fresh = ~(stray | duplicate)
        if np.count_nonzero(fresh) == len(rows):
            self._mark(rows, step)
            self._measure(rows, timestamp, arrival, elapsed, renewed)
        else:
            renewed &= fresh
            self._mark(rows[fresh], step[fresh])
            self._measure(rows[fresh], timestamp[fresh], arrival[fresh], elapsed[fresh], renewed[fresh])
            self._streams.duplicate[rows] += duplicate
        return Received(fresh, duplicate, renewed, same & (step == 1))

    def note(self, rows: NDArray[np.intp], ssrc: NDArray[np.uint32], sequence: NDArray[np.uint16]) -> None:
        """Count packets that are no audio (telephone-events, comfort noise) but use up sequence numbers; rows all different.

        Those of another source, or far from the audio's numbers, are not counted.
        """
        step = self._step(rows, sequence)
        counts = (self.ssrc[rows] == ssrc) & (step <= MAX_DROPOUT) & (step >= -MAX_MISORDER)
        counts &= ~self._known(rows, step)
        self._mark(rows[counts], step[counts])

    def discard(self, rows: NDArray[np.intp], sequence: NDArray[np.uint16]) -> None:
        """These packets, which were counted, came too late to be played; rows all different."""
        step = self._step(rows, sequence)
        within = ((step <= 0) & (step > -WINDOW)).nonzero()[0]
        rows, step = rows[within], step[within]
        bits = self._late_bits(rows)
        self._discarded[rows] = bits | np.uint64(1) << (-step).astype(np.uint64)
        self._discarded_at[rows] = self.highest[rows]

    def _late_bits(self, rows: NDArray[np.intp]) -> NDArray[np.uint64]:
        """Bit k: highest - k was discarded."""
        on = (self.highest[rows] - self._discarded_at[rows]).astype(np.uint64)
        return np.where(on < WINDOW, self._discarded[rows] << on % np.uint64(WINDOW), np.uint64(0))

    def survey(self, rows: slice) -> Surveyed | None:
        """Tell what became of the numbers since the last survey, but the newest `GRACE`; None where all has come."""
        whole = self._seen[rows] == _ALL_SEEN
        whole &= self._discarded[rows] == 0
        if whole.all():
            np.subtract(self.highest[rows], GRACE, out=self._surveyed[rows])
            return None
        odd = self._index[rows][~whole]
        before, highest = self._surveyed[odd], self.highest[odd]
        newest = np.maximum(highest - GRACE, before)
        np.subtract(self.highest[rows], GRACE, out=self._surveyed[rows], where=whole)
        self._surveyed[odd] = newest
        begin = np.clip(highest - WINDOW, before, newest)
        shown = newest - begin
        late = self._late_bits(odd)
        self._discarded[odd] = late
        self._discarded_at[odd] = highest
        seen = self._seen[odd]
        gone = ~(seen & ~late) >> np.uint64(GRACE) & (
            (np.uint64(1) << shown.astype(np.uint64)) - np.uint64(1)
        )
        first = self._carried_expected[odd] + before + 1 - self._base[odd]
        return Surveyed(odd, first, begin - before, seen >> _OLDEST == 0, shown, gone)

    def _step(self, rows: NDArray[np.intp], sequence: NDArray[np.uint16]) -> NDArray[np.int64]:
        """How far ahead of the highest number each is, from -32,768 on."""
        return (sequence - self.highest[rows].astype(np.uint16)).view(np.int16).astype(np.int64)

    def _known(self, rows: NDArray[np.intp], step: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell which numbers have come before; those that the window no longer shows have not."""
        known = np.zeros(len(rows), np.bool_)
        within = ((step <= 0) & (step > -WINDOW)).nonzero()[0]
        if within.size:
            bit = (-step[within]).astype(np.uint64)
            known[within] = (self._seen[rows[within]] >> bit & _ONE) != 0
        return known

    def _mark(self, rows: NDArray[np.intp], step: NDArray[np.int64]) -> None:
        """Enter numbers that have come."""
        ahead, behind = np.maximum(step, 0), np.maximum(-step, 0)
        seen = self._seen[rows] << (ahead & (WINDOW - 1)).astype(np.uint64)
        bit = _ONE << (behind & (WINDOW - 1)).astype(np.uint64)
        beyond = ((ahead >= WINDOW) | (behind >= WINDOW)).nonzero()[0]
        if beyond.size:
            seen[beyond[ahead[beyond] >= WINDOW]] = 0
            bit[beyond[behind[beyond] >= WINDOW]] = 0
        self._seen[rows] = seen | bit
        self.highest[rows] += ahead
        self._received[rows] += 1

    def _measure(
        self,
        rows: NDArray[np.intp],
        timestamp: NDArray[np.uint32],
        arrival: NDArray[np.float64],
        elapsed: NDArray[np.int32],
        renewed: NDArray[np.bool_] | None,
    ) -> None:
        """Take packets into the jitter (A.8); `elapsed` is the time since the last ones as timestamps tell it."""
        change = np.abs(arrival - self._arrival[rows] - elapsed)
        jitter = self.jitter[rows]
        jumped = change > JUMP_SAMPLES
        if renewed is not None:
            jumped |= renewed
        change -= jitter
        change /= 16.0
        change[jumped] = 0.0
        self.jitter[rows] = jitter + change
        self._timestamp[rows] = timestamp
        self._arrival[rows] = arrival

    def _begin(self, rows: NDArray[np.intp], ssrc: NDArray[np.uint32], sequence: NDArray[np.uint16]) -> None:
        self._carried_loss[rows] += self._loss(rows)
        self._carried_expected[rows] += self._expected(rows)
        self.ssrc[rows] = ssrc
        self.highest[rows] = sequence
        self._base[rows] = sequence
        self._received[rows] = 0
        self._seen[rows] = 0
        self._bad[rows] = _NO_NUMBER
        self._expected_prior[rows] = 0
        self._received_prior[rows] = 0
        self._discarded[rows] = 0
        self._discarded_at[rows] = sequence
        self._surveyed[rows] = sequence.astype(np.int64) - 1

    def _expected(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        return np.where(self.started(rows), self.highest[rows] - self._base[rows] + 1, 0)

    def _loss(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        missing: NDArray[np.int64] = np.maximum(self._expected(rows) - self._received[rows], 0)
        return missing

    def expected(self, row: int) -> int:
        """Packets that should have come so far, over all numberings."""
        if self.ssrc[row] == NO_SOURCE:
            return 0
        return int(self._carried_expected[row]) + int(self.highest[row]) - int(self._base[row]) + 1

    def lost(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Packets lost so far, over all numberings, never below 0."""
        return self._carried_loss[rows] + self._loss(rows)

    def loss(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Loss since the last call in 1/256 (RFC 3550 A.3), and `lost`.

        The one reader is the RTCP report, which starts the interval anew.
        """
        expected = self._expected(rows)
        received = self._received[rows]
        interval = expected - self._expected_prior[rows]
        missing = interval - (received - self._received_prior[rows])
        self._expected_prior[rows] = expected
        self._received_prior[rows] = received
        fraction = np.minimum((np.maximum(missing, 0) << 8) // np.maximum(interval, 1), 255)
        return fraction, self._carried_loss[rows] + np.maximum(expected - received, 0)
