"""Call detail records: which conference, who was in it, from when to when, why it ended (R2, R3).

A record says one thing that happened. They are written in batches, each batch in one transaction and each kind in one
statement: first what began, then who came, who left, what ended, so that the order within a batch keeps its meaning.
Writing a batch twice is harmless: when the answer to a commit was lost, it is simply written again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Connection, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store.audit import Act, Audit
from bridge.store.calls import CallRecord, CallsOut
from bridge.store.recordings import Recorded, Recordings
from bridge.store.tables import conferences, nodes, pairs, participants

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SERVER_STOPPED: Final = "server stopped"
"""Why a conference ended or somebody left whose end was not written: the program or the machine died (R3)."""


class ConferenceStarted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The first participant is in."""

    conference: str
    at: float
    """Seconds since 1970, as in all records."""
    node: str
    pair: int | None
    """None for an open room, which `name` names."""
    name: str


class Joined(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Somebody is in. Followed by exactly one `Left` of the same participant."""

    participant: str
    conference: str
    at: float
    call_id: str
    role: str
    caller: str
    access_number: str
    came_by: str = "dial-in"
    """How they came in (R2)."""
    person: int | None = None
    name: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""
    via: str = ""
    """By which trunk or account: "trunk:NAME", "account:NAME"; empty: by none."""


class Identified(msgspec.Struct, frozen=True, tag=True, gc=False):
    """It is known who somebody is (O2); what is empty stays as it was."""

    participant: str
    name: str
    company: str
    phone: str
    email: str


class Left(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Somebody is out, and why."""

    participant: str
    at: float
    reason: str
    cause: int = 0
    """The telephone network's (Q.850); 0 where it said none."""


class ConferenceEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Nobody is in any more, or it was ended."""

    conference: str
    at: float
    reason: str


Record = ConferenceStarted | Joined | Identified | Left | ConferenceEnded | CallRecord | Recorded | Act


def legible(record: Record) -> Record:
    """`record` with what no database takes as text (NUL, half characters) replaced by U+FFFD: peers send anything."""
    changes: dict[str, Any] = {}
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if isinstance(value, str):
            changes[name] = _legible(value)
        elif isinstance(value, dict):
            changes[name] = {_legible(key): _legible(text) for key, text in value.items()}
    return msgspec.structs.replace(record, **changes)


def _legible(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "\ufffd")


def _started(record: ConferenceStarted) -> dict[str, Any]:
    return {
        "id": record.conference,
        "node": record.node,
        "pair_id": record.pair,
        "name": record.name,
        "began_at": record.at,
    }


def _joined(record: Joined) -> dict[str, Any]:
    return {
        "id": record.participant,
        "conference_id": record.conference,
        "call_id": record.call_id,
        "role": record.role,
        "caller": record.caller,
        "access_number": record.access_number,
        "came_by": record.came_by,
        "person_id": record.person,
        "name": record.name,
        "company": record.company,
        "phone": record.phone,
        "email": record.email,
        "via": record.via,
        "joined_at": record.at,
    }


def _said(name: str) -> Any:
    """The column as it is to be told, or as it stands where nothing is told."""
    return func.coalesce(func.nullif(bindparam(f"told_{name}"), ""), participants.c[name])


_IDENTIFY: Final = (
    update(participants)
    .where(participants.c.id == bindparam("of"))
    .values({name: _said(name) for name in ("name", "company", "phone", "email")})
)
_LEAVE: Final = (
    update(participants)
    .where(participants.c.id == bindparam("of"))
    .values(left_at=bindparam("at"), reason=bindparam("why"), cause=bindparam("q850"))
)
_END: Final = (
    update(conferences)
    .where(conferences.c.id == bindparam("of"))
    .values(ended_at=bindparam("at"), reason=bindparam("why"))
)

_INSERT: Final = {
    "sqlite": (
        sqlite.insert(conferences).on_conflict_do_nothing(),
        sqlite.insert(participants).on_conflict_do_nothing(),
    ),
    "postgresql": (
        postgresql.insert(conferences).on_conflict_do_nothing(),
        postgresql.insert(participants).on_conflict_do_nothing(),
    ),
}


class Entry(msgspec.Struct, frozen=True):
    """One time somebody was in a conference, as reports show it."""

    conference: str
    room: str
    """The pair's name, or the open room's."""
    pair: int | None
    began_at: float
    ended_at: float | None
    participant: str
    role: str
    caller: str
    access_number: str
    came_by: str
    joined_at: float
    left_at: float | None
    reason: str | None
    name: str
    company: str
    phone: str
    email: str
    via: str
    cause: int | None


class Records:
    """The records, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, batch: Sequence[Record]) -> None:
        """Write what happened, in order; what is there already stays as it is."""
        conference, participant = _INSERT[self._connection.dialect.name]
        started = [_started(each) for each in batch if type(each) is ConferenceStarted]
        joined = [_joined(each) for each in batch if type(each) is Joined]
        left = [
            {"of": each.participant, "at": each.at, "why": each.reason, "q850": each.cause or None}
            for each in batch
            if type(each) is Left
        ]
        ended = [
            {"of": each.conference, "at": each.at, "why": each.reason}
            for each in batch
            if type(each) is ConferenceEnded
        ]
        identified = [
            {"of": each.participant}
            | {f"told_{name}": getattr(each, name) for name in ("name", "company", "phone", "email")}
            for each in batch
            if type(each) is Identified
        ]
        for statement, rows in (
            (conference, started),
            (participant, joined),
            (_IDENTIFY, identified),
            (_LEAVE, left),
            (_END, ended),
        ):
            if rows:
                self._connection.execute(statement, rows)
        CallsOut(self._connection).append(batch)
        Recordings(self._connection).append(batch)
        Audit(self._connection).write(batch)

    def touch(self, node: str, at: float) -> None:
        """Say that `node` was alive at `at`: the last known time of all that it has in progress."""
        found = self._connection.execute(update(nodes).where(nodes.c.name == node).values(seen_at=at))
        if found.rowcount == 0:
            self._connection.execute(nodes.insert().values(name=node, started_at=at, seen_at=at))

    def close_stale(self, node: str) -> int:
        """Close what a crash of `node` left in progress, at the last known time (R3); says how many were still in.

        The last known time is when the node was last alive, or when the thing began if that was later still.
        """
        seen = self._connection.scalar(select(nodes.c.seen_at).where(nodes.c.name == node)) or 0.0
        stale = select(conferences.c.id).where(conferences.c.ended_at.is_(None), conferences.c.node == node)
        closed = self._connection.execute(
            update(participants)
            .where(participants.c.left_at.is_(None), participants.c.conference_id.in_(stale))
            .values(
                left_at=case((participants.c.joined_at > seen, participants.c.joined_at), else_=seen),
                reason=SERVER_STOPPED,
            )
        )
        last = (
            select(func.max(participants.c.left_at))
            .where(participants.c.conference_id == conferences.c.id)
            .scalar_subquery()
        )
        self._connection.execute(
            update(conferences)
            .where(conferences.c.ended_at.is_(None), conferences.c.node == node)
            .values(ended_at=func.coalesce(last, conferences.c.began_at), reason=SERVER_STOPPED)
        )
        CallsOut(self._connection).close_stale(node, seen=seen, why=SERVER_STOPPED)
        return closed.rowcount

    def entries(self, *, since: float = 0.0, until: float | None = None, limit: int) -> list[Entry]:
        """Who was in which conference, the latest to join first."""
        query = (
            select(
                conferences.c.id.label("conference"),
                func.coalesce(pairs.c.name, conferences.c.name).label("room"),
                conferences.c.pair_id.label("pair"),
                conferences.c.began_at,
                conferences.c.ended_at,
                participants.c.id.label("participant"),
                *(participants.c[name] for name in Entry.__struct_fields__ if name in participants.c),
            )
            .join_from(participants, conferences, participants.c.conference_id == conferences.c.id)
            .outerjoin(pairs, pairs.c.id == conferences.c.pair_id)
            .where(participants.c.joined_at >= since)
            .order_by(participants.c.joined_at.desc(), participants.c.id.desc())
            .limit(limit)
        )
        if until is not None:
            query = query.where(participants.c.joined_at < until)
        return [Entry(**row) for row in self._connection.execute(query).mappings()]
