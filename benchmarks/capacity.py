"""Step up the participants until the sound breaks: `python -m benchmarks.capacity --help`.

A size holds when completeness is at least 99.9 % and the p99 gap at most 30 ms (issue: "participants per worker core"). Each
size is a load test in a process of its own. Where the generator is late before the server is, the search ends and says so:
that is a limit of the machine, not of the server.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import processes, report

if TYPE_CHECKING:
    from collections.abc import Callable

COMPLETENESS = 0.999
P99_GAP_MS = 30.0


def load(arguments: list[str]) -> dict[str, Any]:
    """Run `benchmarks.load` in a process of its own and return its record; {} where it could not run at all."""
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "run.json"
        command = [sys.executable, "-m", "benchmarks.load", *arguments, "--json", str(kept)]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if not kept.exists():
            return {"failed": (done.stderr or done.stdout).strip()[-2000:]}
        record: dict[str, Any] = json.loads(kept.read_text())
        return record


def holds(record: dict[str, Any]) -> bool:
    """Say whether the server served everybody well."""
    if not all_there(record):
        return False
    delivery = record["delivery"]
    return bool(delivery["completeness"] >= COMPLETENESS and delivery["gap_ms"]["p99"] <= P99_GAP_MS)


def all_there(record: dict[str, Any]) -> bool:
    """Say whether there was a run, and everybody in it."""
    return not record.get("failed") and record["participants_up"] >= record["plan"]["participants"]


def verdict(record: dict[str, Any]) -> str:
    """Write one size in a line."""
    if record.get("failed"):
        return f"could not run: {record['failed'].splitlines()[-1]}"
    delivery, generator = record["delivery"], record["generator"]
    if not delivery["packets"]:
        return "nothing came back"
    server = record.get("server")
    cost = (
        f"{server['cpu_us_per_participant_tick']:.2f} us, {server['cores']:.2f} cores"
        if server
        else "server not accounted"
    )
    return (
        f"{record['participants_up']} up, {delivery['completeness']:.3%}, gap p99 {delivery['gap_ms']['p99']:.1f} ms, "
        f"{cost}, generator late p99 {generator['lateness_ms']['p99']:.1f} ms"
    )


def search(
    measure: Callable[[int], dict[str, Any]],
    *,
    first: int,
    step: int,
    last: int,
    finest: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Step up from `first` by `step` to `last`, then halve the step down to `finest` between what held and what broke."""
    tried: dict[int, dict[str, Any]] = {}
    best, broken, limited_by = 0, None, "the search's end"
    size = first
    while size <= last:
        record = tried[size] = measure(size)
        say(f"{size}: {verdict(record)}")
        if not record.get("failed") and not record["is_valid"]:
            limited_by = "the generator"
            broken = size
        elif holds(record):
            best = size
        else:
            limited_by = "the server"
            broken = size
        if broken is None:
            size += step
            continue
        middle = (best + broken) // 2 // finest * finest
        if middle <= best or middle in tried:
            break
        size = middle
    return {
        "largest_that_holds": best,
        "limited_by": limited_by,
        "tried": {str(size): record for size, record in sorted(tried.items())},
    }


def main() -> int:
    """Search and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.capacity", description=__doc__)
    parser.add_argument("--first", type=int, default=500, help="participants to begin with")
    parser.add_argument("--step", type=int, default=500)
    parser.add_argument("--last", type=int, default=6000)
    parser.add_argument("--finest", type=int, default=250, help="how exactly the end is found")
    parser.add_argument("--json", default="", metavar="FILE")
    options, rest = parser.parse_known_args()
    console = report.open_console()

    def measure(participants: int) -> dict[str, Any]:
        return load([*rest, "--participants", str(participants)])

    found = search(
        measure,
        first=options.first,
        step=options.step,
        last=options.last,
        finest=options.finest,
        say=console.print,
    )
    console.print(
        f"[bold]{found['largest_that_holds']}[/] participants hold; limited by {found['limited_by']}"
    )
    console.print(report.machine_text(processes.machine_line()), style="dim")
    if options.json:
        report.write_json(found, options.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
