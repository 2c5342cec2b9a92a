"""What a server costs while nobody is in: `python -m benchmarks.idle --help`.

Measured to the nanosecond from /proc/PID/task/*/schedstat. With `--rooms N` every room is entered and left once before a
second measurement, so that rooms that linger after use show.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

from benchmarks import processes, report
from benchmarks.calls import CallRun

SETTLE_S = 3.0
"""Between the last BYE and the second measurement: transactions of 64*T1 linger longer, but do nothing."""


def idle_cores(roots: list[int], seconds: float) -> float:
    """Return the CPU share of the family of `roots` over `seconds`, in cores."""
    pids = processes.family(roots)
    before = {pid: processes.run_time_s(pid) for pid in pids}
    started = time.monotonic()
    time.sleep(seconds)
    took_s = time.monotonic() - started
    after = {pid: processes.run_time_s(pid) for pid in pids}
    spent = [
        end - start for pid in pids if (start := before[pid]) is not None and (end := after[pid]) is not None
    ]
    return sum(spent) / took_s


def measure_idle(target: str, roots: list[int], *, seconds: float, rooms: int, user: str) -> dict[str, Any]:
    """Measure fresh, enter and leave `rooms` rooms, measure again."""
    record: dict[str, Any] = {"machine": processes.machine_line(), "rooms": rooms}
    record["cores_fresh"] = idle_cores(roots, seconds)
    if rooms:
        calls = CallRun(target=target, user=user, rooms=rooms, count=rooms, rate=200.0, roots=roots).run()
        record["calls_completed"] = calls["completed"]
        time.sleep(SETTLE_S)
        record["cores_after_rooms"] = idle_cores(roots, seconds)
    return record


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.idle", description=__doc__)
    parser.add_argument("--target", default="127.0.0.1:5060")
    parser.add_argument("--user", default="conf-{room}")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument(
        "--rooms", type=int, default=0, help="enter and leave so many rooms, then measure again"
    )
    parser.add_argument("--pid", default="")
    parser.add_argument("--pid-of", default="")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    roots = [int(part) for part in options.pid.split(",") if part]
    if options.pid_of:
        roots += processes.find_pids(options.pid_of)
    if not processes.family(roots):
        parser.error("say which processes to account: --pid or --pid-of")
    record = measure_idle(
        options.target, roots, seconds=options.seconds, rooms=options.rooms, user=options.user
    )
    console = report.open_console()
    console.print(f"idle, fresh: {record['cores_fresh']:.3%} of a core")
    if options.rooms:
        console.print(
            f"idle, after {options.rooms} rooms were used: {record['cores_after_rooms']:.3%} of a core"
        )
    console.print(report.machine_text(record["machine"]), style="dim")
    if options.json:
        report.write_json(record, options.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
