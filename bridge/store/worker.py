"""The one thread through which the running bridge reaches the store. Nobody who talks to it ever waits.

Questions are answered by a callback that `deliver` brings to the asker's own thread (`loop.call_soon_threadsafe`); records
go to the journal and are written in batches. Every `HEARTBEAT_S` the node says that it is alive, which is the last known
time of all that is in progress should it crash (R3). At a stop, and only then, what the database would not take is kept in
a file, `SPOOL`, and written at the next start, before what the crash left in progress is closed.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import structlog

from bridge.store.errors import StoreError, StoreRefusedError, StoreUnavailableError
from bridge.store.journal import Journal
from bridge.store.records import Record, Records, legible

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection

    from bridge.store.database import Database

HEARTBEAT_S: Final = 10.0
"""R3: how far the recorded end may lie before a crash."""

QUESTION_LIMIT: Final = 2000
"""Questions that wait; more are answered with `StoreUnavailableError` at once: a caller may try again."""

QUESTION_PATIENCE_S: Final = 5.0
"""A question that waited longer is not asked any more: the caller heard long ago that it did not work."""

QUESTIONS_TOGETHER: Final = 50
"""Questions asked over one connection before records get their turn."""

SPOOL: Final = "records.spool"
"""In the state directory: a line of JSON for each record that could not be written before the stop."""

T = TypeVar("T")

_log = structlog.get_logger("store")


@dataclass(frozen=True, slots=True)
class _Question:
    ask: Callable[[Connection], Any]
    answered: Callable[[Any], None]
    failed: Callable[[StoreError], None]
    asked_at: float


@dataclass(slots=True)
class Counters:
    """What became of what the worker was given, since the start."""

    answered: int = 0
    unanswered: int = 0
    records_written: int = 0
    records_refused: int = 0
    """Lost: the journal was full, or the database will never take them."""


class StoreWorker:
    """The store as seen from an event loop. `start`, then `ask` and `record` from any thread, at last `stop`."""

    def __init__(
        self,
        database: Database,
        *,
        node: str,
        state_directory: Path,
        deliver: Callable[[Callable[[], None]], object],
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.counters = Counters()
        self._database = database
        self._node = node
        self._spool = state_directory / SPOOL
        self._deliver = deliver
        self._monotonic = monotonic
        self._wall = wall
        self._wake = threading.Condition()
        self._questions: deque[_Question] = deque()
        self._journal = Journal()
        self._stopping = False
        self._losing = False
        self._heartbeat_at = 0.0
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)

    def start(self) -> int:
        """Write what the last stop left in the spool, close what a crash left in progress (R3), begin to work.

        Says how many were still in a conference when the node crashed. Raises `StoreError` where the store is away: a
        bridge does not start without it.
        """
        waiting = self._read_spool()
        with self._database.transaction() as connection:
            records = Records(connection)
            records.append(waiting)
            closed = records.close_stale(self._node)
            records.touch(self._node, self._wall())
        self._spool.unlink(missing_ok=True)
        self._heartbeat_at = self._monotonic() + HEARTBEAT_S
        self._thread.start()
        return closed

    def ask(
        self,
        question: Callable[[Connection], T],
        *,
        answered: Callable[[T], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        """Have `question` run in a transaction of its own thread; exactly one of the callbacks is delivered."""
        with self._wake:
            if not self._stopping and len(self._questions) < QUESTION_LIMIT:
                self._questions.append(_Question(question, answered, failed, self._monotonic()))
                self._wake.notify()
                return
        self.counters.unanswered += 1
        self._bring(partial(failed, StoreUnavailableError("too many questions wait for the store")))

    def record(self, record: Record) -> None:
        """Have `record` written soon, in order. While the database is away it waits; when too many wait, it is lost,
        which is counted, and logged once per spell.
        """
        with self._wake:
            idle = self._journal.next_deadline() is None
            if self._journal.receive(record, self._monotonic()):
                self._losing = False
                if idle:
                    self._wake.notify()
                return
            self.counters.records_refused += 1
            first, self._losing = not self._losing, True
        if first:
            _log.error("records are lost: the store has been away too long", waiting=len(self._journal))

    def stop(self, patience_s: float = 5.0) -> int:
        """Answer and write what waits, then end; says how many records had to be kept in the spool."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(patience_s)
        with self._wake:
            left = self._journal.remainder()
        if left:
            self._write_spool(left)
        return len(left)

    def _run(self) -> None:
        while self._wait():
            questions = self._take_questions()
            if questions:
                self._answer(questions)
            self._write(self._monotonic())
            self._beat(self._monotonic())
        self._answer(self._take_questions())
        while self._journal and self._write(float("inf")):
            pass

    def _wait(self) -> bool:
        """Sleep until there is something to do; False when it is time to end."""
        with self._wake:
            while not self._stopping and not self._questions:
                now = self._monotonic()
                journal_at = self._journal.next_deadline()
                due = self._heartbeat_at if journal_at is None else min(self._heartbeat_at, journal_at)
                if due <= now:
                    break
                self._wake.wait(due - now)
            return not self._stopping

    def _take_questions(self) -> list[_Question]:
        with self._wake:
            count = len(self._questions) if self._stopping else min(len(self._questions), QUESTIONS_TOGETHER)
            return [self._questions.popleft() for _ in range(count)]

    def _answer(self, questions: list[_Question]) -> None:
        """Each question has its own transaction: one that fails takes no other with it."""
        for question in questions:
            if self._monotonic() - question.asked_at > QUESTION_PATIENCE_S:
                self._fail(question, StoreUnavailableError("the store did not answer in time"))
                continue
            try:
                with self._database.transaction() as connection:
                    answer = question.ask(connection)
            except StoreError as error:
                self._fail(question, error)
                continue
            except Exception:  # noqa: BLE001 - a question of whatever fault must not end the store for all
                _log.exception("a question to the store failed")
                self._fail(question, StoreRefusedError("the question failed"))
                continue
            self.counters.answered += 1
            self._bring(partial(question.answered, answer))

    def _fail(self, question: _Question, error: StoreError) -> None:
        self.counters.unanswered += 1
        _log.warning("the store could not answer", error=str(error))
        self._bring(partial(question.failed, error))

    def _bring(self, callback: Callable[[], None]) -> None:
        try:
            self._deliver(callback)
        except RuntimeError:  # the asker's loop has ended: nobody waits for the answer
            _log.debug("an answer came after the end")

    def _write(self, now: float) -> bool:
        """One batch; False where the database did not take it."""
        with self._wake:
            batch = self._journal.batch(now)
        if not batch:
            return True
        try:
            refused = self._append(batch)
        except StoreUnavailableError as error:
            with self._wake:
                first = not self._journal.failing
                self._journal.failed(self._monotonic())
            if first:
                _log.error("the store is away: records wait", error=str(error), waiting=len(self._journal))
            return False
        with self._wake:
            if self._journal.failing:
                _log.info("the store is back", waiting=len(self._journal))
            self._journal.wrote(len(batch), self._monotonic())
        self.counters.records_refused += refused
        self.counters.records_written += len(batch) - refused
        return True

    def _append(self, batch: list[Record]) -> int:
        """Write the batch whole, or, where the database will not have it so, record by record.

        Says how many it will never take.
        """
        try:
            with self._database.transaction() as connection:
                Records(connection).append(batch)
        except StoreRefusedError:
            return sum(self._append_alone(record) for record in batch)
        return 0

    def _append_alone(self, record: Record) -> int:
        try:
            with self._database.transaction() as connection:
                Records(connection).append([legible(record)])
        except StoreRefusedError as error:
            _log.error("the store refuses a record", error=str(error), record=msgspec.to_builtins(record))
            return 1
        return 0

    def _beat(self, now: float) -> None:
        if now < self._heartbeat_at:
            return
        self._heartbeat_at = now + HEARTBEAT_S
        try:
            with self._database.transaction() as connection:
                Records(connection).touch(self._node, self._wall())
        except StoreError as error:
            _log.warning("the store did not take the sign of life", error=str(error))

    def _read_spool(self) -> list[Record]:
        decoder = msgspec.json.Decoder(Record)
        try:
            lines = self._spool.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreError(f"{self._spool}: {error.strerror}") from error
        records: list[Record] = []
        for number, line in enumerate(lines, 1):
            try:
                records.append(decoder.decode(line))
            except msgspec.MsgspecError as error:
                _log.error(
                    "a line of the spool is no record", file=str(self._spool), line=number, error=str(error)
                )
        return records

    def _write_spool(self, records: list[Record]) -> None:
        encoder = msgspec.json.Encoder()
        try:
            self._spool.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._spool.touch(mode=0o600)
            with self._spool.open("ab") as file:
                file.writelines(encoder.encode(legible(record)) + b"\n" for record in records)
        except OSError as error:
            _log.error("records are lost: the spool cannot be written", error=str(error), lost=len(records))
            return
        _log.warning("records wait for the next start", file=str(self._spool), waiting=len(records))
