from sqlalchemy import select

from bridge.store.audit import Audit
from bridge.store.database import Database
from bridge.store.tables import audit


def test_the_trail_says_who_did_what_to_what(database: Database) -> None:
    """R4."""
    with database.transaction() as connection:
        Audit(connection).append(
            at=5.0, actor="ana", action="disable", subject="pair 3", details={"why": "asked"}
        )
        Audit(connection).append(at=6.0, actor="ana", action="enable", subject="pair 3")
        rows = connection.execute(select(audit).order_by(audit.c.id)).all()
    assert [(row.at, row.actor, row.action, row.subject, row.details) for row in rows] == [
        (5.0, "ana", "disable", "pair 3", '{"why":"asked"}'),
        (6.0, "ana", "enable", "pair 3", "{}"),
    ]
