"""Indices that are guessed, and those that come again (RFC 3711 section 3.3)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.replay import WINDOW, Window


def test_the_first_packet_is_of_the_first_round() -> None:
    assert Window().guess(65_535) == 65_535
    assert not Window().has(0)


def test_numbers_that_begin_anew_are_of_the_next_round() -> None:
    window = Window()
    window.note(65_535)
    assert window.guess(0) == 65_536
    window.note(65_536)
    assert window.guess(65_534) == 65_534, "a late one of the last round"


def test_before_the_first_round_there_is_none() -> None:
    window = Window()
    window.note(3)
    assert window.guess(65_535) == 65_535


def test_a_packet_comes_once() -> None:
    window = Window()
    window.note(100)
    assert window.has(100)
    assert not window.has(99)
    window.note(99)
    assert window.has(99)


def test_what_is_older_than_the_window_has_been_used() -> None:
    window = Window()
    window.note(1_000)
    assert not window.has(1_000 - WINDOW + 1)
    assert window.has(1_000 - WINDOW)
    window.note(1_000 + 10 * WINDOW)
    assert window.has(1_000)
    assert not window.has(1_000 + 10 * WINDOW - 1)


def test_of_what_was_taken_over_nothing_older_is_believed() -> None:
    window = Window.taken_over(500)
    assert window.has(499)
    assert window.has(480)
    assert not window.has(500)
    assert Window.taken_over(0) == Window()


@given(st.integers(0, 2**40), st.integers(-0x7FFF, 0x7FFF))
def test_every_index_that_is_near_is_guessed(highest: int, step: int) -> None:
    window = Window()
    window.note(highest)
    index = highest + step
    if index >= 0:
        assert window.guess(index & 0xFFFF) == index


@given(st.lists(st.integers(0, 300), max_size=100))
def test_it_says_what_a_set_would_say_within_the_window(indices: list[int]) -> None:
    window, seen = Window(), set[int]()
    for index in indices:
        old = bool(seen) and index <= max(seen) - WINDOW
        assert window.has(index) == (index in seen or old)
        if not window.has(index):
            window.note(index)
            seen.add(index)
