"""Which place a tick has: by its number, anchored by the clock; pauses left out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from media.pacer import TICK_S
from media.recording.timeline import ASTRAY_TICKS, Timeline


def test_ticks_have_places_by_their_numbers_however_late_they_ran() -> None:
    line = Timeline(100.0)
    assert line.place("one", 500, 100.0) == 0
    assert line.place("one", 501, 100.039) == 1, "it was late"
    assert line.place("one", 502, 100.041) == 2


def test_what_was_before_the_beginning_has_no_place() -> None:
    line = Timeline(100.0)
    assert line.place("one", 7, 99.94) is None
    assert line.place("one", 11, 100.03) == 1


def test_a_worker_that_takes_over_goes_on_where_the_clock_is() -> None:
    line = Timeline(100.0)
    assert line.place("one", 500, 101.0) == 50
    assert line.place("two", 3, 101.4) == 70
    assert line.place("two", 4, 101.42) == 71


def test_a_count_that_stood_still_is_placed_anew() -> None:
    line = Timeline(100.0)
    line.place("one", 500, 100.0)
    assert line.place("one", 501, 100.02 + 2 * ASTRAY_TICKS * TICK_S) == 1 + 2 * ASTRAY_TICKS


def test_a_pause_is_left_out() -> None:
    line = Timeline(100.0)
    assert line.place("one", 0, 100.0) == 0
    line.pause(101.0)
    assert line.paused
    assert line.length(105.0) == 50
    assert line.place("one", 49, 100.98) == 49
    assert line.place("one", 50, 101.0) is None
    line.resume(111.0)
    assert line.place("one", 300, 106.0) is None, "it comes late, and was said in the pause"
    assert line.place("one", 550, 111.0) == 50
    assert line.place("one", 40, 100.8) == 40
    assert line.length(112.0) == 100
    [pause] = line.pauses
    assert (pause.place, pause.begin_s, pause.end_s) == (50, 101.0, 111.0)


def test_pausing_twice_and_resuming_what_was_not_paused_do_nothing() -> None:
    line = Timeline(100.0)
    line.resume(101.0)
    line.pause(102.0)
    line.pause(103.0)
    line.resume(104.0)
    line.resume(105.0)
    assert [(each.begin_s, each.end_s) for each in line.pauses] == [(102.0, 104.0)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12))
def test_every_place_is_taken_once_whatever_was_paused(stretches: list[int]) -> None:
    line = Timeline(100.0)
    tick, places = 0, []
    for number, ticks in enumerate(stretches):
        if number % 2:
            line.pause(100.0 + tick * TICK_S)
        elif number:
            line.resume(100.0 + tick * TICK_S)
        for _ in range(ticks):
            places.append(line.place("one", tick, 100.0 + tick * TICK_S))
            tick += 1
    taken = [place for place in places if place is not None]
    assert taken == list(range(sum(stretches[::2])))
    assert line.length(100.0 + tick * TICK_S) == len(taken)
