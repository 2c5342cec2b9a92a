"""An open store: connections, transactions, and one kind of error whichever database stands behind.

SQLite runs with a write-ahead log (readers never wait for the writer) and `synchronous=NORMAL`: what is committed survives
a crash of the program; a power cut may take the last moments, never the file.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.pool import StaticPool

from bridge.store.errors import StoreError, StoreRefusedError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_PATIENCE_S: Final = 1.0
"""How long a write waits for another program's write to a SQLite file; then `StoreUnavailableError`, to be tried again."""

CONNECT_PATIENCE_S: Final = 3
"""How long a connection to PostgreSQL may take to open, in whole seconds as libpq has it."""

STATEMENT_PATIENCE_MS: Final = 5_000
"""How long PostgreSQL may work at one statement, and how long its host may leave a packet unanswered."""


class Database:
    """The store behind one URL. Threads may share it; each transaction has a connection of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def dialect(self) -> str:
        """Which of the two: sqlite or postgresql."""
        return self._engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work is kept whole when the block ends well, and not at all otherwise."""
        with translated(), self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        self._engine.dispose()


@contextmanager
def translated() -> Iterator[None]:
    """Errors of SQLAlchemy and its drivers as ours."""
    try:
        yield
    except (IntegrityError, DataError, ProgrammingError) as error:
        raise StoreRefusedError(_words(error)) from error
    except UnicodeError as error:  # half a character, or a byte that is none: no database takes it as text
        raise StoreRefusedError(str(error)) from error
    except SQLAlchemyError as error:
        raise StoreUnavailableError(_words(error)) from error


def open_database(url: str) -> Database:
    """The store at `url`, with its tables brought up to date; raises `StoreError` in words for an operator."""
    parsed = _parse(url)
    with translated():
        engine = _engine(parsed)
        try:
            with engine.begin() as connection:
                upgrade(connection)
        except Exception:
            engine.dispose()
            raise
    return Database(engine)


def upgrade(connection: Connection) -> None:
    """Run the migrations that this database has not seen. Two machines that start at once take turns."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7632)")  # any number of ours
    config = AlembicConfig()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(f"the database was made by a newer Roda: {error}") from error


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(f"{url!r} is not the address of a database") from error
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        return _postgresql(url)
    if url.get_backend_name() == "sqlite":
        return _sqlite(url)
    raise StoreError(f"{url.render_as_string()}: only SQLite and PostgreSQL are supported")


def _postgresql(url: URL) -> Engine:
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_PATIENCE_S,
        "tcp_user_timeout": STATEMENT_PATIENCE_MS,
        "options": f"-c statement_timeout={STATEMENT_PATIENCE_MS}",
    }
    try:
        return create_engine(url, connect_args=arguments, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise StoreError("PostgreSQL needs its driver: pip install 'roda[postgresql]'") from error


def _sqlite(url: URL) -> Engine:
    arguments: dict[str, Any] = {"timeout": LOCK_PATIENCE_S, "check_same_thread": False}
    if not url.database:
        engine = create_engine(url, connect_args=arguments, poolclass=StaticPool)
    else:
        path = Path(url.database)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)  # customers' data: for the bridge's user alone
        except OSError as error:
            raise StoreError(f"{path}: {os.strerror(error.errno or 0)}") from error
        engine = create_engine(url, connect_args=arguments)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _words(error: SQLAlchemyError) -> str:
    """The driver's words on one line, without the statement and its values."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig else error
    return " ".join(str(said).split())
