import msgspec
import pytest

from bridge.service.settings import Settings
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.passcodes import Passcodes
from bridge.store.records import (
    SERVER_STOPPED,
    ConferenceEnded,
    ConferenceStarted,
    Entry,
    Identified,
    Joined,
    Left,
    Record,
    Records,
    legible,
)


def started(conference: str = "c1", at: float = 100.0, node: str = "n1") -> ConferenceStarted:
    return ConferenceStarted(conference, at, node, 7, "Board")


def joined(participant: str = "p1", conference: str = "c1", at: float = 100.0) -> Joined:
    return Joined(
        participant, conference, at, "call-1@x", "moderator", "+5511", "4000", name="Ana", company="Acme"
    )


def write(database: Database, *batch: Record) -> None:
    with database.transaction() as connection:
        Records(connection).append(batch)


def entries(database: Database) -> list[Entry]:
    with database.transaction() as connection:
        return Records(connection).entries(limit=100)


def test_a_participant_is_on_record_from_join_to_leave_with_the_reason(database: Database) -> None:
    """R2."""
    write(database, started(), joined())
    (before,) = entries(database)
    assert (before.room, before.pair, before.name, before.left_at) == ("Board", 7, "Ana", None)
    assert before.came_by == "dial-in"
    write(database, Left("p1", 160.0, "hung up"), ConferenceEnded("c1", 161.0, "empty"))
    (after,) = entries(database)
    assert (after.joined_at, after.left_at, after.reason, after.ended_at) == (100.0, 160.0, "hung up", 161.0)


def test_by_which_way_somebody_came_and_what_the_network_said_at_the_end_is_on_record(
    database: Database,
) -> None:
    came = msgspec.structs.replace(joined(), via="trunk:carrier")
    write(
        database, started(), came, joined("p2"), Left("p1", 160.0, "hung up", 16), Left("p2", 160.0, "lost")
    )
    found = {each.participant: each for each in entries(database)}
    assert (found["p1"].via, found["p1"].cause) == ("trunk:carrier", 16)
    assert (found["p2"].via, found["p2"].cause) == ("", None)


def test_who_somebody_is_may_be_learned_while_they_are_in(database: Database) -> None:
    """O2, R2: what is not told stays; also in the batch that tells of the join."""
    write(database, started(), joined(), Identified("p1", "", "", "+5521", "ana@example.org"))
    (first,) = entries(database)
    assert (first.name, first.company, first.phone, first.email) == (
        "Ana",
        "Acme",
        "+5521",
        "ana@example.org",
    )
    write(database, Identified("p1", "Ana Maria", "", "", ""), Identified("nobody", "x", "", "", ""))
    (second,) = entries(database)
    assert (second.name, second.phone) == ("Ana Maria", "+5521")


def test_a_room_is_called_as_its_pair_is_or_by_the_name_that_was_dialled(database: Database) -> None:
    with database.transaction() as connection:
        pair = Passcodes(connection).create_pair(
            customer=Customers(connection).add("Acme", at=1.0),
            name="Board",
            settings=Settings(),
            codes={},
            at=1.0,
            expires_at=2.0,
        )
    write(
        database,
        ConferenceStarted("c1", 1.0, "n1", pair, ""),
        ConferenceStarted("c2", 2.0, "n1", None, "sales"),
        joined("p1", "c1", 1.0),
        joined("p2", "c2", 2.0),
    )
    assert [(entry.room, entry.pair) for entry in entries(database)] == [("sales", None), ("Board", pair)]


def test_a_whole_call_may_be_in_one_batch_whatever_its_order(database: Database) -> None:
    write(database, Left("p1", 2.0, "hung up"), joined(), ConferenceEnded("c1", 3.0, "empty"), started())
    (entry,) = entries(database)
    assert (entry.left_at, entry.ended_at) == (2.0, 3.0)


def test_a_batch_that_is_written_twice_is_there_once(database: Database) -> None:
    batch = (started(), joined(), Left("p1", 2.0, "hung up"))
    write(database, *batch)
    write(database, *batch)
    assert len(entries(database)) == 1


def test_after_a_crash_what_was_in_progress_ends_when_the_node_was_last_alive(database: Database) -> None:
    """R3."""
    write(database, started(), joined("p1", at=100.0), joined("p2", at=130.0), Left("p1", 120.0, "hung up"))
    write(database, started("c2", at=200.0), joined("p3", "c2", at=200.0))
    with database.transaction() as connection:
        Records(connection).touch("n1", 90.0)
        Records(connection).touch("n1", 150.0)
        assert Records(connection).close_stale("n1") == 2
    found = {entry.participant: entry for entry in entries(database)}
    assert (found["p1"].left_at, found["p1"].reason) == (120.0, "hung up")
    assert (found["p2"].left_at, found["p2"].reason, found["p2"].ended_at) == (150.0, SERVER_STOPPED, 150.0)
    assert found["p3"].left_at == 200.0, "nobody leaves before they joined"
    assert found["p3"].ended_at == 200.0


def test_a_node_closes_only_its_own(database: Database) -> None:
    write(
        database, started("c1", node="n1"), joined("p1", "c1"), started("c2", node="n2"), joined("p2", "c2")
    )
    with database.transaction() as connection:
        Records(connection).touch("n1", 500.0)
        Records(connection).close_stale("n1")
    assert {entry.participant: entry.left_at for entry in entries(database)} == {"p1": 500.0, "p2": None}


def test_closing_twice_or_with_nothing_there_changes_nothing(database: Database) -> None:
    with database.transaction() as connection:
        assert Records(connection).close_stale("n1") == 0
    write(database, started(), joined(), Left("p1", 110.0, "hung up"), ConferenceEnded("c1", 111.0, "empty"))
    with database.transaction() as connection:
        Records(connection).touch("n1", 500.0)
        assert Records(connection).close_stale("n1") == 0
    assert entries(database)[0].ended_at == 111.0


def test_a_conference_whose_joins_were_never_written_ends_as_it_began(database: Database) -> None:
    write(database, started("c1", at=100.0))
    with database.transaction() as connection:
        Records(connection).close_stale("n1")
    write(database, joined())
    assert entries(database)[0].ended_at == 100.0


def test_entries_are_those_of_a_period_the_latest_first(database: Database) -> None:
    write(database, started(), *(joined(f"p{n}", at=100.0 + n) for n in range(5)))
    with database.transaction() as connection:
        found = Records(connection).entries(since=101.0, until=104.0, limit=2)
    assert [entry.participant for entry in found] == ["p3", "p2"]


@pytest.mark.parametrize("caller", ["a\0b", "a\ud800b", "\udcff"])
def test_a_record_becomes_legible_for_any_database(database: Database, caller: str) -> None:
    record = legible(Joined("p1", "c1", 1.0, "id", "participant", caller, "4000"))
    assert isinstance(record, Joined)
    assert "\ufffd" in record.caller
    write(database, started(), record)
    assert entries(database)[0].caller == record.caller
