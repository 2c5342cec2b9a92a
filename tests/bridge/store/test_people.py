"""The directory, and what stops with somebody (O6)."""

from __future__ import annotations

import pytest

from bridge.service.blast_list import BlastEntry
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.store.blast_lists import BlastLists
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.errors import StoreRefusedError
from bridge.store.known_callers import KnownCallers
from bridge.store.passcodes import CounterPassword, FoundPasscode, Passcodes
from bridge.store.people import People

CODE = b"p" * 32
HERS = b"1" * 32
NUMBER = "+5511999990000"


class Acme:
    """A customer with Ana, and a pair that she has a counter-password for and is known to by number."""

    def __init__(self, database: Database) -> None:
        self.database = database
        with database.transaction() as connection:
            self.customer = Customers(connection).add("Acme", at=1.0)
            self.ana = People(connection).add(
                self.customer, "Ana", at=1.0, company="Acme", phone=NUMBER, email="ana@example.org"
            )
            self.pair = Passcodes(connection).create_pair(
                customer=self.customer,
                name="Board",
                settings=Settings(),
                codes={Role.PARTICIPANT: CODE},
                at=1.0,
                expires_at=9.0,
            )
            Passcodes(connection).set_counter_password(self.pair, Role.PARTICIPANT, HERS, person=self.ana)
            KnownCallers(connection).know(NUMBER, self.pair, Role.PARTICIPANT, person=self.ana)
            BlastLists(connection).add(self.pair, "team", (BlastEntry("Ana", NUMBER, self.ana),))

    def found(self) -> FoundPasscode:
        with self.database.transaction() as connection:
            found = Passcodes(connection).find(CODE)
        assert found is not None
        return found

    def opens(self) -> int:
        with self.database.transaction() as connection:
            return len(KnownCallers(connection).find(NUMBER))

    def listed(self) -> int:
        with self.database.transaction() as connection:
            found = BlastLists(connection).find(self.pair)
        assert found is not None
        return len(found.entries)


@pytest.fixture
def acme(database: Database) -> Acme:
    return Acme(database)


def test_a_person_is_in_the_directory_of_one_customer(acme: Acme) -> None:
    with acme.database.transaction() as connection:
        other = Customers(connection).add("Beta", at=1.0)
        namesake = People(connection).add(other, "Ana", at=2.0)
        people = People(connection)
        assert [each.id for each in people.list()] == [acme.ana, namesake]
        assert [each.id for each in people.list(customer="Beta")] == [namesake]
        assert [each.id for each in people.named(acme.customer, "Ana")] == [acme.ana]
        ana = people.get(acme.ana)
        assert ana is not None
        assert (ana.customer, ana.phone, ana.email) == ("Acme", NUMBER, "ana@example.org")
        assert people.get(999) is None
    with pytest.raises(StoreRefusedError, match="needs a name"), acme.database.transaction() as connection:
        People(connection).add(acme.customer, "  ", at=1.0)


def test_a_disabled_persons_codes_stop_at_once_and_come_back(acme: Acme) -> None:
    """O6."""
    assert acme.found().counter_passwords == (CounterPassword(HERS, acme.ana, "Ana"),)
    assert (acme.opens(), acme.listed()) == (1, 1)
    with acme.database.transaction() as connection:
        People(connection).disable(acme.ana, at=5.0)
    assert acme.found().counter_passwords == ()
    assert acme.found().asks_counter_password, "nobody gets in more easily because of it"
    assert (acme.opens(), acme.listed()) == (0, 0)
    with acme.database.transaction() as connection:
        People(connection).enable(acme.ana)
    assert acme.found().counter_passwords == (CounterPassword(HERS, acme.ana, "Ana"),)
    assert (acme.opens(), acme.listed()) == (1, 1)


def test_the_pairs_that_a_disabled_person_is_responsible_for_stop_too(acme: Acme) -> None:
    """O6."""
    with acme.database.transaction() as connection:
        Passcodes(connection).change(acme.pair, responsible=acme.ana)
    assert acme.found().pair.enabled
    assert acme.found().pair.responsible == acme.ana
    with acme.database.transaction() as connection:
        People(connection).disable(acme.ana, at=5.0)
    assert not acme.found().pair.enabled


def test_a_deleted_person_is_forgotten_and_what_they_guarded_stays_guarded(acme: Acme) -> None:
    """O6."""
    with acme.database.transaction() as connection:
        Passcodes(connection).change(acme.pair, responsible=acme.ana)
        People(connection).delete(acme.ana, at=5.0)
    with acme.database.transaction() as connection:
        assert People(connection).list() == []
        assert People(connection).get(acme.ana) is None
        People(connection).enable(acme.ana)
        next_one = People(connection).add(acme.customer, "Rui", at=6.0)
    assert next_one != acme.ana, "records that bear her number are not his"
    found = acme.found()
    assert not found.pair.enabled, "her pair waits for somebody else"
    assert found.pair.responsible is None
    assert found.counter_passwords == ()
    assert found.asks_counter_password
    assert (acme.opens(), acme.listed()) == (0, 0)
