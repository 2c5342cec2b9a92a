"""A thousand conferences of three, of twenty thousand that are defined: `python -m benchmarks.defined`.

All codes are in the store before the bridge starts. Everybody dials the access number and keys a code, the first of each
conference the moderator's; then the figures are those of `load`, with the same phones. `--defined 1000` shows what the
other nineteen thousand cost.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks import capacity, report
from benchmarks.calls import CallRun
from benchmarks.lines import Line, finish
from benchmarks.plan import Plan
from benchmarks.roda import ACCESS_NUMBER, PLAIN, Codes, Roda
from benchmarks.run import LoadTest

if TYPE_CHECKING:
    from collections.abc import Callable

CPU_LIMIT_US = 7.0
CALL_LIMIT_MS = 1.5
MEMORY_LIMIT_KB = 40.0
LOOK_UPS = 1000
"""Codes that are looked up, at random, to say what one takes."""
LOOK_UP_LIMIT_US = 1000.0
"""A thousand callers' codes in a second, by the one thread that asks the store."""


def codes_of_rows(codes: list[Codes], conferences: int, people: int) -> list[str]:
    """Return what each row keys: row `r` is in conference `r % conferences`, whose first one is its moderator."""
    return [
        codes[row % conferences].moderator if row < conferences else codes[row % conferences].participant
        for row in range(conferences * people)
    ]


def measure(
    plan: Plan,
    *,
    defined: int,
    calls: int = 1000,
    workers: int = 0,
    log: str = "",
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Define the pairs, let all conferences of the plan run, and place calls without media beside."""
    roda = Roda(log=log, workers=workers)
    try:
        started = time.perf_counter()
        codes = roda.define(max(defined, plan.rooms), PLAIN)
        define_s = time.perf_counter() - started
        chosen = random.Random(plan.seed).sample(codes, min(LOOK_UPS, len(codes)))  # noqa: S311 - any will do
        look_up_us = roda.look_up_us(chosen)
        say(f"{len(codes)} pairs defined in {define_s:.1f} s; a look-up takes {look_up_us:.0f} us")
        random.Random(plan.seed).shuffle(codes)  # noqa: S311 - so that those which run lie anywhere in the store
        with roda.started() as roots:
            rows = codes_of_rows(codes, plan.rooms, plan.participants // plan.rooms)
            load = LoadTest(_at(plan, roda.target, roots), say, rows)
            record = report.judge(_at(plan, roda.target, roots), load.run())
        with roda.started() as roots:
            signalling = CallRun(target=roda.target, count=calls, roots=roots).run() if calls else None
        record |= {"defined": len(codes), "define_s": define_s, "look_up_us": look_up_us, "calls": signalling}
        record["faults"] += roda.faults()
    finally:
        roda.close()
    return record


def _at(plan: Plan, target: str, roots: list[int]) -> Plan:
    return replace(plan, target=target, pid=tuple(roots))


def lines(record: dict[str, Any]) -> list[Line]:
    """Make the rows of the table."""
    server, delivery, hearing = record["server"], record["delivery"], record["hearing"]
    plan, calls = record["plan"], record["calls"]
    cost, memory = server["cpu_us_per_participant_tick"], server["kb_per_participant"]
    well = record["is_valid"] and capacity.holds(record)
    apart = hearing["pairs_heard"] == hearing["pairs"] > 0 and not hearing["foreign_heard"]
    doubt = "" if well else ", NOT served well" if record["is_valid"] else ", INVALID"
    what = (
        f"{plan['rooms']} conferences of {plan['participants'] // plan['rooms']}, {record['defined']} defined"
    )
    made = [
        Line(
            f"CPU per participant-tick, {what}",
            f"<= {CPU_LIMIT_US:.0f} us",
            "",
            f"{cost:.2f} us; {record['participants_up']} of {plan['participants']} up, {delivery['completeness']:.3%}, gap p99 "
            f"{delivery['gap_ms']['p99']:.1f} ms{doubt}",
            well and cost <= CPU_LIMIT_US,
            record,
        ),
        Line(
            "each hears their own conference alone",
            "all, nobody else",
            "",
            f"{hearing['pairs_heard']} of {hearing['pairs']} heard, {hearing['foreign_heard']} of others",
            apart,
            {},
        ),
        Line(
            "memory per participant",
            f"<= {MEMORY_LIMIT_KB:.0f} kB",
            "",
            f"{memory:.1f} kB; {server['pss_kb_before'] / 1024:.0f} MB before the first call",
            memory <= MEMORY_LIMIT_KB,
            {},
        ),
        Line(
            f"to find one code of {2 * record['defined']}",
            f"<= {LOOK_UP_LIMIT_US:.0f} us",
            "",
            f"{record['look_up_us']:.0f} us",
            record["look_up_us"] <= LOOK_UP_LIMIT_US,
            {},
        ),
    ]
    if calls is not None:
        per_call = calls["server_cpu_ms_per_call"]
        made.append(
            Line(
                f"CPU per call, {record['defined']} defined",
                f"<= {CALL_LIMIT_MS} ms",
                "",
                f"{per_call:.2f} ms; {calls['completed']} calls of {calls['calls']} at {calls['rate']:.0f}/s",
                calls["completed"] == calls["calls"] and per_call <= CALL_LIMIT_MS,
                {},
            )
        )
    return made


def plan_of(options: argparse.Namespace) -> Plan:
    """Make the load test's plan."""
    return Plan(
        user=ACCESS_NUMBER,
        participants=options.conferences * options.people,
        rooms=options.conferences,
        talkers=options.talkers,
        seconds=options.seconds,
        settle=options.settle,
        ramp=options.ramp,
        digits="{code}#",
        digit_delay=options.patience,
        quiet=options.quiet,
        wire=options.wire,
    )


def main() -> int:
    """Run; 0 if every figure is met."""
    parser = argparse.ArgumentParser(prog="benchmarks.defined", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--defined", type=int, default=20_000, help="passcode pairs in the store (20000)")
    parser.add_argument("--conferences", type=int, default=1000, help="of them running (1000)")
    parser.add_argument("--people", type=int, default=3, help="in each (3)")
    parser.add_argument("--talkers", type=int, default=2, help="of them talking (2)")
    parser.add_argument("--seconds", type=float, default=20.0, help="steady window (20)")
    parser.add_argument("--settle", type=float, default=5.0, help="between the last key and the window (5)")
    parser.add_argument("--ramp", type=float, default=50.0, help="calls a second (50)")
    parser.add_argument("--patience", type=float, default=1.5, help="seconds of the greeting heard (1.5)")
    parser.add_argument(
        "--quiet", choices=["silence", "noise", "none"], default="silence", help="what listeners send"
    )
    parser.add_argument("--calls", type=int, default=1000, help="calls without media afterwards (1000)")
    parser.add_argument("--workers", type=int, default=0, help="the server's media processes")
    parser.add_argument("--wire", choices=["auto", "uring", "epoll"], default="auto")
    parser.add_argument("--log", default="", help="where the server's output goes")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    console = report.open_console()
    record = measure(
        plan_of(options),
        defined=options.defined,
        calls=options.calls,
        workers=options.workers,
        log=options.log,
        say=lambda line: console.print(line, style="dim"),
    )
    return finish("Defined", lines(record), record, options.json)


if __name__ == "__main__":
    raise SystemExit(main())
