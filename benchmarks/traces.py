"""Networks as traces: when each packet of a stream arrives, as a pure function of a seed.

A trace says for each of N packets, sent 20 ms apart, how long it is on its way, in seconds; NaN: it is lost. Every
network here has no delay of its own: the quickest packets arrive as they are sent, so what a listener's delay is made of
is the jitter that the bridge must wait for, and the bridge.

A talker whose clock is wrong has a perfect network; its packets are sent too soon or too late (`skew_ppm`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

PACKET_S: Final = 0.020

GAMMA_SHAPE: Final = 1.5
"""Of Wi-Fi's jitter: between an exponential's long tail and a bell."""
SPIKE_S: Final = 0.120
SPIKES: Final = 0.01
"""One packet in a hundred meets one."""
QUEUE_S: Final = 0.0005
"""Packets that waited in a queue come one after the other: a frame on the air takes about this long."""

Trace: TypeAlias = NDArray[np.float64]
"""(N,): seconds on the way, NaN where lost."""


@dataclass(frozen=True, slots=True)
class Network:
    """A talker's network by name."""

    name: str
    make: Callable[[np.random.Generator, int], Trace]
    skew_ppm: float = 0.0
    """By how much the talker's clock runs fast."""

    def trace(self, seed: int, packets: int) -> Trace:
        """How long each of `packets` packets is on its way; the same seed is the same trace, and a longer one is
        another.
        """
        return self.make(np.random.default_rng([crc32(self.name.encode()), seed]), packets)


def clean(_random: np.random.Generator, packets: int) -> Trace:
    """Every packet arrives as it is sent."""
    return np.zeros(packets)


def random_loss(share: float) -> Callable[[np.random.Generator, int], Trace]:
    """Each packet is lost by its own chance."""

    def make(random: np.random.Generator, packets: int) -> Trace:
        return np.where(random.random(packets) < share, np.nan, 0.0)

    return make


def bursts(share: float, mean_length: float) -> Callable[[np.random.Generator, int], Trace]:
    """Losses come in bursts of geometric length (Gilbert's model): a good and a bad state, all is lost in the bad one."""
    ends = 1.0 / mean_length
    begins = share * ends / (1.0 - share)

    def make(random: np.random.Generator, packets: int) -> Trace:
        lost = np.zeros(packets, np.bool_)
        at = int(random.geometric(begins)) - 1
        while at < packets:
            length = int(random.geometric(ends))
            lost[at : at + length] = True
            at += length + int(random.geometric(begins))
        return np.where(lost, np.nan, 0.0)

    return make


def uniform_jitter(largest_s: float, lost: float = 0.0) -> Callable[[np.random.Generator, int], Trace]:
    """Each packet is delayed by its own chance, and may overtake others."""

    def make(random: np.random.Generator, packets: int) -> Trace:
        delay = random.uniform(0.0, largest_s, packets)
        return np.where(random.random(packets) < lost, np.nan, delay)

    return make


def wifi(mean_s: float, *, queue: bool = True) -> Callable[[np.random.Generator, int], Trace]:
    """Gamma jitter, and spikes of 120 ms.

    With `queue` nothing overtakes anything: behind a packet that meets a spike the next ones wait, and all come together.
    Without it each packet is delayed by itself.
    """

    def make(random: np.random.Generator, packets: int) -> Trace:
        delay = random.gamma(GAMMA_SHAPE, mean_s / GAMMA_SHAPE, packets)
        delay += SPIKE_S * (random.random(packets) < SPIKES)
        if not queue:
            return delay
        # Each arrives QUEUE_S after the one before at the soonest: a running maximum, less what the queue itself takes.
        order = np.arange(packets)
        arrivals = np.maximum.accumulate(order * PACKET_S + delay - order * QUEUE_S) + order * QUEUE_S
        return np.asarray(arrivals - order * PACKET_S, np.float64)

    return make


NETWORKS: Final = (
    Network("clean", clean),
    Network("loss 3 %", random_loss(0.03)),
    Network("loss 10 %", random_loss(0.10)),
    Network("bursts 5 %", bursts(0.05, 3.0)),
    Network("jitter 0-40", uniform_jitter(0.040)),
    Network("wifi", wifi(0.010)),
    Network("jitter 0-60, loss 5 %", uniform_jitter(0.060, 0.05)),
    Network("clock fast", clean, skew_ppm=500.0),
    Network("clock slow", clean, skew_ppm=-500.0),
)
"""The rows of the quality table."""

FURTHER: Final = (Network("wifi, no queue", wifi(0.010, queue=False)),)
"""To compare with."""

CROWD: Final = Network("jitter 0-40, loss 3 %", uniform_jitter(0.040, 0.03))
"""That of everybody at once, when it is the load that is measured and not the sound."""
