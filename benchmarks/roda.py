"""A `roda serve` of our own: a configuration and a store in a folder that goes with it.

This module alone knows what the bridge looks like inside: twenty thousand passcode pairs are not made one by one. The
phones know nothing of it.
"""

from __future__ import annotations

import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from benchmarks.server import stop, wait_until_it_answers
from bridge.config import load
from bridge.service.blast_list import BlastEntry
from bridge.service.digests import Digests
from bridge.service.role import Role
from bridge.service.settings import LastModerator, Settings
from bridge.store.accounts import Accounts
from bridge.store.blast_lists import BlastLists
from bridge.store.customers import Customers
from bridge.store.database import open_database
from bridge.store.passcodes import Passcodes
from bridge.store.secret import read_key
from bridge.store.tables import pairs, passcodes

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
ACCESS_NUMBER = "1000"
SETTLE_S = 2.0
LIFE_S = 366 * 86_400.0
ROWS_TOGETHER = 1000
"""Rows written by one statement."""
FIRST_PORT, LAST_PORT = 12_000, 16_000
"""Below the bridge's ports for audio and ours."""

CONFIGURATION = """\
[server]
udp = ["{host}:{port}"]
tcp = ["{host}:{port}"]
{server}
[media]
workers = {workers}
{media}

# One address makes all the calls.
[limits]
calls = 0
calls_per_source = 0
calls_per_second = {calls_per_second}

[service]
language = "en"

[names]
arena_s = 8000

[log]
format = "json"

[[access_numbers]]
number = "{number}"

[[open_rooms]]
pattern = "conf-{{room}}"
networks = ["127.0.0.0/8"]
"""

DIAL_OUT = """
[[trunks]]
name = "carrier"
address = "{trunk}"
ping_s = 0

[dial_out]
enabled = true
night_from_hour = 0
night_until_hour = 0

[dial_out.per_pair]
parallel = 2000
calls_per_day = 5000

[dial_out.per_customer]
parallel = 2000
calls_per_day = 5000

[dial_out.overall]
parallel = 2000
calls_per_day = 5000

[[dial_out.prefixes]]
prefix = "+55"
price_per_minute = 0.01

[blast]
calls_per_second = {rate}
parallel = {parallel}
attempts = 1
press_one = true
"""

_BAD = ("(warning)", "(error)", "(critical)")

PLAIN = Settings(
    language="en",
    entry_exit_tones=False,
    music_until_moderator=False,
    begins_with_moderator=False,
    when_last_moderator_leaves=LastModerator.CONTINUE,
    stranded_after_s=None,
)
"""A conference that is nothing but people who talk."""


@dataclass(frozen=True, slots=True)
class Codes:
    """A pair's number and its codes, in clear."""

    pair: int
    moderator: str = field(repr=False)
    participant: str = field(repr=False)


def draw_codes(count: int, digits: int, seed: int) -> list[tuple[str, str]]:
    """Return `count` pairs of codes, all different."""
    drawn = random.Random(seed).sample(  # noqa: S311 - codes of a store that lives for minutes
        range(10 ** (digits - 1), 10**digits), 2 * count
    )
    return [(str(drawn[2 * each]), str(drawn[2 * each + 1])) for each in range(count)]


class Roda:
    """One bridge, not yet started. Its folder goes with `close`.

    `server` and `media` are further lines of those tables, `dial_out` whole tables. Relative paths in them start at `folder`.
    """

    def __init__(
        self,
        *,
        log: str = "",
        workers: int = 0,
        server: str = "",
        media: str = "",
        dial_out: str = "",
        calls_per_second: int = 0,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        self.port = free_port()
        self.file = self.folder / "roda.toml"
        self.log = Path(log) if log else self.folder / "log"
        self._log_from = self.log.stat().st_size if self.log.exists() else 0
        text = CONFIGURATION.format(
            host=LOOPBACK,
            port=self.port,
            number=ACCESS_NUMBER,
            workers=workers,
            server=server,
            media=media,
            calls_per_second=calls_per_second,
        )
        self.file.write_text(text + dial_out)

    @property
    def target(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def define(self, count: int, settings: Settings, *, numbers: list[str] | None = None) -> list[Codes]:
        """Put `count` pairs with these settings into the store; `numbers` are the first one's blast list."""
        config = load(self.file)
        database = open_database(config.store_url)
        try:
            with database.transaction() as connection:
                at = time.time()
                key = read_key(config.state_directory, may_create=True)
                digests = Digests(key)
                customer = Customers(connection).add("Benchmark", at=at)
                drawn = draw_codes(count, config.service.passcode_length, seed=count)
                first = Passcodes(connection).create_pair(
                    customer=customer,
                    name="conference 1",
                    settings=settings,
                    codes={
                        Role.MODERATOR: digests.passcode(drawn[0][0]),
                        Role.PARTICIPANT: digests.passcode(drawn[0][1]),
                    },
                    at=at,
                    expires_at=at + LIFE_S,
                )
                found = connection.execute(select(pairs).where(pairs.c.id == first)).mappings().one()
                like = dict(found)
                rows = [
                    like | {"id": first + place, "name": f"conference {place + 1}"}
                    for place in range(1, count)
                ]
                codes = [
                    {"digest": digests.passcode(code), "pair_id": first + place, "role": role.value}
                    for place, (moderator, participant) in enumerate(drawn)
                    if place
                    for role, code in ((Role.MODERATOR, moderator), (Role.PARTICIPANT, participant))
                ]
                for table, filled in ((pairs, rows), (passcodes, codes)):
                    for begin in range(0, len(filled), ROWS_TOGETHER):
                        connection.execute(insert(table), filled[begin : begin + ROWS_TOGETHER])
                if numbers:
                    entries = [BlastEntry(f"guest {place}", number) for place, number in enumerate(numbers)]
                    BlastLists(connection).add(first, "default", entries)
        finally:
            database.close()
        return [
            Codes(first + place, moderator, participant)
            for place, (moderator, participant) in enumerate(drawn)
        ]

    def add_accounts(self, names: list[str], password: str) -> None:
        """Put accounts of that password into the store, in one transaction."""
        config = load(self.file)
        database = open_database(config.store_url)
        try:
            with database.transaction() as connection:
                accounts, at = Accounts(connection), time.time()
                for name in names:
                    accounts.add(name, password, realm=config.realm, at=at)
        finally:
            database.close()

    def look_up_us(self, codes: list[Codes]) -> float:
        """Return what it takes to find a code in the store, in microseconds of one thread."""
        config = load(self.file)
        digests = Digests(read_key(config.state_directory, may_create=False))
        database = open_database(config.store_url)
        try:
            with database.transaction() as connection:
                Passcodes(connection).find(digests.passcode(codes[0].moderator))
            started = time.perf_counter()
            for each in codes:
                with database.transaction() as connection:
                    found = Passcodes(connection).find(digests.passcode(each.participant))
                    assert found is not None
                    assert found.pair.id == each.pair
            return (time.perf_counter() - started) * 1e6 / len(codes)
        finally:
            database.close()

    @contextmanager
    def started(self) -> Iterator[list[int]]:
        """Start it, wait until it answers, and stop it afterwards; its process is the root of all that it costs."""
        roda = Path(sys.executable).with_name("roda")
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [roda, "serve", "-c", str(self.file)],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        try:
            wait_until_it_answers(self.target, process)
            time.sleep(SETTLE_S)
            yield [process.pid]
        finally:
            stop(process)

    def counts(self) -> dict[str, int]:
        """Return how often each event stands in the log, and what is worse than information apart."""
        written = self.log.read_bytes()[self._log_from :]
        return count_events(written.decode(errors="replace").splitlines())

    def faults(self) -> list[str]:
        """Say what the log holds that must not be there."""
        counts = self.counts()
        return [f"the server logged {counts[level]} of level {level}" for level in _BAD if level in counts]

    def close(self) -> None:
        """Give the folder back."""
        self._folder.cleanup()


def count_events(lines: list[str]) -> dict[str, int]:
    """Count JSON lines by their event; warnings and errors by their level, too. What is no JSON counts as an error."""
    counts: dict[str, int] = {}
    for line in lines:
        try:
            entry: dict[str, Any] = json.loads(line)
            names = [str(entry["event"])]
            level = str(entry.get("level", "info"))
        except (ValueError, KeyError, TypeError):
            names, level = [], "error"
        if f"({level})" in _BAD:
            names.append(f"({level})")
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    return counts


def free_port() -> int:
    """Return a port that is free on UDP and TCP."""
    while True:
        port = random.randrange(FIRST_PORT, LAST_PORT, 2)  # noqa: S311 - no secret
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((LOOPBACK, port))
        except OSError:
            continue
        return port
