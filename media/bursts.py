"""Where losses lie: bursts and the gaps between them (RFC 3611 section 4.7.2), of all rows, from what reception remembers.

A loss is a packet that did not come, or came too late to be played. A *burst* is the longest stretch that begins and ends
with a loss and has less than `GMIN` good packets in a row between any two of them; what lies between bursts is a *gap*, and a
single loss with enough good packets on both sides is part of one.

Nothing is done per packet. Reception keeps a window of 64 numbers per row anyway, so each row is looked at twice a second
(`LOOK_TICKS`), which is often enough for packets of 10 ms and more, and most rows have lost nothing: for them it is one
comparison. Only losses are gone through one by one. The newest `GRACE` numbers are left for the next look, for they may
still come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from media.reception import GRACE, Reception

GMIN: Final = 16
"""Good packets in a row that end a burst: what RFC 3611 section 4.7.2 recommends."""
LOOK_TICKS: Final = 25
"""0.5 s: 50 packets of 10 ms, and as many as the window holds beside `reception.GRACE`."""


class Pattern(NamedTuple):
    """How a row's losses lie, since the beginning of reception. Lengths are in packets."""

    burst_density: float
    """Which part of the packets within bursts was lost; 0 where there was no burst."""
    gap_density: float
    burst_packets: float
    """Mean length; 0 where there was none."""
    gap_packets: float
    ratio: float
    """G.107's BurstR: how many are lost in a row, to how many would be if each were lost by itself; 1 at least."""


@dataclass(slots=True)
class _Losses:
    """Of one row. Packets are numbered from 0 on, over all numberings."""

    lost: int = 0
    runs: int = 0
    last: int = -1 - GMIN
    begin: int = 0  # of the cluster that may still grow
    clustered: int = 0  # losses in it
    bursts: int = 0
    burst_packets: int = 0
    burst_lost: int = 0
    opens: bool = False  # the first packet was in a burst

    def add(self, at: int, count: int = 1) -> None:
        """`count` packets from `at` on are lost; behind all that were added before."""
        if at - self.last > GMIN:
            self.settle()
            self.begin, self.clustered = at, 0
        self.runs += at != self.last + 1
        self.clustered += count
        self.lost += count
        self.last = at + count - 1

    def settle(self) -> None:
        """The cluster grows no more: it is a burst, unless it is a single loss."""
        if self.clustered > 1:
            self.bursts += 1
            self.burst_packets += self.last - self.begin + 1
            self.burst_lost += self.clustered
            self.opens = self.opens or not self.begin
        self.clustered = 0

    def pattern(self, packets: int) -> Pattern:
        """Tell how they lie among so many packets, of which the last are good."""
        whole = _Losses(
            self.lost, self.runs, self.last, self.begin, self.clustered,
            self.bursts, self.burst_packets, self.burst_lost, self.opens,
        )  # fmt: skip
        whole.settle()
        gap_packets = packets - whole.burst_packets
        gaps = whole.bursts + 1 - whole.opens
        return Pattern(
            whole.burst_lost / whole.burst_packets if whole.bursts else 0.0,
            (whole.lost - whole.burst_lost) / gap_packets if gap_packets else 0.0,
            whole.burst_packets / whole.bursts if whole.bursts else 0.0,
            gap_packets / gaps,
            self.ratio(packets),
        )

    def ratio(self, packets: int) -> float:
        """As `Pattern.ratio`, among so many packets."""
        return max(self.lost / self.runs * (1 - self.lost / packets), 1.0)


class Bursts:
    """State of the rows that ever lost something."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._losses: dict[int, _Losses] = {}

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self._losses.pop(row, None)

    def look(self, rows: slice) -> None:
        """Take in what has come for `rows` since the last look."""
        seen = self._reception.survey(rows)
        if seen is None:
            return
        lossy = ((seen.gone != 0) | (seen.missing & (seen.overlooked > GRACE))).nonzero()[0]
        for row, first, overlooked, missing, shown, gone in zip(
            *(column[lossy].tolist() for column in seen), strict=True
        ):
            losses = self._losses.setdefault(row, _Losses())
            if missing and overlooked > GRACE:  # an outage; what the last look left over came before it
                losses.add(first + GRACE, overlooked - GRACE)
            behind, left = first + overlooked + shown, gone
            while left:
                length = left.bit_length()
                losses.add(behind - length)
                left ^= 1 << length - 1

    def ratio(self, row: int) -> float:
        """As `Pattern.ratio`."""
        losses = self._losses.get(row)
        return 1.0 if losses is None else losses.ratio(self._reception.expected(row))

    def pattern(self, row: int) -> Pattern:
        """How the row's losses lie; what has not been looked at yet counts as good."""
        packets = self._reception.expected(row)
        losses = self._losses.get(row)
        return Pattern(0.0, 0.0, 0.0, float(packets), 1.0) if losses is None else losses.pattern(packets)
