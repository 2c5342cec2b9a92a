"""Lists that are kept for `*92` (O5)."""

from __future__ import annotations

import pytest

from bridge.service.blast_list import MOST_ENTRIES, BlastEntry
from bridge.service.settings import Settings
from bridge.store.blast_lists import BlastLists
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.errors import StoreRefusedError
from bridge.store.passcodes import Passcodes

ANA, RUI, EVA = (
    BlastEntry("Ana", "+5511"),
    BlastEntry("Rui", "+5521"),
    BlastEntry("Eva", "eva@example.org"),
)


@pytest.fixture
def pair(database: Database) -> int:
    with database.transaction() as connection:
        return Passcodes(connection).create_pair(
            customer=Customers(connection).add("Acme", at=1.0),
            name="Board",
            settings=Settings(),
            codes={},
            at=1.0,
            expires_at=9.0,
        )


def test_a_list_keeps_its_order_and_grows_at_its_end(database: Database, pair: int) -> None:
    with database.transaction() as connection:
        lists = BlastLists(connection)
        made = lists.add(pair, "team", (RUI, ANA))
        assert (made.pair, made.name, made.message, made.press_one) == (pair, "team", "", None)
        assert lists.remove_entry(made.id, RUI.number)
        assert not lists.remove_entry(made.id, RUI.number)
        assert lists.add(pair, "team", (EVA, RUI)).entries == (ANA, EVA, RUI)
        lists.set_message(made.id, "list-1.flac")
        lists.set_press_one(made.id, press_one=True)
        found = lists.find(pair)
        assert found is not None
        assert (found.message, found.press_one) == ("list-1.flac", True)


def test_without_a_name_default_is_meant_or_the_only_one(database: Database, pair: int) -> None:
    with database.transaction() as connection:
        lists = BlastLists(connection)
        assert lists.find(pair) is None
        team = lists.add(pair, "team")
        assert lists.find(pair) == team
        board = lists.add(pair, "board")
        assert lists.find(pair) is None
        assert lists.find(pair, "board") == board
        default = lists.add(pair, "default", (ANA,))
        assert lists.find(pair) == default
        assert lists.list(pair) == [board, default, team]
        lists.remove(default.id)
        assert lists.list(pair) == [board, team]
        assert lists.list(pair + 1) == []


def test_nobody_is_on_a_list_twice_and_no_list_is_endless(database: Database, pair: int) -> None:
    with database.transaction() as connection:
        BlastLists(connection).add(pair, "team", (ANA,))
    with pytest.raises(StoreRefusedError, match="already"), database.transaction() as connection:
        BlastLists(connection).add(pair, "team", (ANA,))
    many = tuple(BlastEntry("", str(number)) for number in range(100, 100 + MOST_ENTRIES))
    with pytest.raises(StoreRefusedError, match="at most"), database.transaction() as connection:
        BlastLists(connection).add(pair, "team", many)
    with database.transaction() as connection:
        found = BlastLists(connection).find(pair)
        assert found is not None
        assert found.entries == (ANA,)
