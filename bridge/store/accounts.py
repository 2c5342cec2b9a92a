"""Accounts: who may register a telephone, and prove to be who calls. Their passwords are not here, only what proves them.

A secret is the digest of name, realm and password (HA1, RFC 7616 3.4.2), one for each algorithm. Whoever reads it can pass
for the account in this realm, and nowhere else; so the store is to be kept from others as ever, but no password of a
person leaks from it. Change the realm, and every account needs a new password.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import func, select, update

from bridge.store.errors import StoreRefusedError
from bridge.store.tables import accounts, customers
from sip.proof import SERVED, Algorithm, ha1

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
"""The user part of a SIP address that needs no escapes."""
NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164."""
SHORTEST_PASSWORD: Final = 8
"""Characters of a password that somebody chose. A digest that was listened to is tried offline, millions a second: the
20 random letters that are given where nobody chooses are out of reach, eight chosen ones are for closed networks."""
DISPLAY_MAX: Final = 64
LATEST: Final = 16
"""Revisions before the last known that are read again: on PostgreSQL two transactions may have taken the same one, and the
later commit would be missed."""


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """One account."""

    name: str
    realm: str
    secrets: tuple[tuple[Algorithm, str], ...] = field(repr=False)
    display: str
    number: str
    """Its telephone number, which it may call itself by and by which its caller is known; "" where it has none."""
    customer: str | None
    pair: int | None
    """The passcode pair it belongs to."""
    created_at: float
    changed_at: float
    disabled_at: float | None
    deleted_at: float | None
    revision: int

    @property
    def living(self) -> bool:
        """Whether it may register and call."""
        return self.disabled_at is None and self.deleted_at is None


class Accounts:
    """The accounts, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self,
        name: str,
        password: str,
        *,
        realm: str,
        at: float,
        display: str = "",
        number: str = "",
        customer: int | None = None,
        pair: int | None = None,
    ) -> None:
        """A new account; a name that is taken is refused."""
        if not NAME.fullmatch(name):
            raise StoreRefusedError(f'"{name}" is no name for an account: 1 to 64 of A-Z a-z 0-9 . _ + -')
        if number and not NUMBER.fullmatch(number):
            raise StoreRefusedError(f'"{number}" is no telephone number: write it as +5511999990000')
        if len(display) > DISPLAY_MAX or not display.isprintable():
            raise StoreRefusedError(f"a name to be shown has up to {DISPLAY_MAX} printable characters")
        if self.find(name) is not None:
            raise StoreRefusedError(f'there is an account "{name}" already')
        if number:
            self._inspect_number(number)
        values = {
            "realm": realm, "secrets": _secrets(name, realm, password), "display": display, "number": number,
            "customer_id": customer, "pair_id": pair, "created_at": at, "disabled_at": None, "deleted_at": None,
        }  # fmt: skip
        if not self._change(name, at, **values):
            self._connection.execute(
                accounts.insert().values(name=name, changed_at=at, revision=self._next_revision(), **values)
            )

    def find(self, name: str) -> StoredAccount | None:
        query = _ACCOUNT.where(accounts.c.name == name, accounts.c.deleted_at.is_(None))
        row = self._connection.execute(query).mappings().first()
        return _account(row) if row else None

    def changes(self, since: int) -> list[StoredAccount]:
        """What has changed after the revision `since` (and perhaps some of before), those that are gone too; -1 is all."""
        query = _ACCOUNT.where(accounts.c.revision > since - LATEST).order_by(accounts.c.revision)
        if since < 0:
            query = query.where(accounts.c.deleted_at.is_(None))
        return [_account(row) for row in self._connection.execute(query).mappings()]

    def list(self) -> list[StoredAccount]:
        """All accounts by name."""
        query = _ACCOUNT.where(accounts.c.deleted_at.is_(None)).order_by(accounts.c.name)
        return [_account(row) for row in self._connection.execute(query).mappings()]

    def revision(self) -> int:
        """That of the last change; 0 before the first."""
        return self._connection.scalar(select(func.max(accounts.c.revision))) or 0

    def set_password(self, name: str, password: str, *, realm: str, at: float) -> None:
        """The old one stops at once."""
        self._change(name, at, realm=realm, secrets=_secrets(name, realm, password))

    def disable(self, name: str, *, at: float) -> None:
        """It may not register or call any more, until it is enabled."""
        self._change(name, at, disabled_at=at)

    def enable(self, name: str, *, at: float) -> None:
        self._change(name, at, disabled_at=None)

    def remove(self, name: str, *, at: float) -> None:
        """Nothing is left but its name, which may be given again."""
        self._change(
            name, at, deleted_at=at, secrets="{}", display="", number="", customer_id=None, pair_id=None
        )

    def _change(self, name: str, at: float, **values: object) -> bool:
        changed = self._connection.execute(
            update(accounts)
            .where(accounts.c.name == name)
            .values(changed_at=at, revision=self._next_revision(), **values)
        )
        return changed.rowcount > 0

    def _next_revision(self) -> int:
        return self.revision() + 1

    def _inspect_number(self, number: str) -> None:
        """A number is who somebody is: two accounts with one would be each other."""
        taken = self._connection.scalar(select(accounts.c.name).where(accounts.c.number == number))
        if taken is not None:
            raise StoreRefusedError(f'{number} is the number of the account "{taken}" already')


_ACCOUNT: Final = select(
    *[column for column in accounts.c if column.name not in ("customer_id", "pair_id")],
    accounts.c.pair_id.label("pair"),
    customers.c.name.label("customer"),
).join_from(accounts, customers, isouter=True)


def _secrets(name: str, realm: str, password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise StoreRefusedError(f"a password has at least {SHORTEST_PASSWORD} characters")
    return msgspec.json.encode({kind.value: ha1(kind, name, realm, password) for kind in SERVED}).decode()


def _account(row: RowMapping) -> StoredAccount:
    values: dict[str, Any] = {str(key): value for key, value in row.items()}
    known = msgspec.json.decode(values.pop("secrets"), type=dict[str, str])
    secrets = tuple((kind, known[kind.value]) for kind in Algorithm if kind.value in known)
    return StoredAccount(secrets=secrets, **values)
