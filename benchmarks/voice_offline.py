"""Calls through `media.engine.Engine` in this very process, on a clock that is only a number.

Each call is a room of two rows: a talker, whose packets come when its trace says, and a listener with a perfect network,
whose outgoing codes are what is heard. All calls share one engine and tick together; each talker begins at a moment of its
own between two ticks. Packets are stamped as a worker stamps them: when it polls its sockets, a few times per tick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import g711
from benchmarks.traces import PACKET_S, Network
from benchmarks.voice_score import Heard
from benchmarks.voice_speech import FRAME, Speech
from media import control, rtp
from media.engine import Engine
from media.pacer import TICK_S
from media.worker import POLLS_PER_TICK

BEGIN_S: Final = 1_000.0
LEAD_S: Final = 0.5
"""Before a talker sends anything."""
TAIL_S: Final = 1.0
"""The engine ticks on after the last packet: what is still on its way is heard."""
WATCH_TICKS: Final = 10
"""So often the engine's own figures are looked at."""
PACKET_BYTES: Final = rtp.PACKET_OUT.itemsize
COMFORT_NOISE: Final = 13
"""Payload type of comfort noise (RFC 3389)."""
PAUSE_DBOV: Final = -50.0
PAUSE_FRAMES: Final = 10
"""With DTX a phone goes on sending for 200 ms of quiet, then says once in 400 ms how its background sounds."""
COMFORT_FRAMES: Final = 20
_COUNTERS: Final = ("concealed", "lost", "late", "duplicate", "accelerated", "expanded", "stretched")
"""Columns of `Streams`, those that there are."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One call to be made."""

    network: Network
    seed: int
    speech: Speech
    samples: int
    """How much is said; what is said begins again where it ends."""
    dtx: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made."""

    plan: Plan
    heard: Heard
    counters: dict[str, int]
    """The engine's own, of the talker's row."""
    buffer_ms: NDArray[np.float64]
    """(M,): the delay that the engine itself tells, every 200 ms."""


@dataclass(slots=True)
class _Arrivals:
    """All packets of all talkers in the order in which the worker reads them."""

    tick: NDArray[np.intp]
    stamp: NDArray[np.float64]
    row: NDArray[np.intp]
    packet: NDArray[np.uint8]
    """(M, 172): as many bytes of each as there may be."""
    length: NDArray[np.intp]


def run(plans: list[Plan]) -> list[Call]:
    """Make all calls, side by side."""
    talkers = np.arange(len(plans)) * 2
    engine = _engine(len(plans))
    begins = [
        BEGIN_S + LEAD_S + float(np.random.default_rng([plan.seed, 1]).uniform(0, TICK_S)) for plan in plans
    ]
    parts = [
        _arrivals(int(row), plan, begin) for row, plan, begin in zip(talkers, plans, begins, strict=True)
    ]
    ends = np.array([part.tick.max(initial=0) for part in parts])
    ticks = int(ends.max()) + int(TAIL_S / TICK_S)
    arrivals = _merged([*parts, _silence(talkers + 1, ticks)])
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
        heard[number] = engine.block["frame"][talkers + 1]
        engine.events()
        for place in np.flatnonzero(ends == number).tolist():
            counters[place] = _counters(engine, int(talkers[place]))
        if number % WATCH_TICKS == 0:
            watched.append(engine.streams.delay_ms[talkers].astype(np.float64))
    buffer_ms = np.array(watched)
    return [
        Call(
            plan,
            Heard(
                _said(plan),
                begins[place],
                plan.network.skew_ppm,
                g711.decode(heard[:, place].reshape(-1), "pcmu"),
                BEGIN_S,
            ),
            counters[place],
            buffer_ms[:, place],
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
    return {name: int(getattr(streams, name)[row]) for name in _COUNTERS if hasattr(streams, name)}


def _frames(plan: Plan) -> NDArray[np.uint8]:
    count = plan.samples // FRAME
    return np.resize(plan.speech.codes, count * FRAME).reshape(count, FRAME)


def _said(plan: Plan) -> NDArray[np.int16]:
    return g711.decode(_frames(plan).reshape(-1), "pcmu")


def _arrivals(row: int, plan: Plan, begin_s: float) -> _Arrivals:
    """The packets of one talker."""
    frames = _frames(plan)
    count = len(frames)
    number = np.arange(count)
    on_the_way = plan.network.trace(plan.seed, count)
    packets = np.zeros(count, rtp.PACKET_OUT)
    packets["first"] = 0x80
    packets["timestamp"] = number * FRAME
    packets["ssrc"] = 77 + row
    packets["frame"] = frames
    lengths = np.full(count, PACKET_BYTES)
    sent = np.ones(count, np.bool_)
    if plan.dtx:
        sent, describes = _sent_with_dtx(frames, packets)
        lengths[describes] = rtp.HEADER_BYTES + 1
    packets["sequence"] = (np.cumsum(sent) - 1) & 0xFFFF
    departs = begin_s + number * PACKET_S / (1.0 + plan.network.skew_ppm * 1e-6)
    came = np.flatnonzero(sent & ~np.isnan(on_the_way))
    return _read((departs + on_the_way)[came], row, packets[came], lengths[came])


def _sent_with_dtx(
    frames: NDArray[np.uint8], packets: NDArray[np.void]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which packets a phone with DTX sends, and which of them describe its background; `packets` are made so."""
    samples = g711.decode(frames, "pcmu").astype(np.float64)
    level = 20 * np.log10(np.sqrt(np.mean(samples**2, axis=1)) / 32_768 + 1e-9)
    since_speech, last = np.zeros(len(frames), np.intp), 0
    for at, loud in enumerate((level > PAUSE_DBOV).tolist()):
        last = 0 if loud else last + 1
        since_speech[at] = last
    paused = since_speech > PAUSE_FRAMES
    describes = paused & ((since_speech - PAUSE_FRAMES - 1) % COMFORT_FRAMES == 0)
    packets["second"][describes] = COMFORT_NOISE
    packets["frame"][describes, 0] = np.clip(-level[describes], 0, 127).astype(np.uint8)
    spurt = ~paused & np.concatenate([[True], paused[:-1]])
    packets["second"][spurt] |= 0x80
    return ~paused | describes, describes


def _silence(rows: NDArray[np.intp], ticks: int) -> _Arrivals:
    """Listeners send, too, as phones do: a packet per tick, in which there is nothing."""
    count = len(rows) * ticks
    packets = np.zeros(count, rtp.PACKET_OUT)
    packets["first"] = 0x80
    number = np.repeat(np.arange(ticks), len(rows))
    packets["sequence"] = number & 0xFFFF
    packets["timestamp"] = number * FRAME
    packets["frame"] = g711.SILENCE["pcmu"]
    arrival = BEGIN_S + number * TICK_S - TICK_S / 2
    packets["ssrc"] = np.tile(rows, ticks)
    read = _read(np.asarray(arrival, np.float64), 0, packets, np.full(count, PACKET_BYTES))
    read.row = np.tile(rows, ticks)
    return read


def _read(
    arrival: NDArray[np.float64], row: int, packets: NDArray[np.void], lengths: NDArray[np.intp]
) -> _Arrivals:
    """When a worker reads packets that arrive at these times."""
    poll = np.ceil((arrival - BEGIN_S) * POLLS_PER_TICK / TICK_S - 1e-6).astype(np.intp)
    order = np.argsort(arrival, kind="stable")
    tick = -(-poll // POLLS_PER_TICK)
    stamp = BEGIN_S + poll * TICK_S / POLLS_PER_TICK
    octets = packets.view(np.uint8).reshape(-1, PACKET_BYTES)
    return _Arrivals(tick[order], stamp[order], np.full(len(order), row), octets[order], lengths[order])


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
