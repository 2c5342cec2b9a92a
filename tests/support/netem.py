"""A network that is as bad as it is told to be, and bad in the same way each time.

A `Path` is one direction of one line. It carries no bytes: it says when what was sent arrives, once, never, or twice.
Packets keep their order however much they jitter, as they do behind one queue; one that is *reordered* took another way
and is overtaken by those behind it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Burst:
    """Loss in bursts (Gilbert 1960, Elliott 1963): chances per packet to fall into the bad state and out of it."""

    begins: float
    ends: float
    loss: float = 1.0
    """In the bad state."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """How a path treats packets. The defaults are a wire in the house."""

    latency_s: float = 0.005
    jitter_s: float = 0.0
    """Added at most, evenly spread."""
    loss: float = 0.0
    burst: Burst | None = None
    reorder: float = 0.0
    """Chance of a packet to come `reorder_s` later than the path's other packets."""
    reorder_s: float = 0.030
    duplication: float = 0.0


WIRE = Conditions()


class Path:
    """One direction."""

    def __init__(self, conditions: Conditions, seed: str) -> None:
        self.conditions = conditions
        self.cut = False
        """Nothing comes through any more."""
        self._chance = random.Random(seed)
        self._bad = False
        self._last = float("-inf")

    def carry(self, now: float) -> list[float]:
        """When a packet sent `now` arrives: no time, one or two."""
        if self.cut or self._loses():
            return []
        arrivals = [self._arrival(now)]
        if self._happens(self.conditions.duplication):
            arrivals.append(self._arrival(now))
        return arrivals

    def _loses(self) -> bool:
        burst = self.conditions.burst
        if burst is not None:
            self._bad ^= self._happens(burst.ends if self._bad else burst.begins)
            if self._bad and self._happens(burst.loss):
                return True
        return self._happens(self.conditions.loss)

    def _arrival(self, now: float) -> float:
        conditions = self.conditions
        at = now + conditions.latency_s
        if conditions.jitter_s:
            at += conditions.jitter_s * self._chance.random()
        if self._happens(conditions.reorder):
            return at + conditions.reorder_s
        self._last = at = max(at, self._last)
        return at

    def _happens(self, chance: float) -> bool:
        return chance > 0.0 and self._chance.random() < chance
