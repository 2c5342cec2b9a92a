"""Calls out and what they cost: placed, answered, over (G3, R1). Written as `bridge.store.records` writes everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import Connection, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store.tables import calls_out, customers, pairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class CallPlaced(msgspec.Struct, frozen=True, tag=True, gc=False, kw_only=True):
    """We call somebody. Followed by exactly one `CallEnded`, with `CallAnswered` between or not."""

    call: str
    at: float
    node: str
    conference: str
    pair: int | None
    customer: int
    kind: str
    number: str
    price_per_minute: str


class CallAnswered(msgspec.Struct, frozen=True, tag=True, gc=False):
    """From here on it costs."""

    call: str
    at: float


class CallEnded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """It is over, or nobody answered."""

    call: str
    at: float
    outcome: str
    via: str = ""
    """By which trunk it went, or to which account: "trunk:NAME", "account:NAME"; empty: by none."""
    status: int = 0
    """SIP's, that ended it; 0 where none did."""
    cause: int = 0
    """The telephone network's (Q.850); 0 where it said none."""


CallRecord = CallPlaced | CallAnswered | CallEnded


class CallOut(msgspec.Struct, frozen=True):
    """One call out, as reports show it and as the limits of today are counted by."""

    call: str
    conference: str
    room: str
    """The pair's name; empty where the pair is gone or there was none."""
    pair: int | None
    customer: int
    customer_name: str
    kind: str
    number: str
    placed_at: float
    answered_at: float | None
    ended_at: float | None
    outcome: str | None
    price_per_minute: str
    """In decimal digits; empty: it had none."""
    via: str
    status: int | None
    cause: int | None


_ANSWER: Final = (
    update(calls_out).where(calls_out.c.id == bindparam("of")).values(answered_at=bindparam("at"))
)
_END: Final = (
    update(calls_out)
    .where(calls_out.c.id == bindparam("of"))
    .values(
        ended_at=bindparam("at"),
        outcome=bindparam("why"),
        via=bindparam("by"),
        status=bindparam("sip"),
        cause=bindparam("q850"),
    )
)
_INSERT: Final = {
    "sqlite": sqlite.insert(calls_out).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(calls_out).on_conflict_do_nothing(),
}

_CALLS: Final = (
    select(
        calls_out.c.id.label("call"),
        calls_out.c.conference_id.label("conference"),
        func.coalesce(pairs.c.name, "").label("room"),
        calls_out.c.pair_id.label("pair"),
        calls_out.c.customer_id.label("customer"),
        func.coalesce(customers.c.name, "").label("customer_name"),
        calls_out.c.kind,
        calls_out.c.number,
        calls_out.c.placed_at,
        calls_out.c.answered_at,
        calls_out.c.ended_at,
        calls_out.c.outcome,
        calls_out.c.price_per_minute,
        calls_out.c.via,
        calls_out.c.status,
        calls_out.c.cause,
    )
    .join_from(calls_out, pairs, pairs.c.id == calls_out.c.pair_id, isouter=True)
    .join(customers, customers.c.id == calls_out.c.customer_id, isouter=True)
)


class CallsOut:
    """The calls out, over one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def append(self, batch: Sequence[object]) -> None:
        """Write those records of a batch that are of calls out; what is there already stays as it is."""
        placed = [_placed(each) for each in batch if type(each) is CallPlaced]
        answered = [{"of": each.call, "at": each.at} for each in batch if type(each) is CallAnswered]
        ended = [
            {
                "of": each.call,
                "at": each.at,
                "why": each.outcome,
                "by": each.via,
                "sip": each.status or None,
                "q850": each.cause or None,
            }
            for each in batch
            if type(each) is CallEnded
        ]
        insert = _INSERT[self._connection.dialect.name]
        for statement, rows in ((insert, placed), (_ANSWER, answered), (_END, ended)):
            if rows:
                self._connection.execute(statement, rows)

    def close_stale(self, node: str, *, seen: float, why: str) -> int:
        """Close what a crash of `node`, last alive at `seen`, left in progress (R3); says how many calls."""
        began = func.coalesce(calls_out.c.answered_at, calls_out.c.placed_at)
        closed = self._connection.execute(
            update(calls_out)
            .where(calls_out.c.ended_at.is_(None), calls_out.c.node == node)
            .values(ended_at=case((began > seen, began), else_=seen), outcome=why)
        )
        return closed.rowcount

    def today(self, since: float) -> list[CallOut]:
        """Every call placed at or after `since`, in order: what the limits of a day begin with at a start (G3)."""
        query = _CALLS.where(calls_out.c.placed_at >= since).order_by(calls_out.c.placed_at, calls_out.c.id)
        return [CallOut(**row) for row in self._connection.execute(query).mappings()]

    def entries(self, *, since: float = 0.0, until: float | None = None, limit: int) -> list[CallOut]:
        """The calls of a period, the latest to be placed first."""
        query = (
            _CALLS.where(calls_out.c.placed_at >= since)
            .order_by(calls_out.c.placed_at.desc(), calls_out.c.id.desc())
            .limit(limit)
        )
        if until is not None:
            query = query.where(calls_out.c.placed_at < until)
        return [CallOut(**row) for row in self._connection.execute(query).mappings()]


def _placed(record: CallPlaced) -> dict[str, Any]:
    return {
        "id": record.call,
        "node": record.node,
        "conference_id": record.conference,
        "pair_id": record.pair,
        "customer_id": record.customer,
        "kind": record.kind,
        "number": record.number,
        "placed_at": record.at,
        "price_per_minute": record.price_per_minute,
    }
