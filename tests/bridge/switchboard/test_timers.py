"""Moments by key: the earliest first, the last word counts, nothing piles up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.switchboard.timers import SMALLEST_SWEEP, Timers


def test_the_earliest_moment_is_the_deadline() -> None:
    timers: Timers[str] = Timers()
    timers.set("later", 5.0)
    timers.set("sooner", 2.0)
    assert timers.next_deadline() == 2.0
    assert list(timers.due(4.9)) == ["sooner"]
    assert timers.next_deadline() == 5.0


def test_a_moved_timer_is_due_once_and_at_the_new_moment() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.set("a", 3.0)
    assert list(timers.due(2.0)) == []
    assert list(timers.due(3.0)) == ["a"]
    assert timers.next_deadline() is None


def test_a_cancelled_timer_is_never_due() -> None:
    timers: Timers[str] = Timers()
    timers.set("a", 1.0)
    timers.cancel("a")
    timers.cancel("never set")
    assert timers.next_deadline() is None
    assert list(timers.due(9.0)) == []


def test_what_is_cancelled_while_others_are_due_is_not_due() -> None:
    timers: Timers[str] = Timers()
    timers.set("first", 1.0)
    timers.set("second", 1.0)
    seen = []
    for key in timers.due(1.0):
        seen.append(key)
        timers.cancel("second")
    assert seen == ["first"]


def test_a_timer_set_again_and_again_leaves_no_pile() -> None:
    timers: Timers[str] = Timers()
    for moment in range(10_000):
        timers.set("a", float(moment))
    assert len(timers) == 1
    assert len(timers._heap) <= SMALLEST_SWEEP


@given(st.lists(st.tuples(st.integers(0, 5), st.one_of(st.none(), st.floats(0, 10)))))
def test_what_is_due_is_what_a_plain_table_says(steps: list[tuple[int, float | None]]) -> None:
    timers: Timers[int] = Timers()
    table: dict[int, float] = {}
    for key, at in steps:
        if at is None:
            timers.cancel(key)
            table.pop(key, None)
        else:
            timers.set(key, at)
            table[key] = at
    assert timers.next_deadline() == min(table.values(), default=None)
    due = list(timers.due(5.0))
    assert sorted(due) == sorted(key for key, at in table.items() if at <= 5.0)
    assert [table[key] for key in due] == sorted(table[key] for key in due)
