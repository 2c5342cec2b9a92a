"""The directory (O6, I4): employees and guests of a customer, and what stops when one of them does.

A disabled person's codes stop at once: the counter-passwords of their own, the numbers they are known by, and the pairs
they are responsible for. All of it is looked up at each call, so nothing has to be undone when they come back.

Whoever is deleted leaves an empty row behind. The number is never another's, so that a record or a recorded name which
bears it is never taken for somebody else's; and a role that was guarded by their counter-password stays guarded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, select, update

from bridge.store.errors import StoreRefusedError
from bridge.store.tables import blast_entries, counter_passwords, customers, known_callers, pairs, people

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a customer's directory."""

    id: int
    customer_id: int
    customer: str
    name: str
    company: str
    phone: str
    email: str
    created_at: float
    disabled_at: float | None


class People:
    """The directory, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(
        self, customer: int, name: str, *, at: float, company: str = "", phone: str = "", email: str = ""
    ) -> int:
        """A new person's number; two of the same name are two people."""
        if not name.strip():
            raise StoreRefusedError("a person needs a name")
        key = self._connection.execute(
            people.insert().values(
                customer_id=customer, name=name, company=company, phone=phone, email=email, created_at=at
            )
        ).inserted_primary_key
        assert key is not None
        return int(key[0])

    def get(self, person: int) -> Person | None:
        row = self._connection.execute(_PERSON.where(people.c.id == person)).mappings().first()
        return Person(**row) if row else None

    def named(self, customer: int, name: str) -> list[Person]:
        """Everybody of the customer who is called so."""
        query = _PERSON.where(people.c.customer_id == customer, people.c.name == name).order_by(people.c.id)
        return [Person(**row) for row in self._connection.execute(query).mappings()]

    def list(self, *, customer: str | None = None) -> list[Person]:
        """Everybody, or one customer's people, by customer and name."""
        query = _PERSON.order_by(customers.c.name, people.c.name, people.c.id)
        if customer is not None:
            query = query.where(customers.c.name == customer)
        return [Person(**row) for row in self._connection.execute(query).mappings()]

    def change(self, person: int, **values: str) -> None:
        """Set their name, company, phone or email; records keep what was true when they were written."""
        if not values.get("name", "-").strip():
            raise StoreRefusedError("a person needs a name")
        if values:
            self._connection.execute(update(people).where(people.c.id == person).values(**values))

    def enable(self, person: int) -> None:
        self._connection.execute(
            update(people)
            .where(people.c.id == person, people.c.deleted_at.is_(None))
            .values(disabled_at=None)
        )

    def disable(self, person: int, *, at: float) -> None:
        """Stop all their codes at once, until `enable` (O6). A conference they are in goes on."""
        self._connection.execute(update(people).where(people.c.id == person).values(disabled_at=at))

    def delete(self, person: int, *, at: float) -> None:
        """Forget all that is known of them and stop their codes for good (O6); records keep what happened.

        Pairs they were responsible for are disabled: somebody else may take them over and enable them.
        """
        mine = pairs.c.responsible_id == person
        self._connection.execute(
            update(pairs).where(mine, pairs.c.disabled_at.is_(None)).values(disabled_at=at)
        )
        self._connection.execute(update(pairs).where(mine).values(responsible_id=None))
        for table in (known_callers, blast_entries):
            self._connection.execute(delete(table).where(table.c.person_id == person))
        self._connection.execute(
            update(counter_passwords).where(counter_passwords.c.person_id == person).values(digest=b"")
        )
        self._connection.execute(
            update(people)
            .where(people.c.id == person)
            .values(name="", company="", phone="", email="", disabled_at=at, deleted_at=at)
        )


_PERSON: Final = (
    select(
        people.c.id,
        people.c.customer_id,
        customers.c.name.label("customer"),
        *(people.c[name] for name in ("name", "company", "phone", "email", "created_at", "disabled_at")),
    )
    .join_from(people, customers)
    .where(people.c.deleted_at.is_(None))
)
