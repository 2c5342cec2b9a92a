"""Known callers: numbers from which a pair is entered without its code, where a trusted network says who calls.

A number that is known for one pair enters it at once, or after the counter-password alone. One that is known for several
must still key a code to say which, and no counter-password after it. What else holds for a code holds here too: the
pair's life, its hours, its disabling, and that of the person (O6).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, select

from bridge.service.role import Role
from bridge.store.errors import StoreRefusedError
from bridge.store.tables import known_callers, people

if TYPE_CHECKING:
    from sqlalchemy import Connection

NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}|[0-9]{2,15}")
"""E.164 with its plus sign, or what the telephones of a trusted PBX are called by among themselves."""


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """What a number opens."""

    number: str
    pair: int
    role: Role
    person: int | None
    name: str | None
    """The person's."""
    asks_counter_password: bool


class KnownCallers:
    """The known callers, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, number: str) -> list[KnownCaller]:
        """What `number` opens, in the order of pairs; nothing of a person who is disabled (O6)."""
        return [
            KnownCaller(pair_number, pair, Role(role), person, name, asks)
            for pair_number, pair, role, person, name, asks in self._connection.execute(
                _FIND, {"caller": number}
            )
        ]

    def list(self, pair: int) -> list[KnownCaller]:
        """All numbers that open `pair`, those of disabled people too."""
        query = _KNOWN.where(known_callers.c.pair_id == pair).order_by(known_callers.c.number)
        return [
            KnownCaller(number, of, Role(role), person, name, asks)
            for number, of, role, person, name, asks in self._connection.execute(query)
        ]

    def know(
        self,
        number: str,
        pair: int,
        role: Role,
        *,
        person: int | None = None,
        asks_counter_password: bool = False,
    ) -> None:
        """From now on `number` opens `pair` in this role; what it did before for this pair is forgotten."""
        if not NUMBER.fullmatch(number):
            raise StoreRefusedError(f'"{number}" is no number: write it as +5511999990000')
        self.forget(number, pair)
        self._connection.execute(
            known_callers.insert().values(
                number=number,
                pair_id=pair,
                role=role.value,
                person_id=person,
                asks_counter_password=asks_counter_password,
            )
        )

    def forget(self, number: str, pair: int) -> bool:
        """Whether it was known."""
        gone = self._connection.execute(
            delete(known_callers).where(known_callers.c.number == number, known_callers.c.pair_id == pair)
        )
        return gone.rowcount > 0


_KNOWN: Final = select(
    known_callers.c.number,
    known_callers.c.pair_id,
    known_callers.c.role,
    known_callers.c.person_id,
    people.c.name,
    known_callers.c.asks_counter_password,
).join_from(known_callers, people, isouter=True)

_FIND: Final = _KNOWN.where(
    known_callers.c.number == bindparam("caller"), people.c.disabled_at.is_(None)
).order_by(known_callers.c.pair_id)
"""Made once: to build a statement costs more than to run it. Nobody's number has no person, and none is disabled."""
