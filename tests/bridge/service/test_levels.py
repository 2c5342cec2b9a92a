"""The three levels of the manual (service.md, "Levels")."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.service.levels import LEVELS, Level, Right, allowed_now, end_of_hours, may

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("level", "asked_in_advance", "has_it"),
    [
        (Level.MODERATE, False, False),
        (Level.MODERATE, True, False),
        (Level.SECURE, False, False),
        (Level.SECURE, True, True),
        (Level.HIGHLY_SECURE, False, True),
        (Level.HIGHLY_SECURE, True, True),
    ],
)
@pytest.mark.parametrize("right", Right)
def test_lock_dial_out_and_blast_come_with_the_level_or_are_asked_for(level, asked_in_advance, has_it, right):
    assert may(level, right, asked_in_advance=asked_in_advance) == has_it


def test_the_table_says_everything_of_every_level():
    assert set(LEVELS) == set(Level)
    assert all(set(row.rights) == set(Right) for row in LEVELS.values())


@pytest.mark.parametrize(
    ("clock", "allowed"),
    [((0, 0, 0), False), ((5, 59, 59), False), ((6, 0, 0), True), ((12, 0, 0), True), ((23, 59, 59), True)],
)
def test_a2_level_1_is_in_use_from_6_to_24_local_time(clock, allowed):
    assert allowed_now(Level.MODERATE, datetime(2026, 3, 1, *clock, tzinfo=SAO_PAULO)) == allowed


def test_the_same_instant_is_another_hour_elsewhere():
    instant = datetime(2026, 3, 1, 8, 30, tzinfo=ZoneInfo("UTC"))
    assert allowed_now(Level.MODERATE, instant)
    assert not allowed_now(Level.MODERATE, instant.astimezone(SAO_PAULO))


@pytest.mark.parametrize("level", [Level.SECURE, Level.HIGHLY_SECURE])
@pytest.mark.parametrize("hour", range(24))
def test_a2_the_other_levels_are_in_use_always(level, hour):
    now = datetime(2026, 3, 1, hour, tzinfo=SAO_PAULO)
    assert allowed_now(level, now)
    assert end_of_hours(level, now) is None


@pytest.mark.parametrize("hour", [6, 12, 23])
def test_level_1_ends_at_the_next_midnight(hour):
    now = datetime(2026, 12, 31, hour, 15, tzinfo=SAO_PAULO)
    assert end_of_hours(Level.MODERATE, now) == datetime(2027, 1, 1, tzinfo=SAO_PAULO)


def test_a_call_that_began_just_before_midnight_is_warned_within_moments():
    now = datetime(2026, 5, 5, 23, 59, 58, tzinfo=SAO_PAULO)
    assert end_of_hours(Level.MODERATE, now) - now == timedelta(seconds=2)


def test_a_day_of_23_hours_has_its_midnight_where_the_clock_says():
    berlin = ZoneInfo("Europe/Berlin")
    morning = datetime(2026, 3, 29, 0, 30, tzinfo=berlin)
    end = end_of_hours(Level.MODERATE, morning)
    assert end.timestamp() - morning.timestamp() == 22.5 * 3600


def test_a_zone_whose_clocks_skip_midnight_still_ends_its_day():
    # In 2018 the clocks of Sao Paulo went from 3 November 23:59:59 to 4 November 01:00.
    evening = datetime(2018, 11, 3, 23, 0, tzinfo=SAO_PAULO)
    assert end_of_hours(Level.MODERATE, evening).timestamp() - evening.timestamp() == 3600
