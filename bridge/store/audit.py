"""The audit trail (R4): who did what to what, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from bridge.store.tables import audit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


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
