"""Anything may happen to an engine in any order, on any network: it ticks, everybody gets a packet, and nothing is left behind.

A walk is a seed. It opens, moves, mutes, plays to, records, re-negotiates and closes calls of all codecs at random, while their
packets are lost, late, doubled, out of order, of odd lengths or garbage. `RODA_WALKS` takes more of them.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest
from numpy.typing import NDArray

from media import control
from media.arena import ArenaAudio
from media.codecs.coders import available, encoder
from media.codecs.face import Encoder
from media.codecs.kind import facts
from media.codecs.terms import OpusTerms
from media.control import Codec, Segment
from media.engine import Engine, Outgoing
from media.outbox import Inbox, Outbox, outbox_bytes
from media.playback import SharedAudio
from media.recording.ring import Ring
from tests.media.wire import HERE, TICK_S, not_in_block, packet, slots

WALKS = int(os.environ.get("RODA_WALKS", "6"))
TICKS = 300
ROOMS = 3
MOST = 14
"""Calls at once."""
STATIC, WIDE, ARENA = 48_000, 32_000, 64_000
SPOKEN = [
    codec for codec in (Codec.PCMU, Codec.PCMA, Codec.G722, Codec.OPUS, Codec.L16_16) if available(codec)
]
ODD_MS = (10, 20, 20, 20, 20, 30, 40, 60)


@dataclass
class Caller:
    """A telephone, the network it is on, and what it was last heard to say."""

    stream: int
    codec: Codec
    ssrc: int
    payload_type: int
    encoders: dict[int, Encoder] = field(default_factory=dict)
    sequence: int = 100
    timestamp: int = 5_000
    debt_ms: int = 0
    level: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    silent: bool = False
    numbers: list[int] = field(default_factory=list)


class Walk:
    """One engine, its callers, and a seed for what becomes of them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.engine = Engine(MOST)
        buffer = memoryview(bytearray(4 * (STATIC + ARENA) + 4 * WIDE))
        sound = self.random.integers(-8_000, 8_000, STATIC + ARENA).astype(np.int16)
        np.frombuffer(buffer, np.int16, len(sound))[:] = sound
        audio = SharedAudio.over(buffer, STATIC + ARENA, WIDE)
        self.engine.load(audio, ArenaAudio.over(buffer, STATIC + ARENA, ARENA))
        self.engine.hand_over_through(Ring.private(512))
        self.now = 1_000.0
        self.callers: dict[int, Caller] = {}
        self.ever = 0
        self.playback = 0
        self.on_the_way: list[tuple[float, int, int, bytes]] = []
        self.count = 0
        self.events: list[control.AnyEvent] = []

    # What happens ----------------------------------------------------------------------------------------------

    def step(self) -> None:
        doings = (self.open, self.open, self.route, self.route, self.mute, self.change, self.play, self.play_room, self.music,
                  self.gain, self.record, self.stop, self.whisper, self.digits, self.record_room, self.tone, self.network,
                  self.network, self.jump, self.renew)  # fmt: skip
        if self.random.random() < 0.35:
            doings[self.random.integers(len(doings))]()
        if len(self.callers) > MOST - 2 or self.random.random() < 0.02:
            self.close()
        self.talk()
        self.tick()

    def apply(self, command: control.AnyCommand) -> None:
        self.engine.apply(command, self.now)

    def anybody(self) -> Caller | None:
        return self.callers[int(self.random.choice(list(self.callers)))] if self.callers else None

    def format(self, caller: Caller) -> control.Format:
        chance = self.random.random
        opus = None
        if caller.codec is Codec.OPUS:
            rate = int(self.random.choice([8_000, 16_000, 48_000]))
            opus = OpusTerms(rate, fec=chance() < 0.5, dtx=chance() < 0.5)
        return control.Format(
            caller.codec,
            caller.payload_type,
            101 if chance() < 0.7 else -1,
            send=chance() < 0.9,
            receive=chance() < 0.9,
            tones=chance() < 0.3,
            ptime_ms=int(self.random.choice(ODD_MS)),
            xr=chance() < 0.3,
            opus=opus,
        )

    def open(self) -> None:
        self.ever += 1
        codec = SPOKEN[self.random.integers(len(SPOKEN))]
        kind = facts(codec)
        caller = Caller(
            self.ever, codec, 1_000 + self.ever, int(codec) if kind.static else 96 + int(codec) % 8
        )
        self.callers[self.ever] = caller
        self.apply(
            control.OpenStream(
                self.ever, self.format(caller), ssrc=self.ever, sequence=65_530, timestamp=0xFFFF_FF00, cname="walk",
                remote=control.Endpoint(*HERE), latched=True, room=int(self.random.integers(ROOMS + 1)),
                muted=bool(self.random.random() < 0.2), auto_gain=bool(self.random.random() < 0.2),
                suppress=bool(self.random.random() < 0.2),
            )
        )  # fmt: skip

    def close(self) -> None:
        caller = self.anybody()
        if caller is not None:
            del self.callers[caller.stream]
            self.apply(control.CloseStream(caller.stream, moves=bool(self.random.random() < 0.3)))
            self.engine.goodbyes()

    def change(self) -> None:
        caller = self.anybody()
        if caller is None:
            return
        caller.codec = SPOKEN[self.random.integers(len(SPOKEN))]
        caller.payload_type = int(caller.codec) if facts(caller.codec).static else 96 + int(caller.codec) % 8
        caller.encoders.clear()
        self.apply(control.UpdateStream(caller.stream, self.format(caller)))

    def to_one(self, make: Callable[..., control.AnyCommand], *arguments: object) -> None:
        caller = self.anybody()
        if caller is not None:
            self.apply(make(caller.stream, *arguments))

    def route(self) -> None:
        self.to_one(control.Route, int(self.random.integers(ROOMS + 1)))

    def mute(self) -> None:
        self.to_one(control.Mute, bool(self.random.random() < 0.4))

    def gain(self) -> None:
        self.to_one(control.Gain, float(self.random.integers(-24, 25)))
        self.to_one(control.AutoGain, bool(self.random.random() < 0.5))
        self.to_one(control.Suppress, bool(self.random.random() < 0.5))

    def whisper(self) -> None:
        other = self.anybody()
        self.to_one(control.Whisper, other.stream if other and self.random.random() < 0.6 else 0)

    def segment(self) -> Segment:
        offset = int(self.random.integers(STATIC))
        return Segment(offset, int(self.random.integers(1, STATIC - offset + 1)))

    def play(self) -> None:
        self.playback += 1
        self.to_one(control.Play, self.playback, [self.segment()], bool(self.random.random() < 0.5))
        if self.random.random() < 0.3:
            self.to_one(control.StopPlay)

    def play_room(self) -> None:
        self.playback += 1
        room = int(self.random.integers(1, ROOMS + 1))
        self.apply(control.PlayRoom(room, self.playback, [self.segment()]))
        self.apply(control.RoomMusic(room, self.segment() if self.random.random() < 0.3 else None))

    def music(self) -> None:
        self.to_one(control.Music, self.segment() if self.random.random() < 0.7 else None)

    def record(self) -> None:
        begin = STATIC + 1_600 * int(self.random.integers(ARENA // 1_600))
        self.playback += 1
        self.to_one(control.Record, self.playback, Segment(begin, min(8_000, STATIC + ARENA - begin)), 0.5)

    def stop(self) -> None:
        self.to_one(control.StopRecording)

    def digits(self) -> None:
        self.to_one(control.SendDigits, "12#")

    def record_room(self) -> None:
        self.apply(control.RecordRoom(int(self.random.integers(1, ROOMS + 1)), int(self.random.integers(3))))

    def tone(self) -> None:
        self.apply(control.RoomTone(float(self.random.choice([0.0, -60.0]))))

    # The network -----------------------------------------------------------------------------------------------

    def network(self) -> None:
        caller = self.anybody()
        if caller is not None:
            caller.jitter_s = float(self.random.choice([0.0, 0.01, 0.08]))
            caller.loss = float(self.random.choice([0.0, 0.03, 0.3]))
            caller.level = float(self.random.choice([0.0, 20.0, 300.0, 6_000.0, 30_000.0]))
            caller.silent = bool(self.random.random() < 0.2)

    def jump(self) -> None:
        caller = self.anybody()
        if caller is not None:
            caller.timestamp += int(self.random.choice([800, 8_000, 1 << 31, -1_600]))
            caller.sequence += int(self.random.choice([0, 1, 7, 30_000]))

    def renew(self) -> None:
        caller = self.anybody()
        if caller is not None:
            caller.ssrc += 10_000

    def talk(self) -> None:
        for caller in self.callers.values():
            caller.debt_ms += 20
            if caller.silent:
                caller.debt_ms = 0
            while caller.debt_ms > 0:
                ms = 20 if self.random.random() < 0.9 else int(self.random.choice(ODD_MS))
                caller.debt_ms -= ms
                self.send(caller, self.payload(caller, ms), ms)

    def payload(self, caller: Caller, ms: int) -> bytes:
        if self.random.random() < 0.02:
            return self.random.bytes(int(self.random.integers(0, 700)))
        band = facts(caller.codec).band
        if band not in caller.encoders:
            caller.encoders[band] = encoder(caller.codec, band)
        size = 8 * (20 if caller.codec is Codec.OPUS else ms) * band
        wave = caller.level * np.sin(np.arange(size) * self.random.uniform(0.02, 0.5))
        return caller.encoders[band].encode(np.rint(wave).astype(np.int16))

    def send(self, caller: Caller, payload: bytes, ms: int) -> None:
        caller.sequence = (caller.sequence + 1) & 0xFFFF
        caller.timestamp = (caller.timestamp + 8 * ms * facts(caller.codec).ticks) & 0xFFFF_FFFF
        odd = self.random.random()
        number = caller.payload_type
        if odd < 0.01:
            payload, number = b"\x05\x0a\x00\xa0", 101
        elif odd < 0.02:
            payload, number = b"\x40\x80", 13
        data = packet(payload, sequence=caller.sequence, timestamp=caller.timestamp, payload_type=number, ssrc=caller.ssrc,
                      marker=odd > 0.99)  # fmt: skip
        if odd > 0.995:
            data = self.random.bytes(int(self.random.integers(0, 200)))
        for _ in range(2 if self.random.random() < 0.02 else 1):
            if self.random.random() >= caller.loss:
                self.count += 1
                at = self.now - 0.01 + self.random.uniform(0, caller.jitter_s)
                heapq.heappush(self.on_the_way, (at, self.count, caller.stream, data))

    def tick(self) -> Outgoing:
        rows, arrivals, data = [], [], []
        while self.on_the_way and self.on_the_way[0][0] <= self.now:
            at, _, stream, each = heapq.heappop(self.on_the_way)
            row = self.engine.row(stream)
            if row is not None:
                rows.append(row)
                arrivals.append(at)
                data.append(each)
        if rows:
            block, lengths = slots(data)
            self.engine.receive(np.array(rows, np.intp), lengths, np.array(arrivals), block, {})
        self.engine.addressing()
        outgoing = self.engine.tick(self.now)
        self.check(outgoing)
        self.engine.sent()
        self.events += self.engine.events()
        self.now += TICK_S
        return outgoing

    def check(self, outgoing: Outgoing) -> None:
        """Whoever is sent to is there, once, and their numbers go on one by one."""
        rows: NDArray[np.intp] = outgoing.rows
        assert len(np.unique(rows)) == len(rows)
        streams = self.engine.streams.stream[rows].tolist()
        assert set(streams) <= set(self.callers)
        for row, stream in zip(rows.tolist(), streams, strict=True):
            numbers = self.callers[stream].numbers
            numbers.append(int(self.engine.block["sequence"][row]))
        for row, octets in not_in_block(self.engine, outgoing):
            assert int(self.engine.streams.stream[row]) in self.callers
            assert len(octets) >= 12

    def end(self) -> None:
        """Everybody hangs up: the engine is as it was, and each had one end."""
        for stream in list(self.callers):
            del self.callers[stream]
            self.apply(control.CloseStream(stream))
        for _ in range(100):
            self.tick()
        closed = [event.stream for event in self.events if isinstance(event, control.StreamClosed)]
        assert sorted(closed) == list(range(1, self.ever + 1))
        assert self.engine.idle
        assert self.engine._outward.idle
        assert self.engine._speakers.bands.narrow
        assert not self.engine._rooms._ids


@pytest.mark.parametrize("seed", range(WALKS))
def test_an_engine_ticks_whatever_happens(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(TICKS):
        walk.step()
    walk.end()


@pytest.mark.parametrize("seed", range(0, WALKS, 2))
def test_two_that_share_their_rooms_at_times_tick_too(seed: int) -> None:
    walks = [Walk(seed), Walk(seed + 1_000)]
    memory = [bytearray(outbox_bytes()) for _ in walks]
    for number, walk in enumerate(walks):
        walk.engine.lay_out_in(Outbox(memory[number]), number)
        walk.engine.listen_to(1 - number, Inbox(memory[1 - number]))
    chance = np.random.default_rng(seed).random
    for _ in range(TICKS // 2):
        if chance() < 0.1:
            room, together = 1 + int(chance() * ROOMS), chance() < 0.7
            for number, walk in enumerate(walks):
                walk.apply(control.Spread(room, [1 - number] if together else [], leads=number == 0))
        for walk in walks:
            if chance() < 0.95:  # otherwise it stands still
                walk.step()
            else:
                walk.now += TICK_S
    for walk in walks:
        for room in range(1, ROOMS + 1):
            walk.apply(control.Spread(room, []))
        walk.end()
