"""What it takes to read a message: `python -m benchmarks.parsing --help`.

Those of `specimens`, each again and again, every time with a branch, a tag and a Call-ID that were never seen: the parser
remembers what is the same in all messages of a peer, and that alone. The session description of those that have one is read
apart. Of several rounds the best counts. Like `benchmarks.sip_call` this runs our own code in its own process.
"""

from __future__ import annotations

import argparse
import re
import time
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from benchmarks import processes, report
from benchmarks.specimens import SPECIMENS
from sip import sdp
from sip.parser import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ONCE = re.compile(rb"((?:;branch=|;tag=|\r\nCall-ID: )[^;\r\n]*)")
"""What belongs to one call alone."""


def unlike(message: bytes, numbers: range) -> list[bytes]:
    """Return the message as so many different calls would bring it."""
    return [ONCE.sub(rb"\g<1>x" + str(number).encode(), message) for number in numbers]


def read_s(read: Callable[[bytes], object], data: Sequence[bytes]) -> float:
    """Return CPU seconds for each."""
    begun = time.process_time()
    for each in data:
        read(each)
    return (time.process_time() - begun) / len(data)


def run(*, count: int, rounds: int) -> dict[str, Any]:
    """Read everything and return the record."""
    found: dict[str, dict[str, float | int | None]] = {}
    for name, message in SPECIMENS.items():
        body = message.partition(b"\r\n\r\n")[2]
        found[name] = {
            "octets": len(message),
            "message_us": 1e6
            * min(
                read_s(parse, unlike(message, range(turn * count, (turn + 1) * count)))
                for turn in range(rounds)
            ),
            "description_us": 1e6 * min(read_s(sdp.parse, [body] * count) for _ in range(rounds))
            if body
            else None,
        }
    return {"machine": processes.machine_line(), "messages": found}


def show(record: dict[str, Any], console: Console) -> None:
    """Print a run."""
    table = Table(title="us to read a message", title_justify="left")
    for heading in ("", "octets", "message", "its description"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, found in record["messages"].items():
        described = "" if found["description_us"] is None else f"{found['description_us']:.1f}"
        table.add_row(name, str(found["octets"]), f"{found['message_us']:.1f}", described)
    console.print(table)
    console.print(report.machine_text(record["machine"]), style="dim")


def main() -> int:
    """Run and show."""
    parser = argparse.ArgumentParser(prog="benchmarks.parsing", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="messages of a kind per round")
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts")
    parser.add_argument("--json", default="", metavar="FILE")
    options = parser.parse_args()
    record = run(count=options.count, rounds=options.rounds)
    show(record, report.open_console())
    if options.json:
        report.write_json(record, options.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
