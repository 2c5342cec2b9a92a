"""Outboxes: what was laid out is read whole or not at all, and of every grid one frame in each tick."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.outbox import (
    ENTRIES,
    HISTORY,
    LEAD_S,
    NOBODY,
    SLACK_S,
    VOICES,
    WHISPER,
    Inbox,
    Outbox,
    Part,
    outbox_bytes,
)
from media.pacer import TICK_S, Outcome, Pacer
from media.speakers import LOUDEST


def part(rooms: list[int], *, band: int = 1, kind: int = VOICES, fill: int = 0) -> Part:
    count = len(rooms)
    frames = np.arange(count * 160 * band, dtype=np.int32).reshape(count, -1) * 37 + fill
    ranks = np.full((count, LOUDEST), NOBODY)
    ranks[:, :2] = np.arange(2 * count).reshape(count, 2)
    powers = np.arange(count, dtype=np.float32)
    return Part(kind, band, np.array(rooms), np.array(rooms) + 5, frames, ranks, ranks - 1, powers)


class Pair:
    def __init__(self) -> None:
        self.memory = bytearray(outbox_bytes())
        self.out = Outbox(self.memory)
        self.inbox = Inbox(bytes_of(self.memory))


def bytes_of(memory: bytearray) -> memoryview:
    """The same memory, as one who may not write it has it."""
    return memoryview(memory).toreadonly()


def same(one: Part, two: Part) -> bool:
    return one[:2] == two[:2] and all(
        np.array_equal(mine, theirs) for mine, theirs in zip(one[2:], two[2:], strict=True)
    )


def test_what_is_laid_out_is_read_as_it_was_at_every_band() -> None:
    pair = Pair()
    parts = [part([7, 2**40, 9]), part([9], band=2), part([7, 9], band=6), part([7], band=2, kind=WHISPER)]
    assert pair.out.write(5.0, parts) == 0
    frame = pair.inbox.take(5.0 + LEAD_S)
    assert frame is not None
    assert len(frame.parts) == len(parts)
    for mine in parts:
        assert any(same(mine, theirs) for theirs in frame.parts)


def test_sums_louder_than_sixteen_bits_stay_what_they_are() -> None:
    pair = Pair()
    pair.out.write(5.0, [part([1], fill=6 * 32_768)])
    frame = pair.inbox.take(5.0 + LEAD_S)
    assert frame is not None
    assert frame.parts[0].frames.max() == 6 * 32_768 + 159 * 37


def test_a_frame_is_read_once_and_nothing_before_its_time() -> None:
    pair = Pair()
    pair.out.write(5.0, [])
    assert pair.inbox.take(5.0 + LEAD_S - 0.001) is None
    frame = pair.inbox.take(5.0 + LEAD_S)
    assert frame is not None
    assert not frame.follows
    assert pair.inbox.take(5.0 + LEAD_S) is None
    assert Inbox(pair.memory).take(5.0 + LEAD_S + TICK_S + 0.001) is None


@pytest.mark.parametrize("field", ["number", "due_s", "count", "checksum", "samples"])
def test_what_is_half_written_is_as_if_it_were_not_there(field: str) -> None:
    """Whatever the order in which this processor comes to see the parts of it."""
    pair = Pair()
    for tick in range(HISTORY + 1):
        pair.out.write(5.0 + tick * TICK_S, [part([1, 2], fill=tick)])
    place = pair.out._number % HISTORY
    whole = bytes(pair.memory)
    due_s = 5.0 + HISTORY * TICK_S
    if field == "samples":
        pair.out._entries[place]["samples"][1, 80] ^= 1
    else:
        before = pair.out._headers[place - 1].copy()
        pair.out._headers[place : place + 1][field] = {"count": 1}.get(field, before[field])
    assert pair.inbox.take(due_s + LEAD_S) is None
    pair.memory[:] = whole
    assert pair.inbox.take(due_s + LEAD_S) is not None


def test_a_count_that_cannot_be_is_not_believed() -> None:
    pair = Pair()
    pair.out.write(5.0, [])
    for count in (-1, ENTRIES + 1):
        pair.out._headers["count"] = count
        assert pair.inbox.take(5.0 + LEAD_S) is None


def test_what_does_not_fit_is_left_out_whole_and_counted() -> None:
    pair = Pair()
    dropped = pair.out.write(5.0, [part(list(range(1, ENTRIES - 9))), part([1, 2, 3], band=6), part([8, 9])])
    assert dropped == 2
    frame = pair.inbox.take(5.0 + LEAD_S)
    assert frame is not None
    assert [len(each.rooms) for each in frame.parts] == [ENTRIES - 10 + 2, 1]
    assert frame.parts[1].frames.shape == (1, 960)


def test_the_last_frames_are_kept_and_those_before_them_gone() -> None:
    pair = Pair()
    for tick in range(3 * HISTORY + 5):
        pair.out.write(5.0 + tick * TICK_S, [part([1], fill=tick)])
    last = 3 * HISTORY + 4
    for tick in (last - HISTORY, last - HISTORY + 1, last):
        frame = Inbox(pair.memory).take(5.0 + tick * TICK_S + LEAD_S)
        assert (frame is None) == (tick <= last - HISTORY)
        assert frame is None or frame.parts[0].frames[0, 0] == tick


def test_who_goes_on_in_the_same_memory_counts_on() -> None:
    pair = Pair()
    pair.out.write(5.0, [])
    pair.inbox.take(5.0 + LEAD_S)
    Outbox(pair.memory).write(5.0 + TICK_S, [])
    frame = pair.inbox.take(5.0 + TICK_S + LEAD_S)
    assert frame is not None
    assert frame.follows


def test_grids_whose_distance_is_a_frame_to_the_last_bit_do_not_let_rounding_decide() -> None:
    pair = Pair()
    theirs, mine = 86_400.0, 86_400.0 + LEAD_S
    for tick in range(3_000):
        pair.out.write(theirs, [])
        wavering = 1e-9 * (-1) ** tick
        frame = pair.inbox.take(mine + wavering)
        assert frame is not None
        assert frame.number == tick + 1
        assert frame.follows == (tick > 0)
        theirs += TICK_S
        mine += TICK_S


class Clocked:
    """A worker's ticks: when each begins, and when it was due."""

    def __init__(self, begin_s: float, late_s: list[float]) -> None:
        pacer = Pacer(begin_s)
        self.ticks: list[tuple[float, float]] = []
        now = begin_s
        for late in late_s:
            now = max(now, pacer.due) + late
            if pacer.poll(now) is not Outcome.EARLY:
                self.ticks.append((now, pacer.due - TICK_S))


lateness = st.lists(
    st.sampled_from([0.0, 0.0, 0.0, 0.0, 0.001, 0.004, 0.009, 0.015, 0.021, 0.030, 0.055, 0.130]),
    min_size=40,
    max_size=60,
)


@settings(max_examples=150)
@given(phase=st.floats(0.0, TICK_S, exclude_max=True), theirs=lateness, mine=lateness)
def test_on_any_two_grids_whoever_is_late_a_frame_is_heard_once_in_order_and_at_its_age(
    phase: float, theirs: list[float], mine: list[float]
) -> None:
    pair = Pair()
    writer, reader = Clocked(50.0, theirs), Clocked(50.0 + phase, mine)
    happens = sorted(
        [(now, 0, due) for now, due in writer.ticks] + [(now, 1, due) for now, due in reader.ticks]
    )
    written: dict[int, float] = {}
    read: list[tuple[int, float]] = []
    before = None
    for _, reads, due_s in happens:
        if not reads:
            pair.out.write(due_s, [part([1], fill=len(written) + 1)])
            written[len(written) + 1] = due_s
            continue
        frame = pair.inbox.take(due_s)
        there = [each for each in written.values() if 0 <= due_s - LEAD_S - each < TICK_S]
        if frame is None:
            # Only where there is none, or it was taken by the tick before, by a hair.
            assert all(abs(due_s - LEAD_S - each - TICK_S) < 2 * SLACK_S for each in there)
        else:
            assert frame.parts[0].frames[0, 0] == frame.number
            assert -SLACK_S <= due_s - LEAD_S - written[frame.number] < TICK_S + SLACK_S
            assert frame.follows == (before == frame.number - 1)
            read.append((frame.number, due_s))
        before = None if frame is None else frame.number
    numbers = [number for number, _ in read]
    assert all(later > earlier for earlier, later in pairwise(numbers))


@given(phase=st.floats(0.0, TICK_S, exclude_max=True), late_s=st.floats(0.0, LEAD_S - 0.001))
@settings(max_examples=100)
def test_a_worker_that_is_late_by_less_than_the_lead_is_never_missed(phase: float, late_s: float) -> None:
    pair = Pair()
    writer = [(50.0 + late_s + tick * TICK_S, 0, 50.0 + tick * TICK_S) for tick in range(40)]
    reader = [(50.1 + phase + tick * TICK_S, 1, 50.1 + phase + tick * TICK_S) for tick in range(30)]
    numbers = []
    for _, reads, due_s in sorted(writer + reader):
        if not reads:
            pair.out.write(due_s, [])
            continue
        frame = pair.inbox.take(due_s)
        assert frame is not None
        numbers.append(frame.number)
    assert all(later == earlier + 1 for earlier, later in pairwise(numbers))
    assert pair.inbox.missed() == 0


def test_what_was_missed_is_told_when_the_worker_is_heard_again_and_not_of_a_dead_one() -> None:
    pair = Pair()
    assert pair.inbox.take(4.0) is None
    assert pair.inbox.missed() == 0  # not heard yet
    pair.out.write(5.0, [])
    pair.inbox.take(5.0 + LEAD_S)
    for tick in (1, 2):
        pair.inbox.take(5.0 + LEAD_S + tick * TICK_S)
        assert pair.inbox.missed() == 0
    pair.out.write(5.0 + 3 * TICK_S, [])
    frame = pair.inbox.take(5.0 + LEAD_S + 3 * TICK_S)
    assert frame is not None
    assert not frame.follows
    assert pair.inbox.missed() == 2
    assert pair.inbox.missed() == 0
    pair.inbox.take(5.0 + LEAD_S + 4 * TICK_S)
    pair.inbox.rest()
    pair.out.write(9.0, [])
    pair.inbox.take(9.0 + LEAD_S)
    assert pair.inbox.missed() == 0
