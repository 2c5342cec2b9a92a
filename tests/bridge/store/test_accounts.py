"""Accounts: what is kept of them, and what a running bridge is told of their changes."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from bridge.store.accounts import LATEST, Accounts, StoredAccount
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.errors import StoreRefusedError
from sip.proof import SERVED, ha1

REALM = "roda.example"


def test_an_account_is_kept_with_what_proves_its_password_and_not_with_the_password(
    database: Database,
) -> None:
    with database.transaction() as connection:
        acme = Customers(connection).add("Acme", at=1.0)
        table = Accounts(connection)
        table.add(
            "ana", "sesame-open", realm=REALM, at=5.0, display="Ana", number="+5511999990000", customer=acme
        )
        found = table.find("ana")
        assert found is not None
        assert (found.customer, found.pair, found.display, found.number) == (
            "Acme",
            None,
            "Ana",
            "+5511999990000",
        )
        assert (found.created_at, found.changed_at, found.living, found.revision) == (5.0, 5.0, True, 1)
        assert found.secrets == tuple((kind, ha1(kind, "ana", REALM, "sesame-open")) for kind in SERVED)
        assert table.list() == [found]
        assert table.find("bob") is None
        row = connection.execute(text("SELECT * FROM accounts")).one()
        assert "sesame" not in repr(tuple(row)) + repr(found)
        assert found.secrets[0][1] not in repr(found)


@pytest.mark.parametrize("name", ["", "a b", "a@b", "é", "-a", "a" * 65, "a\n", "a;b"])
def test_a_name_is_the_user_part_of_an_address(database: Database, name: str) -> None:
    with pytest.raises(StoreRefusedError, match="no name"), database.transaction() as connection:
        Accounts(connection).add(name, "sesame-open", realm=REALM, at=0.0)


@pytest.mark.parametrize("number", ["5511999990000", "+0", "+55 11", "+123456"])
def test_a_number_is_one_of_the_world(database: Database, number: str) -> None:
    with pytest.raises(StoreRefusedError, match="no telephone number"), database.transaction() as connection:
        Accounts(connection).add("ana", "sesame-open", realm=REALM, at=0.0, number=number)


def test_names_and_numbers_are_nobody_elses_and_passwords_not_too_short(database: Database) -> None:
    def add(name: str, password: str = "sesame-open", number: str = "") -> None:
        with database.transaction() as connection:
            Accounts(connection).add(name, password, realm=REALM, at=0.0, number=number)

    add("ana", number="+5511999990000")
    with pytest.raises(StoreRefusedError, match="already"):
        add("ana")
    with pytest.raises(StoreRefusedError, match='number of the account "ana"'):
        add("bob", number="+5511999990000")
    with pytest.raises(StoreRefusedError, match="at least 8"):
        add("bob", "sesame1")
    with pytest.raises(StoreRefusedError, match="printable"), database.transaction() as connection:
        Accounts(connection).add("bob", "sesame-open", realm=REALM, at=0.0, display="a\nb")


def test_what_changes_is_told_once_and_what_is_gone_as_gone(database: Database) -> None:
    with database.transaction() as connection:
        table = Accounts(connection)
        assert (table.revision(), table.changes(-1)) == (0, [])
        for name in ("ana", "bob", "eve"):
            table.add(name, "sesame-open", realm=REALM, at=1.0)
        assert [each.name for each in table.changes(-1)] == ["ana", "bob", "eve"]
        table.disable("ana", at=2.0)
        table.set_password("bob", "open-sesame", realm="other", at=3.0)
        table.remove("eve", at=4.0)
        table.disable("nobody", at=5.0)

        def news(since: int) -> dict[str, StoredAccount]:
            return {each.name: each for each in table.changes(since + LATEST - 1) if each.revision > since}

        told = news(3)
        assert [(name, each.living) for name, each in told.items()] == [
            ("ana", False),
            ("bob", True),
            ("eve", False),
        ]
        assert told["bob"].secrets[0][1] == ha1(SERVED[0], "bob", "other", "open-sesame")
        assert (told["eve"].secrets, told["eve"].number) == ((), "")
        assert [each.name for each in table.changes(-1)] == ["ana", "bob"]
        last = table.revision()
        assert news(last) == {}
        table.enable("ana", at=6.0)
        assert [(name, each.living) for name, each in news(last).items()] == [("ana", True)]


def test_a_change_that_was_numbered_twice_is_not_missed(database: Database) -> None:
    with database.transaction() as connection:
        table = Accounts(connection)
        for name in ("ana", "bob"):
            table.add(name, "sesame-open", realm=REALM, at=1.0)
        connection.execute(text("UPDATE accounts SET revision = 1"))
        assert {each.name for each in table.changes(1)} == {"ana", "bob"}


def test_a_removed_name_is_given_again_with_nothing_of_before(database: Database) -> None:
    with database.transaction() as connection:
        table = Accounts(connection)
        table.add("ana", "sesame-open", realm=REALM, at=1.0, display="Ana", number="+5511999990000")
        table.disable("ana", at=2.0)
        table.remove("ana", at=3.0)
        assert (table.find("ana"), table.list()) == (None, [])
        table.add("bob", "sesame-open", realm=REALM, at=4.0, number="+5511999990000")
        table.add("ana", "open-sesame", realm=REALM, at=5.0)
        found = table.find("ana")
        assert found is not None
        assert (found.display, found.number, found.created_at, found.living) == ("", "", 5.0, True)
