"""Who is turned away when the machine is pressed, and that the level does not flutter."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.shedding import FALLS_S, LAG_MAX_S, LATE_SHARE_MAX, MARKS, RISES_S, Level, Load, Shedding
from sip.transactions import TRANSACTIONS_MAX

EASY = Load()


def pressed(pressure: float) -> Load:
    return Load(lag_s=pressure * LAG_MAX_S)


def after(shedding: Shedding, pressure: float, since: float, seconds: float) -> float:
    """Tell the same pressure ten times a second."""
    for step in range(round(seconds * 10) + 1):
        shedding.measure(pressed(pressure), since + step / 10)
    return since + seconds


@pytest.mark.parametrize(
    "load",
    [Load(transactions=TRANSACTIONS_MAX), Load(lag_s=LAG_MAX_S), Load(late_share=1.1 * LATE_SHARE_MAX)],
    ids=["transactions", "lag", "late media"],
)
def test_each_of_the_three_is_enough(load: Load):
    shedding = Shedding()
    assert [shedding.measure(load, now / 4) for now in range(60)].count(True) == 2
    assert shedding.level is Level.FULL


def test_a_few_late_ticks_are_no_pressure_and_many_in_a_row_are():
    shedding = Shedding()
    for look in range(100):
        shedding.measure(Load(late_share=0.08 if look % 2 else 0.0), look / 4)
    assert shedding.level is Level.CALM
    for look in range(100, 106):
        shedding.measure(Load(late_share=0.9), look / 4)
    assert shedding.level is not Level.CALM


def test_one_long_pause_refuses_nobody():
    shedding = Shedding()
    assert not shedding.measure(pressed(9.0), 0.0)
    assert not shedding.measure(EASY, RISES_S)
    assert not shedding.measure(pressed(9.0), 2 * RISES_S)
    assert shedding.level is Level.CALM


def test_pressure_raises_the_level_step_by_step_and_calm_lowers_it_slowly():
    shedding = Shedding()
    now = after(shedding, 0.8, 0.0, RISES_S)
    assert shedding.level is Level.WARY
    now = after(shedding, 1.2, now, RISES_S)
    assert shedding.level is Level.FULL
    now = after(shedding, 0.1, now, FALLS_S - 0.2)
    assert shedding.level is Level.FULL
    now = after(shedding, 0.1, now, 0.2)
    assert shedding.level is Level.WARY
    after(shedding, 0.1, now, FALLS_S)
    assert shedding.level is Level.CALM


@pytest.mark.parametrize(("level", "between"), [(Level.WARY, 0.6), (Level.FULL, 0.9)])
def test_between_the_marks_a_level_stays(level: Level, between: float):
    shedding = Shedding()
    shedding.level = level
    after(shedding, between, 0.0, 60)
    assert shedding.level is level


def test_the_marks_to_rise_lie_above_those_to_fall():
    for level, marks in MARKS.items():
        assert marks.rises_at > marks.falls_below
        above = MARKS[marks.rises_to]
        assert level is marks.rises_to or (above.falls_below < marks.rises_at and above.falls_to is level)


def test_known_peers_are_refused_last_and_only_their_calls():
    shedding = Shedding()
    refused = {
        level: {
            (method, who)
            for method in ("INVITE", "REGISTER")
            for who in ("known", "real", "doubtful")
            if shedding.refuses(method, known=who == "known", real=who != "doubtful")
        }
        for level in Level
        if setattr(shedding, "level", level) is None
    }
    doubtful = {("INVITE", "doubtful"), ("REGISTER", "doubtful")}
    assert refused == {
        Level.CALM: set(),
        Level.WARY: doubtful,
        Level.FULL: doubtful | {("INVITE", "real"), ("REGISTER", "real"), ("INVITE", "known")},
    }


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0.01, 2), st.floats(0, 3)), max_size=60))
def test_however_the_pressure_moves_a_level_lasts_a_while(steps):
    shedding, now, changed = Shedding(), 0.0, -100.0
    for pause, pressure in steps:
        now += pause
        before = shedding.level
        told = shedding.measure(pressed(pressure), now)
        assert told is (shedding.level is not before)
        if told:
            assert now - changed >= RISES_S or changed < 0
            changed = now
