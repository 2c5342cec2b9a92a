"""Recordings on disk: names and messages, kept by a real store, and lost by a full disk without losing the call (C2, O5)."""

from __future__ import annotations

import queue
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy

from bridge.keeper import Keeper, Told
from bridge.service.blast_list import DEFAULT_NAME, BlastList
from bridge.service.settings import Settings
from bridge.store.blast_lists import BlastLists
from bridge.store.customers import Customers
from bridge.store.database import Database, open_database
from bridge.store.passcodes import Passcodes
from bridge.store.worker import StoreWorker
from bridge.switchboard.events import BlastListFound, MessageKept, NameFound

LONGEST_S = 5.0
SPOKEN = (np.sin(np.arange(1600) / 8) * 8000).astype(np.int16)


class Bridge:
    """A store at work, a keeper, and what it has told."""

    def __init__(self, database: Database, state: Path) -> None:
        self._mail: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self.told: list[Told] = []
        self.store = StoreWorker(database, node="here", state_directory=state, deliver=self._mail.put)
        self.store.start()
        self.keeper = Keeper(self.store, state, deliver=self.told.append)

    def answered(self) -> None:
        """Wait for the store's thread to answer what was asked last."""
        self._mail.get(timeout=LONGEST_S)()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database made once, to be copied: all its tables take a third of a second."""
    path = tmp_path_factory.mktemp("made") / "roda.db"
    open_database(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def database(state: Path, made: Path) -> Iterator[Database]:
    shutil.copy(made, state / "roda.db")
    opened = open_database(f"sqlite:///{state}/roda.db")
    yield opened
    opened.close()


@pytest.fixture
def bridge(database: Database, state: Path) -> Iterator[Bridge]:
    made = Bridge(database, state)
    yield made
    made.store.stop()


@pytest.fixture
def pair(database: Database) -> int:
    with database.transaction() as connection:
        return Passcodes(connection).create_pair(
            customer=Customers(connection).add("Acme", at=1.0),
            name="Board",
            settings=Settings(),
            codes={},
            at=1.0,
            expires_at=9.0,
        )


def default_list(database: Database, pair: int) -> BlastList | None:
    with database.transaction() as connection:
        return BlastLists(connection).find(pair)


def unwritable(state: Path) -> None:
    """No file can be made below: where a folder is to be, there is a file. (Root may write where nobody may.)"""
    for folder in ("names", "messages"):
        (state / folder).write_bytes(b"")


def test_a_name_is_kept_from_one_conference_to_the_next(bridge: Bridge) -> None:
    """C2."""
    bridge.keeper.fetch_name(3, 42)
    bridge.answered()
    assert bridge.told == [NameFound(3, None)]
    bridge.keeper.keep_name(42, SPOKEN)
    bridge.answered()
    bridge.keeper.fetch_name(4, 42)
    bridge.answered()
    found = bridge.told[-1]
    assert isinstance(found, NameFound)
    assert found.leg == 4
    assert np.array_equal(found.audio, SPOKEN)


def test_a_full_disk_loses_a_name_and_tells_nobody(bridge: Bridge, state: Path) -> None:
    unwritable(state)
    bridge.keeper.keep_name(42, SPOKEN)
    bridge.answered()
    assert bridge.told == []
    bridge.keeper.fetch_name(3, 42)
    bridge.answered()
    assert bridge.told == [NameFound(3, None)], "the caller comes in without"


def test_a_message_is_kept_for_the_default_list_which_is_made_for_it(
    bridge: Bridge, database: Database, pair: int
) -> None:
    """O5: recorded by phone before anybody has written a list."""
    bridge.keeper.keep_message(3, pair, SPOKEN)
    bridge.answered()
    assert bridge.told == [MessageKept(3, kept=True)]
    found = default_list(database, pair)
    assert found is not None
    assert found.name == DEFAULT_NAME
    bridge.keeper.add_message(BlastListFound(9, found))
    bridge.answered()
    told = bridge.told[-1]
    assert isinstance(told, BlastListFound)
    assert (told.request, told.blast_list) == (9, found)
    assert np.array_equal(told.audio, SPOKEN)


def test_a_message_recorded_anew_takes_the_place_of_the_old_one(
    bridge: Bridge, database: Database, pair: int
) -> None:
    bridge.keeper.keep_message(3, pair, SPOKEN)
    bridge.keeper.keep_message(3, pair, SPOKEN[:800])
    bridge.answered()
    bridge.answered()
    found = default_list(database, pair)
    bridge.keeper.add_message(BlastListFound(9, found))
    bridge.answered()
    told = bridge.told[-1]
    assert isinstance(told, BlastListFound)
    assert len(told.audio) == 800


def test_a_full_disk_loses_a_message_and_who_recorded_it_is_told(
    bridge: Bridge, database: Database, pair: int, state: Path
) -> None:
    unwritable(state)
    bridge.keeper.keep_message(3, pair, SPOKEN)
    bridge.answered()
    assert bridge.told == [MessageKept(3, kept=False)]
    assert default_list(database, pair) is None, "no list that says it has a message"


def test_a_message_for_a_pair_that_is_gone_is_not_kept(bridge: Bridge) -> None:
    bridge.keeper.keep_message(3, 999, SPOKEN)
    bridge.answered()
    assert bridge.told == [MessageKept(3, kept=False)]


def test_a_list_without_message_or_no_list_at_all_goes_on_as_it_is(
    bridge: Bridge, database: Database, pair: int
) -> None:
    with database.transaction() as connection:
        found = BlastLists(connection).add(pair, DEFAULT_NAME)
    for each in (BlastListFound(1, found), BlastListFound(2, None), BlastListFound(3, None, failed=True)):
        bridge.keeper.add_message(each)
        assert bridge.told[-1] is each


def test_a_message_that_cannot_be_read_is_none_and_the_list_is_called_all_the_same(
    bridge: Bridge, database: Database, pair: int, state: Path
) -> None:
    with database.transaction() as connection:
        lists = BlastLists(connection)
        made = lists.add(pair, DEFAULT_NAME)
        lists.set_message(made.id, "list-1.flac")
    found = BlastListFound(7, replace(made, message="list-1.flac"))
    bridge.keeper.add_message(found)
    bridge.answered()
    assert bridge.told == [found], "the file is gone"
    (state / "messages").mkdir()
    (state / "messages" / "list-1.flac").write_bytes(b"no sound")
    bridge.keeper.add_message(found)
    bridge.answered()
    assert bridge.told == [found, found], "the file is none"


def test_an_absent_database_loses_the_message_and_the_call_goes_on(
    bridge: Bridge, database: Database, pair: int
) -> None:
    with database.transaction() as connection:
        connection.execute(sqlalchemy.text("DROP TABLE blast_lists"))
    bridge.keeper.keep_message(3, pair, SPOKEN)
    bridge.answered()
    assert bridge.told == [MessageKept(3, kept=False)]
