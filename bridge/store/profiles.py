"""Profiles that were saved (C7): a customer's own, or everybody's; those that are shipped need no store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import msgspec
from sqlalchemy import delete, select

from bridge.service.profiles import PROFILED, SHIPPED, Profile
from bridge.service.settings import Settings
from bridge.store.errors import StoreRefusedError
from bridge.store.tables import customers, profiles

if TYPE_CHECKING:
    from sqlalchemy import Connection

_HINTS: Final = get_type_hints(Settings)


@dataclass(frozen=True, slots=True)
class SavedProfile:
    """A profile and whose it is."""

    name: str
    customer: str | None
    """None: for all."""
    shipped: bool
    settings: Profile


class Profiles:
    """The profiles, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def save(self, name: str, profile: Profile, *, customer: int | None = None) -> None:
        """Keep a profile, in place of one that the customer, or everybody, had under this name."""
        if not name.strip():
            raise StoreRefusedError("a profile needs a name")
        self.remove(name, customer=customer)
        self._connection.execute(
            profiles.insert().values(
                customer_id=customer, name=name, settings=msgspec.json.encode(dict(profile)).decode()
            )
        )

    def remove(self, name: str, *, customer: int | None = None) -> bool:
        """Whether it was there; pairs keep what it gave them."""
        gone = self._connection.execute(
            delete(profiles).where(
                profiles.c.name == name, profiles.c.customer_id.is_not_distinct_from(customer)
            )
        )
        return gone.rowcount > 0

    def find(self, name: str, *, customer: int | None = None) -> Profile | None:
        """The customer's own of this name, else everybody's, else the shipped one."""
        everybodys = profiles.c.customer_id.is_(None)
        query = (
            select(profiles.c.settings)
            .where(profiles.c.name == name, everybodys | (profiles.c.customer_id == customer))
            .order_by(everybodys)
        )
        saved = self._connection.scalars(query).first()
        return _read(saved) if saved is not None else SHIPPED.get(name)

    def list(self, *, customer: int | None = None) -> list[SavedProfile]:
        """Those that are shipped, those of everybody, and one customer's own, or all that anybody has."""
        query = (
            select(profiles.c.name, customers.c.name, profiles.c.settings)
            .join_from(profiles, customers, isouter=True)
            .order_by(profiles.c.customer_id.is_not(None), customers.c.name, profiles.c.name)
        )
        if customer is not None:
            query = query.where(profiles.c.customer_id.is_(None) | (profiles.c.customer_id == customer))
        saved = [
            SavedProfile(name, whose, shipped=False, settings=_read(settings))
            for name, whose, settings in self._connection.execute(query)
        ]
        shipped = [SavedProfile(name, None, shipped=True, settings=each) for name, each in SHIPPED.items()]
        return shipped + saved


def _read(text: str) -> Profile:
    """What an older or newer Roda saved is read as far as it is known."""
    found: dict[str, Any] = msgspec.json.decode(text)
    return {
        name: msgspec.convert(value, _HINTS[name], strict=False)
        for name, value in found.items()
        if name in PROFILED
    }
