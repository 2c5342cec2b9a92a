from sqlalchemy import select

from bridge.store.audit import Act, Audit
from bridge.store.database import Database
from bridge.store.records import Records, legible
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


def test_an_act_of_the_running_bridge_is_kept_once_however_often_it_is_written(database: Database) -> None:
    """R4: a batch whose commit was not confirmed is written again."""
    mute = Act(5.0, "n1", "operator rui", "mute", "conference c1", {"participant": "p1"})
    with database.transaction() as connection:
        Records(connection).append([mute, Act(6.0, "n1", "operator rui", "mute", "conference c1")])
    with database.transaction() as connection:
        Records(connection).append([mute])
        rows = connection.execute(select(audit).order_by(audit.c.at)).all()
    assert [(row.at, row.actor, row.action, row.subject) for row in rows] == [
        (5.0, "operator rui", "mute", "conference c1"),
        (6.0, "operator rui", "mute", "conference c1"),
    ]
    assert rows[0].details == '{"participant":"p1"}'


def test_an_act_in_letters_of_no_alphabet_becomes_legible(database: Database) -> None:
    act = legible(Act(5.0, "n1", "a\ud800", "mute", "b\0", {"c\ud800": "\0"}))
    with database.transaction() as connection:
        Records(connection).append([act])
        assert connection.scalar(select(audit.c.actor)) == "a\ufffd"
