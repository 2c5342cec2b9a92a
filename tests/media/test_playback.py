"""Queues of prompts and loops of music over one shared array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp import g711
from media import control
from media.control import Codec, Segment
from media.playback import FRAME, QUEUE_LIMIT, Ended, MusicLoops, Player, SharedAudio
from tests.media.test_hd import HD, House, tone_part

TOTAL = 10_000


def heard(player: Player, ticks: int) -> tuple[dict[int, list[int]], list[Ended]]:
    """Which samples of the shared array each key played (-1: silence), and what ended."""
    samples: dict[int, list[int]] = {}
    ended: list[Ended] = []
    for _ in range(ticks):
        due, now_ended = player.tick()
        ended += now_ended
        for key, offset, length in zip(due.keys, due.offset, due.length, strict=True):
            frame = [*range(offset, offset + length), *[-1] * (FRAME - length)]
            samples.setdefault(int(key), []).extend(frame)
    return samples, ended


def test_segments_follow_one_another_each_from_a_frame_of_its_own() -> None:
    player = Player(4)
    player.queue(2, 7, [Segment(1_000, 200), Segment(50, 160)], total=TOTAL)
    samples, ended = heard(player, 4)
    assert samples == {2: [*range(1_000, 1_200), *[-1] * 120, *range(50, 210)]}
    assert ended == [Ended(2, 7)]
    assert player.idle


def test_a_playback_ends_when_its_last_frame_is_out_not_with_it() -> None:
    player = Player(1)
    player.queue(0, 7, [Segment(0, 160)], total=TOTAL)
    assert player.tick()[1] == []
    due, ended = player.tick()
    assert ended == [Ended(0, 7)]
    assert len(due.keys) == 0


def test_playbacks_of_a_key_wait_for_each_other_and_keys_do_not() -> None:
    player = Player(3)
    player.queue(0, 1, [Segment(0, 320)], total=TOTAL)
    player.queue(0, 2, [Segment(500, 160)], total=TOTAL)
    player.queue(2, 3, [Segment(900, 160)], total=TOTAL)
    samples, ended = heard(player, 5)
    assert samples == {0: [*range(320), *range(500, 660)], 2: [*range(900, 1_060)]}
    assert ended == [Ended(2, 3), Ended(0, 1), Ended(0, 2)]


def test_what_replaces_begins_at_once_and_nothing_ends() -> None:
    player = Player(1)
    player.queue(0, 1, [Segment(0, 3_200)], total=TOTAL)
    heard(player, 2)
    player.stop(0)
    player.queue(0, 2, [Segment(5_000, 160)], total=TOTAL)
    samples, ended = heard(player, 3)
    assert samples == {0: [*range(5_000, 5_160)]}
    assert ended == [Ended(0, 2)]


def test_a_stop_tells_what_it_dropped() -> None:
    player = Player(1)
    for playback in (1, 2, 3):
        player.queue(0, playback, [Segment(0, 320)], total=TOTAL)
    player.tick()
    assert player.stop(0) == [1, 2, 3]
    assert player.idle
    assert player.stop(0) == []
    player.queue(0, 4, [Segment(0, 160)], total=TOTAL)
    assert heard(player, 2) == ({0: [*range(160)]}, [Ended(0, 4)])


def test_a_queue_that_is_full_drops_the_oldest_that_has_not_begun_and_tells_it_ended() -> None:
    player = Player(1)
    for playback in range(QUEUE_LIMIT + 2):
        player.queue(0, playback, [Segment(160 * playback, 160)], total=99_999)
    _, ended = heard(player, QUEUE_LIMIT + 1)
    assert ended[:3] == [Ended(0, 1), Ended(0, 2), Ended(0, 0)]
    assert sorted(each.playback for each in ended) == list(range(QUEUE_LIMIT + 2))


def test_what_a_full_queue_dropped_is_not_told_of_whoever_has_the_key_next() -> None:
    player = Player(2)
    for key in (0, 1):
        for playback in range(QUEUE_LIMIT + 1):
            player.queue(key, 100 * key + playback, [Segment(0, 160)], total=TOTAL)
    assert sorted(player.stop(0)) == list(range(QUEUE_LIMIT + 1))
    player.queue(0, 999, [Segment(0, 160)], total=TOTAL)
    assert player.tick()[1] == [Ended(1, 101)]


def test_a_playback_of_nothing_ends_at_the_next_tick() -> None:
    player = Player(1)
    player.queue(0, 1, [], total=TOTAL)
    player.queue(0, 2, [Segment(3, 0), Segment(TOTAL, 5), Segment(-9, -9)], total=TOTAL)
    assert heard(player, 1) == ({}, [Ended(0, 1), Ended(0, 2)])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.lists(st.tuples(st.integers(-500, TOTAL + 500), st.integers(-5, 900)), max_size=3),
            st.booleans(),
            st.integers(0, 3),
        ),
        max_size=12,
    )
)
def test_nothing_outside_the_shared_audio_is_ever_read_and_every_playback_ends_once(
    plays: list[tuple[int, list[tuple[int, int]], bool, int]],
) -> None:
    player = Player(3)
    ended: list[Ended] = []
    dropped = set()
    for playback, (key, parts, replace, ticks) in enumerate(plays):
        if replace:
            dropped.update(player.stop(key))
        player.queue(key, playback, [Segment(*part) for part in parts], total=TOTAL)
        samples, now_ended = heard(player, ticks)
        ended += now_ended
        assert all(-1 <= sample < TOTAL for frame in samples.values() for sample in frame)
    ended += heard(player, 400)[1]
    assert player.idle
    assert sorted(each.playback for each in ended) == [
        number for number in range(len(plays)) if number not in dropped
    ]


def test_a_loop_is_one_moment_for_all_and_begins_again_at_its_end() -> None:
    loops = MusicLoops()
    first = loops.join(Segment(1_000, 480))
    assert [int(loops.tick()[first]) for _ in range(4)] == [1_000, 1_160, 1_320, 1_000]
    assert loops.join(Segment(1_000, 480)) == first
    other = loops.join(Segment(5_000, 160))
    offsets = loops.tick()
    assert (offsets[first], offsets[other]) == (1_160, 5_000)


def test_a_loop_that_nobody_hears_stands_still_and_gives_its_place_to_another() -> None:
    loops = MusicLoops()
    slot = loops.join(Segment(1_000, 480))
    loops.join(Segment(1_000, 480))
    loops.tick()
    loops.leave(slot)
    assert not loops.idle
    loops.leave(slot)
    assert loops.idle
    assert loops.join(Segment(7_000, 320)) == slot
    assert loops.tick()[slot] == 7_000


def test_the_tail_of_a_loop_that_is_no_whole_frame_is_left_out() -> None:
    loops = MusicLoops()
    slot = loops.join(Segment(0, 500))
    assert [int(loops.tick()[slot]) for _ in range(4)] == [0, 160, 320, 0]


def test_the_shared_audio_is_views_of_one_buffer() -> None:
    samples = 1_000
    buffer = bytearray(4 * samples + 4 * 600)
    audio = SharedAudio.over(memoryview(buffer), samples, 600)
    buffer[4 * samples + 2 : 4 * samples + 4] = (4_321).to_bytes(2, "little")
    assert (audio.wide[1], len(audio.wide)) == (4_321, 2 * 600)
    buffer[0:2] = (1_234).to_bytes(2, "little")
    buffer[2 * samples] = 11
    buffer[3 * samples] = 22
    assert (audio.pcm[0], audio.mu[0], audio.a[0]) == (1_234, 11, 22)
    assert audio.samples == len(audio.mu) == len(audio.a) == samples
    with pytest.raises(ValueError, match="buffer"):
        SharedAudio.over(memoryview(buffer), samples, 601)
    with pytest.raises(ValueError, match="buffer"):
        SharedAudio.over(memoryview(buffer), 2_000)
    assert not len(SharedAudio.over(memoryview(buffer), samples).wide)
    silent = SharedAudio.silent()
    assert not len(silent.wide)
    assert np.unique(silent.pcm).tolist() == [0]


def sines(seconds: float, rate: int, *frequencies: float) -> NDArray[np.int16]:
    """Equally loud tones at once; those that a rate cannot carry are left out, as its filter would."""
    time = np.arange(round(seconds * rate)) / rate
    waves = [np.sin(2 * np.pi * each * time) for each in frequencies if each < rate / 2]
    samples: NDArray[np.int16] = np.rint(5_000 * np.sum(waves, axis=0)).astype(np.int16)
    return samples


def prompt_and_name() -> SharedAudio:
    """A second of a prompt with tones of 1 and 5.5 kHz, and behind it a caller's name, a tone of 1.5 kHz."""
    pcm = np.concatenate((sines(1.0, 8_000, 1_000.0, 5_500.0), sines(1.0, 8_000, 1_500.0)))
    wide = sines(1.0, 16_000, 1_000.0, 5_500.0)
    return SharedAudio(pcm, g711.encode(pcm, g711.Law.MU), g711.encode(pcm, g711.Law.A), wide)


def played(audio: SharedAudio, offsets: range, band: int) -> NDArray[np.int16]:
    """Frame after frame, each read on its own."""
    return np.concatenate([audio.frames(np.array([offset]), band)[0] for offset in offsets])


@pytest.mark.parametrize("band", [2, 6])
def test_what_lies_above_a_telephones_band_is_heard_at_a_higher_rate_and_only_there(band: int) -> None:
    audio = prompt_and_name()
    wide = played(audio, range(1_600, 6_400, FRAME), band)
    assert tone_part(wide, 1_000.0, 8_000 * band) == pytest.approx(5_000, rel=0.02)
    assert tone_part(wide, 5_500.0, 8_000 * band) == pytest.approx(5_000, rel=0.02)
    narrow = played(audio._replace(wide=audio.wide[:0]), range(1_600, 6_400, FRAME), band)
    assert tone_part(narrow, 1_000.0, 8_000 * band) == pytest.approx(5_000, rel=0.02)
    assert tone_part(narrow, 5_500.0, 8_000 * band) < 20
    assert (audio.frames(np.array([1_600]), 1)[0] == audio.pcm[1_600:1_760]).all()


@pytest.mark.parametrize("band", [2, 6])
def test_a_name_that_a_caller_recorded_is_raised_in_the_same_gather(band: int) -> None:
    audio = prompt_and_name()
    both = audio.frames(np.array([9_600, 1_600, 9_760]), band)
    assert (both[0] == audio.frames(np.array([9_600]), band)[0]).all()
    assert (both[1] == audio.frames(np.array([1_600]), band)[0]).all()
    name = played(audio, range(9_600, 14_400, FRAME), band)
    assert tone_part(name, 1_500.0, 8_000 * band) == pytest.approx(5_000, rel=0.02)
    assert audio.frames(np.zeros(0, np.intp), band).shape == (0, FRAME * band)


@pytest.mark.parametrize("band", [2, 6])
@pytest.mark.parametrize("has_wide", [True, False])
def test_frames_at_any_rate_fit_together_and_are_not_late(band: int, has_wide: bool) -> None:
    audio = prompt_and_name()
    if not has_wide:
        audio = audio._replace(wide=audio.wide[:0])
    rate = 8_000 * band
    heard = played(audio, range(1_600, 6_400, FRAME), band)
    tones = (1_000.0, 5_500.0) if has_wide else (1_000.0,)
    expected = sines(0.8, rate, *tones)[rate // 5 :]
    assert np.abs(heard - expected.astype(int)).max() < 60  # the filter's ripple is 0.1 dB
    beyond = audio.frames(np.array([audio.samples - FRAME // 2]), band)
    assert beyond.shape == (1, FRAME * band)


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_an_hd_phone_hears_a_prompt_above_4_khz_and_a_g711_phone_what_it_can(codec: Codec) -> None:
    house = House()
    house.engine.load(prompt_and_name())
    phone, plain = (house.call(each, room=control.NO_ROOM) for each in (codec, Codec.PCMU))
    house.run(5)
    for each in (phone, plain):
        house.apply(control.Play(each.stream, 9, [Segment(0, 8_000)]))
    house.run(45)
    assert tone_part(phone.recent(30), 5_500.0, phone.rate) > 3_500
    assert tone_part(phone.recent(30), 1_000.0, phone.rate) > 4_000
    assert tone_part(plain.recent(30), 1_000.0, plain.rate) == pytest.approx(5_000, rel=0.05)


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_a_room_of_both_hears_an_announcement_each_at_its_own_rate(codec: Codec) -> None:
    house = House()
    house.engine.load(prompt_and_name())
    phone, plain = (house.call(each) for each in (codec, Codec.PCMU))
    house.run(5)
    house.apply(control.PlayRoom(5, 9, [Segment(0, 8_000)]))
    house.run(45)
    assert tone_part(phone.recent(30), 5_500.0, phone.rate) > 3_500
    assert tone_part(plain.recent(30), 1_000.0, plain.rate) == pytest.approx(5_000, rel=0.05)


@pytest.mark.parametrize("codec", HD, ids=lambda codec: codec.name)
def test_hold_music_has_its_gleam_for_hd_phones_round_and_round(codec: Codec) -> None:
    house = House()
    house.engine.load(prompt_and_name())
    phone = house.call(codec, room=control.NO_ROOM)
    house.apply(control.Music(phone.stream, Segment(1_600, 4_800)))
    house.run(100)
    assert tone_part(phone.recent(80), 5_500.0, phone.rate) > 3_500
