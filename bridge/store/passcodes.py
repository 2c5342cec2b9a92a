"""Passcode pairs (A4 to A7): what is set for each, and whose a keyed code is.

The store never sees a code: callers bring digests, made with the key that lies beside the database, not in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, NoisyLines, Settings
from bridge.store.errors import StoreRefusedError
from bridge.store.known_callers import KnownCaller
from bridge.store.tables import counter_passwords, customers, pairs, passcodes, people

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, RowMapping

_SETTINGS: Final = tuple(each.name for each in fields(Settings) if each.name != "open_room")
"""Settings that a pair keeps; an open room has no pair."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A passcode pair, without its codes."""

    id: int
    customer: str
    name: str
    settings: Settings
    """As they hold: with what the customer may not do (O7)."""
    created_at: float
    expires_at: float
    enabled: bool
    """False where the pair, its customer or the person responsible is disabled: its codes stop at once (O6)."""
    customer_id: int = 0
    responsible: int | None = None
    """The person of the customer's directory who answers for it."""
    own: Settings = field(default_factory=Settings)
    """As they were set for this pair: what a change begins with."""


@dataclass(frozen=True, slots=True)
class CounterPassword:
    """A5: one that the caller may key: collective, or a person's own."""

    digest: bytes
    person: int | None
    name: str | None = None
    """The person's."""


@dataclass(frozen=True, slots=True)
class FoundPasscode:
    """Whose code it is. `counter_passwords` are those of this role that are right now."""

    pair: Pair
    role: Role
    counter_passwords: tuple[CounterPassword, ...]
    guarded: bool = False
    """One is asked for even where none is right: all who have one are disabled (O6)."""
    known: KnownCaller | None = None
    """Who calls, where their number says so."""

    @property
    def asks_counter_password(self) -> bool:
        return self.guarded or bool(self.counter_passwords)


class Passcodes:
    """The pairs, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, digest: bytes) -> FoundPasscode | None:
        """The pair whose moderator or participant code has this digest; expired and disabled ones too."""
        row = self._connection.execute(_FIND, {"digest": digest}).mappings().first()
        if row is None:
            return None
        return self._found(_pair(row), Role(row["role"]))

    def of(self, pair: int, role: Role) -> FoundPasscode | None:
        """What `find` says to the code of this role, for a caller who need not key it."""
        found = self.pair(pair)
        return None if found is None else self._found(found, role)

    def _found(self, pair: Pair, role: Role) -> FoundPasscode:
        counters = self._connection.execute(_COUNTERS, {"pair": pair.id, "role": role.value}).all()
        right = tuple(
            CounterPassword(digest, person, name)
            for digest, person, name, disabled_at in counters
            if disabled_at is None
        )
        return FoundPasscode(pair, role, right, guarded=bool(counters))

    def create_pair(
        self,
        *,
        customer: int,
        name: str,
        settings: Settings,
        codes: Mapping[Role, bytes],
        at: float,
        expires_at: float,
    ) -> int:
        """A new pair's id. `codes` has a digest for each role; one that exists already is refused.

        Then nothing of the transaction is kept: make other codes and try again.
        """
        row = self._connection.execute(
            pairs.insert().values(
                customer_id=customer, name=name, created_at=at, expires_at=expires_at, **_columns(settings)
            )
        )
        assert row.inserted_primary_key is not None
        pair = int(row.inserted_primary_key[0])
        self.set_codes(pair, codes)
        return pair

    def set_codes(self, pair: int, codes: Mapping[Role, bytes]) -> None:
        """Give `pair` new codes (A7); the old ones of these roles stop at once."""
        for role, digest in codes.items():
            self._connection.execute(
                delete(passcodes).where(passcodes.c.pair_id == pair, passcodes.c.role == role.value)
            )
            try:
                self._connection.execute(
                    passcodes.insert().values(digest=digest, pair_id=pair, role=role.value)
                )
            except IntegrityError as error:
                raise StoreRefusedError("this code is another pair's already") from error

    def set_counter_password(
        self, pair: int, role: Role, digest: bytes | None, *, person: int | None = None
    ) -> None:
        """Give the role's holders, or one person, a counter-password (A5); None takes it away."""
        mine = (
            (counter_passwords.c.pair_id == pair)
            & (counter_passwords.c.role == role.value)
            & (counter_passwords.c.person_id.is_not_distinct_from(person))
        )
        self._connection.execute(delete(counter_passwords).where(mine))
        if digest is not None:
            self._connection.execute(
                counter_passwords.insert().values(
                    pair_id=pair, role=role.value, person_id=person, digest=digest
                )
            )

    def change(
        self,
        pair: int,
        *,
        settings: Settings | None = None,
        expires_at: float | None = None,
        name: str | None = None,
        responsible: int | None = None,
    ) -> None:
        """Set what is given; a conference in progress keeps what it began with."""
        values: dict[str, Any] = _columns(settings) if settings else {}
        values |= {"expires_at": expires_at} if expires_at is not None else {}
        values |= {"name": name} if name is not None else {}
        values |= {"responsible_id": responsible} if responsible is not None else {}
        if values:
            self._connection.execute(update(pairs).where(pairs.c.id == pair).values(values))

    def enable(self, pair: int) -> None:
        self._connection.execute(update(pairs).where(pairs.c.id == pair).values(disabled_at=None))

    def disable(self, pair: int, *, at: float) -> None:
        """Stop both codes at once, until `enable`."""
        self._connection.execute(update(pairs).where(pairs.c.id == pair).values(disabled_at=at))

    def pair(self, pair: int) -> Pair | None:
        row = self._connection.execute(_PAIR.where(pairs.c.id == pair)).mappings().first()
        return _pair(row) if row else None

    def list(self, *, customer: str | None = None) -> list[Pair]:
        """All pairs, or one customer's, in the order they were made."""
        query = _PAIR.order_by(pairs.c.id)
        if customer is not None:
            query = query.where(customers.c.name == customer)
        return [_pair(row) for row in self._connection.execute(query).mappings()]

    def any(self) -> bool:
        """Whether there is any code at all: then the key of the digests must be there, too."""
        return self._connection.scalar(select(passcodes.c.pair_id).limit(1)) is not None

    def has_counter_password(self, pair: int, digest: bytes) -> bool:
        """Whether anybody has it, in whichever role: the digest is of the role, too."""
        query = select(counter_passwords.c.id).where(
            counter_passwords.c.pair_id == pair, counter_passwords.c.digest == digest
        )
        return self._connection.scalar(query.limit(1)) is not None

    def people_with_counter_password(self, pair: int) -> tuple[str, ...]:
        """The names of those who have one of their own, disabled people too."""
        query = (
            select(people.c.name)
            .join_from(counter_passwords, people)
            .where(counter_passwords.c.pair_id == pair, people.c.deleted_at.is_(None))
            .order_by(people.c.name)
        )
        return tuple(self._connection.scalars(query))

    def roles_with_counter_password(self, pair: int, *, shared: bool = False) -> frozenset[Role]:
        """The roles that are asked for one; those alone that have one for all, where `shared`."""
        query = select(counter_passwords.c.role).where(counter_passwords.c.pair_id == pair)
        if shared:
            query = query.where(counter_passwords.c.person_id.is_(None))
        return frozenset(Role(role) for role in self._connection.scalars(query))


_COLUMNS: Final = select(
    pairs,
    customers.c.name.label("customer"),
    customers.c.disabled_at.label("customer_disabled_at"),
    customers.c.dial_out_blocked.label("customer_blocked"),
    people.c.disabled_at.label("responsible_disabled_at"),
)
_PAIR: Final = _COLUMNS.join_from(pairs, customers).join(
    people, people.c.id == pairs.c.responsible_id, isouter=True
)

_FIND: Final = (
    _PAIR.add_columns(passcodes.c.role)
    .join(passcodes, passcodes.c.pair_id == pairs.c.id)
    .where(passcodes.c.digest == bindparam("digest"))
)
"""Made once: to build a statement costs more than to run it."""

_COUNTERS: Final = (
    select(counter_passwords.c.digest, counter_passwords.c.person_id, people.c.name, people.c.disabled_at)
    .join_from(counter_passwords, people, isouter=True)
    .where(counter_passwords.c.pair_id == bindparam("pair"), counter_passwords.c.role == bindparam("role"))
)


_DISABLED: Final = ("disabled_at", "customer_disabled_at", "responsible_disabled_at")


def _columns(settings: Settings) -> dict[str, Any]:
    values = {name: getattr(settings, name) for name in _SETTINGS}
    values["level"] = int(settings.level)
    values["when_last_moderator_leaves"] = settings.when_last_moderator_leaves.value
    values["mute_mode"] = settings.mute_mode.value
    values["noisy_lines"] = settings.noisy_lines.value
    return values


def _pair(row: RowMapping) -> Pair:
    values = {name: row[name] for name in _SETTINGS}
    values["level"] = Level(row["level"])
    values["when_last_moderator_leaves"] = LastModerator(row["when_last_moderator_leaves"])
    values["mute_mode"] = MuteMode(row["mute_mode"])
    values["noisy_lines"] = NoisyLines(row["noisy_lines"])
    own = Settings(**values)
    return Pair(
        id=row["id"],
        customer=row["customer"],
        name=row["name"],
        settings=replace(own, dial_out_blocked=True) if row["customer_blocked"] else own,
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        enabled=all(row[name] is None for name in _DISABLED),
        customer_id=row["customer_id"],
        responsible=row["responsible_id"],
        own=own,
    )
