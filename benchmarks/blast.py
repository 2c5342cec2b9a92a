"""A blast to 200 numbers within 20 seconds: `python -m benchmarks.blast`.

A moderator is in, talks without end, and keys `*92`. The trunk that the bridge calls is ours: every number rings for `--ring`
seconds, is answered, hears some of the message and presses 1. In the conference is who hears the moderator.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import processes, report
from benchmarks.acting import Listen, PickUp, Press, Wait
from benchmarks.analysis import spread
from benchmarks.arriving import HEARD_PACKETS, Arrival, Manner, host
from benchmarks.joining import HOST_PATIENCE_S
from benchmarks.lines import Line, finish
from benchmarks.mouths import TALK_HZ
from benchmarks.roda import DIAL_OUT, LOOPBACK, PLAIN, Roda
from benchmarks.scene import Cost, Scene
from benchmarks.transport import TrunkSocket

if TYPE_CHECKING:
    from benchmarks.acting import Script

BLAST_LIMIT_S = 20.0
JOIN_WITHIN_S = 30.0
PARALLEL_SPARE = 50
"""More may ring at once than there are numbers, so that the rate alone holds the blast back."""
AFTER_S = 40.0
"""How long after the last call began somebody may still come in."""


@dataclass(slots=True)
class Guest:
    """One who was called; moments of CLOCK_MONOTONIC in seconds, None where it never came so far."""

    number: str
    invited_at: float
    confirmed_at: float | None = None
    pressed_at: float | None = None
    joined_at: float | None = None


@dataclass(frozen=True, slots=True)
class Called:
    """How the called behave: they let it ring for `ring_s`, hear `listen_s` of the message and press 1."""

    ring_s: float = 1.0
    listen_s: float = 1.0


def numbers(count: int) -> list[str]:
    """Return so many mobile telephones of São Paulo."""
    return [f"+55119{70_000_000 + 37 * place:08d}" for place in range(count)]


def answer(guest: Guest, called: Called) -> Script:
    """Pick up, press 1, and hear the one who talks."""
    yield Wait(called.ring_s)
    guest.confirmed_at = yield PickUp()
    yield Wait(called.listen_s)
    guest.pressed_at = yield Press("1")
    guest.joined_at = yield Listen(TALK_HZ, packets=HEARD_PACKETS, within_s=JOIN_WITHIN_S)


def order(keyed: list[float | None]) -> Script:
    """Key the blast."""
    keyed.append((yield Press("*92")))


def measure(
    *, count: int, rate: int, called: Called, workers: int = 0, log: str = "", wire: str = "auto"
) -> dict[str, Any]:
    """Blast to `count` numbers, `rate` a second, and judge it."""
    trunk = TrunkSocket(LOOPBACK)
    parallel = min(1000, count + PARALLEL_SPARE)
    roda = Roda(
        log=log, workers=workers, dial_out=DIAL_OUT.format(trunk=trunk.local, rate=rate, parallel=parallel)
    )
    codes = roda.define(1, replace(PLAIN, blast_allowed=True), numbers=numbers(count))[0]
    guests: list[Guest] = []

    def answering(_row: int, number: str) -> Script:
        guests.append(Guest(number, time.monotonic()))
        return answer(guests[-1], called)

    try:
        with roda.started() as roots:
            scene = Scene(roda.target, people=count + 1, trunk=trunk, called=count, wire=wire)
            scene.answer_with(answering)
            begun: list[float] = []
            moderator = Arrival(0)
            script = host(
                moderator,
                codes.moderator,
                None,
                Manner(),
                talks=True,
                begun=lambda: begun.append(time.monotonic()),
            )
            scene.enter(time.monotonic(), 0, script)
            scene.play(HOST_PATIENCE_S, lambda: bool(begun))
            keyed: list[float | None] = []
            scene.enter(time.monotonic(), 0, order(keyed))

            def play() -> None:
                scene.play(count / rate + AFTER_S, lambda: len(guests) == count and not scene.playing)

            cost = scene.measured(roots, play)
            record = judge(scene, guests, keyed[0] if keyed else None, count, rate, cost)
            scene.close()
        record["faults"] += roda.faults()
    finally:
        roda.close()
    return record


def judge(
    scene: Scene, guests: list[Guest], keyed_at: float | None, count: int, rate: int, cost: Cost
) -> dict[str, Any]:
    """Make the record; all times are from the moment that the last key of `*92` went down."""
    late = spread(scene.lateness_ms)
    faults = report.doubts(late_ms=late.p99, skipped_rounds=scene.skipped_rounds) + report.others(
        cost.other_cores
    )
    if keyed_at is None:
        faults.append("INVALID: the blast was never keyed")
    start = keyed_at or float("nan")
    waits = [
        (each.joined_at - each.pressed_at) * 1000
        for each in guests
        if each.joined_at is not None and each.pressed_at is not None
    ]
    return {
        "machine": processes.machine_line(),
        "numbers": count,
        "rate": rate,
        "invited": len(guests),
        "answered": sum(each.confirmed_at is not None for each in guests),
        "joined": len(waits),
        "distinct": len({each.number for each in guests}),
        "first_invite_s": min((each.invited_at for each in guests), default=float("nan")) - start,
        "last_invite_s": max((each.invited_at for each in guests), default=float("nan")) - start,
        "last_answer_s": latest([each.confirmed_at for each in guests]) - start,
        "last_join_s": latest([each.joined_at for each in guests]) - start,
        "wait_ms": asdict(spread(np.array(waits))),
        "server_cpu_ms_per_call": cost.server_cpu_s * 1000 / max(1, len(guests)),
        "server_cores": cost.server_cpu_s / cost.seconds,
        "generator_late_ms": asdict(late),
        "hung_up_by_server": scene.dropped_by_server,
        "faults": faults,
        "is_valid": not any(fault.startswith("INVALID") for fault in faults),
    }


def latest(moments: list[float | None]) -> float:
    """Return the last of the moments there were; NaN where there was none."""
    return max((moment for moment in moments if moment is not None), default=float("nan"))


def lines(record: dict[str, Any]) -> list[Line]:
    """Make the row of the table."""
    whole = record["joined"] == record["distinct"] == record["numbers"]
    measured = (
        f"{record['joined']} of {record['numbers']} in; last INVITE {record['last_invite_s']:.1f} s, last answer "
        f"{record['last_answer_s']:.1f} s, last in {record['last_join_s']:.1f} s; from 1 to hearing it ms p50/max "
        f"{record['wait_ms']['p50']:.0f} / {record['wait_ms']['max']:.0f}"
        + ("" if record["is_valid"] else ", INVALID")
    )
    return [
        Line(
            f"a blast to {record['numbers']} numbers, {record['rate']}/s",
            f"<= {BLAST_LIMIT_S:.0f} s until the last is in",
            "",
            measured,
            record["is_valid"] and whole and record["last_join_s"] <= BLAST_LIMIT_S,
            record,
        )
    ]


def main() -> int:
    """Run; 0 if everybody was in in time."""
    parser = argparse.ArgumentParser(prog="benchmarks.blast", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="numbers on the list")
    parser.add_argument("--rate", type=int, default=20, help="blast.calls_per_second (20; 1 to 50)")
    parser.add_argument("--ring", type=float, default=1.0, help="seconds that each rings (1)")
    parser.add_argument("--listen", type=float, default=1.0, help="seconds of the message before the 1 (1)")
    parser.add_argument("--workers", type=int, default=0, help="the server's media processes")
    parser.add_argument("--wire", choices=["auto", "uring", "epoll"], default="auto")
    parser.add_argument("--log", default="", help="where the server's output goes")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    record = measure(
        count=options.count,
        rate=options.rate,
        called=Called(options.ring, options.listen),
        workers=options.workers,
        log=options.log,
        wire=options.wire,
    )
    return finish("Blast", lines(record), record, options.json)


if __name__ == "__main__":
    raise SystemExit(main())
