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
from bridge.service.blast_list import BlastEntry
from bridge.service.digests import Digests
from bridge.service.guessing import LIMITS, SHORTEST_DELAY_S, Scope
from bridge.service.levels import Level
from bridge.service.origin import Origin
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.store.blast_lists import BlastLists
from bridge.store.customers import Customers
from bridge.store.database import open_database
from bridge.store.errors import StoreError, StoreUnavailableError
from bridge.store.known_callers import KnownCallers
from bridge.store.passcodes import CounterPassword, FoundPasscode, Pair, Passcodes
from bridge.store.people import People
from bridge.switchboard.effects import CheckCounterPassword, LookUpPasscode
from bridge.switchboard.events import (
    BlastListFound,
    CallerRecognised,
    CounterPasswordChecked,
    LookUpFailed,
    PasscodeFound,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from bridge.store.database import Database

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


def test_a_role_whose_only_counter_password_has_stopped_is_still_asked_for_one_o6() -> None:
    """Nobody gets in more easily because somebody else was disabled."""
    found = FoundPasscode(stored().pair, Role.MODERATOR, (), guarded=True)
    verdict = Hall().keyed("4826", found)
    assert isinstance(verdict, Accepted)
    assert verdict.asks_counter_password
    assert not Hall().countered(found, "55").verdict.right


@dataclass
class Answering:
    """A real store that answers at once, or is away."""

    database: Database
    away: bool = False

    def ask(
        self,
        question: Callable[[Connection], Any],
        *,
        answered: Callable[[Any], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        if self.away:
            failed(StoreUnavailableError("away"))
            return
        with self.database.transaction() as connection:
            answer = question(connection)
        answered(answer)


ANA = "+5511999990000"
"""Ana's telephone."""


class House:
    """A desk on a real store: Acme has two pairs, and Ana."""

    def __init__(self, database: Database) -> None:
        self.said: list[Answer] = []
        self.store = Answering(database)
        self.database = database
        self.desk = Desk(
            self.store, KEY, Service(time_zone=ZONE), wall=lambda: NOON, deliver=self.said.append
        )
        digests = Digests(KEY)
        with database.transaction() as connection:
            self.customer = Customers(connection).add("Acme", at=1.0)
            self.ana = People(connection).add(self.customer, "Ana", at=1.0)
            passcodes = Passcodes(connection)
            self.board, self.sales = (
                passcodes.create_pair(
                    customer=self.customer,
                    name=name,
                    settings=Settings(),
                    codes={Role.MODERATOR: digests.passcode(code)},
                    at=1.0,
                    expires_at=2 * NOON,
                )
                for name, code in (("Board", "1001"), ("Sales", "2002"))
            )
            for pair in (self.board, self.sales):
                password = digests.counter_password(pair, Role.MODERATOR, "55")
                passcodes.set_counter_password(pair, Role.MODERATOR, password)

    def knows(self, pair: int, *, asks: bool = False) -> None:
        with self.database.transaction() as connection:
            KnownCallers(connection).know(
                ANA, pair, Role.MODERATOR, person=self.ana, asks_counter_password=asks
            )

    def recognised(self, number: str = ANA) -> Accepted | None:
        self.desk.recognise(4, number, 0.0)
        answer = self.said[-1]
        assert isinstance(answer, CallerRecognised)
        assert answer.leg == 4
        return answer.verdict

    def keyed(self, code: str, number: str = "") -> Accepted:
        self.desk.look_up(LookUpPasscode(4, code, HOME, number=number), 0.0)
        answer = self.said[-1]
        assert isinstance(answer, PasscodeFound)
        assert isinstance(answer.verdict, Accepted)
        return answer.verdict

    def countered(self, token: object, password: str) -> CounterPasswordChecked:
        self.desk.check_counter_password(CheckCounterPassword(4, token, password, HOME), 0.0)
        answer = self.said[-1]
        assert isinstance(answer, CounterPasswordChecked)
        return answer


@pytest.fixture
def house() -> Iterator[House]:
    database = open_database("sqlite://")
    yield House(database)
    database.close()


def test_who_calls_from_a_known_number_enters_without_a_code(house: House) -> None:
    house.knows(house.board)
    verdict = house.recognised()
    assert verdict is not None
    assert (verdict.pair, verdict.role) == (house.board, Role.MODERATOR)
    assert (verdict.person, verdict.name, verdict.customer) == (house.ana, "Ana", house.customer)
    assert not verdict.asks_counter_password
    assert house.recognised("+5511888880000") is None


def test_a_known_number_may_still_ask_for_the_counter_password_and_then_says_whose_it_was(
    house: House,
) -> None:
    house.knows(house.board, asks=True)
    verdict = house.recognised()
    assert verdict is not None
    assert verdict.asks_counter_password
    assert not house.countered(verdict.token, "56").verdict.right
    said = house.countered(verdict.token, "55").verdict
    assert (said.right, said.person, said.name) == (True, house.ana, "Ana")


def test_a_known_number_does_not_open_with_somebody_elses_counter_password(house: House) -> None:
    house.knows(house.board, asks=True)
    with house.database.transaction() as connection:
        rui = People(connection).add(house.customer, "Rui", at=1.0)
        digest = Digests(KEY).counter_password(house.board, Role.MODERATOR, "66")
        Passcodes(connection).set_counter_password(house.board, Role.MODERATOR, digest, person=rui)
    verdict = house.recognised()
    assert verdict is not None
    assert not house.countered(verdict.token, "66").verdict.right
    assert house.countered(verdict.token, "55").verdict.right


def test_where_the_counter_password_was_taken_away_the_number_alone_opens_nothing(house: House) -> None:
    house.knows(house.board, asks=True)
    with house.database.transaction() as connection:
        Passcodes(connection).set_counter_password(house.board, Role.MODERATOR, None)
    assert house.recognised() is None


def test_a_number_known_for_several_conferences_needs_the_code_and_no_counter_password(house: House) -> None:
    house.knows(house.board)
    house.knows(house.sales)
    assert house.recognised() is None
    verdict = house.keyed("2002", ANA)
    assert (verdict.pair, verdict.person, verdict.asks_counter_password) == (house.sales, house.ana, False)
    assert house.keyed("2002").asks_counter_password, "from anywhere else"
    assert house.keyed("2002").customer == house.customer


def test_a_disabled_persons_number_opens_nothing_nor_does_a_disabled_pairs_o6(house: House) -> None:
    house.knows(house.board)
    with house.database.transaction() as connection:
        People(connection).disable(house.ana, at=5.0)
    assert house.recognised() is None
    assert house.keyed("1001", ANA).asks_counter_password
    with house.database.transaction() as connection:
        People(connection).enable(house.ana)
        Passcodes(connection).disable(house.board, at=5.0)
    assert house.recognised() is None


def test_a_store_that_is_away_recognises_nobody_and_says_that_it_has_no_list(house: House) -> None:
    house.store.away = True
    assert house.recognised() is None
    house.desk.blast_list(9, house.board)
    assert house.said[-1] == BlastListFound(9, None, failed=True)


def test_a_conference_gets_the_list_that_was_prepared_for_it_o5(house: House) -> None:
    house.desk.blast_list(8, house.board)
    assert house.said[-1] == BlastListFound(8, None)
    with house.database.transaction() as connection:
        made = BlastLists(connection).add(house.board, "team", (BlastEntry("Rui", "+5521"),))
    house.desk.blast_list(9, house.board)
    assert house.said[-1] == BlastListFound(9, made)
    house.desk.blast_list(9, house.sales)
    assert house.said[-1] == BlastListFound(9, None)
