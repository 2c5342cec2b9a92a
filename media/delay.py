"""How long each row must wait for its packets: learned from when they come.

Theory of operation
-------------------
All times are in samples. A packet's *transit* is its arrival minus its position in the stream; the clocks of the two ends
are nobody's business, only how the transits of one row differ. The quickest transit of the last seconds is what the
network takes at its best; how much later the others come is counted in a histogram of `BIN` wide bins above it, in which
the past weighs half as much every `HALF_LIFE_S`.

The *target* is a late transit: all but `RARE` of the packets come sooner. It is where the histogram says so, and what is
due by then may be played. Where more than a rare packet is late by nearly the same, as on Wi-Fi, where some are held up, it
lies up to `SPARED` sooner, and all but a `FEW` come by then. So it

- grows at once: a packet that comes after the target is looked at in the very tick, and counts at least as the latest of
  the last `MEMORY_LOOKS`, unless such packets are known: where others after the target are remembered it is one more of
  those that are not waited for;
- does not grow for a *spike*: a packet later by `SPIKE` than the target is an accident, as long as such packets are rarer
  than `RARE`; when they recur, they are how this line is;
- takes what came all together, behind a packet that was held up, for that one event;
- sinks slowly, as the histogram forgets, but to no more than the latest packet of some seconds; and not by a little, for
  a few milliseconds more are heard by nobody, and that the delay changes is;
- follows clocks that run apart, for the quickest is only that of the last `WINDOW_LOOKS`.

To weigh the past less is to weigh what comes more: no bin is ever touched but the one that counts. Rows are looked at in
turns, each every second, so a tick does a small part of the work.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

RATE_HZ: Final = 8_000

BIN: Final = 20.0
"""2.5 ms."""
BINS: Final = 120
QUEUED: Final = 120.0
"""15 ms: packets that follow one another more closely waited in one queue, and it was one event that held them up."""
LARGEST: Final = BIN * BINS
"""300 ms: what comes later is lost; a conversation with more delay is none."""
FIRST: Final = 64.0
"""8 ms are waited for on a line that nothing is known about: a wired phone's. More is learned with the first late packet."""
MARGIN: Final = 16.0
"""2 ms above the latest packet: a tick does not begin at the exact moment it is due."""
LOSSY: Final = 0.012
"""Where more packets than this are lost, one frame more is waited for: then the next packet is nearly always there when
one is missing, and what stands for it leads up to what comes (`dsp.conceal`): PESQ 0.3 higher at 10 % loss. On a line with jitter
they mostly are there anyway: no more than `LOSSY_LEAST` is waited for."""
LOSSY_LEAST: Final = 480.0
LOSSY_EVENTS: Final = 2.5
"""Two losses are none."""
FRAME: Final = 160.0
RARE: Final = 0.003
"""Of the packets may come too late: each is a gap of 20 ms, and 20 ms more delay are heard by everybody all the time."""
FEW: Final = 0.010
SPARED: Final = 120.0
"""15 ms less are waited for if no more than one packet in a hundred is too late then. It will be fewer: as frames are played whole,
a row waits up to 20 ms longer than its target says. That packets are held up is told from the rarest, for of those that are
not so rare too few come in the time that is remembered: where 0.7 % alone decided, such lines were not waited for now and
then. PESQ on Wi-Fi with spikes, and the delay: 4.51 at 151 ms if nothing is spared, 4.43 at 137 so."""
ONCE: Final = 1.5
"""A packet that was late once is no rule, however few there have been."""
KNOWN: Final = 0.2
"""Others later than the target are remembered if so much is left of the weight of one, 46 s after it came."""
STEADY: Final = 1.0 / 12.0
"""A target that would sink by less than this part of it stays: by 10 ms of 120."""
HALF_LIFE_S: Final = 20.0
MEMORY_LOOKS: Final = 3
"""3 s, for which the latest packet is remembered by itself."""
SPIKE: Final = 480.0
"""60 ms later than the target: an accident."""
ROUTE_BINS: Final = 4
"""10 ms that the quickest packet comes later or sooner than in the window before: another route, and what was counted
is counted where it would be now. Less is chance, or clocks that run apart, and how late packets were compared with the
quickest of their time is still true."""
LOOK_EVERY: Final = 5
LOOK_PARTS: Final = 10
"""Every fifth tick a tenth of the rows is looked at: each once a second, and a few calls for many rows."""
WORST_LOOKS: Final = 4
WORST_WINDOWS: Final = 4
"""Four times 4 s: if no packet was as late in so long, it is not waited for, however often they once were. Sooner would be
too soon: where one packet in a hundred is held up, chance leaves 7 s without any about once a minute."""
WINDOW_LOOKS: Final = 2
"""2 s: the quickest packet is that of the present window and the one before."""

_LIGHT: Final = np.float32(1e-3)
_HEAVIEST: Final = 1e12
"""When a packet weighs so much, all weights are made smaller by it: once in 13 minutes."""


class DelayTarget:
    """State of R rows; see the theory above."""

    def __init__(self, rows: int) -> None:
        self.due = np.zeros(rows, np.float64)
        """A position is due when the time is this much later than it."""
        self.base = np.zeros(rows, np.float64)
        """The transit where the histogram begins: the quickest, or less than a bin before it."""
        self._target = np.full(rows, FIRST)  # above `base`
        self._quickest = np.full(rows, np.inf)  # in the present window
        self._before = np.full(rows, np.inf)  # and in the one before
        self._latest = np.zeros(rows)  # above `base`, of late; spikes left out
        self._fade = np.zeros(rows, np.int8)  # looks until that is forgotten
        self._held_up_at = np.full(rows, -np.inf)  # when the last packet came that was later than `QUEUED`
        self._held_up_by = np.zeros(rows)
        self._worst = np.zeros((rows, WORST_WINDOWS))
        """How late any packet was in the present window and those before, if later than `QUEUED`."""
        self._weights = np.zeros((rows, BINS), np.float32)
        self._flat = self._weights.reshape(-1)
        self._lost = np.zeros(rows, np.float32)
        self._weight = 1.0
        self._growth = 0.5 ** (-0.02 / HALF_LIFE_S)
        self._tick = 0

    def clear(self, rows: NDArray[np.intp]) -> None:
        """Nothing is known of these rows' lines."""
        self._weights[rows] = 0.0
        self._lost[rows] = 0.0
        self._target[rows] = FIRST
        self._held_up_at[rows] = -np.inf
        self._worst[rows] = 0.0
        self._latest[rows] = FIRST
        self._fade[rows] = MEMORY_LOOKS
        self._aim(rows)

    def begin(self, rows: NDArray[np.intp], transit: NDArray[np.float64]) -> None:
        """The row's clock begins anew with a packet of this transit; what is known of the line stays."""
        self.base[rows] = self._quickest[rows] = transit
        self._before[rows] = np.inf
        self._aim(rows)

    def _aim(self, rows: NDArray[np.intp]) -> None:
        self.due[rows] = self.base[rows] + self._target[rows] + MARGIN

    def observe(
        self, rows: NDArray[np.intp], transit: NDArray[np.float64], arrival: NDArray[np.float64]
    ) -> None:
        """Learn from one packet of each of `rows`."""
        delay = transit - self.base[rows]
        quickest = self._quickest[rows]
        if (transit < quickest).any():
            self._quickest[rows] = np.minimum(quickest, transit)
        held_up = (delay > QUEUED).nonzero()[0]
        if held_up.size:
            delay[held_up] = self._alone(rows[held_up], delay[held_up], arrival[held_up])
        where = (delay * (1.0 / BIN)).astype(np.intp)
        np.maximum(where, 0, out=where)
        self._flat[rows * BINS + where] += np.float32(self._weight)
        late = (delay > self._target[rows]).nonzero()[0]
        if late.size:
            self._surprise(rows[late], delay[late])

    def _alone(
        self, rows: NDArray[np.intp], delay: NDArray[np.float64], arrival: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """How late these packets were by themselves: those that came all together behind one that was held up were not."""
        behind = (arrival - self._held_up_at[rows] < QUEUED) & (delay < self._held_up_by[rows])
        self._worst[rows, 0] = np.maximum(self._worst[rows, 0], delay)
        self._held_up_at[rows] = arrival
        self._held_up_by[rows] = delay
        return np.where(behind, 0.0, np.minimum(delay, LARGEST - 1.0))

    def miss(self, rows: NDArray[np.intp], packets: NDArray[np.float64]) -> None:
        """So many packets of these rows did not come, or too late."""
        self._lost[rows] += (packets * self._weight).astype(np.float32)

    def _surprise(self, rows: NDArray[np.intp], delay: NDArray[np.float64]) -> None:
        """Packets came after the target."""
        target = self._target[rows]
        later = np.arange(BINS) > (target * (1.0 / BIN)).astype(np.intp)[:, None]
        others = (self._weights[rows] * later).sum(axis=1) - self._weight
        news = (delay <= target + SPIKE) & (others < KNOWN * self._weight)
        self._latest[rows[news]] = delay[news]
        self._fade[rows[news]] = MEMORY_LOOKS
        self._look(rows)

    def advance(self, count: int) -> None:
        """A tick goes by: look at some of the first `count` rows."""
        self._tick += 1
        self._weight *= self._growth
        if self._weight > _HEAVIEST:
            self._weights *= np.float32(1.0 / self._weight)
            self._lost *= np.float32(1.0 / self._weight)
            self._weight = 1.0
        if self._tick % LOOK_EVERY:
            return
        turn, part = divmod(self._tick // LOOK_EVERY, LOOK_PARTS)
        rows = np.arange(part * count // LOOK_PARTS, (part + 1) * count // LOOK_PARTS)
        if not rows.size:
            return
        if turn % WINDOW_LOOKS == 0:
            self._next_window(rows)
        if turn % WORST_LOOKS == 0:
            self._worst[rows, 1:] = self._worst[rows, :-1]
            self._worst[rows, 0] = 0.0
        self._fade[rows] = np.maximum(self._fade[rows] - 1, 0)
        self._latest[rows[self._fade[rows] == 0]] = 0.0
        self._look(rows)

    def _look(self, rows: NDArray[np.intp]) -> None:
        """Find these rows' targets."""
        below = self._weights[rows].cumsum(axis=1)
        total = below[:, -1]
        target = self._all_but(RARE, rows, below)
        target = np.maximum(target - SPARED, np.minimum(target, self._all_but(FEW, rows, below)))
        target[total <= _LIGHT] = FIRST
        worst = np.maximum(self._worst[rows].max(axis=1), QUEUED)
        target = np.minimum(np.maximum(np.minimum(target, worst), self._latest[rows]), LARGEST)
        lossy = self._lost[rows] > np.maximum(
            np.float32(LOSSY) * total, np.float32(LOSSY_EVENTS * self._weight)
        )
        target[lossy] = np.maximum(target[lossy], np.minimum(target[lossy] + FRAME, LOSSY_LEAST))
        held = self._target[rows]
        stays = (target < held) & (target > held * (1.0 - STEADY))
        self._target[rows] = np.where(stays, held, target)
        self._aim(rows)

    def _all_but(
        self, share: float, rows: NDArray[np.intp], below: NDArray[np.float32]
    ) -> NDArray[np.float64]:
        """Until when all but this share of the packets have come; `below` counts them from the quickest on."""
        total = below[:, -1]
        wanted = total - np.maximum(total * np.float32(share), np.float32(ONCE * self._weight))
        place = np.minimum((below < wanted[:, None]).sum(axis=1), BINS - 1)
        over = below[np.arange(len(rows)), place] - wanted
        part = 1.0 - over / np.maximum(self._weights[rows, place], _LIGHT)
        until: NDArray[np.float64] = BIN * (place + np.clip(part, 0.0, 1.0).astype(np.float64))
        return until

    def _next_window(self, rows: NDArray[np.intp]) -> None:
        """The present window becomes the one before; the histogram moves where the quickest has moved by a bin."""
        quickest = np.minimum(self._quickest[rows], self._before[rows])
        heard = self._quickest[rows] < np.inf
        self._before[rows] = np.where(heard, self._quickest[rows], self._before[rows])
        self._quickest[rows] = np.inf
        steps = np.floor((quickest - self.base[rows]) / BIN)
        moved = (np.isfinite(quickest) & (steps != 0)).nonzero()[0]
        if not moved.size:
            return
        rows, shift = rows[moved], steps[moved].astype(np.intp)
        self.base[rows] += BIN * shift
        routed = np.abs(shift) >= ROUTE_BINS
        rows, shift = rows[routed], shift[routed]
        place = np.arange(BINS) + shift[:, None]
        self._latest[rows] = np.maximum(self._latest[rows] - BIN * shift, 0.0)
        worst = self._worst[rows]
        # 0: all packets were among the quickest, so it says nothing of another route.
        self._worst[rows] = np.where(worst > 0.0, np.maximum(worst - BIN * shift[:, None], 0.0), 0.0)
        there = (place >= 0) & (place < BINS)
        old = np.take_along_axis(self._weights[rows], np.clip(place, 0, BINS - 1), axis=1)
        self._weights[rows] = np.where(there, old, np.float32(0.0))

    def quickest(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """The quickest transit of these rows' last packets."""
        quickest = np.minimum(self._quickest[rows], self._before[rows])
        return np.where(np.isfinite(quickest), quickest, self.base[rows])
