import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from bridge.service.levels import Level
from bridge.service.settings import LastModerator, Settings
from bridge.store import migrations
from bridge.store.customers import Customers
from bridge.store.database import Database, open_database
from bridge.store.errors import StoreError, StoreRefusedError, StoreUnavailableError
from bridge.store.passcodes import Passcodes
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


def test_a_database_of_the_first_roda_is_brought_up_to_date_and_keeps_its_rows(store_url: str) -> None:
    """Upgrades lose nothing: what is new has the defaults of `Settings`."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    old = create_engine(store_url.replace("postgresql:", "postgresql+psycopg:"))
    with old.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text("INSERT INTO customers (id, name, created_at) VALUES (1, 'Acme', 5.0)"))
        connection.execute(
            text(
                "INSERT INTO pairs (id, customer_id, name, created_at, expires_at, level, language,"
                " entry_exit_tones, announce_names, music_until_moderator, begins_with_moderator,"
                " when_last_moderator_leaves, grace_s, mute_on_entry, recording_allowed, lock_allowed,"
                " dial_out_allowed, blast_allowed) VALUES (1, 1, 'Board', 5.0, 9.0, 3, 'es', true, false, true,"
                " true, 'continue', 5.0, false, false, false, false, true)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO participants (id, conference_id, call_id, role, caller, access_number, came_by, name,"
                " company, phone, email, joined_at) VALUES ('p', 'c', 'x', 'moderator', '', '', 'dialled in', '',"
                " '', '', '', 5.0)"
            )
        )
        connection.execute(
            text("INSERT INTO audit (at, actor, action, subject, details) VALUES (5.0, 'a', 'b', 'c', '{}')")
        )
    old.dispose()
    now = open_database(store_url)
    with now.transaction() as connection:
        pair = Passcodes(connection).pair(1)
        assert pair is not None
        assert (pair.customer, pair.name, pair.expires_at) == ("Acme", "Board", 9.0)
        assert pair.settings == Settings(
            level=Level.HIGHLY_SECURE,
            language="es",
            when_last_moderator_leaves=LastModerator.CONTINUE,
            grace_s=5.0,
            blast_allowed=True,
        )
        assert connection.scalar(text("SELECT came_by FROM participants")) == "dial-in"
        assert connection.scalar(text("SELECT action FROM audit")) == "b"
        assert not Customers(connection).list()[0].dial_out_blocked
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    now.close()


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
    assert path.parent.stat().st_mode & 0o777 == 0o700
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
