"""How people sound through a bridge when a talker's network is bad: `python -m benchmarks.voice --help`.

One talks, with a network of `benchmarks.traces`; one listens, with a perfect one. What the listener hears is compared with
what was said: PESQ narrowband MOS-LQO (PyPI's `pesq`), in pieces of 8 to 13 s, and the delay that the bridge adds.

They are real calls, to a fresh bridge of ours or to any server (--target, --user). With --offline they go through our
own media engine in this process, on a clock that is only a number: quick, and the same every time.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import processes, report, voice_calls, voice_offline, voice_speech, voice_table
from benchmarks.roda import Roda
from benchmarks.traces import FURTHER, NETWORKS, Network
from benchmarks.voice_score import Heard
from benchmarks.voice_speech import FRAME, RATE_HZ, Speech
from benchmarks.voice_talker import Dtx, Plan

CALLS: Final = 4
SECONDS: Final = 46.0
"""Of speech that counts in each call: five pieces. Before them comes one that does not, while the bridge learns the line."""
DRIFT_MINUTES: Final = 30.0
AT_ONCE: Final = 28
"""Calls together: 56 phones are little for any server, and for us."""


def plans(
    networks: list[Network], speech: Speech, *, calls: int, seconds: float, drift_s: float, dtx: Dtx
) -> list[Plan]:
    """The calls to be made: each of a network begins at another piece; of a wrong clock there is one, which is long."""
    per_call = max(1, round(seconds * len(speech.pieces) / speech.pieces[-1][1] * RATE_HZ))
    made = []
    for network in networks:
        for seed in range(1 if network.skew_ppm else calls):
            turned = speech.rolled(seed * per_call)
            samples = _whole_pieces(turned, drift_s if network.skew_ppm else seconds)
            made.append(Plan(network, seed, turned, samples, dtx))
    return made


def _whole_pieces(speech: Speech, seconds: float) -> int:
    """Samples of whole pieces of at least `seconds`, after a first one."""
    whole = len(speech.codes)
    wanted = speech.pieces[0][1] + int(seconds * RATE_HZ)
    laps = wanted // whole
    return min(
        end + lap * whole
        for lap in (laps, laps + 1)
        for _, end in speech.pieces
        if end + lap * whole >= wanted
    )


def offline(chosen: list[Plan]) -> list[dict[str, Any]]:
    """Through the engine in this process: the rows of the table."""
    made: dict[int, tuple[Heard, voice_offline.Told]] = {}
    for here in batches(chosen, len(chosen)):
        made |= {id(plan): call for plan, call in zip(here, voice_offline.run(here), strict=True)}

    def told(mine: list[Plan]) -> dict[str, Any]:
        each = [made[id(plan)][1] for plan in mine]
        packets = sum(plan.samples // FRAME for plan in mine)
        counters = {name: sum(one.counters[name] for one in each) for name in each[0].counters}
        buffer_ms = float(np.mean([one.buffer_ms for one in each]))
        note = ", ".join(f"{name} {count}" for name, count in counters.items() if count)
        return {
            "packets": packets,
            "counters": counters,
            "buffer_ms": round(buffer_ms, 1),
            "note": f"{note or 'nothing lost'} in {packets} packets; own delay {buffer_ms:.0f} ms",
        }

    return rows(chosen, {id(plan): made[id(plan)][0] for plan in chosen}, told)


def outside(chosen: list[Plan], options: argparse.Namespace) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Through real calls to a server: the rows of the table, and what a reader must know."""
    made: dict[int, tuple[Heard, voice_calls.Line]] = {}
    record: dict[str, Any] = {"sessions": [], "faults": []}
    first_room = random.randrange(1_000, 9_000)  # noqa: S311 - a room that nobody is in
    with server(options) as (target, roots):
        for here in batches(chosen, options.at_once):
            print(f"{len(here)} calls of {max(plan.length_s for plan in here):.0f} s to {target} ...")
            calls = voice_calls.Calls(
                here,
                target=target,
                roots=roots,
                user=options.user,
                first_room=first_room,
                wire=options.wire,
            )
            outcome = calls.run()
            first_room += len(here)
            made |= {id(plan): call for plan, call in zip(here, outcome.calls, strict=True)}
            session = outcome.record()
            record["sessions"].append(session)
            record["faults"] += session["faults"]
    record["is_valid"] = not any(fault.startswith("INVALID") for fault in record["faults"])

    def told(mine: list[Plan]) -> dict[str, Any]:
        lines = [made[id(plan)][1] for plan in mine]
        sums = {
            name: sum(getattr(line, name) for line in lines) for name in ("packets", "missing", "left_out")
        }
        late_ms = max(line.late_ms for line in lines)
        note = (
            f"{sums['packets']} packets to listeners, {sums['missing']} missing, {sums['left_out']} left out by the server, "
            f"the worst listener's p99 {late_ms:.1f} ms late"
        )
        return {**sums, "listener_late_ms": late_ms, "note": note}

    return rows(chosen, {id(plan): made[id(plan)][0] for plan in chosen}, told), record


def batches(chosen: list[Plan], at_once: int) -> list[list[Plan]]:
    """Calls that are made together, those of about one length."""
    found = []
    for is_long in (False, True):
        here = [plan for plan in chosen if (plan.length_s > voice_table.LONG_S) is is_long]
        found += [here[at : at + at_once] for at in range(0, len(here), at_once)]
    return found


def rows(
    chosen: list[Plan], heard: dict[int, Heard], told: Callable[[list[Plan]], dict[str, Any]]
) -> list[dict[str, Any]]:
    """Judge all calls; `heard` by the identity of the plan."""
    results = []
    for network in dict.fromkeys(plan.network for plan in chosen):
        mine = [plan for plan in chosen if plan.network == network]
        judged = [voice_table.judge(plan, heard[id(plan)]) for plan in mine]
        results.append(voice_table.row(network, judged, told(mine)))
    return results


@contextmanager
def server(options: argparse.Namespace) -> Iterator[tuple[str, list[int]]]:
    """The target and its process: a bridge of our own, which ends with the run, or the one that is named."""
    if options.target:
        yield options.target, processes.find_pids(options.pid_of) if options.pid_of else []
        return
    roda = Roda(log=options.log)
    try:
        with roda.started() as roots:
            yield roda.target, roots
    finally:
        roda.close()


def main() -> int:
    """Measure and print; 0 if every target is met."""
    parser = argparse.ArgumentParser(
        prog="benchmarks.voice", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--offline", action="store_true", help="through our media engine, in this process")
    parser.add_argument(
        "--only", nargs="+", metavar="NAME", help=f"networks whose name begins so; also: {FURTHER[0].name}"
    )
    parser.add_argument("--calls", type=int, default=CALLS, help=f"calls per network ({CALLS})")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"judged per call ({SECONDS:.0f})")
    parser.add_argument(
        "--drift-minutes",
        type=float,
        default=DRIFT_MINUTES,
        help=f"length of the calls whose clock is wrong ({DRIFT_MINUTES:.0f})",
    )
    parser.add_argument("--target", default="", help="a server that runs, HOST:PORT; without it one of ours")
    parser.add_argument(
        "--pid-of", default="", help="account the target's processes: part of the command line"
    )
    parser.add_argument("--user", default="conf-{room}", help="what to dial (conf-{room})")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help=f"calls made together ({AT_ONCE})")
    parser.add_argument("--wire", choices=["auto", "uring", "epoll"], default="auto")
    parser.add_argument("--log", default="", help="where the output of our server goes")
    parser.add_argument(
        "--dtx",
        nargs="?",
        type=Dtx,
        choices=[Dtx.DESCRIBED, Dtx.MUTE],
        default=Dtx.NONE,
        const=Dtx.DESCRIBED,
        help="talkers send no voice in pauses, but how these sound (%(const)s), or nothing at all (mute)",
    )
    parser.add_argument(
        "--speech", type=Path, default=voice_speech.FOLDER, help=f"8 kHz WAV files ({voice_speech.FOLDER})"
    )
    parser.add_argument("--json", default="", metavar="FILE", help="write the record here")
    options = parser.parse_args()
    if find_spec("pesq") is None:
        parser.error("pesq is not installed: pip install roda[measure], or pesq alone; it wants a compiler")
    known = NETWORKS + FURTHER
    networks = [
        network
        for network in known
        if (network.name.startswith(tuple(options.only)) if options.only else network in NETWORKS)
    ]
    if not networks:
        parser.error("the networks are: " + ", ".join(network.name for network in known))
    chosen = plans(
        networks,
        voice_speech.load(options.speech),
        calls=options.calls,
        seconds=options.seconds,
        drift_s=options.drift_minutes * 60,
        dtx=options.dtx,
    )
    record: dict[str, Any] = {
        "machine": processes.machine_line(),
        "way": "offline" if options.offline else "calls",
        "faults": [],
        "is_valid": True,
    }
    if options.offline:
        results = offline(chosen)
    else:
        results, further = outside(chosen, options)
        record |= further
    print(voice_table.text(results))
    for fault in record["faults"]:
        print(fault)
    if options.json:
        report.write_json(record | {"rows": results}, options.json)
    return 0 if record["is_valid"] and not any(voice_table.missed(each) for each in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
