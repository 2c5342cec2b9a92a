"""Calls through `media.engine.Engine` in this very process, on a clock that is only a number.

Each call is a room of two rows: a talker, whose packets come when its trace says, and a listener with a perfect network,
whose outgoing codes are what is heard. All calls share one engine and tick together. Packets are stamped as a worker
stamps them: when it polls its sockets, a few times per tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import g711
from benchmarks.voice_score import Heard
from benchmarks.voice_speech import FRAME
from benchmarks.voice_talker import PACKET_BYTES, Plan, Stream, silence, stream
from media import control, rtp
from media.engine import Engine
from media.pacer import TICK_S
from media.worker import POLLS_PER_TICK

BEGIN_S: Final = 1_000.0
TAIL_S: Final = 1.0
"""The engine ticks on after the last packet: what is still on its way is heard."""
WATCH_TICKS: Final = 10
"""So often the engine's own figures are looked at."""
COUNTERS: Final = (
    "concealed",
    "lost",
    "late",
    "duplicate",
    "accelerated",
    "expanded",
    "stretched",
    "squeezed",
)
"""Columns of `Streams` that are told, those that there are."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the engine itself tells of one call's talker."""

    counters: dict[str, int]
    buffer_ms: float
    """The median of the delay of its jitter buffer, as in its shared table."""


@dataclass(frozen=True, slots=True)
class _Arrivals:
    """All packets of all rows in the order in which the worker reads them."""

    tick: NDArray[np.intp]
    stamp: NDArray[np.float64]
    row: NDArray[np.intp]
    packet: NDArray[np.uint8]
    length: NDArray[np.intp]


def run(plans: list[Plan]) -> list[tuple[Heard, Told]]:
    """Make all calls, side by side."""
    talkers = np.arange(len(plans)) * 2
    engine = _engine(len(plans))
    begins = [BEGIN_S + TICK_S + plan.start_s for plan in plans]
    parts = [
        _read(stream(plan, ssrc=77 + row, begin_s=begin), row)
        for row, plan, begin in zip(talkers.tolist(), plans, begins, strict=True)
    ]
    ends = np.array([part.tick.max(initial=0) for part in parts])
    ticks = int(ends.max()) + int(TAIL_S / TICK_S)
    listens = BEGIN_S + TICK_S / 2
    parts += [_read(silence(ticks, ssrc=77 + row, begin_s=listens), row) for row in (talkers + 1).tolist()]
    arrivals = _merged(parts)
    bounds = np.searchsorted(arrivals.tick, np.arange(ticks + 1))
    heard = np.zeros((ticks, len(plans), FRAME), np.uint8)
    watched: list[NDArray[np.float64]] = []
    counters: list[dict[str, int]] = [{} for _ in plans]
    for number in range(ticks):
        here = slice(bounds[number], bounds[number + 1])
        slots = np.zeros(bounds[number + 1] - bounds[number], rtp.PACKET_IN)
        slots["bytes"][:, :PACKET_BYTES] = arrivals.packet[here]
        engine.receive(arrivals.row[here], arrivals.length[here], arrivals.stamp[here], slots, {})
        engine.tick(BEGIN_S + number * TICK_S)
        engine.sent()
        engine.events()
        heard[number] = engine.block["frame"][talkers + 1]
        for place in np.flatnonzero(ends == number).tolist():
            counters[place] = _counters(engine, int(talkers[place]))
        if number % WATCH_TICKS == 0:
            watched.append(engine.streams.delay_ms[talkers].astype(np.float64))
    buffer_ms = np.median(watched, axis=0)
    return [
        (
            Heard(
                said=g711.decode(plan.frames.reshape(-1), "pcmu"),
                said_at_s=begins[place],
                skew_ppm=plan.network.skew_ppm,
                heard=g711.decode(heard[:, place].reshape(-1), "pcmu"),
                heard_at_s=BEGIN_S,
            ),
            Told(counters[place], float(buffer_ms[place])),
        )
        for place, plan in enumerate(plans)
    ]


def _engine(calls: int) -> Engine:
    engine = Engine(max(64, 2 * calls))
    for row in range(2 * calls):
        engine.apply(
            control.OpenStream(
                row + 1,
                control.Format(control.Codec.PCMU, 0, 101),
                ssrc=row,
                sequence=0,
                timestamp=0,
                cname="voice",
                remote=control.Endpoint("192.0.2.1", 10_000 + row),
                latched=True,
                room=1 + row // 2,
            ),
            BEGIN_S,
        )
    engine.addressing()
    return engine


def _counters(engine: Engine, row: int) -> dict[str, int]:
    streams = engine.streams
    return {name: int(getattr(streams, name)[row]) for name in COUNTERS if hasattr(streams, name)}


def _read(comes: Stream, row: int) -> _Arrivals:
    """When a worker reads packets that arrive at these times."""
    poll = np.ceil((comes.at_s - BEGIN_S) * POLLS_PER_TICK / TICK_S - 1e-6).astype(np.intp)
    stamp = BEGIN_S + poll * TICK_S / POLLS_PER_TICK
    return _Arrivals(-(-poll // POLLS_PER_TICK), stamp, np.full(len(poll), row), comes.packets, comes.lengths)


def _merged(parts: list[_Arrivals]) -> _Arrivals:
    stamp = np.concatenate([part.stamp for part in parts])
    order = np.argsort(stamp, kind="stable")
    return _Arrivals(
        np.concatenate([part.tick for part in parts])[order],
        stamp[order],
        np.concatenate([part.row for part in parts])[order],
        np.concatenate([part.packet for part in parts])[order],
        np.concatenate([part.length for part in parts])[order],
    )
