"""The worker's thread is real; its clock and its callers are not, so that nothing here waits for time to pass."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from structlog.testing import capture_logs

from bridge.store.audit import Act
from bridge.store.calls import CallAnswered, CallEnded, CallPlaced, CallsOut
from bridge.store.customers import Customers
from bridge.store.database import Database, open_database
from bridge.store.errors import StoreError, StoreRefusedError, StoreUnavailableError
from bridge.store.journal import Journal
from bridge.store.records import SERVER_STOPPED, ConferenceStarted, Entry, Joined, Left, Records
from bridge.store.worker import HEARTBEAT_S, QUESTION_PATIENCE_S, SPOOL, StoreWorker

BEGAN = ConferenceStarted("c1", 1000.0, "n1", 7, "Board")
CAME = Joined("p1", "c1", 1000.0, "id@x", "moderator", "+5511", "4000")
WENT = Left("p1", 1060.0, "hung up")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Shaky(Database):
    """A database that is away while `away` is set."""

    away = False

    def __init__(self, database: Database) -> None:
        super().__init__(database._engine)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        if self.away:
            raise StoreUnavailableError("gone fishing")
        with super().transaction() as connection:
            yield connection


class World:
    def __init__(self, folder: Path, database: Database) -> None:
        self.database = Shaky(database)
        self.folder = folder
        self.clock = Clock()
        self.delivered: queue.Queue[Callable[[], None]] = queue.Queue()
        self.worker = self.new_worker()

    def new_worker(self) -> StoreWorker:
        return StoreWorker(
            self.database,
            node="n1",
            state_directory=self.folder,
            deliver=self.delivered.put,
            monotonic=self.clock,
            wall=lambda: 1000.0 + self.clock.now - 100.0,
        )

    def ask(self, question: Callable[[Connection], Any]) -> Any:
        """The answer, or the error, once it is delivered."""
        answers: list[Any] = []
        self.worker.ask(question, answered=answers.append, failed=answers.append)
        self.delivered.get(timeout=10)()
        return answers[0]

    def turn(self) -> None:
        """When this returns the worker has gone once through all that was due."""
        for _ in range(2):
            self.ask(lambda _: None)

    def entries(self) -> list[Entry]:
        with self.database.transaction() as connection:
            return Records(connection).entries(limit=10)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    database = open_database(f"sqlite:///{tmp_path}/roda.db")
    made = World(tmp_path, database)
    yield made
    made.worker.stop()
    database.close()


def test_a_question_is_answered_by_callback(world: World) -> None:
    world.worker.start()
    assert world.ask(lambda connection: Customers(connection).add("Acme", at=0.0)) == 1
    assert [each.name for each in world.ask(lambda connection: Customers(connection).list())] == ["Acme"]


@pytest.mark.parametrize(
    ("question", "error"),
    [
        (lambda connection: Customers(connection).add("A\ud800", at=0.0), StoreRefusedError),
        (lambda connection: connection.execute(text("SELECT nonsense")), StoreError),
        (lambda _: 1 / 0, StoreRefusedError),
    ],
)
def test_a_question_that_fails_says_so_and_harms_no_other(
    world: World, question: Callable[[Connection], Any], error: type[StoreError]
) -> None:
    world.worker.start()
    with capture_logs():
        assert isinstance(world.ask(question), error)
    assert world.ask(lambda _: 5) == 5
    assert (world.worker.counters.answered, world.worker.counters.unanswered) == (1, 1)


def test_records_are_written_once_they_have_waited_for_company(world: World) -> None:
    world.worker.start()
    world.worker.record(BEGAN)
    world.worker.record(CAME)
    world.turn()
    assert world.entries() == []
    world.clock.now += 0.25
    world.turn()
    assert [entry.left_at for entry in world.entries()] == [None]
    assert world.worker.counters.records_written == 2


def test_while_the_database_is_away_records_wait_in_order_and_callers_are_told(world: World) -> None:
    world.worker.start()
    world.database.away = True
    for record in (BEGAN, CAME):
        world.worker.record(record)
    with capture_logs() as logs:
        for _ in range(5):
            world.clock.now += 20.0
            assert isinstance(world.ask(lambda _: None), StoreUnavailableError)
        world.worker.record(WENT)
        world.database.away = False
        world.clock.now += 20.0
        world.turn()
    assert [(entry.joined_at, entry.left_at) for entry in world.entries()] == [(1000.0, 1060.0)]
    events = [line["event"] for line in logs]
    assert events.count("the store is away: records wait") == 1
    assert events.count("the store is back") == 1


def test_a_stop_writes_what_waits(world: World) -> None:
    world.worker.start()
    for record in (BEGAN, CAME, WENT):
        world.worker.record(record)
    assert world.worker.stop() == 0
    assert [entry.left_at for entry in world.entries()] == [1060.0]


def test_what_cannot_be_written_before_a_stop_is_written_at_the_next_start(world: World) -> None:
    world.worker.start()
    for record in (BEGAN, CAME, WENT):
        world.worker.record(record)
    world.database.away = True
    with capture_logs():
        assert world.worker.stop() == 3
    spool = world.folder / SPOOL
    assert spool.stat().st_mode & 0o777 == 0o600
    spool.write_bytes(b"garbage\n" + spool.read_bytes())
    world.database.away = False
    world.worker = world.new_worker()
    with capture_logs() as logs:
        world.worker.start()
    assert [(entry.left_at, entry.reason) for entry in world.entries()] == [(1060.0, "hung up")]
    assert not spool.exists()
    assert [line["line"] for line in logs] == [1]


def test_the_spool_takes_every_kind_of_record_in_whatever_letters(world: World) -> None:
    """R3, R4: calls out and acts survive as the rest does."""
    placed = CallPlaced(
        call="k1", at=1.0, node="n1", conference="c1", pair=7, customer=3, kind="blast", number="+55\ud800",
        price_per_minute="0.10",
    )  # fmt: skip
    world.worker.start()
    world.database.away = True
    for record in (
        placed,
        CallAnswered("k1", 2.0),
        CallEnded("k1", 3.0, "hung up"),
        Act(4.0, "n1", "a", "b", "c"),
    ):
        world.worker.record(record)
    with capture_logs():
        assert world.worker.stop() == 4
    world.database.away = False
    world.worker = world.new_worker()
    world.worker.start()
    with world.database.transaction() as connection:
        (call,) = CallsOut(connection).today(0.0)
        assert connection.scalar(text("SELECT action FROM audit")) == "b"
    assert (call.number, call.answered_at, call.ended_at) == ("+55\ufffd", 2.0, 3.0)


def test_after_a_crash_the_next_start_closes_at_the_last_sign_of_life(world: World) -> None:
    """R3."""
    world.worker.start()
    world.worker.record(BEGAN)
    world.worker.record(CAME)
    for _ in range(3):
        world.clock.now += HEARTBEAT_S + 1
        world.turn()
    other = world.new_worker()
    assert other.start() == 1
    (entry,) = world.entries()
    assert (entry.left_at, entry.reason, entry.ended_at) == (1033.0, SERVER_STOPPED, 1033.0)
    other.stop()


def test_a_record_that_no_database_takes_as_it_is_is_made_legible(world: World) -> None:
    world.worker.start()
    for record in (BEGAN, Joined("p1", "c1", 1000.0, "id", "participant", "\udcff", "4000"), WENT):
        world.worker.record(record)
    world.worker.stop()
    assert [(entry.caller, entry.left_at) for entry in world.entries()] == [("\ufffd", 1060.0)]
    assert world.worker.counters.records_refused == 0


def test_when_too_many_records_wait_the_loss_is_counted_and_logged_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.worker, "_journal", Journal(capacity=1))
    world.database.away = False
    with capture_logs() as logs:
        for record in (BEGAN, CAME, WENT):
            world.worker.record(record)
    assert world.worker.counters.records_refused == 2
    assert len(logs) == 1


def test_too_many_questions_are_answered_at_once_that_it_does_not_work(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.store.worker.QUESTION_LIMIT", 0)
    assert isinstance(world.ask(lambda _: None), StoreUnavailableError)


def test_a_question_that_waited_too_long_is_not_asked_any_more(world: World) -> None:
    world.worker.start()
    holding, held = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        held.set()
        holding.wait(10)

    answers: list[Any] = []
    world.worker.ask(hold, answered=answers.append, failed=answers.append)
    held.wait(10)
    world.worker.ask(lambda _: "asked", answered=answers.append, failed=answers.append)
    world.clock.now += QUESTION_PATIENCE_S + 1
    holding.set()
    with capture_logs():
        for _ in range(2):
            world.delivered.get(timeout=10)()
    assert answers[0] is None
    assert isinstance(answers[1], StoreUnavailableError)


def test_an_answer_for_a_loop_that_has_ended_is_dropped(world: World) -> None:
    def deliver(_: Callable[[], None]) -> None:
        raise RuntimeError("Event loop is closed")

    worker = StoreWorker(world.database, node="n1", state_directory=world.folder, deliver=deliver)
    worker.start()
    worker.ask(lambda _: None, answered=lambda _: None, failed=lambda _: None)
    with capture_logs():
        assert worker.stop() == 0
    assert worker.counters.answered == 1


def test_a_bridge_does_not_start_without_its_store(world: World) -> None:
    world.database.away = True
    with pytest.raises(StoreUnavailableError):
        world.worker.start()
