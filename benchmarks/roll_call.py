"""How soon a roll call of 200 names begins: `python -m benchmarks.roll_call`.

People join as in `joining`, each with a name of their own; then the moderator keys `*8`, hears the first name, and stops it
with `*9`, some times over. Nobody talks, so the first sound that comes is the roll call's.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import processes, report
from benchmarks.acting import Listen, Press, Wait
from benchmarks.analysis import spread
from benchmarks.arriving import Arrival, Manner, keyed_in, stay
from benchmarks.ears import SILENCE, SOUND
from benchmarks.joining import FIRST_NAME, HOST_PATIENCE_S, SCRIPT_S, name_of
from benchmarks.lines import Line, finish
from benchmarks.mouths import NAMES_HZ
from benchmarks.roda import PLAIN, Roda
from benchmarks.scene import Cost, Scene

if TYPE_CHECKING:
    from benchmarks.acting import Script

START_LIMIT_MS = 300.0
NAME_WITHIN_S = 15.0
"""The words before the first name take two or three seconds."""
STOPPED_S = 1.5
"""`*9` waits for a `2` before it is believed."""
SILENT_PACKETS = 50
"""A second of silence, and nothing is being said any more."""
NAME_PACKETS = 6
"""Of a name alone: no vowel of the words before it is one tone for so long."""


@dataclass(slots=True)
class Call:
    """One roll call: when its last key went down, when anything was heard, and the first name; None where never."""

    keyed_at: float | None
    sounded_at: float | None
    name_at: float | None


@dataclass(slots=True)
class RollCalls:
    """What the asker writes down."""

    calls: list[Call] = field(default_factory=list)

    def milliseconds(self, *, name: bool) -> list[float]:
        """Return how long each took to begin, or to come to the first name."""
        ends = [(call.keyed_at, call.name_at if name else call.sounded_at) for call in self.calls]
        return [(end - start) * 1000 for start, end in ends if start is not None and end is not None]


def asker(kept: RollCalls, first_name_hz: int, times: int) -> Script:
    """Ask for the roll call, and stop it at the first name."""
    for _ in range(times):
        yield Listen(SILENCE, packets=SILENT_PACKETS, within_s=NAME_WITHIN_S)
        keyed_at = yield Press("*8")
        sounded_at = yield Listen(SOUND, packets=1, within_s=NAME_WITHIN_S)
        name_at = yield Listen(first_name_hz, packets=NAME_PACKETS, pure=True, within_s=NAME_WITHIN_S)
        kept.calls.append(Call(keyed_at, sounded_at, name_at))
        yield Press("*9")
        yield Wait(STOPPED_S)


def measure(
    *,
    people: int,
    rate: float,
    times: int,
    manner: Manner,
    workers: int = 0,
    log: str = "",
    wire: str = "auto",
) -> dict[str, Any]:
    """Let `people` join, `rate` of them a second, and ask for the roll call so many times."""
    roda = Roda(log=log, workers=workers)
    settings = replace(PLAIN, announce_names=True)
    codes = roda.define(1, settings)[0]
    arrivals = [Arrival(row) for row in range(people)]
    kept = RollCalls()
    try:
        with roda.started() as roots:
            scene = Scene(roda.target, people=people, wire=wire)
            scene.enter(time.monotonic(), 0, stay(arrivals[0], codes.moderator, name_of(0), manner))
            scene.play(HOST_PATIENCE_S, lambda: not scene.playing)
            start = time.monotonic()
            for row in range(1, people):
                script = stay(arrivals[row], codes.participant, name_of(row), manner)
                scene.enter(start + row / rate, row, script)
            scene.play(people / rate + SCRIPT_S, lambda: not scene.playing)
            scene.enter(time.monotonic(), 0, asker(kept, int(NAMES_HZ[name_of(0) - FIRST_NAME]), times))
            cost = scene.measured(roots, lambda: _play(scene, times))
            record = judge(scene, arrivals, kept, times, cost)
            scene.close()
        record["faults"] += roda.faults()
    finally:
        roda.close()
    return record


def _play(scene: Scene, times: int) -> None:
    scene.play(times * 3 * NAME_WITHIN_S, lambda: not scene.playing)


def judge(scene: Scene, arrivals: list[Arrival], kept: RollCalls, times: int, cost: Cost) -> dict[str, Any]:
    """Make the record."""
    late = spread(scene.lateness_ms)
    faults = report.doubts(late_ms=late.p99, skipped_rounds=scene.skipped_rounds) + report.others(
        cost.other_cores
    )
    there = len(keyed_in(arrivals))
    if there < len(arrivals):
        faults.append(f"INVALID: {len(arrivals) - there} of {len(arrivals)} did not come in")
    return {
        "machine": processes.machine_line(),
        "people": there,
        "asked": times,
        "start_ms": asdict(spread(np.array(kept.milliseconds(name=False)))),
        "name_ms": asdict(spread(np.array(kept.milliseconds(name=True)))),
        "generator_late_ms": asdict(late),
        "failures_by_status": scene.failures,
        "hung_up_by_server": scene.dropped_by_server,
        "faults": faults,
        "is_valid": not any(fault.startswith("INVALID") for fault in faults),
    }


def lines(record: dict[str, Any]) -> list[Line]:
    """Make the row of the table."""
    start, name = record["start_ms"], record["name_ms"]
    measured = (
        f"ms p50/max {start['p50']:.0f} / {start['max']:.0f} to the first word, {name['p50']:.0f} / {name['max']:.0f} to "
        f"the first name; {name['count']} of {record['asked']}" + ("" if record["is_valid"] else ", INVALID")
    )
    whole = start["count"] == name["count"] == record["asked"]
    return [
        Line(
            f"a roll call of {record['people']} names begins",
            f"<= {START_LIMIT_MS:.0f} ms",
            "",
            measured,
            record["is_valid"] and whole and start["max"] <= START_LIMIT_MS,
            record,
        )
    ]


def main() -> int:
    """Run; 0 if it always began in time."""
    parser = argparse.ArgumentParser(prog="benchmarks.roll_call", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20.0, help="calls a second while they come in (20)")
    parser.add_argument("--times", type=int, default=10, help="how often it is asked for (10)")
    parser.add_argument("--workers", type=int, default=0, help="the server's media processes")
    parser.add_argument("--wire", choices=["auto", "uring", "epoll"], default="auto")
    parser.add_argument("--log", default="", help="where the server's output goes")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    record = measure(
        people=options.people,
        rate=options.rate,
        times=options.times,
        manner=Manner(),
        workers=options.workers,
        log=options.log,
        wire=options.wire,
    )
    return finish("Roll call", lines(record), record, options.json)


if __name__ == "__main__":
    raise SystemExit(main())
