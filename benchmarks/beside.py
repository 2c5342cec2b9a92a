"""Calls that come and go beside people who talk: how long they wait for their answer, and what the others hear of it.

The people are a load test in a process of its own; the calls begin once all of them are up, and go on past the end of the
window in which it is measured what they hear.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.calls import IDLE_S, CallRun

RAMP_PER_S = 100.0
MARGIN_S = 2.0
"""Calls come so long before the window opens, and after it has closed."""


@dataclass(slots=True)
class CallsBeside:
    """`rate` calls a second beside `participants` in one room, two of them talking."""

    target: str
    participants: int = 1000
    seconds: float = 5.0
    rate: float = 200.0
    user: str = "conf-{room}"
    roots: list[int] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """Return the record of both."""
        with tempfile.TemporaryDirectory() as folder:
            heard = Path(folder) / "load.json"
            load = subprocess.Popen(
                [
                    *(sys.executable, "-m", "benchmarks.load", "--target", self.target, "--user", self.user),
                    *("--participants", str(self.participants), "--ramp", str(RAMP_PER_S)),
                    *(
                        "--settle",
                        str(IDLE_S + MARGIN_S),
                        "--seconds",
                        str(self.seconds),
                        "--json",
                        str(heard),
                    ),
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            with load:
                assert load.stdout is not None
                for line in load.stdout:
                    if f" of {self.participants} up" in line:
                        break
                count = int(self.rate * (self.seconds + 2 * MARGIN_S))
                calls = CallRun(
                    target=self.target,
                    user=self.user,
                    first_room=5000,
                    rate=self.rate,
                    count=count,
                    concurrency=count,
                    roots=self.roots,
                ).run()
                load.stdout.read()
            record: dict[str, Any] = json.loads(heard.read_text()) if heard.exists() else {}
        return {"calls": calls, "load": record}
