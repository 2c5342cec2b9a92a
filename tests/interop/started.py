"""A bridge as an operator starts it: a process with a configuration, a folder and ports of its own.

Nothing of the bridge is imported here: it is seen as its peers see it, by its command line, its log and its sockets.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
ACCESS_NUMBER = "1000"
PATIENCE_S = 15.0
"""For what takes a second on an idle machine."""

COMMAND = [sys.executable, "-c", "from bridge.cli import main; main()"]
ROOT = Path(__file__).parents[2]

CONFIGURATION = """\
[server]
udp = ["{host}:{port}"]
tcp = ["{host}:{port}"]

[media]
workers = 2
port_low = {low}
port_high = {high}

[service]
language = "en"

[log]
format = "json"
level = "debug"

[[access_numbers]]
number = "{number}"

[[open_rooms]]
pattern = "conf-{{room}}"
networks = ["127.0.0.0/8"]
"""


PORTS = range(10_000, 32_000)
"""Below those that the system gives out by itself."""
_given: set[int] = set()
"""Ports that somebody is about to use, though nobody may have them open yet."""


def _my_ports() -> range:
    """Those of this process: where tests run side by side each has a part of its own."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    share = len(PORTS) // processes // 2 * 2
    return PORTS[number * share : (number + 1) * share]


def free_port(count: int = 1) -> int:
    """An even port that is free on UDP and TCP, and so many from it on; never the same twice."""
    mine = _my_ports()
    while True:
        port = random.randrange(mine.start, mine.stop - count, 2)
        wanted = range(port, port + count)
        if _given.isdisjoint(wanted) and all(map(_is_free, wanted)):
            _given.update(wanted)
            return port


def _is_free(port: int) -> bool:
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with closing(socket.socket(socket.AF_INET, kind)) as probe:
                probe.bind((LOOPBACK, port))
    except OSError:
        return False
    return True


def until(met: Any, what: str, patience_s: float = PATIENCE_S) -> Any:
    """What `met()` returns, once it is something."""
    end = time.monotonic() + patience_s
    while not (found := met()):
        assert time.monotonic() < end, f"waited {patience_s:g} s in vain for {what}"
        time.sleep(0.02)
    return found


class Bridge:
    """`roda serve`, from its start to its end."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.port = free_port()
        self.folder = folder
        self.file = folder / "roda.toml"
        self._log = folder / "log"
        low = random.randrange(32_000, 60_000, 2)
        text = CONFIGURATION.format(
            host=LOOPBACK, port=self.port, low=low, high=low + 3000, number=ACCESS_NUMBER
        )
        self.file.write_text(text + more)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> tuple[str, int]:
        return LOOPBACK, self.port

    def uri(self, user: str) -> str:
        return f"sip:{user}@{LOOPBACK}:{self.port}"

    # Command line

    def roda(self, *arguments: str) -> str:
        """What a command says; it must succeed."""
        done = subprocess.run(
            [*COMMAND, *arguments, "-c", str(self.file)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def make_demo(self) -> Demo:
        """The demo pair, as `make serve` makes it."""
        self.roda("init")
        return Demo(**json.loads((self.folder / "var/demo.json").read_text()))

    # Control socket

    def ask(self, **request: Any) -> dict[str, Any]:
        """What the bridge answers to a request on its control socket: what the commands ask, without a second for each."""
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as door:
            door.settimeout(PATIENCE_S)
            door.connect(str(self.folder / "var/control.sock"))
            door.sendall(json.dumps(request).encode() + b"\n")
            with door.makefile("rb") as lines:
                answer: dict[str, Any] = json.loads(lines.readline())
        assert answer["type"] != "problem", answer
        return answer

    # Records

    def records(self, number: str, since: float = 0.0) -> list[dict[str, Any]]:
        """Who came in by `number`, the latest first, as the store has it now."""
        return self.rows(
            "SELECT p.*, c.name AS room FROM participants p JOIN conferences c ON c.id = p.conference_id"
            " WHERE access_number = ? AND joined_at >= ? ORDER BY joined_at DESC",
            number,
            since,
        )

    def in_progress(self) -> int:
        """How many records have no end."""
        ends = {"participants": "left_at", "conferences": "ended_at", "calls_out": "ended_at"}
        return sum(
            len(self.rows(f"SELECT 1 FROM {table} WHERE {end} IS NULL")) for table, end in ends.items()
        )

    def rows(self, query: str, *values: str | float) -> list[dict[str, Any]]:
        """What the store says."""
        with closing(sqlite3.connect(f"file:{self.folder}/var/roda.db?mode=ro", uri=True)) as store:
            store.row_factory = sqlite3.Row
            return [dict(row) for row in store.execute(query, values)]

    def left(self, number: str, *, since: float = 0.0, count: int = 1) -> list[dict[str, Any]]:
        """The records of `count` people who were in and have left: nobody more was in."""

        def all_gone() -> list[dict[str, Any]]:
            rows = self.records(number, since)
            return rows if len(rows) >= count and all(row["left_at"] for row in rows) else []

        rows: list[dict[str, Any]] = until(all_gone, f"{count} to have left {number}")
        assert len(rows) == count
        return rows

    # Life

    def start(self) -> None:
        log = self._log.open("ab")
        before = self._log.stat().st_size
        with log:
            self._process = subprocess.Popen(
                [*COMMAND, "serve", "-c", str(self.file)], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
            )
        until(lambda: '"event":"serving"' in self.log[before:] or self._process.poll(), "the bridge to serve")
        assert self._process.poll() is None, self.log[before:]

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def wait(self, patience_s: float = PATIENCE_S) -> int:
        """Its exit status, once it has ended."""
        assert self._process is not None
        return self._process.wait(patience_s)

    def stop(self) -> int:
        """End it as an operator does; its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End it as a power cut does, and wait for its workers to notice."""
        assert self._process is not None
        workers = self.workers()
        self._process.kill()
        self._process.wait(PATIENCE_S)
        until(lambda: not any(map(is_running, workers)), "the workers to end")

    # What can be seen of it

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Lines of the log with this event."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def workers(self) -> list[int]:
        """Its media processes, the spare with them."""
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]

    def processes(self) -> list[int]:
        """Control and its media processes."""
        return [self.pid, *self.workers()]

    def holdings(self) -> dict[str, int]:
        """Open files and threads of control and of all workers."""
        pids = self.processes()
        return {
            "files": sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids),
            "threads": sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids),
            "processes": len(pids),
        }

    def assert_unhurt(self) -> None:
        """Alive, and nothing in the log that only a mistake of ours writes there."""
        log = self.log
        assert self.alive, log[-2000:]
        for mistake in ("Traceback", "exception"):
            assert mistake not in log, log[log.index(mistake) - 200 :][:3000]


class Demo:
    """The codes of the demo pair."""

    def __init__(self, moderator: str, counter_password: str, participant: str) -> None:
        self.moderator = moderator
        self.counter_password = counter_password
        self.participant = participant


def is_running(pid: int) -> bool:
    """Whether a process is there, and not only its name on its parent's list."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
