import pytest

from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.errors import StoreRefusedError


def test_customers_are_listed_by_name_with_the_number_of_their_pairs(database: Database) -> None:
    with database.transaction() as connection:
        customers = Customers(connection)
        second, first = customers.add("Beta", at=2.0), customers.add("Acme", at=3.0)
        assert [(each.id, each.name, each.created_at, each.pairs) for each in customers.list()] == [
            (first, "Acme", 3.0, 0),
            (second, "Beta", 2.0, 0),
        ]
        assert customers.find("Gamma") is None


def test_a_name_is_given_once(database: Database) -> None:
    with database.transaction() as connection:
        Customers(connection).add("Acme", at=1.0)
        with pytest.raises(StoreRefusedError, match='there is a customer "Acme" already'):
            Customers(connection).add("Acme", at=1.0)
