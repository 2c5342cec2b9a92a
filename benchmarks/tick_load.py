"""The loads of `benchmarks.tick`: an engine of our own, and the packets of all its rows, tick by tick, as bytes.

What is sent is made before anything is measured: a loop of payloads for each who talks, one for those who are silent, each at
a place of his own in it, and where the network is bad a table of what arrives when. The payloads of silence differ from packet
to packet where the codec has it so: the predictors of G.722 never come to rest.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.traces import PACKET_S, uniform_jitter
from media import control, rtp
from media.codecs import coders
from media.codecs.kind import facts
from media.control import Codec
from media.engine import Engine
from media.outbox import Inbox, Outbox, outbox_bytes

SAMPLES: Final = 160
LOUDNESS: Final = 8_000
LOOP: Final = 50
"""Packets after which a talker's tone, of a whole number of Hz, begins again without a seam."""
LOWEST_HZ, STEP_HZ, TONES = 300, 40, 60
SETTLED: Final = 25
"""Packets of silence after which a coder has come to rest."""
DTX_PACKETS: Final = 21
"""A silent phone that speaks Opus with DTX sends two in so many: one of background noise, and one that says that nothing
follows, as browsers do; libopus makes a noise packet every 420 ms."""
PAUSE: Final = b"\x78"
"""Opus: 20 ms at 48 kHz with nothing in it."""
LATE_S: Final = 0.012
"""From the arrival of a packet on a perfect network to the tick."""
LARGEST_BYTES: Final = rtp.SLOT_BYTES - rtp.HEADER_BYTES


@dataclass(frozen=True, slots=True)
class Case:
    """A worker's load."""

    name: str
    rows: int
    rooms: int
    talkers: int
    """In each room."""
    loss: float = 0.0
    jitter_s: float = 0.0
    """Each packet is late by up to so much, by its own chance."""
    tones: int = 0
    """Rows whose keys are looked for in their audio."""
    codec: Codec = Codec.PCMU
    dtx: bool = False
    """Of Opus: whoever is silent sends next to nothing."""
    workers: int = 1
    """So many engines have these rows each, and the rooms together."""

    @property
    def missing(self) -> str:
        """What this machine lacks to run it; nothing: ''."""
        return "" if coders.available(self.codec) else "libopus is not on this machine"

    @property
    def payload_type(self) -> int:
        """As the stream is opened with: the static one, or what browsers choose."""
        return 111 if self.codec is Codec.OPUS else int(self.codec)


CASES: Final = (
    Case("4 in one room", 4, 1, 2),
    Case("1,000 in one room", 1_000, 1, 2),
    Case("1,000 in one room, 20 talk", 1_000, 1, 20),
    Case("1,000 in 200 rooms", 1_000, 200, 1),
    Case("1,000 in 200 rooms, 2 % lost", 1_000, 200, 1, loss=0.02),
    Case("1,000 in 200 rooms, 100 by tones", 1_000, 200, 1, tones=100),
    Case("1,000 in 200 rooms, all by tones", 1_000, 200, 1, tones=1_000),
    Case("1,000 speak at once", 1_000, 200, 5),
    Case("1,000 speak at once, all by tones", 1_000, 200, 5, tones=1_000),
    Case("3,000 in one room", 3_000, 1, 2),
    Case("6,000 in one room over two workers", 3_000, 1, 1, workers=2),
    Case("the same, 20 talk", 3_000, 1, 10, workers=2),
    Case("1,000 in 200 rooms, 0-40 ms, 3 %", 1_000, 200, 1, loss=0.03, jitter_s=0.040),
    Case("the same, 2 talk in each", 1_000, 200, 2, loss=0.03, jitter_s=0.040),
    Case("500 on G.722, 3 talk", 500, 1, 3, codec=Codec.G722),
    Case("500 on Opus, 3 talk, others DTX", 500, 1, 3, codec=Codec.OPUS, dtx=True),
    Case("500 on Opus, 3 talk, others silence", 500, 1, 3, codec=Codec.OPUS),
)


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that is said in a case: payloads, one per line, and what each row goes through."""

    payloads: NDArray[np.uint8]
    """(P, W), each filled up with zeros."""
    sizes: NDArray[np.intp]
    """(P,)"""
    first: NDArray[np.intp]
    """(rows,): where a row's loop begins in `payloads`."""
    talks: NDArray[np.bool_]
    """(rows,)"""

    def lines(self, rows: NDArray[np.intp], numbers: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return which payload is that packet of that row."""
        return self.first[rows] + (numbers + np.where(self.talks[rows], 0, rows)) % LOOP


def encoded(case: Case, sound: NDArray[np.int16]) -> list[bytes]:
    """Return packets of 20 ms of `sound`, which is at the codec's widest band, after it was silent."""
    band = facts(case.codec).band
    coder = coders.encoder(case.codec, band)
    frames = np.concatenate([np.zeros(SETTLED * SAMPLES * band, np.int16), sound]).reshape(-1, SAMPLES * band)
    return [coder.encode(frame) for frame in frames][SETTLED:]


def said(case: Case) -> Said:
    """Encode a case's tones, of which neighbours in a room differ, and its silence."""
    rate_hz = 8_000 * facts(case.codec).band
    clock = np.arange(LOOP * SAMPLES * facts(case.codec).band) / rate_hz
    tones = min(TONES, case.talkers * case.rooms)
    pieces = [encoded(case, np.zeros(len(clock), np.int16))]
    for tone in range(tones):
        wave = LOUDNESS * np.sin(2 * np.pi * (LOWEST_HZ + STEP_HZ * tone) * clock)
        pieces.append(encoded(case, np.tile(wave.astype(np.int16), 2))[LOOP:])
    flat = [payload for piece in pieces for payload in piece]
    payloads = np.zeros((len(flat), max(map(len, flat))), np.uint8)
    for line, payload in enumerate(flat):
        payloads[line, : len(payload)] = np.frombuffer(payload, np.uint8)
    row = np.arange(case.rows)
    talks = row < case.talkers * case.rooms
    return Said(
        payloads,
        np.array([len(payload) for payload in flat], np.intp),
        np.where(talks, (1 + row % tones) * LOOP, 0),
        talks,
    )


@dataclass(frozen=True, slots=True)
class Schedule:
    """Which packet of which row arrives in which tick, over the whole run, sorted by arrival."""

    rows: NDArray[np.intp]
    numbers: NDArray[np.intp]
    """(N,): of the packet in its stream, by which its timestamp goes."""
    sequences: NDArray[np.intp]
    arrivals_s: NDArray[np.float64]
    """(N,): before the first tick's time is counted below zero."""
    ends: NDArray[np.intp]
    """(ticks + 1,): where each tick's packets begin."""


def schedule(case: Case, ticks: int) -> Schedule:
    """Send a packet per row and tick through the case's network."""
    random = np.random.default_rng(1)
    rows = np.tile(random.permutation(case.rows), ticks)
    numbers = np.repeat(np.arange(ticks), case.rows)
    sequences = numbers
    if case.dtx:
        turn = (numbers + rows) % DTX_PACKETS
        sends = (turn < 2) | (rows < case.talkers * case.rooms)
        number_of = np.cumsum(sends.reshape(ticks, -1)[:, np.argsort(rows[: case.rows])], axis=0) - 1
        rows, numbers = rows[sends], numbers[sends]
        sequences = number_of[numbers, rows]
    arrivals_s = numbers * PACKET_S - LATE_S
    if case.loss or case.jitter_s:
        way_s = uniform_jitter(case.jitter_s, case.loss)(random, len(rows))
        arrivals_s = arrivals_s + way_s
    order = np.argsort(arrivals_s, kind="stable")
    order = order[~np.isnan(arrivals_s[order])]
    # A tick takes what has come by then, and is at `number * PACKET_S`.
    ends = np.searchsorted(arrivals_s[order], np.arange(-1, ticks) * PACKET_S, "right")
    return Schedule(rows[order], numbers[order], sequences[order], arrivals_s[order], ends)


class Load:
    """An engine and the packets of all its rows, for so many ticks."""

    def __init__(self, case: Case, ticks: int) -> None:
        self._case = case
        self.engine = Engine(max(4_096, case.rows))
        for number in range(case.rows):
            self.engine.apply(
                control.OpenStream(
                    number + 1,
                    control.Format(
                        case.codec,
                        case.payload_type,
                        -1 if number < case.tones else 101,
                        tones=number < case.tones,
                    ),
                    ssrc=number,
                    sequence=0,
                    timestamp=0,
                    cname="tick",
                    remote=control.Endpoint("192.0.2.1", 10_000 + number),
                    latched=True,
                    room=1 + number % case.rooms,
                ),
                0.0,
            )
        self.engine.addressing()
        self._said = said(case)
        self._schedule = schedule(case, ticks)
        self._packets = np.zeros(int(np.diff(self._schedule.ends).max()), rtp.PACKET_IN)
        self._packets["first"] = 0x80
        self._packets["second"] = case.payload_type
        self._begin_s = 1_000.0

    def batch(
        self, number: int
    ) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.void]]:
        """Return what comes before a tick: rows, lengths, arrivals, packets, as `Engine.receive` takes them."""
        table, spoken = self._schedule, self._said
        here = slice(table.ends[number], table.ends[number + 1])
        rows, numbers = table.rows[here], table.numbers[here]
        packets = self._packets[: len(rows)]
        packets["sequence"] = table.sequences[here] & 0xFFFF
        packets["timestamp"] = numbers * SAMPLES * facts(self._case.codec).ticks
        packets["ssrc"] = rows + 5
        lines = spoken.lines(rows, numbers)
        width = spoken.payloads.shape[1]
        packets["bytes"][:, rtp.HEADER_BYTES : rtp.HEADER_BYTES + width] = spoken.payloads[lines]
        sizes = spoken.sizes[lines]
        if self._case.dtx:
            pauses = ~spoken.talks[rows] & ((numbers + rows) % DTX_PACKETS == 1)
            packets["bytes"][pauses, rtp.HEADER_BYTES] = PAUSE[0]
            sizes = np.where(pauses, len(PAUSE), sizes)
        return rows, rtp.HEADER_BYTES + sizes, self._begin_s + table.arrivals_s[here], packets

    def tick(self, number: int) -> tuple[float, float]:
        """Receive and tick once; returns the seconds that each took."""
        batch = self.batch(number)
        began = time.perf_counter()
        self.engine.receive(*batch, {})
        received = time.perf_counter()
        self.engine.tick(self._begin_s + number * PACKET_S)
        self.engine.sent()
        return received - began, time.perf_counter() - received


def loads(case: Case, ticks: int) -> list[Load]:
    """Return the load of each worker of a case; several hear each other."""
    made = [Load(case, ticks) for _ in range(case.workers)]
    numbers = range(1, case.workers + 1)
    for number, load in zip(numbers, made, strict=True):
        outbox = bytearray(outbox_bytes())
        load.engine.lay_out_in(Outbox(outbox), number)
        for other, reader in zip(numbers, made, strict=True):
            if other != number:
                reader.engine.listen_to(number, Inbox(outbox))
    for number, load in zip(numbers, made, strict=True):
        others = [other for other in numbers if other != number]
        for room in range(1, case.rooms + 1) if others else ():
            load.engine.apply(control.Spread(room, others, leads=number == 1), 0.0)
    return made
