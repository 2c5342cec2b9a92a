"""Run the whole table of speed and memory against a freshly started server: `python -m benchmarks.suite`.

    python -m benchmarks.suite                                   # starts `roda serve --open-rooms`
    python -m benchmarks.suite --start "freeswitch -nf -nonat" --target 127.0.0.1:5080 --user "3{room}"
    python -m benchmarks.suite --only joining,roll_call,blast,defined
    python -m benchmarks.suite --only speed                      # what voice costs, see `benchmarks.speed`

Every row gets a server of its own, so that no row pays for the one before it.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import blast, capacity, defined, idle, joining, processes, report, roll_call
from benchmarks.arriving import Manner
from benchmarks.calls import CallRun
from benchmarks.lines import Line, cpu_line, plain, show, trouble
from benchmarks.plan import Plan
from benchmarks.roda import ACCESS_NUMBER
from benchmarks.server import stop, wait_until_it_answers
from benchmarks.speed import Speed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rich.console import Console

SETTLE_S = 2.0
IDLE_DIFFERENCE_CORES = 0.002
"""What "no measurable CPU" means: the difference of two idle measurements on a machine that also runs something else."""


@dataclass(slots=True)
class Suite:
    """The table's measurements against one kind of server."""

    options: argparse.Namespace
    console: Console

    def rows(self) -> dict[str, Callable[[], list[Line]]]:
        """Return the measurements by name, in the order of the table."""
        return {
            "cpu": self.one_large_room,
            "rooms": self.many_small_rooms,
            "capacity": self.capacity,
            "delay": self.delay,
            "calls": self.calls,
            "idle": self.idle,
            **self.ours(),
            **self.speed(),
        }

    def speed(self) -> dict[str, Callable[[], list[Line]]]:
        """Return what voice costs, which is run only where it is asked for: it takes its time."""
        options = self.options
        return Speed(
            self.load,
            self.console,
            options.share,
            options.minutes,
            seconds=options.seconds,
            ramp=options.ramp,
            log=options.log,
        ).rows()

    def ours(self) -> dict[str, Callable[[], list[Line]]]:
        """Return what only Roda is asked for, in short: each has a program of its own for the whole size."""
        return {
            "joining": self.joining,
            "roll_call": self.roll_call,
            "blast": self.blast,
            "defined": self.defined,
        }

    def joining(self) -> list[Line]:
        self.console.print("  100 people join within 2 s", style="dim")
        return joining.lines(joining.measure(people=100, within_s=2.0, manner=Manner(), log=self.options.log))

    def roll_call(self) -> list[Line]:
        self.console.print("  a roll call of 50 names, 5 times", style="dim")
        record = roll_call.measure(people=50, rate=10.0, times=5, manner=Manner(), log=self.options.log)
        return roll_call.lines(record)

    def blast(self) -> list[Line]:
        self.console.print("  a blast to 100 numbers, 20/s", style="dim")
        return blast.lines(blast.measure(count=100, rate=20, called=blast.Called(), log=self.options.log))

    def defined(self) -> list[Line]:
        self.console.print("  200 conferences of 3, 20,000 defined", style="dim")
        plan = Plan(
            user=ACCESS_NUMBER,
            participants=600,
            rooms=200,
            seconds=self.options.seconds,
            ramp=50.0,
            digits="{code}#",
        )
        record = defined.measure(
            plan,
            defined=20_000,
            log=self.options.log,
            say=lambda line: self.console.print(f"  {line}", style="dim"),
        )
        return defined.lines(record)

    @contextmanager
    def server(self) -> Iterator[list[int]]:
        """Start the server, wait until it answers, and stop it afterwards; or use the one that runs (`--pid`)."""
        if not self.options.start:
            yield list(self.options.pid)
            return
        everywhere = os.sched_getaffinity(0)
        if self.options.pin:
            os.sched_setaffinity(0, {min(everywhere)})
        # a folder of its own: no configuration and no database of an earlier run
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        with Path(self.options.log).open("ab") as log:
            server = subprocess.Popen(
                shlex.split(self.options.start),
                stdout=log,
                stderr=log,
                cwd=folder.name,
                start_new_session=True,
            )
        if self.options.pin:
            os.sched_setaffinity(0, everywhere - {min(everywhere)} or everywhere)
        try:
            wait_until_it_answers(self.options.target, server)
            time.sleep(SETTLE_S)
            yield [server.pid]
        finally:
            os.sched_setaffinity(0, everywhere)
            stop(server)
            folder.cleanup()

    def load(self, *arguments: str) -> dict[str, Any]:
        """Run one load test against a fresh server."""
        self.console.print(f"  load {' '.join(arguments)}", style="dim")
        with self.server() as roots:
            record = capacity.load([*self.common(roots), *arguments])
        for fault in record.get("faults", []):
            self.console.print(f"  {fault}", style="red")
        return record

    def common(self, roots: list[int]) -> list[str]:
        return [
            *("--target", self.options.target, "--user", self.options.user),
            *("--seconds", str(self.options.seconds), "--ramp", str(self.options.ramp)),
            *("--pid", ",".join(map(str, roots))),
        ]

    def one_large_room(self) -> list[Line]:
        record = self.load("--participants", "1000", "--rooms", "1", "--talkers", "2")
        cpu = cpu_line(
            "CPU per participant-tick, 1,000 in one room, 2 talkers",
            5.0,
            "FreeSWITCH 60 - 80, Asterisk 36, Janus 33, SEMS 28",
            record,
        )
        server = record.get("server")
        kilobytes = server["kb_per_participant"] if server else float("nan")
        memory = Line(
            "memory per participant",
            "<= 40 kB",
            "Asterisk 440 kB, FreeSWITCH 690 kB",
            f"{kilobytes:.1f} kB",
            kilobytes <= 40,
            {},
        )
        return [cpu, memory]

    def many_small_rooms(self) -> list[Line]:
        record = self.load("--participants", "1000", "--rooms", "200", "--talkers", "2")
        return [cpu_line("the same, 200 rooms of 5", 7.0, "Asterisk 49 (40 rooms of 5)", record)]

    def capacity(self) -> list[Line]:
        def measure(participants: int) -> dict[str, Any]:
            with self.server() as roots:
                return capacity.load([*self.common(roots), "--participants", str(participants)])

        found = capacity.search(
            measure,
            first=self.options.first,
            step=self.options.step,
            last=self.options.last,
            finest=250,
            say=lambda line: self.console.print(f"  {line}", style="dim"),
        )
        best = found["largest_that_holds"]
        measured = f"{best} (limited by {found['limited_by']})"
        return [Line("participants that hold", ">= 3,000", "300 - 550", measured, best >= 3000, found)]

    def delay(self) -> list[Line]:
        record = self.load("--participants", "40", "--rooms", "4", "--talkers", "2")
        found = (record.get("mouth_to_ear") or {}).get("delay_ms") or {}
        median = found.get("p50") if found.get("count") else None
        measured = f"{median:.1f} ms, p95 {found['p95']:.1f}" if median is not None else trouble(record)
        return [
            Line(
                "mouth to ear, median",
                "<= 30 ms",
                "Asterisk 21, FreeSWITCH 26",
                measured,
                median is not None and median <= 30,
                record,
            )
        ]

    def calls(self) -> list[Line]:
        self.console.print("  1,000 calls, 100/s", style="dim")
        with self.server() as roots:
            record = CallRun(target=self.options.target, user=self.options.user, roots=roots).run()
        cost = record.get("server_cpu_ms_per_call", float("nan"))
        whole = record["completed"] == record["calls"]
        answer = report.milliseconds(record["answer_ms"])
        measured = f"{cost:.2f} ms; {record['completed']} of {record['calls']}, answer ms {answer}"
        return [
            Line(
                "CPU per call",
                "<= 1.5 ms",
                "Asterisk 1.3, FreeSWITCH 6.4",
                measured,
                whole and cost <= 1.5,
                record,
            )
        ]

    def idle(self) -> list[Line]:
        self.console.print("  idle, then 1,000 rooms used and left", style="dim")
        with self.server() as roots:
            record = idle.measure_idle(
                self.options.target, roots, seconds=10.0, rooms=1000, user=self.options.user
            )
        fresh, used = record["cores_fresh"], record["cores_after_rooms"]
        return [
            Line(
                "1,000 idle rooms",
                "no measurable CPU",
                "",
                f"{fresh:.2%} of a core before, {used:.2%} after",
                used - fresh <= IDLE_DIFFERENCE_CORES,
                record,
            )
        ]


def choose(only: str, rows: Iterable[str], suite: Suite, *, is_ours: bool) -> list[str]:
    """Return the names to run: those that were asked for, a group by its name, or all that are usual."""
    groups = {"speed": list(suite.speed()), "voice": list(suite.speed())}
    asked = [name.strip() for name in only.split(",") if name.strip()]
    if asked:
        return [name for each in asked for name in groups.get(each, [each])]
    left_out = {*suite.speed(), *(() if is_ours else suite.ours())}
    return [name for name in rows if name not in left_out]


def main() -> int:
    """Run the table; 0 if every target is met."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.suite", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    roda = Path(sys.executable).with_name("roda")
    parser.add_argument(
        "--start",
        default=f"{roda} serve --open-rooms",
        help="command that starts the server; '' to use --pid",
    )
    parser.add_argument(
        "--pid", default=(), type=lambda text: tuple(map(int, text.split(","))), help="a server that runs"
    )
    parser.add_argument("--target", default="127.0.0.1:5060")
    parser.add_argument("--user", default="conf-{room}")
    parser.add_argument(
        "--only",
        default="",
        help="names out of: cpu,rooms,capacity,delay,calls,idle,joining,roll_call,blast,defined (the last four are Roda's alone, which they start themselves); "
        "speed, or of it: talkers,crowd,spread,jitter,g722,opus,opus_dtx,srtp,endurance",
    )
    parser.add_argument(
        "--share", type=float, default=1.0, help="of all people in the rows of speed; below 1 to try them out"
    )
    parser.add_argument("--minutes", type=float, default=30.0, help="endurance: how long it lasts")
    parser.add_argument("--seconds", type=float, default=20.0, help="steady window of each load test")
    parser.add_argument("--ramp", type=float, default=100.0)
    parser.add_argument("--first", type=int, default=1000, help="capacity: participants to begin with")
    parser.add_argument("--step", type=int, default=1000, help="capacity: step")
    parser.add_argument("--last", type=int, default=5000, help="capacity: where to stop")
    parser.add_argument(
        "--pin", action="store_true", help="server on the first core, generator on the others"
    )
    parser.add_argument(
        "--log",
        default=str(Path(tempfile.gettempdir()) / "benchmarks-server.log"),
        help="where the server's output goes",
    )
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    console = report.open_console()
    suite = Suite(options, console)
    rows = suite.rows()
    is_ours = options.start == parser.get_default("start")
    chosen = choose(options.only, rows, suite, is_ours=is_ours)
    if unknown := set(chosen) - set(rows):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    lines: list[Line] = []
    for place, name in enumerate(chosen, 1):
        console.print(f"[bold]{place} of {len(chosen)}: {name}[/]")
        for line in rows[name]():
            lines.append(line)
            console.print(f"  {line.name}: {line.measured}")
    show("Speed and memory", lines, console)
    if options.json:
        rows_kept = [row | {"record": line.record} for row, line in zip(plain(lines), lines, strict=True)]
        report.write_json({"machine": processes.machine_line(), "rows": rows_kept}, options.json)
    return 0 if all(line.holds for line in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
