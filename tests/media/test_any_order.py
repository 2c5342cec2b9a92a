"""Anything may happen to an engine in any order, on any network: it ticks, everybody gets a packet, and nothing is left behind.

A walk is a seed. It opens, moves, mutes, plays to, records, re-negotiates and closes calls of all codecs at random, while their
packets are lost, late, doubled, out of order, of odd lengths or garbage. Some calls are secured, and get new keys; of some it is to
be learned where they come from, while others speak into them; some go to another worker and come back with their numbers; some
telephones are as they should be, all along. `RODA_WALKS` takes more of them.
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
from media.control import Codec, Segment, Srtp, Suite
from media.engine import Engine, Outgoing
from media.outbox import Inbox, Outbox, outbox_bytes
from media.playback import SharedAudio
from media.recording.ring import Ring
from media.rtcp import ReceptionBlock, SenderInfo, build, goodbye
from media.sources import Connect, Target
from media.srtcp import ReportCipher
from media.srtp_cipher import PacketCipher
from media.srtp_keys import packet_keys, report_keys
from tests.media.secured import keys
from tests.media.wire import HERE, TICK_S, not_in_block, packet, slots

WALKS = int(os.environ.get("RODA_WALKS", "6"))
TICKS = 150
ROOMS = 3
MOST = 14
"""Calls at once."""
STATIC, WIDE, ARENA = 48_000, 32_000, 64_000
SPOKEN = [
    codec for codec in (Codec.PCMU, Codec.PCMA, Codec.G722, Codec.OPUS, Codec.L16_16) if available(codec)
]
THERE = ("192.0.2.77", 6_000)
"""Where the phone comes from if not from where SDP says."""
SPRAYER = ("198.51.100.9", 7_000)
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
    steady: bool = False
    """Nothing of it is ever odd."""
    srtp: Srtp | None = None
    connected: bool = False
    """The socket hears nobody else."""
    source: tuple[str, int] = HERE
    target: tuple[str, int] | None = None
    report: int = 0
    last: int = -1
    """The sequence number that it was sent last."""
    asked: bool = True
    """It has been sent packets all along."""
    opening: control.OpenStream | None = None

    @property
    def sealing(self) -> PacketCipher | None:
        srtp = self.srtp
        return None if srtp is None else PacketCipher(srtp.suite, packet_keys(srtp.suite, srtp.key_in))


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
        self.on_the_way: list[tuple[float, int, int, bytes, tuple[str, int]]] = []
        self.count = 0
        self.events: list[control.AnyEvent] = []
        self.away: dict[int, Caller] = {}
        """On their way to another worker, and back."""
        self.moves = 0
        self.asked: list[int] = []
        """Playbacks to rooms."""

    # What happens ----------------------------------------------------------------------------------------------

    def step(self) -> None:
        doings = (self.open, self.open, self.open, self.open, self.open, self.route, self.route, self.mute, self.change, self.play, self.play_room, self.music,
                  self.gain, self.record, self.stop, self.whisper, self.digits, self.record_room, self.tone, self.network,
                  self.network, self.jump, self.renew, self.move, self.move, self.hear_of, self.hear_of, self.hear_of, self.press,
                  self.press, self.comfort, self.spray, self.roam, self.halt)  # fmt: skip
        if self.random.random() < 0.7:
            doings[self.random.integers(len(doings))]()
        if len(self.callers) > MOST - 2 or self.random.random() < 0.02:
            self.close()
        self.talk()
        self.tick()

    def apply(self, command: control.AnyCommand) -> None:
        self.engine.apply(command, self.now)

    def anybody(self, *, odd: bool = False) -> Caller | None:
        """One of the callers; with `odd`, one who is not steady."""
        some = [stream for stream, caller in self.callers.items() if not (odd and caller.steady)]
        return self.callers[int(self.random.choice(some))] if some else None

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
            srtp=caller.srtp,
            hear_first=chance() < 0.2,
        )

    def open(self) -> None:
        self.ever += 1
        codec = SPOKEN[self.random.integers(len(SPOKEN))]
        kind = facts(codec)
        caller = Caller(
            self.ever, codec, 1_000 + self.ever, int(codec) if kind.static else 96 + int(codec) % 8
        )
        self.callers[self.ever] = caller
        caller.steady = bool(self.random.random() < 0.3)
        if self.random.random() < 0.3:
            caller.srtp = self.keys()
        known = bool(self.random.random() < 0.5)
        named = known or self.random.random() < 0.7
        caller.source = HERE if named and self.random.random() < 0.5 else THERE
        caller.opening = control.OpenStream(
            self.ever, self.format(caller), ssrc=self.ever, sequence=32_760, timestamp=0xFFFF_FF00, cname="walk",
            remote=control.Endpoint(*HERE) if named else None, latched=known, room=int(self.random.integers(ROOMS + 1)),
            muted=bool(self.random.random() < 0.2), auto_gain=bool(self.random.random() < 0.2),
            suppress=bool(self.random.random() < 0.2), signals=str(self.random.choice(["", HERE[0], THERE[0]])),
            rtp_timeout_s=float(self.random.choice([0.5, 60.0])),
        )  # fmt: skip
        self.apply(caller.opening)

    def keys(self) -> Srtp:
        return keys(Suite(int(self.random.choice(list(Suite)))), int(self.random.integers(200)))

    def move(self) -> None:
        """Another worker dies, or has no room; whoever was there comes here with the numbers that were left."""
        caller = self.anybody()
        if caller is not None:
            del self.callers[caller.stream]
            self.away[caller.stream] = caller
            self.moves += 1
            self.apply(control.CloseStream(caller.stream, moves=True))

    def arrive(self, closed: control.StreamClosed) -> None:
        caller = self.away.pop(closed.stream, None)
        if caller is None or caller.opening is None:
            return
        self.callers[caller.stream] = caller
        opening = caller.opening
        learned = caller.target if caller.connected else None
        where = opening.remote if learned is None else control.Endpoint(*learned)
        caller.connected, caller.asked = False, True
        self.apply(
            control.OpenStream(
                caller.stream, self.format(caller), ssrc=opening.ssrc, sequence=closed.sequence,
                timestamp=closed.timestamp, due_s=closed.due_s, srtp=closed.srtp, auto_gain_db=closed.auto_gain_db,
                auto_gain=opening.auto_gain, cname="walk", remote=where, latched=learned is not None,
                room=int(self.random.integers(ROOMS + 1)), whisper_to=int(self.random.integers(self.ever + 1)),
                trouble=str(self.random.choice(["none", "noise", "echo", "howl"])), signals=opening.signals,
            )
        )  # fmt: skip

    def close(self) -> None:
        caller = self.anybody()
        if caller is not None:
            del self.callers[caller.stream]
            self.apply(control.CloseStream(caller.stream, moves=bool(self.random.random() < 0.3)))
            self.engine.goodbyes()

    def change(self) -> None:
        caller = self.anybody(odd=True)
        if caller is None:
            return
        if self.random.random() < 0.3:
            caller.srtp = self.keys() if self.random.random() < 0.7 else None
        caller.codec = SPOKEN[self.random.integers(len(SPOKEN))]
        caller.payload_type = int(caller.codec) if facts(caller.codec).static else 96 + int(caller.codec) % 8
        caller.encoders.clear()
        anew = control.Endpoint(*HERE) if self.random.random() < 0.3 else None
        self.apply(control.UpdateStream(caller.stream, self.format(caller), anew))

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
        room = int(self.random.integers(1, ROOMS + 1))
        for _ in range(70 if self.random.random() < 0.03 else 1):  # more than can wait
            self.playback += 1
            self.asked.append(self.playback)
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
        caller = self.anybody(odd=True)
        if caller is not None:
            caller.jitter_s = float(self.random.choice([0.0, 0.01, 0.08]))
            caller.loss = float(self.random.choice([0.0, 0.03, 0.3]))
            caller.level = float(self.random.choice([0.0, 20.0, 300.0, 6_000.0, 30_000.0]))
            caller.silent = bool(self.random.random() < 0.2)

    def jump(self) -> None:
        caller = self.anybody(odd=True)
        if caller is not None:
            caller.timestamp += int(self.random.choice([800, 8_000, 1 << 31, -1_600]))
            caller.sequence += int(self.random.choice([0, 1, 7, 30_000]))

    def renew(self) -> None:
        caller = self.anybody(odd=True)
        if caller is not None:
            caller.ssrc += 10_000

    def hear_of(self) -> None:
        """A report comes, true or not, or something that looks like one."""
        caller = self.anybody()
        row = None if caller is None else self.engine.row(caller.stream)
        if caller is None or row is None:
            return
        wild = [int(each) for each in self.random.integers(0, 1 << 32, 7)]
        block = ReceptionBlock(
            caller.stream if wild[0] % 3 else wild[0], wild[0] & 0xFF, wild[1] & 0x7FFFFF, *wild[2:6]
        )
        sender = SenderInfo(self.now + wild[0] % 50, wild[1], wild[2], wild[3]) if wild[4] % 2 else None
        data = build(caller.ssrc, "them", sender, block if wild[5] % 4 else None)
        if wild[6] % 5 == 0:
            data += goodbye(caller.ssrc)
        elif wild[6] % 5 == 1:
            data = self.random.bytes(wild[5] % 200)
        if caller.srtp is not None and wild[6] % 7:
            srtp = caller.srtp
            caller.report += 1
            data = ReportCipher(srtp.suite, report_keys(srtp.suite, srtp.key_in)).seal(data, caller.report)
        self.engine.receive_report(row, data, self.now)

    def press(self) -> None:
        """A key is pressed for a while, and its end is told three times."""
        caller = self.anybody()
        if caller is None:
            return
        digit, began = int(self.random.integers(0, 17)), caller.timestamp
        for step in range(1, 8):
            end = 0x80 if step > 4 else 0
            payload = bytes((digit, end | 10)) + (min(step, 5) * 160).to_bytes(2, "big")
            caller.timestamp = began - 160 * facts(caller.codec).ticks
            self.send(caller, payload, 20, number=101)
        caller.timestamp = began + 800

    def comfort(self) -> None:
        """It falls silent, and says how its silence sounds (RFC 3389)."""
        caller = self.anybody()
        if caller is not None:
            caller.silent = bool(self.random.random() < 0.5)
            for _ in range(int(self.random.integers(1, 4))):
                self.send(caller, self.random.bytes(int(self.random.integers(0, 12))), 20, number=13)

    def spray(self) -> None:
        """Somebody else speaks into a call of which it is not known yet where it comes from."""
        caller = self.anybody()
        if caller is not None and not caller.connected:
            for step in range(int(self.random.integers(1, 9))):
                self.count += 1
                data = packet(bytes(160), sequence=step, timestamp=160 * step, ssrc=5)
                heapq.heappush(self.on_the_way, (self.now, self.count, caller.stream, data, SPRAYER))

    def roam(self) -> None:
        """The telephone is in another network all of a sudden."""
        caller = self.anybody()
        if caller is not None and not caller.connected:
            caller.source = HERE if caller.source == THERE else THERE

    def halt(self) -> None:
        """The worker stands still: for ticks, or for as long as a machine sleeps."""
        ticks = int(self.random.choice([1, 5, 400, 400_000], p=[0.6, 0.3, 0.08, 0.02]))
        self.engine.skip(ticks)
        self.now += ticks * TICK_S

    def talk(self) -> None:
        for caller in self.callers.values():
            caller.debt_ms += 20
            if caller.silent:
                caller.debt_ms = 0
            while caller.debt_ms > 0:
                ms = 20 if caller.steady or self.random.random() < 0.9 else int(self.random.choice(ODD_MS))
                caller.debt_ms -= ms
                self.send(caller, self.payload(caller, ms), ms)

    def payload(self, caller: Caller, ms: int) -> bytes:
        if not caller.steady and self.random.random() < 0.02:
            return self.random.bytes(int(self.random.integers(0, 700)))
        band = facts(caller.codec).band
        if band not in caller.encoders:
            caller.encoders[band] = encoder(caller.codec, band)
        size = 8 * (20 if caller.codec is Codec.OPUS else ms) * band
        wave = caller.level * np.sin(np.arange(size) * self.random.uniform(0.02, 0.5))
        return caller.encoders[band].encode(np.rint(wave).astype(np.int16))

    def send(self, caller: Caller, payload: bytes, ms: int, *, number: int | None = None) -> None:
        caller.sequence += 1
        caller.timestamp = (caller.timestamp + 8 * ms * facts(caller.codec).ticks) & 0xFFFF_FFFF
        odd = 0.5 if caller.steady else self.random.random()
        if number is None:
            number = caller.payload_type
            if odd < 0.01:
                payload, number = b"\x05\x0a\x00\xa0", 101
            elif odd < 0.02:
                payload, number = b"\x40\x80", 13
        data = packet(payload, sequence=caller.sequence, timestamp=caller.timestamp, payload_type=number, ssrc=caller.ssrc,
                      marker=odd > 0.99)  # fmt: skip
        if odd > 0.995:
            data = self.random.bytes(int(self.random.integers(0, 200)))
        elif caller.sealing is not None and odd > 0.005:  # otherwise plain, and refused
            data = caller.sealing.seal(data, 12, caller.ssrc, caller.sequence)
        for _ in range(2 if not caller.steady and self.random.random() < 0.02 else 1):
            if caller.steady or self.random.random() >= caller.loss:
                self.count += 1
                at = self.now - 0.01 + self.random.uniform(0, caller.jitter_s)
                heapq.heappush(self.on_the_way, (at, self.count, caller.stream, data, caller.source))

    def tick(self) -> Outgoing:
        rows, arrivals, data = [], [], []
        sources: dict[int, tuple[str, int]] = {}
        while self.on_the_way and self.on_the_way[0][0] <= self.now:
            at, _, stream, each, source = heapq.heappop(self.on_the_way)
            row, caller = self.engine.row(stream), self.callers.get(stream)
            if row is None or caller is None or (caller.connected and source != caller.target):
                continue  # the kernel lets nobody else through
            if len(rows) < 500:
                if not caller.connected:
                    sources[len(rows)] = source
                rows.append(row)
                arrivals.append(at)
                data.append(each)
        if rows:
            block, lengths = slots(data)
            self.engine.receive(np.array(rows, np.intp), lengths, np.array(arrivals), block, sources)
        for change in self.engine.addressing():
            caller = self.callers.get(int(self.engine.streams.stream[change.row]))
            if caller is not None and isinstance(change, Target | Connect):
                caller.connected, caller.target = isinstance(change, Connect), change.remote
        outgoing = self.engine.tick(self.now)
        self.check(outgoing)
        self.engine.sent()
        told = self.engine.events()
        self.events += told
        for event in told:
            if isinstance(event, control.StreamClosed):
                self.arrive(event)
        self.now += TICK_S
        return outgoing

    def check(self, outgoing: Outgoing) -> None:
        """Whoever is sent to is there, once, and their numbers go on one by one."""
        rows: NDArray[np.intp] = outgoing.rows
        assert len(np.unique(rows)) == len(rows)
        streams = self.engine.streams.stream[rows].tolist()
        assert set(streams) <= set(self.callers)
        sent = [(row, int(self.engine.block["sequence"][row])) for row in rows.tolist()]
        for row, octets in not_in_block(self.engine, outgoing):
            assert len(octets) >= 12
            sent.append((row, int.from_bytes(octets[2:4], "big")))
        for row, sequence in sent:
            caller = self.callers[int(self.engine.streams.stream[row])]
            assert caller.target is not None
            assert caller.last < 0 or sequence == (caller.last + 1) & 0xFFFF
            caller.last = sequence
        for row, _ in outgoing.reports:
            assert int(self.engine.streams.stream[row]) in self.callers

    def end(self) -> None:
        """Everybody hangs up: the engine is as it was, and each had one end."""
        while self.away:
            self.tick()
        for stream in list(self.callers):
            del self.callers[stream]
            self.apply(control.CloseStream(stream))
        for _ in range(100):
            self.tick()
        self.engine.goodbyes()
        closed = [event.stream for event in self.events if isinstance(event, control.StreamClosed)]
        assert len(closed) == self.ever + self.moves
        assert set(closed) == set(range(1, self.ever + 1))
        announced = [
            event for event in self.events if isinstance(event, control.PlaybackEnded) and not event.stream
        ]
        assert sorted(event.playback for event in announced) == self.asked
        assert all(event.room for event in announced)
        self.check_nothing_is_left()

    def check_nothing_is_left(self) -> None:
        engine = self.engine
        assert engine.idle
        assert engine._secured.idle
        assert engine._keys_out.idle
        assert engine._tones_out.idle
        assert engine._tones_in.idle
        assert engine._intake.decoding.idle
        assert engine._listeners._private.idle
        assert engine._listeners._announcements.idle
        assert engine._listeners._loops.idle
        assert engine._speakers.whispers.idle
        assert engine._speakers.gains.idle
        assert engine._cascade.idle
        assert not engine._farewells
        assert not engine._marked
        assert not engine._sources._latches
        assert not engine._sources._learned
        assert not engine._reports._cname
        assert not engine._reports._sender_reports
        assert not engine._speakers._cleaned
        assert not engine._a_law_rows
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
