"""The rule of late ticks: nothing drifts, one is made up for, never a burst."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.pacer import CATCH_UP_S, TICK_S, Outcome, Pacer


def test_a_tick_is_due_every_20_ms_counted_from_the_first() -> None:
    pacer = Pacer(100.0)
    for number in range(1_000):
        due = 100.0 + number * TICK_S
        assert pacer.poll(due - 0.001) is Outcome.EARLY
        assert pacer.poll(due + 0.001) is Outcome.ON_TIME
        assert abs(pacer.late_s - 0.001) < 1e-9
    assert pacer.skipped_ticks == 0


def test_a_tick_that_is_late_by_one_is_made_up_for_by_one() -> None:
    pacer = Pacer(0.0)
    assert pacer.poll(0.025) is Outcome.CAUGHT_UP
    assert pacer.poll(0.025) is Outcome.ON_TIME
    assert pacer.poll(0.025) is Outcome.EARLY


def test_later_than_that_the_lost_time_is_given_up_and_counted() -> None:
    pacer = Pacer(0.0)
    assert pacer.poll(0.105) is Outcome.SKIPPED
    assert pacer.skipped_ticks == 5
    assert pacer.poll(0.105) is Outcome.EARLY
    assert pacer.poll(0.1201) is Outcome.ON_TIME


@given(st.lists(st.floats(0, 0.5), max_size=50))
def test_there_is_never_a_burst_and_every_tick_is_run_or_counted(waits: list[float]) -> None:
    now, pacer, run = 0.0, Pacer(0.0), 0
    for wait in waits:
        now += wait
        at_once = 0
        while pacer.poll(now) is not Outcome.EARLY:
            at_once += 1
        assert at_once <= 1 + CATCH_UP_S / TICK_S
        run += at_once
        assert pacer.due > now
        assert run + pacer.skipped_ticks == round(pacer.due / TICK_S)
