"""The audit trail (R4): who did what to what, and when."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store.tables import audit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from sqlalchemy import Connection


class Act(msgspec.Struct, frozen=True, tag=True):
    """Somebody did something while the bridge ran: on its way through the journal, as the records."""

    at: float
    node: str
    actor: str
    action: str
    subject: str
    details: dict[str, str] = {}


_INSERT: Final = {
    "sqlite": sqlite.insert(audit).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(audit).on_conflict_do_nothing(),
}


class Audit:
    """The trail, over one connection: an entry is kept exactly when what it tells of is kept."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(
        self, *, at: float, actor: str, action: str, subject: str, details: Mapping[str, object] | None = None
    ) -> None:
        """`actor` did `action` to `subject`; `details` may say more, never a code or counter-password."""
        self._connection.execute(
            audit.insert().values(
                at=at,
                actor=actor,
                action=action,
                subject=subject,
                details=msgspec.json.encode(details or {}).decode(),
            )
        )

    def write(self, batch: Sequence[object]) -> None:
        """Write those records of a batch that are acts; one that is there already is not written again."""
        rows = [_row(each) for each in batch if type(each) is Act]
        if rows:
            self._connection.execute(_INSERT[self._connection.dialect.name], rows)


def _row(act: Act) -> dict[str, Any]:
    # Two acts alike in every word within one microsecond are one: a person has no such fingers.
    key = hashlib.sha256(msgspec.json.encode(act)).hexdigest()
    return {
        "at": act.at,
        "actor": act.actor,
        "action": act.action,
        "subject": act.subject,
        "details": msgspec.json.encode(act.details).decode(),
        "key": key,
    }
