"""What a code is worth now: A2, A5, A6."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.service.digests import Digests
from bridge.service.levels import Level
from bridge.service.pairs import (
    CounterCheck,
    Verdict,
    check_counter_password,
    days_to_warn_of,
    end_of_life,
    judge,
)
from bridge.service.role import Role
from bridge.service.settings import Settings

ZONE = ZoneInfo("America/Sao_Paulo")
NOON = datetime(2026, 3, 1, 12, tzinfo=ZONE)
DIGESTS = Digests(bytes(32))
SECURE = Settings()


@dataclass(frozen=True)
class Pair:
    settings: Settings = SECURE
    expires_at: float = NOON.timestamp() + 86400
    enabled: bool = True


@dataclass(frozen=True)
class Counter:
    digest: bytes
    person: int | None = None
    name: str | None = None


@dataclass(frozen=True)
class Code:
    pair: Pair = Pair()
    role: Role = Role.PARTICIPANT
    counter_passwords: tuple[Counter, ...] = ()


def counter(password: str, person: int | None = None, name: str | None = None) -> Counter:
    return Counter(keyed(password), person, name)


def keyed(password: str) -> bytes:
    return DIGESTS.counter_password(1, Role.PARTICIPANT, password)


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (None, Verdict.UNKNOWN),
        (Code(), Verdict.FOUND),
        (Code(Pair(enabled=False)), Verdict.DISABLED),
        (Code(Pair(expires_at=NOON.timestamp())), Verdict.EXPIRED),
        (Code(Pair(expires_at=NOON.timestamp() + 1)), Verdict.FOUND),
        (Code(Pair(enabled=False, expires_at=0.0)), Verdict.DISABLED),
        (Code(Pair(Settings(level=Level.MODERATE))), Verdict.FOUND),
    ],
)
def test_a2_a6_what_becomes_of_a_code(code, verdict):
    assert judge(code, NOON) is verdict


def test_level_1_at_night_is_told_its_hours():
    night = NOON.replace(hour=3)
    assert judge(Code(Pair(Settings(level=Level.MODERATE))), night) is Verdict.OUTSIDE_HOURS
    assert judge(Code(Pair(Settings(level=Level.SECURE))), night) is Verdict.FOUND


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        ((2026, 3, 1), (2027, 3, 1)),
        ((2027, 3, 1), (2028, 3, 1)),
        ((2028, 2, 29), (2029, 2, 28)),
        ((2026, 12, 31), (2027, 12, 31)),
    ],
)
def test_a6_a_code_lives_twelve_months_by_the_calendar(made, ends):
    assert end_of_life(datetime(*made, 10, 30, tzinfo=ZONE)) == datetime(*ends, 10, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("months", "ends"), [(0, (2026, 1, 31)), (1, (2026, 2, 28)), (3, (2026, 4, 30)), (11, (2026, 12, 31))]
)
def test_a6_other_lives_end_on_a_day_that_exists(months, ends):
    assert end_of_life(datetime(2026, 1, 31, tzinfo=ZONE), months=months) == datetime(*ends, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("left", "days"),
    [
        (timedelta(seconds=-1), None),
        (timedelta(), None),
        (timedelta(hours=11), 0),
        (timedelta(hours=13), 1),
        (timedelta(hours=35), 1),
        (timedelta(days=30), 30),
        (timedelta(days=31), None),
    ],
)
def test_a6_the_holder_is_warned_for_thirty_days_as_people_count_them(left, days):
    assert days_to_warn_of((NOON + left).timestamp(), NOON) == days


def test_a5_a_collective_counter_password_lets_in_and_names_nobody():
    counters = [counter("4826")]
    assert check_counter_password(keyed("4826"), counters) == CounterCheck(right=True)
    assert check_counter_password(keyed("4827"), counters) == CounterCheck(right=False)


def test_a5_an_individual_counter_password_says_who_it_is():
    counters = [counter("4826", person=7, name="Ana"), counter("9305", person=8, name="Rui")]
    assert check_counter_password(keyed("9305"), counters) == CounterCheck(right=True, person=8, name="Rui")
    assert check_counter_password(keyed("1111"), counters) == CounterCheck(right=False)


def test_a5_where_two_people_have_the_same_it_lets_in_and_names_neither():
    counters = [counter("4826", person=7), counter("4826", person=8)]
    assert check_counter_password(keyed("4826"), counters) == CounterCheck(right=True)


def test_a5_another_pairs_counter_password_is_wrong_here():
    elsewhere = DIGESTS.counter_password(2, Role.PARTICIPANT, "4826")
    assert not check_counter_password(elsewhere, [counter("4826")]).right


def test_where_there_is_none_nothing_is_right():
    assert not check_counter_password(keyed("4826"), []).right
