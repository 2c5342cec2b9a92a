"""Where losses lie: bursts and the gaps between them (RFC 3611 section 4.7.2), of all rows, from what reception remembers.

A loss is a packet that did not come, or came too late to be played. A *burst* is the longest stretch that begins and ends
with a loss and has less than `GMIN` good packets in a row between any two of them; what lies between bursts is a *gap*, and a
single loss with enough good packets on both sides is part of one.

Nothing is done per packet. Reception keeps a window of 64 numbers per row anyway, so each row is looked at twice a second
(`LOOK_TICKS`), which is often enough for packets of 10 ms and more, and most rows have lost nothing: for them it is one
addition. Only losses are gone through one by one. The newest `GRACE` numbers are left for the next look, for they may
still come.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from media.reception import Reception

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
    """Of one row. Packets are numbered from 0 on as they were looked at."""

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
        """Tell how they lie among so many packets, as if good ones followed (section 4.7.2)."""
        whole = _Losses(
            self.lost, self.runs, self.last, self.begin, self.clustered,
            self.bursts, self.burst_packets, self.burst_lost, self.opens,
        )  # fmt: skip
        whole.settle()
        ends = self.clustered > 1 and self.last == packets - 1
        gap_packets = packets - whole.burst_packets
        gaps = max(whole.bursts + 1 - whole.opens - ends, 0)
        return Pattern(
            whole.burst_lost / whole.burst_packets if whole.bursts else 0.0,
            (whole.lost - whole.burst_lost) / gap_packets if gap_packets else 0.0,
            whole.burst_packets / whole.bursts if whole.bursts else 0.0,
            gap_packets / gaps if gaps else 0.0,
            max(self.lost / self.runs * (1 - self.lost / packets), 1.0),
        )


class Bursts:
    """State of R rows."""

    def __init__(self, reception: Reception, rows: int) -> None:
        self._reception = reception
        self.packets = np.zeros(rows, np.int64)
        """How many packets have been looked at."""
        self._losses: dict[int, _Losses] = {}  # of rows that ever had one

    def clear(self, row: int) -> None:
        """Begin afresh: a new stream has the row."""
        self.packets[row] = 0
        self._losses.pop(row, None)

    def look(self, rows: NDArray[np.intp]) -> None:
        """Take in what has come for `rows`, all different, since the last look."""
        seen = self._reception.survey(rows)
        before = self.packets[rows]
        self.packets[rows] = before + seen.overlooked + seen.shown
        lossy = (seen.gone != 0) | (seen.overlooked != 0)
        if not lossy.any():
            return
        for row, first, overlooked, missing, shown, gone in zip(
            rows[lossy].tolist(),
            before[lossy].tolist(),
            seen.overlooked[lossy].tolist(),
            seen.missing[lossy].tolist(),
            seen.shown[lossy].tolist(),
            seen.gone[lossy].tolist(),
            strict=True,
        ):
            losses = self._losses.setdefault(row, _Losses())
            behind = first + overlooked
            if missing:
                losses.add(behind - missing, missing)
            for newer in range(shown - 1, -1, -1):
                if gone >> newer & 1:
                    losses.add(behind + shown - 1 - newer)

    def pattern(self, row: int) -> Pattern:
        """How the row's losses lie."""
        packets = int(self.packets[row])
        losses = self._losses.get(row)
        if losses is None or not losses.lost:
            return Pattern(0.0, 0.0, 0.0, float(packets), 1.0)
        return losses.pattern(packets)
