import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from bridge.store.customers import Customers
from bridge.store.database import Database, open_database
from bridge.store.errors import StoreError, StoreRefusedError, StoreUnavailableError
from bridge.store.tables import metadata


def test_the_migrations_lead_to_the_tables_as_they_are(database: Database) -> None:
    with database.transaction() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_a_store_is_opened_again_with_what_is_in_it(database: Database, store_url: str) -> None:
    with database.transaction() as connection:
        Customers(connection).add("Acme", at=0.0)
    again = open_database(store_url)
    with again.transaction() as connection:
        assert Customers(connection).find("Acme") is not None
    again.close()


def test_a_transaction_that_fails_keeps_nothing(database: Database) -> None:
    def twice() -> None:
        with database.transaction() as connection:
            Customers(connection).add("Acme", at=0.0)
            Customers(connection).add("Acme", at=0.0)

    with pytest.raises(StoreRefusedError):
        twice()
    with database.transaction() as connection:
        assert Customers(connection).list() == []


def test_a_database_of_a_newer_roda_is_left_alone(database: Database, store_url: str) -> None:
    with database.transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer Roda"):
        open_database(store_url)


def test_half_a_character_is_refused_and_no_traceback(database: Database) -> None:
    with pytest.raises(StoreRefusedError), database.transaction() as connection:
        Customers(connection).add("A\ud800", at=0.0)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("no url", "not the address"),
        ("mysql://x/y", "only SQLite and PostgreSQL"),
        ("sqlite:////proc/no/roda.db", "No such file"),
        ("postgresql://roda@127.0.0.1:1/roda", "refused"),
    ],
)
def test_a_store_that_cannot_be_opened_says_why(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        open_database(url)


def test_what_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_text("This is a letter to my grandmother, and no database at all. " * 20)
    with pytest.raises(StoreUnavailableError, match="not a database"):
        open_database(f"sqlite:///{tmp_path}/x.db")


def test_a_sqlite_file_is_for_its_owner_alone_and_has_a_write_ahead_log(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "roda.db"
    database = open_database(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o777 == 0o600
    with database.transaction() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


def test_a_store_in_memory_lasts_as_long_as_it_is_open() -> None:
    database = open_database("sqlite://")
    with database.transaction() as connection:
        Customers(connection).add("Acme", at=0.0)
    with database.transaction() as connection:
        assert Customers(connection).find("Acme") is not None
    database.close()


def test_a_locked_file_is_unavailable_not_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.store.database.LOCK_PATIENCE_S", 0.0)
    database = open_database(f"sqlite:///{tmp_path}/x.db")
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"), database.transaction() as connection:
        Customers(connection).add("Acme", at=0.0)
    other.close()
    database.close()
