import numpy as np
import pytest

from benchmarks import g711, hd, voices
from benchmarks.hearing import decoded, judge_delay, judge_hearing, roll_call_windows, tone_levels_dbov
from benchmarks.recording import Captures
from benchmarks.voices import Mark

MS = 1_000_000
ROOM = np.array([0, 0, 0, 1, 1])
TONE = np.array([3, 40, -1, 90, -1])
UP = np.ones(5, bool)


def codes(*tones: int, codec: str = "pcmu") -> np.ndarray:
    wave = sum((voices.tone(float(voices.GRID_HZ[index]), 2000) for index in tones), np.zeros(2000))
    return g711.encode(wave, codec)


def judge(listeners: list[int], *heard: np.ndarray, codec: str = "pcmu"):
    return judge_hearing(
        np.array(listeners), np.stack(heard), broken_windows=0, codec=codec, tone=TONE, room=ROOM, is_up=UP
    )


@pytest.mark.parametrize("codec", ["pcmu", "pcma"])
def test_a_right_mix_is_all_pairs_and_nothing_else(codec):
    found = judge(
        [0, 1, 2, 3, 4],
        codes(40, codec=codec),
        codes(3, codec=codec),
        codes(3, 40, codec=codec),
        codes(codec=codec),
        codes(90, codec=codec),
        codec=codec,
    )
    assert (found.windows, found.pairs, found.pairs_heard) == (5, 5, 5)
    assert (found.own_heard, found.foreign_heard) == (0, 0)
    assert found.loudest_foreign_dbov < -50


def test_an_echo_a_leak_and_a_deaf_listener_are_each_told_apart():
    found = judge([0, 2, 4], codes(3, 40), codes(3), codes(90, 40))
    assert (found.own_heard, found.foreign_heard) == (1, 1)
    assert (found.pairs, found.pairs_heard) == (4, 3)


def test_a_tone_reads_as_loud_as_it_was_sent_even_beside_its_neighbour():
    levels = tone_levels_dbov(g711.decode(codes(10, 11)[None], "pcmu"))[0]
    assert levels[[10, 11]] == pytest.approx(voices.TONE_DBOV, abs=0.3)
    assert np.delete(levels, [10, 11]).max() < -45


def captures_of(row: int, first_ns: int, waves: np.ndarray, jump_at: int | None = None) -> Captures:
    frames = g711.encode(waves, "pcmu").reshape(-1, 160)
    order = np.arange(len(frames))
    stamps = order * 160 + (160 * (order >= jump_at) if jump_at is not None else 0)
    return Captures(np.full(len(frames), row), first_ns + order * 20 * MS, stamps, frames)


@pytest.mark.parametrize(("jump_at", "windows", "broken"), [(None, 1, 0), (5, 0, 1)])
def test_a_roll_call_window_is_cut_where_no_packet_is_missing(jump_at, windows, broken):
    wave = voices.tone(float(voices.GRID_HZ[3]), 20 * 160)
    captured = captures_of(2, round(voices.ROLL_CALL_S[0] * 1e9) + 5 * MS, wave, jump_at)
    listeners, found, lost = roll_call_windows(captured, room=ROOM, shift_s=np.zeros(2), origin_ns=0)
    assert (len(listeners), found.shape, lost) == (windows, (windows, 2000), broken)


@pytest.mark.parametrize("delay_ms", [4.0, 12.5, 61.0, 150.0])
def test_the_delay_is_that_from_sending_to_the_first_sample_heard(delay_ms):
    sent_ns = 1_000 * MS
    first_ns = sent_ns - 47 * MS
    at_sample = round((delay_ms + 47) * 8)  # what sounds at a packet's arrival is its first sample
    wave = np.zeros(160 * 15)
    onset = at_sample // 160 * 160 + at_sample % 160
    mark = voices.tone(voices.MARK_HZ, 640)
    wave[onset : onset + 640] += mark[: len(wave) - onset]
    found = judge_delay(captures_of(2, first_ns, wave), [(Mark(1.0, 0, 0), sent_ns)], room=ROOM, codec="pcmu")
    assert found.delay_ms.count == 1
    assert found.delay_ms.p50 == pytest.approx(delay_ms, abs=0.3)


def test_silence_is_a_missed_mark_and_an_older_sound_makes_it_unclear():
    silent = captures_of(2, 960 * MS, np.zeros(160 * 15))
    busy = captures_of(2, 960 * MS, voices.tone(600.0, 160 * 15))
    marks = [(Mark(1.0, 0, 0), 1_000 * MS)]
    assert judge_delay(silent, marks, room=ROOM, codec="pcmu").missed == 1
    assert judge_delay(busy, marks, room=ROOM, codec="pcmu").unclear == 1


def test_neither_the_speaker_nor_another_room_is_asked_for_a_mark():
    own = captures_of(0, 960 * MS, np.zeros(160 * 15))
    other = captures_of(3, 960 * MS, np.zeros(160 * 15))
    for captured in (own, other):
        found = judge_delay(captured, [(Mark(1.0, 0, 0), 1_000 * MS)], room=ROOM, codec="pcmu")
        assert (found.missed, found.unclear, found.delay_ms.count) == (0, 0, 0)


@pytest.mark.parametrize(
    ("codec", "ticks"),
    [
        pytest.param(name, ticks, marks=pytest.mark.skipif(bool(hd.missing(name)), reason=hd.missing(name)))
        for name, ticks in (("g722", 160), ("opus", 960))
    ],
)
def test_hd_streams_are_heard_like_all_others(codec, ticks):
    wave = 4_600 * np.sin(2 * np.pi * voices.GRID_HZ[3] / hd.RATE_HZ * np.arange(60 * 320))
    packets = hd.encode(codec, wave, 20)
    payload = np.zeros((120, 240), np.uint8)
    sizes = np.array([len(packet) for packet in packets] * 2)
    for place in range(120):
        payload[place, : sizes[place]] = np.frombuffer(packets[place % 60], np.uint8)
    order = np.arange(60)
    at_ns = (order * 20 + 1_500) * MS
    captured = Captures(
        np.repeat([2, 4], 60),
        np.tile(at_ns, 2),
        np.tile(((1 << 32) - 5_000 + order * ticks) % (1 << 32), 2),
        payload,
        sizes,
    )
    heard = decoded(captured, codec, 20)
    assert heard.payload.dtype == np.int16
    assert np.diff(heard.timestamp[:60]).tolist() == [160] * 59
    listeners, windows, broken = roll_call_windows(heard, room=ROOM, shift_s=np.zeros(2), origin_ns=0)
    assert (listeners.tolist(), broken) == ([2, 4], 0)
    found = judge_hearing(listeners, windows, broken_windows=0, codec=codec, tone=TONE, room=ROOM, is_up=UP)
    assert (found.pairs, found.pairs_heard, found.foreign_heard) == (3, 1, 1)
    nothing = np.empty(0, np.int64)
    empty = Captures(nothing, nothing, nothing, np.empty((0, 240), np.uint8), nothing)
    assert len(decoded(empty, codec, 20).rows) == 0
