"""Numbers that open a conference without its code."""

from __future__ import annotations

import pytest

from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.errors import StoreRefusedError
from bridge.store.known_callers import KnownCaller, KnownCallers
from bridge.store.passcodes import Passcodes

NUMBER = "+5511999990000"


@pytest.fixture
def pairs(database: Database) -> list[int]:
    with database.transaction() as connection:
        customer = Customers(connection).add("Acme", at=1.0)
        return [
            Passcodes(connection).create_pair(
                customer=customer, name=name, settings=Settings(), codes={}, at=1.0, expires_at=9.0
            )
            for name in ("Board", "Sales")
        ]


def test_a_number_is_known_for_each_pair_by_itself(database: Database, pairs: list[int]) -> None:
    board, sales = pairs
    with database.transaction() as connection:
        callers = KnownCallers(connection)
        callers.know(NUMBER, sales, Role.PARTICIPANT, asks_counter_password=True)
        callers.know(NUMBER, board, Role.PARTICIPANT)
        callers.know(NUMBER, board, Role.MODERATOR)
        callers.know("4711", board, Role.PARTICIPANT)
        at_board = KnownCaller(NUMBER, board, Role.MODERATOR, None, None, asks_counter_password=False)
        at_sales = KnownCaller(NUMBER, sales, Role.PARTICIPANT, None, None, asks_counter_password=True)
        assert callers.find(NUMBER) == [at_board, at_sales], "what was said last holds"
        assert [each.number for each in callers.list(board)] == [NUMBER, "4711"]
        assert callers.forget(NUMBER, board)
        assert not callers.forget(NUMBER, board)
        assert callers.find(NUMBER) == [at_sales]


@pytest.mark.parametrize("number", ["", "anonymous", "+0", "+55 11", "1", "+1234567890123456"])
def test_what_is_no_number_is_never_known(database: Database, pairs: list[int], number: str) -> None:
    with pytest.raises(StoreRefusedError, match="no number"), database.transaction() as connection:
        KnownCallers(connection).know(number, pairs[0], Role.PARTICIPANT)
