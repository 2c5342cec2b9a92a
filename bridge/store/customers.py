"""Who pays: the customers that hold passcode pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from bridge.store.errors import StoreRefusedError
from bridge.store.tables import customers, pairs

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer; `pairs` counts its passcode pairs."""

    id: int
    name: str
    created_at: float
    disabled_at: float | None
    dial_out_blocked: bool
    """O7: for all its pairs."""
    pairs: int


class Customers:
    """The customers, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, name: str, *, at: float) -> int:
        """A new customer's id; a name that is taken is refused."""
        if self.find(name) is not None:
            raise StoreRefusedError(f'there is a customer "{name}" already')
        key = self._connection.execute(
            customers.insert().values(name=name, created_at=at)
        ).inserted_primary_key
        assert key is not None
        return int(key[0])

    def find(self, name: str) -> Customer | None:
        return next((each for each in self.list() if each.name == name), None)

    def block_dial_out(self, customer: int, *, blocked: bool) -> None:
        """Take dial-out and blast from the moderators of all its pairs, or give back what their levels say (O7)."""
        self._connection.execute(
            update(customers).where(customers.c.id == customer).values(dial_out_blocked=blocked)
        )

    def list(self) -> list[Customer]:
        """All customers by name."""
        counted = (
            select(customers, func.count(pairs.c.id).label("pairs"))
            .outerjoin(pairs)
            .group_by(*customers.c)
            .order_by(customers.c.name)
        )
        return [Customer(**row) for row in self._connection.execute(counted).mappings()]
