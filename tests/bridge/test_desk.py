"""The desk judges what the store finds; here the store is a list of questions that a test answers when it likes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bridge.config.settings import Service
from bridge.desk import Answer, Desk
from bridge.dialogue.verdicts import Accepted, Denied, Why
from bridge.service.digests import Digests
from bridge.service.guessing import LIMITS, SHORTEST_DELAY_S, Scope
from bridge.service.levels import Level
from bridge.service.origin import Origin
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.store.errors import StoreUnavailableError
from bridge.store.passcodes import CounterPassword, FoundPasscode, Pair
from bridge.switchboard.effects import CheckCounterPassword, LookUpPasscode
from bridge.switchboard.events import CounterPasswordChecked, LookUpFailed, PasscodeFound

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = bytes(32)
ZONE = ZoneInfo("America/Sao_Paulo")
NOON = datetime(2026, 3, 4, 12, tzinfo=ZONE).timestamp()
HOME = Origin(source="192.0.2.7", trunk="198.51.100.1:5060")
MOST_IN_A_ROW = round(LIMITS[Scope.SOURCE].blocked_from)


@dataclass
class Questions:
    """A store that answers when it is told to."""

    waiting: list[tuple[Callable[[Any], None], Callable[[Any], None]]] = field(default_factory=list)

    def ask(
        self, question: object, *, answered: Callable[[Any], None], failed: Callable[[Any], None]
    ) -> None:
        self.waiting.append((answered, failed))

    def answer(self, found: FoundPasscode | None) -> None:
        self.waiting.pop(0)[0](found)

    def fail(self) -> None:
        self.waiting.pop(0)[1](StoreUnavailableError("away"))


class Hall:
    """A desk, its store and what it says."""

    def __init__(self, *, wall: float = NOON) -> None:
        self.store = Questions()
        self.said: list[Answer] = []
        self.desk = Desk(
            self.store, KEY, Service(time_zone=ZONE), wall=lambda: wall, deliver=self.said.append
        )

    def keyed(self, code: str, found: FoundPasscode | None, now: float = 0.0) -> Accepted | Denied:
        """The verdict on a code that stands in the store, or does not."""
        self.desk.look_up(LookUpPasscode(1, code, HOME), now)
        self.store.answer(found)
        return self.verdict()

    def verdict(self) -> Accepted | Denied:
        answer = self.said[-1]
        assert isinstance(answer, PasscodeFound)
        return answer.verdict

    def countered(self, found: FoundPasscode, password: str) -> CounterPasswordChecked:
        self.desk.check_counter_password(CheckCounterPassword(1, found, password, HOME), 0.0)
        answer = self.said[-1]
        assert isinstance(answer, CounterPasswordChecked)
        return answer


def stored(*counters: CounterPassword, expires_at: float = NOON * 2, **settings: Any) -> FoundPasscode:
    pair = Pair(7, "Acme", "Board", Settings(**settings), 0.0, expires_at, enabled=True)
    return FoundPasscode(pair, Role.MODERATOR, counters)


def counter(password: str, person: int | None = None, name: str | None = None) -> CounterPassword:
    return CounterPassword(Digests(KEY).counter_password(7, Role.MODERATOR, password), person, name)


def test_a_good_code_says_whose_conference_it_is_a2() -> None:
    verdict = Hall().keyed("4826", stored())
    assert isinstance(verdict, Accepted)
    assert (verdict.pair, verdict.role, verdict.hours_end_in_s) == (7, Role.MODERATOR, None)


def test_a_level_1_code_says_when_its_hours_end_and_outside_them_which_they_are() -> None:
    verdict = Hall().keyed("4826", stored(level=Level.MODERATE))
    assert isinstance(verdict, Accepted)
    assert verdict.hours_end_in_s == 12 * 3600
    night = Hall(wall=NOON - 7 * 3600).keyed("4826", stored(level=Level.MODERATE))
    assert isinstance(night, Denied)
    assert (night.why, night.opens_hour, night.closes_hour) == (Why.OUTSIDE_HOURS, 6, 24)


def test_an_expired_code_is_told_as_such_a6() -> None:
    verdict = Hall().keyed("4826", stored(expires_at=NOON))
    assert isinstance(verdict, Denied)
    assert verdict.why is Why.EXPIRED


@pytest.mark.parametrize("found", [None, stored()])
def test_wrong_and_right_codes_are_answered_with_the_same_delay_g5(found: FoundPasscode | None) -> None:
    hall = Hall()
    assert hall.keyed("1111", found).delay_s == SHORTEST_DELAY_S
    hall.keyed("1111", None)
    hall.keyed("1111", None)
    hall.said.clear()
    other = Hall()
    for code in (found, None, None):
        other.keyed("2222", code)
    assert hall.keyed("1111", found).delay_s == other.keyed("2222", stored()).delay_s > SHORTEST_DELAY_S


def test_of_many_look_ups_at_once_no_more_are_answered_than_of_many_in_a_row_g5() -> None:
    hall = Hall()
    for leg in range(3 * MOST_IN_A_ROW):
        hall.desk.look_up(LookUpPasscode(leg, str(leg), HOME), 0.0)
    for _ in range(3 * MOST_IN_A_ROW):
        hall.store.answer(None)
    verdicts = [answer.verdict for answer in hall.said if isinstance(answer, PasscodeFound)]
    whys = [verdict.why for verdict in verdicts if isinstance(verdict, Denied)]
    assert whys == [Why.UNKNOWN] * MOST_IN_A_ROW + [Why.TOO_MANY_ATTEMPTS] * 2 * MOST_IN_A_ROW


def test_who_has_guessed_enough_hears_nothing_of_a_right_code_either_g5() -> None:
    hall = Hall()
    for _ in range(MOST_IN_A_ROW):
        hall.keyed("1111", None)
    verdict = hall.keyed("4826", stored())
    assert isinstance(verdict, Denied)
    assert verdict.why is Why.TOO_MANY_ATTEMPTS
    assert not hall.countered(stored(counter("55")), "55").verdict.right


def test_operators_hear_of_guessing_and_never_of_codes_g5() -> None:
    hall = Hall()
    with capture_logs() as logged:
        for _ in range(MOST_IN_A_ROW):
            hall.keyed("97531", None)
    assert [(line["event"], line["name"], line["blocked"]) for line in logged] == [
        ("somebody is guessing", HOME.source, False),
        ("somebody is guessing", HOME.source, True),
    ]
    assert "97531" not in str(logged)


def test_a_counter_password_is_right_or_wrong_a5() -> None:
    found = stored(counter("55"))
    assert Hall().countered(found, "55").verdict.right
    assert not Hall().countered(found, "56").verdict.right


def test_a_counter_password_of_ones_own_says_who_calls_a5() -> None:
    found = stored(counter("55", person=12, name="Ana"), counter("66", person=13, name="Rui"))
    said = Hall().countered(found, "66").verdict
    assert (said.right, said.person, said.name) == (True, 13, "Rui")
    wrong = Hall().countered(found, "77").verdict
    assert (wrong.right, wrong.person, wrong.name) == (False, None, None)


def test_a_store_that_fails_is_told_as_such() -> None:
    hall = Hall()
    hall.desk.look_up(LookUpPasscode(3, "4826", HOME), 0.0)
    with capture_logs():
        hall.store.fail()
    assert hall.said == [LookUpFailed(3)]
