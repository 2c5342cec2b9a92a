"""The accounts in memory follow those in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.phonebook import REFRESH_S, Phonebook
from bridge.store.accounts import Accounts
from bridge.store.database import Database, open_database
from bridge.store.errors import StoreUnavailableError
from sip.proof import SERVED, ha1

REALM = "roda.example"


class Asking:
    """A store worker that answers when the test says so."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.waiting: list[tuple[Callable[[Any], Any], Callable[[Any], None], Callable[[Any], None]]] = []

    def __call__(self, question: Any, *, answered: Any, failed: Any) -> None:
        self.waiting.append((question, answered, failed))

    def answer(self, *, away: bool = False) -> None:
        waiting, self.waiting = self.waiting, []
        for question, answered, failed in waiting:
            if away:
                failed(StoreUnavailableError("away"))
                continue
            with self.database.transaction() as connection:
                found = question(connection)
            answered(found)


@pytest.fixture
def asking() -> Iterator[Asking]:
    database = open_database("sqlite://")
    yield Asking(database)
    database.close()


def change(asking: Asking, what: Callable[[Accounts], None]) -> None:
    with asking.database.transaction() as connection:
        what(Accounts(connection))


def add(asking: Asking, name: str, *, realm: str = REALM, number: str = "") -> None:
    change(
        asking, lambda table: table.add(name, "sesame-open", realm=realm, at=1.0, number=number, display="X")
    )


def test_what_is_in_the_store_is_known_at_once_and_what_changes_some_seconds_later(asking: Asking) -> None:
    add(asking, "ana", number="+5511999990000")
    book = Phonebook(REALM, asking)
    accounts = book.accounts
    assert book.next_deadline() is None
    book.advance(100.0)
    assert accounts == {}
    asking.answer()
    assert accounts["ana"].is_called("+5511999990000")
    assert accounts["ana"].secret(SERVED[0]) == ha1(SERVED[0], "ana", REALM, "sesame-open")
    assert (book.entries["ana"].number, book.entries["ana"].display) == ("+5511999990000", "X")
    assert book.next_deadline() == 100.0 + REFRESH_S

    add(asking, "bob")
    change(asking, lambda table: table.set_password("ana", "open-sesame", realm=REALM, at=2.0))
    book.advance(100.1)
    assert asking.waiting == []
    book.advance(100.0 + REFRESH_S)
    asking.answer()
    assert set(accounts) == {"ana", "bob"}
    assert accounts["ana"].secret(SERVED[0]) == ha1(SERVED[0], "ana", REALM, "open-sesame")
    assert accounts is book.accounts
    assert book.gone() == []


def test_who_may_not_register_any_more_is_told_once(asking: Asking) -> None:
    book = Phonebook(REALM, asking)
    for name in ("ana", "bob", "eve"):
        add(asking, name)
    book.advance(0.0)
    asking.answer()
    change(asking, lambda table: table.disable("ana", at=2.0))
    change(asking, lambda table: table.remove("bob", at=2.0))
    for round_ in (1, 2, 3):
        book.advance(round_ * REFRESH_S)
        asking.answer()
        assert set(book.accounts) == set(book.entries) == {"eve"}
        assert book.gone() == (["ana", "bob"] if round_ == 1 else [])
    change(asking, lambda table: table.enable("ana", at=3.0))
    book.advance(4 * REFRESH_S)
    asking.answer()
    assert set(book.accounts) == {"ana", "eve"}


def test_accounts_of_another_realm_cannot_register_and_the_operator_is_told(asking: Asking) -> None:
    add(asking, "ana", realm="old.example")
    book = Phonebook(REALM, asking)
    with capture_logs() as lines:
        book.advance(0.0)
        asking.answer()
    assert book.accounts == {}
    assert [(line["log_level"], line["accounts"]) for line in lines] == [("warning", 1)]


def test_while_the_store_is_away_what_is_known_stays_and_it_is_asked_again_and_told_once(
    asking: Asking,
) -> None:
    add(asking, "ana")
    book = Phonebook(REALM, asking)
    book.advance(0.0)
    asking.answer()
    add(asking, "bob")
    with capture_logs() as lines:
        for round_ in (1, 2):
            book.advance(round_ * REFRESH_S)
            asking.answer(away=True)
    assert set(book.accounts) == {"ana"}
    assert len(lines) == 1
    book.advance(3 * REFRESH_S)
    book.advance(4 * REFRESH_S)
    assert len(asking.waiting) == 1
    asking.answer()
    assert set(book.accounts) == {"ana", "bob"}


def test_an_account_is_found_by_its_name_and_by_its_number_as_long_as_that_is_its(asking: Asking) -> None:
    book = Phonebook(REALM, asking)
    add(asking, "ana", number="+5511999990000")
    add(asking, "200")
    book.advance(0.0)
    asking.answer()
    assert book.account_of("ana") == book.account_of("+5511999990000") == "ana"
    assert book.account_of("200") == "200"
    assert book.number_of("ana") == "+5511999990000"
    assert book.account_of("bia") == book.number_of("200") == book.number_of("bia") == ""
    change(asking, lambda table: table.remove("ana", at=2.0))
    add(asking, "bia", number="+5511999990000")
    book.advance(REFRESH_S)
    asking.answer()
    assert book.account_of("+5511999990000") == "bia"
    assert book.account_of("ana") == ""


def test_accounts_can_be_read_before_anybody_asks_for_one(asking: Asking) -> None:
    add(asking, "ana")
    book = Phonebook(REALM, asking)
    with asking.database.transaction() as connection:
        book.read(connection)
    assert set(book.accounts) == {"ana"}
    assert asking.waiting == []
