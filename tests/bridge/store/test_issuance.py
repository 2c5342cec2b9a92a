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
from bridge.store.issuance import COUNTER_PASSWORD_DIGITS, Issued, Issuer
from bridge.store.passcodes import Passcodes

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
    assert set(issued.codes) == set(Role)
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
        renewed = Issuer(connection, DIGESTS, digits=8, entropy=chance(9)).renew(issued.pair, list(Role))
        assert Passcodes(connection).find(DIGESTS.passcode(issued.codes[Role.MODERATOR])) is None
    assert set(renewed.counter_passwords) == {Role.MODERATOR}
    assert renewed.counter_passwords != issued.counter_passwords


def test_a_length_that_cannot_be_is_refused(database: Database) -> None:
    with pytest.raises(PasscodeError):
        new_pair(database, digits=3)
