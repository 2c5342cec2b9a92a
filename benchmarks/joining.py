"""Five hundred people join one conference within ten seconds, each by passcode and recorded name: `python -m benchmarks.joining`.

A moderator comes first and talks without end. The others call evenly over `--within` seconds; each hears some of the
greeting, keys the passcode, waits for the beep, says a name, presses `#` and keeps it at once. In the conference is who
hears the moderator. From then on all that comes to them is watched.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from benchmarks import processes, report
from benchmarks.analysis import spread
from benchmarks.arriving import Arrival, Manner, entry_s, guest, host, waits_ms
from benchmarks.attendance import GAP_LIMIT_MS
from benchmarks.lines import Line, finish
from benchmarks.mouths import NAMES_HZ
from benchmarks.roda import PLAIN, Roda
from benchmarks.scene import Cost, Scene

FIRST_NAME = 2
"""The first clip that is a name."""
HOST_PATIENCE_S = 60.0
AFTER_S = 2.0
"""The conference is watched a little longer than people come."""
JOIN_LIMIT_MS = 1000.0
P99_GAP_LIMIT_MS = 30.0
"""As `capacity` has it: half a packet late."""
SCRIPT_S = 60.0
"""No caller takes longer, from the call to the conference."""


def name_of(row: int) -> int:
    """Return the clip that is the name of `row`."""
    return FIRST_NAME + row % len(NAMES_HZ)


def measure(
    *,
    people: int,
    within_s: float,
    manner: Manner,
    names: bool = True,
    workers: int = 0,
    log: str = "",
    wire: str = "auto",
) -> dict[str, Any]:
    """Let `people` join, and judge it."""
    roda = Roda(log=log, workers=workers)
    settings = replace(PLAIN, announce_names=names, entry_exit_tones=True)
    codes = roda.define(1, settings)[0]
    arrivals = [Arrival(row) for row in range(people + 1)]
    try:
        with roda.started() as roots:
            scene = Scene(roda.target, people=people + 1, wire=wire)
            begun: list[float] = []
            clips = [name_of(row) if names else None for row in range(people + 1)]
            first = host(
                arrivals[0],
                codes.moderator,
                clips[0],
                manner,
                talks=True,
                begun=lambda: begun.append(time.monotonic()),
            )
            scene.enter(time.monotonic(), 0, first)
            scene.play(HOST_PATIENCE_S, lambda: bool(begun))
            start = time.monotonic()
            for row in range(1, people + 1):
                script = guest(arrivals[row], codes.participant, clips[row], manner, scene.watch)
                scene.enter(start + (row - 1) * within_s / people, row, script)

            def play() -> None:
                scene.play(within_s + SCRIPT_S, lambda: not scene.playing)
                scene.play(AFTER_S, lambda: False)

            cost = scene.measured(roots, play)
            record = judge(scene, arrivals, cost)
            scene.close()
        record["faults"] += roda.faults()
    finally:
        roda.close()
    return record


def judge(scene: Scene, arrivals: list[Arrival], cost: Cost) -> dict[str, Any]:
    """Make the record."""
    judged = scene.attendance().judge(talker=0)
    guests = arrivals[1:]
    late = spread(scene.lateness_ms)
    keeps = [keep_s * 1000 for each in guests if (keep_s := each.keep_s) is not None]
    doubts = report.doubts(late_ms=late.p99, skipped_rounds=scene.skipped_rounds)
    doubts += report.others(cost.other_cores)
    if arrivals[0].last_key_at is None:
        doubts.append("INVALID: the moderator did not come in")
    return {
        "machine": processes.machine_line(),
        "people": len(guests),
        "joined": sum(each.joined_at is not None for each in guests),
        "entry_s": entry_s(guests),
        "wait_ms": asdict(spread(np.array(waits_ms(guests)))),
        "last_key_ms": asdict(spread(np.array(keeps))),
        "those_in": asdict(judged),
        "server_cores": cost.server_cpu_s / cost.seconds,
        "server_cores_by_process": {
            name: cpu_s / cost.seconds for name, cpu_s in cost.server_cpu_s_by_process.items()
        },
        "server_cpu_ms_per_join": cost.server_cpu_s * 1000 / max(1, len(guests)),
        "generator_cores": cost.own_cpu_s / cost.seconds,
        "generator_late_ms": asdict(late),
        "failures_by_status": scene.failures,
        "hung_up_by_server": scene.dropped_by_server,
        "faults": doubts,
        "is_valid": not any(doubt.startswith("INVALID") for doubt in doubts),
    }


def lines(record: dict[str, Any]) -> list[Line]:
    """Make the rows of the table."""
    wait, those_in = record["wait_ms"], record["those_in"]
    gap = those_in["gap_ms"]
    whole = record["joined"] == record["people"]
    invalid = "" if record["is_valid"] else ", INVALID"
    joined = (
        f"{record['joined']} of {record['people']} in {record['entry_s']:.1f} s; ms p50/p99/max "
        f"{wait['p50']:.0f} / {wait['p99']:.0f} / {wait['max']:.0f}{invalid}"
    )
    heard = (
        f"gap ms p99/max {gap['p99']:.1f} / {gap['max']:.1f}; {those_in['lost']} of {those_in['packets']} packets lost, "
        f"talk missing for {those_in['longest_unheard']} at most{invalid}"
    )
    calm = (
        gap["p99"] <= P99_GAP_LIMIT_MS
        and gap["max"] <= GAP_LIMIT_MS
        and not those_in["lost"]
        and not those_in["unheard"]
    )
    return [
        Line(
            f"{record['people']} join one conference, from the last # to hearing it",
            f"<= {JOIN_LIMIT_MS:.0f} ms each",
            "",
            joined,
            record["is_valid"] and whole and wait["max"] <= JOIN_LIMIT_MS,
            record,
        ),
        Line(
            "the audio of those who are in meanwhile",
            f"no packet lost, p99 <= {P99_GAP_LIMIT_MS:.0f}, max <= {GAP_LIMIT_MS:.0f} ms",
            "",
            heard,
            record["is_valid"] and calm,
            {},
        ),
    ]


def main() -> int:
    """Run; 0 if all came in as they should."""
    parser = argparse.ArgumentParser(prog="benchmarks.joining", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--within", type=float, default=10.0, help="seconds in which all of them call (10)")
    parser.add_argument(
        "--patience", type=float, default=2.0, help="seconds of the greeting that they hear (2)"
    )
    parser.add_argument(
        "--says", type=int, default=1, help="how often they say the name, which takes a second: 1 to 4 (1)"
    )
    parser.add_argument(
        "--listen", type=float, default=0.0, help="seconds between the # and keeping the name"
    )
    parser.add_argument("--keep", default="1", help="the key that keeps the name: 1, or #")
    parser.add_argument("--no-names", action="store_true", help="the conference asks for no names")
    parser.add_argument("--workers", type=int, default=0, help="the server's media processes")
    parser.add_argument("--wire", choices=["auto", "uring", "epoll"], default="auto")
    parser.add_argument("--log", default="", help="where the server's output goes")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    record = measure(
        people=options.people,
        within_s=options.within,
        manner=Manner(options.patience, options.says, options.listen, options.keep),
        names=not options.no_names,
        workers=options.workers,
        log=options.log,
        wire=options.wire,
    )
    return finish("Joining", lines(record), record, options.json)


if __name__ == "__main__":
    raise SystemExit(main())
