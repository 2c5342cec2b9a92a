"""Timestamps of all codecs in one unit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media.clocks import Clocks

ROWS = np.array([0, 1])


def test_rows_at_8_khz_go_through_as_they_are() -> None:
    clocks = Clocks(2)
    stamps = np.array([7, 0xFFFF_FFFF], np.uint32)
    assert clocks.samples(ROWS, stamps) is stamps


@given(
    first=st.integers(0, 2**32 - 1),
    steps=st.lists(st.integers(-20, 400), min_size=1, max_size=40),
    ticks=st.sampled_from([2, 6]),
)
def test_differences_are_those_of_the_sound_across_every_wrap(
    first: int, steps: list[int], ticks: int
) -> None:
    clocks = Clocks(2)
    clocks.set(1, ticks)
    place = 0
    before = None
    for step in steps:
        place += step * 160
        stamps = np.array([place, first + place * ticks], np.int64).astype(np.uint32)
        plain, divided = clocks.samples(ROWS, stamps)
        assert plain == place & 0xFFFF_FFFF
        if before is not None:
            assert (int(divided) - before[0] + 2**31) % 2**32 - 2**31 == place - before[1]
        before = (int(divided), place)


def test_a_row_that_returns_to_8_khz_costs_nothing_any_more() -> None:
    clocks = Clocks(2)
    clocks.set(1, 6)
    clocks.set(1, 2)
    assert not clocks.plain
    clocks.set(1, 1)
    assert clocks.plain
