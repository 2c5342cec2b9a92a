"""What commands share: the configuration they were given, the store behind it, and ways to say things."""

from __future__ import annotations

import getpass
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from bridge.config import Config, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection

DEFAULT_FILE: Final = Path("roda.toml")
"""Read where no other is named, if it is there."""

FILE_COLUMNS: Final = 200
"""Columns of a table that is not shown on a terminal: nothing in it is cut short."""

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Configuration; else roda.toml here, else the defaults."
    ),
]


class UserError(Exception):
    """What the user asked for cannot be done: one line that says what, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open transaction of one command."""

    config: Config
    connection: Connection
    now: float

    def key(self) -> bytes:
        """The key of the digests; made by the first who needs it."""
        from bridge.store.passcodes import Passcodes
        from bridge.store.secret import read_key

        return read_key(self.config.state_directory, may_create=not Passcodes(self.connection).any())

    def note(self, action: str, subject: str, **details: object) -> None:
        """Leave a trace in the audit trail (R4) under the user's name."""
        from bridge.store.audit import Audit

        Audit(self.connection).append(
            at=self.now, actor=user(), action=action, subject=subject, details=details
        )


def configuration(path: Path | None) -> Config:
    """The configuration that a command goes by."""
    if path is not None:
        return load(path)
    return load(DEFAULT_FILE) if DEFAULT_FILE.exists() else Config()


@contextmanager
def store(path: Path | None) -> Iterator[Store]:
    """The store, for one transaction: all of what a command does is kept, or nothing."""
    from bridge.store.database import open_database  # half a second: not for who asks the bridge

    config = configuration(path)
    database = open_database(config.store_url)
    try:
        with database.transaction() as connection:
            yield Store(config, connection, time.time())
    finally:
        database.close()


def user() -> str:
    """Who sits at the terminal, as the system knows them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        return "cli"


def say(text: str) -> None:
    """A line for the user; what is between [brackets] is meant as it stands."""
    Console(highlight=False, markup=False, soft_wrap=True).print(text)


def warn(text: str) -> None:
    Console(stderr=True, highlight=False, markup=False, soft_wrap=True).print(text)


def show_table(columns: Iterable[str], rows: Iterable[Iterable[object]], *, empty: str) -> None:
    """A table for reading, or the words `empty` where it would have no row."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else legible(str(cell)) for cell in row))
    if table.row_count:
        width = None if sys.stdout.isatty() else FILE_COLUMNS
        Console(highlight=False, markup=False, width=width).print(table)
    else:
        say(empty)


def legible(text: str) -> str:
    """What others have called themselves, without characters that steer a terminal or turn its text round."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def day(at: float, config: Config) -> str:
    """A date where the service is, as 2026-03-31."""
    return local(at, config).strftime("%Y-%m-%d")


def minute(at: float, config: Config) -> str:
    """A moment where the service is, for reading."""
    return local(at, config).strftime("%Y-%m-%d %H:%M")


def moment(at: float | None, config: Config) -> str | None:
    """A moment where the service is, ISO 8601 with its offset to UTC."""
    return None if at is None else local(at, config).isoformat(timespec="seconds")


def local(at: float, config: Config) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(config.service.time_zone)
