"""Sums against plain Python sums, and the choice of the loudest against a room-by-room reference."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp import mix

SIZES = st.lists(st.integers(1, 20), max_size=12)


def rooms_of(sizes, seed=0, width=4):
    frames = np.random.default_rng(seed).integers(-32_768, 32_768, (sum(sizes), width)).astype(np.int16)
    ends = np.cumsum(sizes, dtype=np.intp)
    return frames, ends - np.array(sizes, np.intp)


@settings(max_examples=60)
@given(SIZES)
def test_a_rooms_sum_is_the_sum_of_its_rows_whatever_the_sizes(sizes):
    frames, starts = rooms_of(sizes)
    expected = [
        frames[start : start + size].sum(axis=0, dtype=int) for start, size in zip(starts, sizes, strict=True)
    ]
    sums = mix.room_sums(frames, starts)
    assert sums.dtype == np.int32
    assert sums.shape == (len(sizes), 4)
    assert np.array_equal(sums, np.array(expected).reshape(len(sizes), 4))


@settings(max_examples=60)
@given(SIZES)
def test_each_hears_exactly_all_the_others(sizes):
    frames, starts = rooms_of(sizes)
    room = np.repeat(np.arange(len(sizes)), sizes)
    heard = mix.minus_self(mix.room_sums(frames, starts), frames, room)
    for row in range(len(frames)):
        others = (room == room[row]) & (np.arange(len(frames)) != row)
        assert np.array_equal(heard[row], frames[others].sum(axis=0, dtype=int))


def test_the_largest_room_at_full_scale_stays_within_int32():
    frames = np.full((mix.MOST_TALKERS, 2), -32_768, np.int16)
    frames[:, 1] = 32_767
    sums = mix.room_sums(frames, np.zeros(1, np.intp))
    assert sums.tolist() == [[-32_768 * 65_535, 32_767 * 65_535]]
    alone = mix.minus_self(sums, frames[:1], np.zeros(1, np.intp))
    assert alone.tolist() == [[-32_768 * 65_534, 32_767 * 65_534]]


def test_minus_self_fills_the_block_that_it_is_given():
    frames, starts = rooms_of([2, 1])
    out = np.empty(frames.shape, np.int32)
    assert mix.minus_self(mix.room_sums(frames, starts), frames, np.array([0, 0, 1]), out=out) is out
    assert np.array_equal(out, [frames[1], frames[0], [0, 0, 0, 0]])


def reference_choice(levels, rooms, limit, incumbent):
    chosen = np.zeros(len(levels), bool)
    for room in set(rooms.tolist()):
        members = [row for row in range(len(rooms)) if rooms[row] == room]
        members.sort(
            key=lambda row: (-(levels[row] + mix.HYSTERESIS_DB * incumbent[row]), not incumbent[row], row)
        )
        chosen[members[:limit]] = True
    return chosen


@settings(max_examples=80)
@given(
    rows=st.lists(st.tuples(st.integers(-60, -10), st.integers(1, 4), st.booleans()), max_size=30),
    limit=st.integers(0, 5),
)
def test_the_loudest_of_each_room_are_chosen(rows, limit):
    levels = np.array([row[0] for row in rows], np.float32)
    rooms = np.array([row[1] for row in rows], np.int64)
    incumbent = np.array([row[2] for row in rows], bool)
    chosen = mix.choose_loudest(levels, rooms, limit, incumbent)
    assert chosen.dtype == bool
    assert chosen.tolist() == reference_choice(levels, rooms, limit, incumbent).tolist()


def test_a_place_is_not_lost_for_a_trifle_but_for_a_clearly_louder_voice():
    rooms, incumbent = np.array([7, 7]), np.array([True, False])
    trifle = mix.choose_loudest(np.array([-30, -25], np.float32), rooms, 1, incumbent)
    clearly = mix.choose_loudest(np.array([-30, -20], np.float32), rooms, 1, incumbent)
    assert (trifle.tolist(), clearly.tolist()) == ([True, False], [False, True])


def test_two_voices_of_like_level_do_not_change_places_every_frame():
    random = np.random.default_rng(5)
    incumbent, changes = np.array([True, False]), 0
    for _ in range(200):
        levels = (-25 + random.uniform(-2.9, 2.9, 2)).astype(np.float32)
        chosen = mix.choose_loudest(levels, np.zeros(2, int), 1, incumbent)
        changes += bool((chosen != incumbent).any())
        incumbent = chosen
    assert changes == 0


def test_a_crowd_is_made_as_loud_as_two():
    levels = np.array([-20, -20, -30, -20, -20, -20, -20, -20, -20, -20, -20, -26], np.float32)
    rooms = np.array([3, 3, 3, 9, 9, 9, 9, 9, 9, 9, 9, 4])
    which, index, softer = mix.crowding_db(levels, rooms)
    assert which.tolist() == [3, 4, 9]
    assert np.array_equal(which[index], rooms)
    assert np.allclose(softer, [-10 * np.log10(2.1 / 2), 0, -10 * np.log10(4)], atol=1e-4)
    assert mix.crowding_db(np.full(2, -127, np.float32), np.zeros(2, int))[2].tolist() == [0]
