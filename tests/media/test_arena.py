"""The arena: nothing is given out twice, everything given back can be used again, and the prompts are never touched."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp import g711
from media.arena import FRAME, SAMPLE_BYTES, WIDE_BYTES, Arena, ArenaAudio, lay_out
from media.control import Segment
from media.playback import SharedAudio

STATIC, ARENA = 1_000, 1_600
MOVES = st.lists(st.tuples(st.sampled_from(["take", "give", "trim"]), st.integers(0, 1_000)), max_size=60)


@settings(max_examples=150, deadline=None)
@given(MOVES)
def test_whatever_is_taken_trimmed_and_given_nothing_overlaps_and_nothing_is_lost(
    moves: list[tuple[str, int]],
) -> None:
    arena = Arena(777, 20 * FRAME + 50)
    out: list[Segment] = []
    for verb, number in moves:
        if verb == "take":
            segment = arena.take(number)
            if segment is not None:
                assert segment.length >= number
                assert segment.length % FRAME == 0
                out.append(segment)
            else:
                assert number > FRAME or arena.free == 0
        elif out:
            place = number % len(out)
            if verb == "give":
                arena.give(out.pop(place))
            else:
                kept = arena.trim(out[place], number)
                assert kept.offset == out[place].offset
                assert kept.length <= out[place].length
                out[place] = kept
        spans = sorted((each.offset, each.offset + each.length) for each in out)
        assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
        assert all(begin >= 777 and end <= 777 + 20 * FRAME for begin, end in spans)
        assert arena.free == 20 * FRAME - sum(each.length for each in out)
    for each in out:
        arena.give(each)
    assert arena.take(20 * FRAME) == Segment(777, 20 * FRAME)
    assert arena.take(1) is None


def test_the_first_piece_that_is_large_enough_is_given() -> None:
    arena = Arena(0, 10 * FRAME)
    first, second, _ = (arena.take(2 * FRAME) for _ in range(3))
    assert first is not None
    assert second is not None
    arena.give(first)
    assert arena.take(3 * FRAME) == Segment(6 * FRAME, 3 * FRAME)
    assert arena.take(1) == Segment(0, FRAME)


def test_what_is_not_out_cannot_be_given_back() -> None:
    arena = Arena(0, 10 * FRAME)
    segment = arena.take(FRAME)
    assert segment is not None
    arena.give(segment)
    for wrong in (segment, Segment(80, 80)):
        with pytest.raises(ValueError, match="no segment"):
            arena.give(wrong)
        with pytest.raises(ValueError, match="no segment"):
            arena.trim(wrong, 1)


def test_an_arena_of_less_than_a_frame_has_nothing_to_give() -> None:
    assert Arena(0, FRAME - 1).take(1) is None
    assert Arena(0, 0).free == 0


def forms(pcm: np.ndarray) -> bytes:
    return pcm.tobytes() + g711.encode(pcm, g711.Law.MU).tobytes() + g711.encode(pcm, g711.Law.A).tobytes()


def memory(*, cut: int = 700) -> tuple[bytearray, np.ndarray]:
    """A laid out buffer, and the prompts in it."""
    pcm = (np.arange(STATIC) * 37 % 20_000 - 10_000).astype(np.int16)
    whole = forms(pcm)
    buffer = bytearray(SAMPLE_BYTES * (STATIC + ARENA))
    pieces = [whole[start : start + cut] for start in range(0, len(whole), cut)]
    assert lay_out(memoryview(buffer), pieces, STATIC, ARENA) == STATIC + ARENA
    return buffer, pcm


@pytest.mark.parametrize("cut", [1, 700, 1_999, 2_000, 100_000])
def test_prompts_are_where_workers_look_for_them_however_they_are_cut(cut: int) -> None:
    buffer, pcm = memory(cut=cut)
    audio = SharedAudio.over(memoryview(buffer), STATIC + ARENA)
    assert (audio.pcm[:STATIC] == pcm).all()
    assert (audio.mu[:STATIC] == g711.encode(pcm, g711.Law.MU)).all()
    assert (audio.a[:STATIC] == g711.encode(pcm, g711.Law.A)).all()
    assert not audio.pcm[STATIC:].any()


@pytest.mark.parametrize("change", [-160, 160])
def test_more_or_less_than_was_announced_is_refused(change: int) -> None:
    buffer = bytearray(SAMPLE_BYTES * (STATIC + ARENA))
    with pytest.raises(ValueError, match="pieces hold"):
        lay_out(memoryview(buffer), [forms(np.zeros(STATIC, np.int16))], STATIC + change, ARENA - change)


def test_prompts_at_16_khz_are_laid_behind_the_other_forms() -> None:
    pcm, wide = np.arange(320, dtype=np.int16), np.arange(640, dtype=np.int16)
    buffer = bytearray(SAMPLE_BYTES * 480 + WIDE_BYTES * 320)
    whole = forms(pcm) + wide.tobytes()
    pieces = [whole[start : start + 700] for start in range(0, len(whole), 700)]
    assert lay_out(memoryview(buffer), pieces, 320, 160, wide=320) == 480
    audio = SharedAudio.over(memoryview(buffer), 480, 320)
    assert (audio.wide == wide).all()
    assert (audio.a[:320] == g711.encode(pcm, g711.Law.A)).all()
    with pytest.raises(ValueError, match="pieces hold less"):
        lay_out(memoryview(buffer), pieces[:-1], 320, 160, wide=320)


def test_without_an_arena_the_file_is_what_it_always_was() -> None:
    pcm = np.arange(320, dtype=np.int16)
    buffer = bytearray(SAMPLE_BYTES * 320)
    assert lay_out(memoryview(buffer), [forms(pcm)], 320, 0) == 320
    assert bytes(buffer) == forms(pcm)
    assert len(ArenaAudio.over(memoryview(buffer), 320, 0).pcm) == 0


def test_what_control_writes_workers_play_in_all_three_forms() -> None:
    buffer, pcm = memory()
    arena = ArenaAudio.over(memoryview(buffer), STATIC + ARENA, ARENA)
    said = np.arange(-100, 200, dtype=np.int16) * 50
    segment = Segment(STATIC + 320, 480)
    arena.write(segment, said)
    audio = SharedAudio.over(memoryview(buffer), STATIC + ARENA)
    expected = np.zeros(480, np.int16)
    expected[:300] = said
    place = slice(segment.offset, segment.offset + segment.length)
    assert (audio.pcm[place] == expected).all()
    assert (audio.mu[place] == g711.encode(expected, g711.Law.MU)).all()
    assert (audio.a[place] == g711.encode(expected, g711.Law.A)).all()
    assert (arena.read(segment) == expected).all()
    assert (audio.pcm[:STATIC] == pcm).all()
    assert not audio.pcm[STATIC : STATIC + 320].any()
    assert not audio.pcm[STATIC + 800 :].any()


def test_nothing_outside_the_arena_is_read_or_written() -> None:
    buffer, _ = memory()
    before = bytes(buffer)
    arena = ArenaAudio.over(memoryview(buffer), STATIC + ARENA, ARENA)
    for wrong in (
        Segment(STATIC - 160, 320),
        Segment(STATIC + ARENA - 160, 320),
        Segment(0, 160),
        Segment(STATIC, 0),
    ):
        with pytest.raises(ValueError, match="arena"):
            arena.write(wrong, np.ones(10, np.int16))
        with pytest.raises(ValueError, match="arena"):
            arena.read(wrong)
    with pytest.raises(ValueError, match="do not fit"):
        arena.write(Segment(STATIC, 160), np.ones(161, np.int16))
    assert bytes(buffer) == before
    assert not ArenaAudio.nowhere().holds(Segment(0, 160))


def test_a_buffer_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (numpy's own words)
        ArenaAudio.over(memoryview(bytearray(100)), 100, 50)
