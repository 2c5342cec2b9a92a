"""Queues of prompts and loops of music over one shared array."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.control import Segment
from media.playback import FRAME, QUEUE_LIMIT, Ended, MusicLoops, Player, SharedAudio

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


def test_the_shared_audio_is_three_views_of_one_buffer() -> None:
    samples = 1_000
    buffer = bytearray(4 * samples)
    audio = SharedAudio.over(memoryview(buffer), samples)
    buffer[0:2] = (1_234).to_bytes(2, "little")
    buffer[2 * samples] = 11
    buffer[3 * samples] = 22
    assert (audio.pcm[0], audio.mu[0], audio.a[0]) == (1_234, 11, 22)
    assert audio.samples == len(audio.mu) == len(audio.a) == samples
    with pytest.raises(ValueError, match="buffer"):
        SharedAudio.over(memoryview(buffer), samples + 1)
    silent = SharedAudio.silent()
    assert np.unique(silent.pcm).tolist() == [0]
