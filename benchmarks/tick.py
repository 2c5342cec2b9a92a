"""What one tick of the media engine costs, without sockets: `python -m benchmarks.tick --help`.

This measures our own engine from inside, to find out what a change of it has gained; what the whole bridge costs is for
`benchmarks.run` to say. Each case (`tick_load`) sends a packet per row and tick, as bytes and in the shuffled order in which
sockets become readable, and takes the median over all ticks: the machine may have other things to do.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import sys
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks import processes
from benchmarks.tick_load import CASES, Case, loads
from media.process import WORKER_ENVIRONMENT

WARM_UP: Final = 30
"""Ticks before the measured ones: buffers fill, tables are made."""


def measure(case: Case, ticks: int, *, profile: bool = False) -> dict[str, float | str]:
    """Run a case; returns medians in microseconds."""
    workers = loads(case, WARM_UP + (1 + profile) * ticks)
    for number in range(WARM_UP):
        for load in workers:
            load.tick(number)
    if profile:
        with cProfile.Profile() as profiler:
            for number in range(WARM_UP, WARM_UP + ticks):
                for load in workers:
                    load.tick(number)
        profiler.print_stats("tottime")
    begin = WARM_UP + profile * ticks
    took = np.array([load.tick(number) for number in range(begin, begin + ticks) for load in workers]) * 1e6
    receive, tick = np.median(took, axis=0)  # of one worker
    return {
        "case": case.name,
        "receive_us": round(float(receive), 1),
        "tick_us": round(float(tick), 1),
        "per_participant_us": round(float(receive + tick) / case.rows, 3),
    }


def main() -> int:
    """Measure all cases and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.tick", description=__doc__)
    parser.add_argument("--ticks", type=int, default=150)
    parser.add_argument("--only", help="cases whose name contains this")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--json", type=Path, help="write the record here")
    options = parser.parse_args()
    record = {"machine": processes.machine_line(), "cases": list[dict[str, float | str]]()}
    print(" · ".join(f"{key} {value}" for key, value in processes.machine_line().items()))
    print(f"{'':36}{'receive':>9}{'tick':>9}  us   per participant-tick")
    for case in CASES:
        if options.only and options.only not in case.name:
            continue
        if case.missing:
            print(f"{case.name:36}skipped: {case.missing}")
            continue
        result = measure(case, options.ticks, profile=options.profile)
        record["cases"].append(result)  # type: ignore[attr-defined]
        print(
            f"{case.name:36}{result['receive_us']:9}{result['tick_us']:9}{result['per_participant_us']:14} us"
        )
    if options.json:
        options.json.write_text(json.dumps(record, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in WORKER_ENVIRONMENT.items()):
        # A worker's allocator is told how to behave before it starts.
        os.execve(  # noqa: S606 (this very program)
            sys.executable,
            [sys.executable, "-m", "benchmarks.tick", *sys.argv[1:]],
            os.environ | WORKER_ENVIRONMENT,
        )
    sys.exit(main())
