"""Rows whose codec remembers: what is not decoded while nobody may hear it is right again when somebody may."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from dsp.level import LEAST_SPEECH_DBOV, rms_dbov
from media.codecs.g722 import G722Decoder, G722Encoder
from media.codecs.g722_columns import HEARD_FIRST, TRUSTED
from media.control import Codec
from media.decoded import RUN_IN, Decoding
from media.jitter import FRAME, HISTORY, JitterBuffer, Pull
from tests.dsp.speech import voice
from tests.media.codecs.sounds import apart_db

ROW = np.array([3])
TICK = 160.0
LATE = 90.0
SILENT_S = 4.0
ONSET = int(SILENT_S * 50)


def sound(noise_dbov: float | None, voice_dbov: float, *, seconds: float = 0.5) -> NDArray[np.int16]:
    """Silence or noise, then a voice, at 16 kHz."""
    spoken = soxr.resample(voice(seconds, voice_dbov, pause=0.0), 8_000, 16_000)
    wave = np.concatenate([np.zeros(int(SILENT_S * 16_000)), spoken])
    if noise_dbov is not None:
        wave += np.random.default_rng(4).normal(0, 32_768 * 10 ** (noise_dbov / 20), len(wave))
    return np.rint(wave[: len(wave) // 320 * 320].clip(-32_768, 32_767)).astype(np.int16)


def codes_of(pcm: NDArray[np.int16]) -> bytes:
    encoder = G722Encoder()
    return b"".join(encoder.encode(frame) for frame in pcm.reshape(-1, 320))


def decoded_whole(codes: bytes) -> NDArray[np.int16]:
    """What a decoder hears that hears everything."""
    decoder = G722Decoder()
    frames = [decoder.decode(codes[at : at + FRAME]) for at in range(0, len(codes), FRAME)]
    return np.concatenate([frame for frame in frames if frame is not None])


def loud(frame: NDArray[np.int16]) -> bool:
    return bool(rms_dbov(frame[None])[0] > LEAST_SPEECH_DBOV)


@dataclass
class Line:
    """A jitter buffer and a row of G.722 in it."""

    codes: bytes
    packet: int = FRAME
    """Bytes of a packet."""
    sounds: list[bool | None] = field(default_factory=list)
    """By tick: whether somebody may be heard; None where nothing whole was there."""
    frames: dict[int, NDArray[np.int16]] = field(default_factory=dict)
    """By position, those that were listened to."""

    def __post_init__(self) -> None:
        self.jitter = JitterBuffer(8)
        self.decoding = Decoding(8, self.jitter)
        self.decoding.open(3, Codec.G722, 2)
        self.source = self.decoding.source(3)

    def put(self, number: int) -> None:
        payload = self.codes[number * self.packet : (number + 1) * self.packet]
        self.jitter.put(
            ROW,
            np.array([1_000 + number * self.packet], np.uint32),
            np.array([(number + 1) * float(self.packet)]),
            np.frombuffer(payload, np.uint8)[None],
            np.array([0]),
            np.array([0]),
            np.array([len(payload)]),
        )

    def run(
        self,
        *,
        lost: Collection[int] = (),
        asks: Callable[[int], bool] = lambda _tick: True,
    ) -> None:
        """Play everything; what may be heard is listened to, and for 300 ms on."""
        packets = len(self.codes) // self.packet
        sent, hears = 0, 0
        for tick in range(len(self.codes) // FRAME):
            while sent < packets and (sent + 1) * self.packet <= tick * FRAME + LATE:
                if sent not in lost:
                    self.put(sent)
                sent += 1
            pull = self.jitter.pull(8, tick * TICK + LATE)
            there = pull.complete[3] or (pull.trouble.run > 0).any()
            if not there or not asks(tick):
                self.sounds.append(None)
                continue
            sounds = bool(self.decoding.sound(ROW, pull.start[ROW])[0])
            self.sounds.append(sounds)
            hears = 15 if sounds else hears - 1
            if hears > 0 and pull.complete[3]:
                self.listen(pull)

    def listen(self, pull: Pull) -> None:
        self.frames[int(pull.start[3])] = self.source.frames(ROW, pull)[0].copy()

    def apart_db(self, wanted: NDArray[np.int16], start: int) -> float:
        """How far below `wanted`, the whole sound, the difference of the frame at `start` lies."""
        return apart_db(wanted[2 * start : 2 * (start + FRAME)], self.frames[start])


@pytest.mark.parametrize("noise_dbov", [None, -75, -60])
@pytest.mark.parametrize("voice_dbov", [-45, -26])
def test_a_voice_after_silence_is_what_who_heard_everything_hears(
    noise_dbov: float | None, voice_dbov: float
) -> None:
    codes = codes_of(sound(noise_dbov, voice_dbov))
    line = Line(codes)
    line.run()
    wanted = decoded_whole(codes)
    last = [tick for tick, sounds in enumerate(line.sounds) if sounds is False]
    assert len(last) > 60, "most of the silence was not listened to"
    spoken = [
        start
        for start in range(ONSET * FRAME, len(codes) - 2 * FRAME, FRAME)
        if loud(wanted[2 * start : 2 * (start + FRAME)])
    ]
    assert spoken
    assert all(start in line.frames for start in spoken), "from the first syllable on"
    assert min(line.apart_db(wanted, start) for start in spoken) > 20


def test_a_call_is_decoded_bit_for_bit_until_the_noise_of_its_line_is_known() -> None:
    codes = codes_of(sound(-65, -26))
    line = Line(codes)
    line.run()
    wanted = decoded_whole(codes)
    assert all(line.sounds[TRUSTED:HEARD_FIRST])
    first = [start for start in line.frames if start < (HEARD_FIRST - 5) * FRAME]
    assert len(first) == HEARD_FIRST - 5
    for start in first:
        assert np.array_equal(line.frames[start], wanted[2 * start : 2 * (start + FRAME)])


@pytest.mark.parametrize("packet", [80, 240, 320])
def test_packets_of_other_sizes_are_told_alike(packet: int) -> None:
    codes = codes_of(sound(-65, -26))
    line = Line(codes, packet)
    line.run()
    wanted = decoded_whole(codes)
    assert line.sounds.count(False) > 60
    heard = [start for start in line.frames if start > ONSET * FRAME and loud(line.frames[start])]
    assert len(heard) > 9
    assert min(line.apart_db(wanted, start) for start in heard) > 28


def test_after_a_lost_packet_nothing_is_taken_for_silence_for_three_frames() -> None:
    codes = codes_of(sound(-65, -26))
    line = Line(codes)
    line.run(lost={150, 170})
    after = [tick for tick, sounds in enumerate(line.sounds) if sounds is None and tick > 10]
    assert len(after) >= 2
    for tick in after:
        following = [sounds for sounds in line.sounds[tick + 1 : tick + 3] if sounds is not None]
        assert all(following)
    assert line.sounds[160:168].count(False) > 3


def test_a_voice_that_begins_in_a_lost_packet_is_heard_from_the_next() -> None:
    codes = codes_of(sound(-65, -26))
    begins = ONSET + 1
    line = Line(codes)
    line.run(lost={begins})
    gap = line.sounds.index(None, 10)
    assert line.sounds[gap + 1 : gap + 4] == [True] * 3
    assert loud(line.frames[(begins + 2) * FRAME])


def test_who_was_muted_is_decoded_from_before_he_is_not() -> None:
    codes = codes_of(np.tile(sound(None, -26)[ONSET * 320 :], 6))
    line = Line(codes)
    line.run(asks=lambda tick: not 40 < tick < 90)
    wanted = decoded_whole(codes)
    first = min(start for start in line.frames if start > 60 * FRAME)
    assert line.apart_db(wanted, first) > 20


def test_what_was_said_before_a_voice_began_can_be_read_when_a_packet_is_lost() -> None:
    codes = codes_of(sound(-60, -30))
    line = Line(codes)
    line.run()
    first = next(start for start in sorted(line.frames) if start >= ONSET * FRAME)
    wanted = decoded_whole(codes)[2 * (first - HISTORY) : 2 * first]
    read = line.source.read(ROW, np.array([first - HISTORY]), HISTORY)[0]
    assert apart_db(wanted, read) > 6


def test_a_row_that_speaks_something_else_from_now_on_is_not_run_in_with_what_it_spoke_before() -> None:
    codes = codes_of(sound(-60, -26))
    line = Line(codes)
    line.put(0)
    line.jitter.restart(ROW)
    line.decoding.close(3)
    line.decoding.open(3, Codec.G722, 2)
    line.run()
    assert np.array_equal(line.frames[0], decoded_whole(codes)[: 2 * FRAME])


def test_nothing_is_run_in_for_longer_than_the_ring_keeps() -> None:
    assert RUN_IN < 640 * 8 / 2
