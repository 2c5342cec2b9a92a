"""Rooms of telephones with all codecs: everybody hears everybody else at the best rate that his own codec carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from dsp import g711
from media import control
from media.codecs.coders import available, decoder, encoder
from media.codecs.kind import RATE_HZ, facts
from media.codecs.terms import OpusTerms
from media.control import Codec
from media.engine import Engine, Outgoing
from media.playback import SharedAudio
from tests.media.wire import HERE, TICK_S, not_in_block, packet, slots

ROOM = 5
SPOKEN = [
    codec for codec in (Codec.PCMU, Codec.PCMA, Codec.G722, Codec.OPUS, Codec.L16_16) if available(codec)
]
HD = [codec for codec in SPOKEN if codec not in (Codec.PCMU, Codec.PCMA)]


def tone_part(samples: NDArray[np.int16], frequency: float, rate: float) -> float:
    """Amplitude of a tone within samples."""
    time = np.arange(len(samples)) / rate
    wave = np.exp(-2j * np.pi * frequency * time) * np.hanning(len(samples))
    return float(abs(samples.astype(np.float64) @ wave) * 4 / len(samples))


@dataclass
class Phone:
    """A telephone of any codec."""

    engine: Engine
    stream: int
    codec: Codec
    ptime_ms: int = 20
    frequency: float | None = None
    sequence: int = 7
    timestamp: int = 1_000
    place: int = 0
    heard: list[NDArray[np.int16]] = field(default_factory=list)
    packets: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        kind = facts(self.codec)
        self.band = kind.band
        self.rate = RATE_HZ * self.band
        self.ticks = kind.ticks
        self.payload_type = int(self.codec) if kind.static else 100 + int(self.codec) % 8
        self.encoder = encoder(self.codec, self.band)
        self.decoder = decoder(self.codec, self.band)

    @property
    def row(self) -> int:
        row = self.engine.row(self.stream)
        assert row is not None
        return row

    def audio(self) -> bytes:
        """The next packet: its tone, or silence."""
        size = 160 * self.band
        time = (self.place + np.arange(size)) / self.rate
        wave = np.zeros(size) if self.frequency is None else 6_000 * np.sin(2 * np.pi * self.frequency * time)
        self.place += size
        data = packet(
            self.encoder.encode(np.rint(wave).astype(np.int16)),
            sequence=self.sequence,
            timestamp=self.timestamp & 0xFFFF_FFFF,
            payload_type=self.payload_type,
            ssrc=self.stream,
        )
        self.sequence = (self.sequence + 1) & 0xFFFF
        self.timestamp += 160 * self.ticks
        return data

    def hear(self, data: bytes) -> None:
        self.packets.append(data)
        samples = self.decoder.decode(data[12:])
        assert samples is not None
        self.heard.append(samples)

    def recent(self, packets: int) -> NDArray[np.int16]:
        return np.concatenate(self.heard[-packets:])


class House:
    """An engine and telephones."""

    def __init__(self) -> None:
        self.engine = Engine(32)
        self.now = 1_000.0
        self.phones: dict[int, Phone] = {}
        self.events: list[control.AnyEvent] = []
        self.transit_s = 0.012
        """How long packets have been here when a tick takes them."""

    def call(
        self,
        codec: Codec,
        *,
        room: int = ROOM,
        frequency: float | None = None,
        ptime_ms: int = 20,
        opus: OpusTerms | None = None,
    ) -> Phone:
        stream = len(self.phones) + 1
        phone = Phone(self.engine, stream, codec, ptime_ms, frequency)
        self.phones[stream] = phone
        terms = OpusTerms() if codec is Codec.OPUS and opus is None else opus
        self.apply(
            control.OpenStream(
                stream,
                control.Format(codec, phone.payload_type, 101, ptime_ms=ptime_ms, opus=terms),
                ssrc=stream,
                sequence=10,
                timestamp=0xFFFF_F000,
                cname="test",
                remote=control.Endpoint(*HERE),
                latched=True,
                room=room,
            )
        )
        return phone

    def apply(self, command: control.AnyCommand) -> None:
        self.engine.apply(command, self.now)

    def tick(self, *, lost: bool = False) -> Outgoing:
        phones = list(self.phones.values())
        sent = [phone.audio() for phone in phones]
        if not lost:
            block, lengths = slots(sent)
            rows = np.array([phone.row for phone in phones], np.intp)
            arrivals = np.full(len(phones), self.now - self.transit_s)
            self.engine.receive(rows, lengths, arrivals, block, {})
        outgoing = self.engine.tick(self.now)
        by_row = {phone.row: phone for phone in phones}
        for row in outgoing.rows.tolist():
            by_row[row].hear(self.engine.block[row].tobytes())
        for row, data in not_in_block(self.engine, outgoing):
            if data[1] & 0x7F == by_row[row].payload_type:
                by_row[row].hear(data)
        self.engine.sent()
        self.events += self.engine.events()
        self.now += TICK_S
        return outgoing

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.tick()


@pytest.mark.parametrize("codec", SPOKEN, ids=lambda codec: codec.name)
@pytest.mark.parametrize("other", SPOKEN, ids=lambda codec: codec.name)
def test_two_of_any_codecs_hear_each_other_and_not_themselves(codec: Codec, other: Codec) -> None:
    house = House()
    one = house.call(codec, frequency=700.0)
    two = house.call(other, frequency=1_100.0)
    house.run(60)
    assert 4_500 < tone_part(one.recent(30), 1_100.0, one.rate) < 7_000
    assert 4_500 < tone_part(two.recent(30), 700.0, two.rate) < 7_000
    assert tone_part(one.recent(30), 700.0, one.rate) < 60
    assert tone_part(two.recent(30), 1_100.0, two.rate) < 60


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_hd_phones_hear_of_each_other_what_no_8_khz_carry(codec: Codec) -> None:
    house = House()
    house.call(codec, frequency=5_500.0)
    listener = house.call(codec)
    narrow = house.call(Codec.PCMU)
    house.run(60)
    assert tone_part(listener.recent(30), 5_500.0, listener.rate) > 3_000
    assert tone_part(narrow.recent(30), 2_500.0, narrow.rate) < 60  # no alias


def test_all_listeners_of_a_codec_share_what_they_get() -> None:
    house = House()
    house.call(HD[0], frequency=700.0)
    listeners = [house.call(codec) for codec in HD for _ in range(3)]
    house.run(40)
    for codec in HD:
        mine = [phone.packets[-1][12:] for phone in listeners if phone.codec is codec]
        assert len(set(mine)) == 1


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_no_click_when_a_listener_talks_and_listens_again(codec: Codec) -> None:
    house = House()
    talker = house.call(codec, frequency=500.0)
    listener = house.call(codec)
    house.run(50)
    ordinary = steepest(listener.recent(30))
    listener.frequency = 900.0
    house.run(30)
    listener.frequency = None
    house.run(60)
    assert steepest(listener.recent(90)) < 1.6 * ordinary
    assert tone_part(listener.recent(20), 500.0, listener.rate) > 4_500
    assert talker.heard


def steepest(samples: NDArray[np.int16]) -> int:
    return int(np.abs(np.diff(samples.astype(np.int32))).max())


@pytest.mark.parametrize("codec", SPOKEN, ids=lambda codec: codec.name)
def test_timestamps_and_numbers_go_on_by_the_codecs_clock(codec: Codec) -> None:
    house = House()
    phone = house.call(codec)
    house.run(20)
    numbers = [int.from_bytes(data[2:4], "big") for data in phone.packets]
    stamps = [int.from_bytes(data[4:8], "big") for data in phone.packets]
    assert numbers == list(range(10, 30))
    steps = {(after - before) % 2**32 for before, after in pairwise(stamps)}
    assert steps == {160 * facts(codec).ticks}
    assert {data[1] & 0x7F for data in phone.packets} == {phone.payload_type}


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.PCMA, Codec.G722], ids=lambda codec: codec.name)
@pytest.mark.parametrize("ptime_ms", [40, 60])
def test_who_wants_longer_packets_gets_them(codec: Codec, ptime_ms: int) -> None:
    house = House()
    house.call(Codec.PCMU, frequency=700.0)
    phone = house.call(codec, ptime_ms=ptime_ms)
    house.run(60)
    assert {len(data) for data in phone.packets} == {12 + 8 * ptime_ms}
    assert len(phone.packets) == 60 * 20 // ptime_ms
    stamps = [int.from_bytes(data[4:8], "big") for data in phone.packets]
    assert {(after - before) % 2**32 for before, after in pairwise(stamps)} == {8 * ptime_ms}
    assert 4_500 < tone_part(phone.recent(10), 700.0, phone.rate) < 7_000


def test_g722_is_heard_beside_as_many_g711_phones_that_want_longer_packets() -> None:
    house = House()
    house.call(Codec.PCMU, frequency=700.0)
    wide = house.call(Codec.G722)
    slow = house.call(Codec.PCMU, ptime_ms=40)
    house.run(60)
    assert 4_500 < tone_part(wide.recent(30), 700.0, wide.rate) < 7_000
    assert 4_500 < tone_part(slow.recent(15), 700.0, slow.rate) < 7_000


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_a_prompt_is_heard_over_the_conversation_and_alone(codec: Codec) -> None:
    house = House()
    time = np.arange(8_000) / 8_000
    clip = np.rint(6_000 * np.sin(2 * np.pi * 1_500 * time)).astype(np.int16)
    house.engine.load(SharedAudio(clip, g711.encode(clip, g711.Law.MU), g711.encode(clip, g711.Law.A)))
    phone = house.call(codec, room=control.NO_ROOM)
    house.run(5)
    house.apply(control.Play(phone.stream, 9, [control.Segment(0, 8_000)]))
    house.run(50)
    assert 4_500 < tone_part(phone.recent(40), 1_500.0, phone.rate) < 7_000
    house.run(20)
    assert control.PlaybackEnded(9, stream=phone.stream) in house.events
    assert np.abs(phone.recent(5)).max() < 60


@pytest.mark.parametrize("codec", SPOKEN, ids=lambda codec: codec.name)
def test_who_is_gone_without_a_word_is_silent_and_heard_again_when_back(codec: Codec) -> None:
    house = House()
    talker = house.call(codec, frequency=440.0)
    listener = house.call(codec)
    house.run(60)
    talker.frequency = None
    for _ in range(120):
        house.tick(lost=True)
    silent = np.concatenate(listener.heard[75:])
    assert np.abs(silent).max() < 300, "nor is what was said before said again"
    talker.frequency = 440.0
    house.run(40)
    assert 4_500 < tone_part(listener.recent(10), 440.0, listener.rate) < 7_000


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_a_lost_packet_is_made_up_and_the_next_is_heard(codec: Codec) -> None:
    house = House()
    house.call(codec, frequency=440.0)
    listener = house.call(codec)
    house.run(50)
    ordinary = steepest(listener.recent(30))
    for tick in range(60):
        house.tick(lost=tick % 15 == 7)
    heard = listener.recent(50)
    assert tone_part(heard, 440.0, listener.rate) > 4_000
    assert steepest(heard) < 2.5 * ordinary


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_keys_are_pressed_as_tones_where_no_events_were_agreed(codec: Codec) -> None:
    house = House()
    house.call(codec, frequency=500.0)
    phone = house.call(codec)
    house.apply(control.UpdateStream(phone.stream, control.Format(codec, phone.payload_type)))
    house.run(40)
    house.apply(control.SendDigits(phone.stream, "5", duration_ms=400))
    house.run(18)
    heard = phone.recent(12)
    assert tone_part(heard, 770.0, phone.rate) > 2_000
    assert tone_part(heard, 1_336.0, phone.rate) > 2_000
    assert tone_part(heard, 500.0, phone.rate) < 60
    house.run(40)
    assert tone_part(phone.recent(20), 500.0, phone.rate) > 4_500


def test_a_peer_may_send_under_another_number_than_it_takes() -> None:
    house = House()
    talker = house.call(Codec.G722, frequency=700.0)
    listener = house.call(Codec.PCMU)
    before = control.Format(Codec.G722, talker.payload_type, 101)
    house.apply(control.UpdateStream(talker.stream, replace(before, payload_type=100, payload_type_in=9)))
    house.run(40)
    assert tone_part(listener.recent(20), 700.0, listener.rate) > 4_500
    assert int(house.engine.block["second"][talker.row]) & 0x7F == 100


def test_a_call_may_change_its_codec_in_the_middle() -> None:
    house = House()
    talker = house.call(Codec.PCMU, frequency=700.0)
    phone = house.call(Codec.PCMU)
    house.run(20)
    changed = Phone(house.engine, phone.stream, Codec.G722)
    changed.sequence, changed.timestamp = phone.sequence, phone.timestamp
    house.phones[phone.stream] = changed
    house.apply(control.UpdateStream(phone.stream, control.Format(Codec.G722, changed.payload_type, 101)))
    changed.frequency = 1_300.0
    house.run(40)
    assert tone_part(changed.recent(20), 700.0, changed.rate) > 4_500
    assert tone_part(talker.recent(20), 1_300.0, talker.rate) > 4_500


def test_the_house_is_narrow_again_when_the_last_hd_phone_hangs_up() -> None:
    house = House()
    house.call(Codec.PCMU, frequency=700.0)
    phone = house.call(HD[-1])
    house.run(20)
    house.apply(control.CloseStream(phone.stream))
    del house.phones[phone.stream]
    house.run(5)
    assert house.engine._speakers.bands.narrow
    assert house.engine._outward.idle
    again = house.call(Codec.PCMU)
    house.run(20)
    assert tone_part(again.recent(10), 700.0, again.rate) > 4_500


def test_lines_change_their_delay_when_the_last_hd_phone_has_hung_up() -> None:
    house = House()
    house.call(Codec.PCMU, frequency=700.0)
    phone = house.call(HD[-1])
    silent = house.call(Codec.PCMU)
    house.run(20)
    house.apply(control.CloseStream(phone.stream))
    del house.phones[phone.stream]
    for late in range(
        40
    ):  # some packets come later than they did: more delay is wanted, which nobody would hear
        house.transit_s = 0.0 if late % 4 else 0.019
        house.tick()
    assert tone_part(silent.recent(10), 700.0, silent.rate) > 4_500


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_garbage_is_counted_and_disturbs_nobody(codec: Codec) -> None:
    house = House()
    talker = house.call(codec, frequency=440.0)
    listener = house.call(Codec.PCMU)
    house.run(30)
    random = np.random.default_rng(5)
    for tick in range(60):
        for size in (1, 3, 77, 641):
            data = packet(
                random.integers(0, 256, size, np.uint8).tobytes(),
                sequence=(talker.sequence + 200 + tick) & 0xFFFF,
                timestamp=(talker.timestamp + 999) & 0xFFFF_FFFF,
                payload_type=talker.payload_type,
                ssrc=999,
            )
            block, lengths = slots([data])
            house.engine.receive(np.array([talker.row]), lengths, np.array([house.now]), block, {})
        house.tick()
    house.run(40)
    assert tone_part(listener.recent(20), 440.0, listener.rate) > 4_000
