"""The real tables in memory, asked and written by the virtual clock: the twin of `bridge.store.worker.StoreWorker`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from bridge.store.database import Database
from bridge.store.errors import StoreError, StoreUnavailableError
from bridge.store.journal import Journal
from bridge.store.records import Record, Records
from bridge.store.tables import metadata
from tests.simulation.clock import Alarm, Clock

ANSWER_S: Final = 0.004
"""A question takes so long."""


def database() -> Database:
    """A new store, in memory."""
    engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
    metadata.create_all(engine)
    return Database(engine)


class StoreTwin:
    """Answers later, one after another, and writes records in batches. While it is `down` it does neither."""

    def __init__(self, clock: Clock) -> None:
        self.database = database()
        self.down = False
        self._clock = clock
        self._journal = Journal()
        self._alarm = Alarm(clock, self._write)

    def ask(
        self,
        question: Callable[[Connection], Any],
        *,
        answered: Callable[[Any], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        self._clock.after(ANSWER_S, partial(self._answer, question, answered, failed))

    def _answer(
        self,
        question: Callable[[Connection], Any],
        answered: Callable[[Any], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        if self.down:
            failed(StoreUnavailableError("the disk is on fire"))
            return
        try:
            with self.database.transaction() as connection:
                answer = question(connection)
        except StoreError as error:
            failed(error)
        else:
            answered(answer)

    def record(self, record: Record) -> None:
        self._journal.receive(record, self._clock.now)
        self._alarm.set(self._journal.next_deadline())

    def _write(self) -> None:
        batch = self._journal.batch(self._clock.now)
        if self.down:
            self._journal.failed(self._clock.now)
        elif batch:
            with self.database.transaction() as connection:
                Records(connection).append(batch)
            self._journal.wrote(len(batch), self._clock.now)
        self._alarm.set(self._journal.next_deadline())

    @property
    def waiting(self) -> int:
        """Records not written yet."""
        return len(self._journal)
