"""Calls out on record (G3, R1, R3)."""

from __future__ import annotations

from bridge.store.calls import CallAnswered, CallEnded, CallOut, CallPlaced, CallsOut
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.records import SERVER_STOPPED, Record, Records


def placed(call: str = "k1", at: float = 100.0, node: str = "n1", customer: int = 0) -> CallPlaced:
    return CallPlaced(
        call=call,
        at=at,
        node=node,
        conference="c1",
        pair=7,
        customer=customer,
        kind="dial_out",
        number="+551130001000",
        price_per_minute="0.125",
    )


def write(database: Database, *batch: Record) -> None:
    with database.transaction() as connection:
        Records(connection).append(batch)


def calls(database: Database) -> dict[str, CallOut]:
    with database.transaction() as connection:
        return {each.call: each for each in CallsOut(connection).entries(limit=100)}


def test_a_call_out_is_on_record_from_its_first_ring_to_its_end(database: Database) -> None:
    """R1: with what it costs, to the digit."""
    with database.transaction() as connection:
        customer = Customers(connection).add("Acme", at=1.0)
    write(database, placed(customer=customer))
    before = calls(database)["k1"]
    assert (before.customer_name, before.number, before.answered_at) == ("Acme", "+551130001000", None)
    write(database, CallAnswered("k1", 108.0), CallEnded("k1", 168.0, "hung up"))
    after = calls(database)["k1"]
    assert (after.placed_at, after.answered_at, after.ended_at) == (100.0, 108.0, 168.0)
    assert (after.outcome, after.price_per_minute) == ("hung up", "0.125")


def test_by_which_way_it_went_and_what_ended_it_is_on_record(database: Database) -> None:
    write(database, placed(), placed("k2"), CallEnded("k1", 120.0, "busy", "trunk:carrier", 486, 17))
    write(database, CallEnded("k2", 120.0, "hung_up", "account:ana"))
    found = calls(database)
    assert (found["k1"].via, found["k1"].status, found["k1"].cause) == ("trunk:carrier", 486, 17)
    assert (found["k2"].via, found["k2"].status, found["k2"].cause) == ("account:ana", None, None)


def test_a_batch_of_calls_that_is_written_twice_is_there_once(database: Database) -> None:
    batch: tuple[Record, ...] = (CallEnded("k1", 120.0, "busy"), placed())
    write(database, *batch)
    write(database, *batch)
    (call,) = calls(database).values()
    assert (call.ended_at, call.outcome) == (120.0, "busy")


def test_after_a_crash_calls_end_when_the_node_was_last_alive(database: Database) -> None:
    """R3: its own alone, and none before it began."""
    write(
        database,
        placed("over"),
        CallEnded("over", 110.0, "busy"),
        placed("talking"),
        CallAnswered("talking", 105.0),
        placed("late", at=190.0),
        placed("elsewhere", node="n2"),
    )
    with database.transaction() as connection:
        Records(connection).touch("n1", 150.0)
        Records(connection).close_stale("n1")
    found = calls(database)
    assert (found["over"].ended_at, found["over"].outcome) == (110.0, "busy")
    assert (found["talking"].ended_at, found["talking"].outcome) == (150.0, SERVER_STOPPED)
    assert found["late"].ended_at == 190.0
    assert found["elsewhere"].ended_at is None


def test_the_calls_of_today_come_in_order_for_the_limits_that_begin_anew_at_a_start(
    database: Database,
) -> None:
    """G3."""
    write(database, placed("c", at=300.0), placed("a", at=100.0), placed("b", at=200.0))
    with database.transaction() as connection:
        assert [call.call for call in CallsOut(connection).today(200.0)] == ["b", "c"]
        period = CallsOut(connection).entries(since=100.0, until=300.0, limit=1)
    assert [call.call for call in period] == ["b"]
