from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from bridge.service.digests import Digests
from bridge.service.passcodes import PasscodeError, near
from bridge.service.role import Role
from bridge.service.settings import Settings
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.issuance import CODED, COUNTER_PASSWORD_DIGITS, Issued, Issuer
from bridge.store.passcodes import Passcodes
from bridge.store.people import People

DIGESTS = Digests(b"k" * 32)


def chance(seed: int) -> Callable[[int], bytes]:
    """Bytes that look random and are the same in every run."""
    state = hashlib.sha256(str(seed).encode()).digest()

    def entropy(count: int) -> bytes:
        nonlocal state
        state = hashlib.sha256(state).digest()
        return state[:count]

    return entropy


def new_pair(database: Database, *, seed: int = 1, digits: int = 8, name: str = "Acme") -> Issued:
    with database.transaction() as connection:
        found = Customers(connection).find(name)
        customer = found.id if found else Customers(connection).add(name, at=0.0)
        return Issuer(connection, DIGESTS, digits=digits, entropy=chance(seed)).new_pair(
            customer=customer,
            name="Board",
            settings=Settings(),
            counter_passwords=[Role.MODERATOR],
            at=0.0,
            expires_at=9.0,
        )


def test_what_is_told_is_what_is_kept(database: Database) -> None:
    """A4, A5."""
    issued = new_pair(database)
    assert set(issued.codes) == set(CODED)
    assert [len(password) for password in issued.counter_passwords.values()] == [COUNTER_PASSWORD_DIGITS]
    with database.transaction() as connection:
        found = Passcodes(connection).find(DIGESTS.passcode(issued.codes[Role.MODERATOR]))
    assert found is not None
    assert found.pair.id == issued.pair
    kept = DIGESTS.counter_password(issued.pair, Role.MODERATOR, issued.counter_passwords[Role.MODERATOR])
    assert [each.digest for each in found.counter_passwords] == [kept]


def test_codes_do_not_show_in_a_log_line(database: Database) -> None:
    issued = new_pair(database)
    assert issued.codes[Role.MODERATOR] not in repr(issued)


def test_the_same_chance_gives_other_codes_where_its_own_are_taken(database: Database) -> None:
    first, second = new_pair(database, seed=5), new_pair(database, seed=5)
    assert not set(first.codes.values()) & set(second.codes.values())


@pytest.mark.parametrize("seed", range(5))
def test_a_new_code_of_one_role_is_no_slip_of_the_finger_from_the_other(
    database: Database, seed: int
) -> None:
    """A7: with codes of four digits a near one is drawn now and then, and refused."""
    issued = new_pair(database, seed=seed, digits=4)
    with database.transaction() as connection:
        issuer = Issuer(connection, DIGESTS, digits=4, entropy=chance(seed + 100))
        for _ in range(20):
            renewed = issuer.renew(issued.pair, [Role.PARTICIPANT])
            assert not near(renewed.codes[Role.PARTICIPANT], issued.codes[Role.MODERATOR])
            assert renewed.counter_passwords == {}


def test_renewing_both_roles_renews_the_counter_password(database: Database) -> None:
    """A7."""
    issued = new_pair(database)
    with database.transaction() as connection:
        renewed = Issuer(connection, DIGESTS, digits=8, entropy=chance(9)).renew(issued.pair, CODED)
        assert Passcodes(connection).find(DIGESTS.passcode(issued.codes[Role.MODERATOR])) is None
    assert set(renewed.counter_passwords) == {Role.MODERATOR}
    assert renewed.counter_passwords != issued.counter_passwords


def test_people_get_counter_passwords_of_their_own_that_say_who_calls(database: Database) -> None:
    """A5, A7: no two alike; a new one stops the old; the codes stay."""
    issued = new_pair(database)
    with database.transaction() as connection:
        people = [People(connection).add(1, f"Person {number}", at=1.0) for number in range(40)]
        issuer = Issuer(connection, DIGESTS, digits=8, entropy=chance(3))
        own = issuer.new_counter_passwords(issued.pair, [], people)
        assert list(own.own) == people
        assert len(set(own.own.values())) == len(people)
        assert own.codes == own.counter_passwords == {}
        assert own.own[people[0]] not in repr(own)
        again = issuer.new_counter_passwords(issued.pair, [Role.PARTICIPANT], people[:1])
        found = Passcodes(connection).find(DIGESTS.passcode(issued.codes[Role.PARTICIPANT]))
        assert found is not None
        kept = {each.person: each.digest for each in found.counter_passwords}

    def digest(password: str) -> bytes:
        return DIGESTS.counter_password(issued.pair, Role.PARTICIPANT, password)

    assert kept[people[0]] == digest(again.own[people[0]]) != digest(own.own[people[0]])
    assert kept[people[1]] == digest(own.own[people[1]])
    assert kept[None] == digest(again.counter_passwords[Role.PARTICIPANT])


def test_new_codes_leave_a_persons_own_counter_password_alone(database: Database) -> None:
    """A7: nor do they bring a shared one where there was none."""
    issued = new_pair(database)
    with database.transaction() as connection:
        ana = People(connection).add(1, "Ana", at=1.0)
        issuer = Issuer(connection, DIGESTS, digits=8, entropy=chance(3))
        issuer.new_counter_passwords(issued.pair, [], [ana])
        renewed = issuer.renew(issued.pair, [Role.PARTICIPANT])
        assert renewed.counter_passwords == {}
        found = Passcodes(connection).find(DIGESTS.passcode(renewed.codes[Role.PARTICIPANT]))
    assert found is not None
    assert [each.person for each in found.counter_passwords] == [ana]


def test_a_new_pair_may_have_people_and_somebody_responsible(database: Database) -> None:
    """A5, A8."""
    with database.transaction() as connection:
        customer = Customers(connection).add("Acme", at=0.0)
        ana = People(connection).add(customer, "Ana", at=1.0)
        issued = Issuer(connection, DIGESTS, digits=8, entropy=chance(3)).new_pair(
            customer=customer,
            name="Board",
            settings=Settings(),
            counter_passwords=[],
            at=0.0,
            expires_at=9.0,
            people=[ana],
            responsible=ana,
        )
        pair = Passcodes(connection).pair(issued.pair)
    assert list(issued.own) == [ana]
    assert pair is not None
    assert pair.responsible == ana


def test_a_length_that_cannot_be_is_refused(database: Database) -> None:
    with pytest.raises(PasscodeError):
        new_pair(database, digits=3)
