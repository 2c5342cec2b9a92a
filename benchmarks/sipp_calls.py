"""The same calls by sipp, where it is installed: a second witness of what a call costs.

What a call costs the server must not depend on who places it. sipp counts its own retransmissions; the CPU time is the
server's, as ever.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.calls import IDLE_S
from benchmarks.transport import parse_address

SCENARIO = Path(__file__).with_name("sipp") / "join_and_leave.xml"
PATIENCE_S = 60.0


def is_installed() -> bool:
    return shutil.which("sipp") is not None


@dataclass(slots=True)
class SippRun:
    """`count` calls at `rate` a second."""

    target: str
    user: str = "conf-1000"
    rate: int = 200
    count: int = 1000
    roots: list[int] = field(default_factory=list)

    def run(self) -> dict[str, Any]:
        """Place all calls and return the record."""
        host, port = parse_address(self.target)
        idle, began = processes.shares(self.roots), time.monotonic()
        time.sleep(IDLE_S)
        idle = (processes.shares(self.roots) - idle) * (1 / (time.monotonic() - began))
        with tempfile.TemporaryDirectory() as folder:
            counted = Path(folder) / "counted.csv"
            before, started = processes.shares(self.roots), time.monotonic()
            done = subprocess.run(
                [
                    *("sipp", "-sf", str(SCENARIO), "-s", self.user, "-i", host, "-mi", host),
                    *("-r", str(self.rate), "-m", str(self.count), "-l", str(self.count)),
                    *("-trace_stat", "-stf", str(counted), "-fd", "1", "-nostdin", f"{host}:{port}"),
                ],
                check=False,
                capture_output=True,
                cwd=folder,
                timeout=self.count / self.rate + PATIENCE_S,
            )
            took_s = time.monotonic() - started
            spent = processes.shares(self.roots) - before - idle * took_s
            figures = read(counted.read_text()) if counted.exists() else {}
        return {
            "status": done.returncode,
            "calls": self.count,
            "completed": int(figures.get("SuccessfulCall(C)", "0")),
            "retransmissions": int(figures.get("Retransmissions(C)", "0")),
            "rate": self.count / took_s,
            "control_cpu_ms_per_call_above_idle": spent.control_s * 1000 / self.count,
            "workers_cpu_ms_per_call_above_idle": spent.workers_s * 1000 / self.count,
            "server_cpu_ms_per_call_above_idle": spent.total_s * 1000 / self.count,
        }


def read(counted: str) -> dict[str, str]:
    """Return the last row of what sipp counted."""
    rows = list(csv.DictReader(counted.splitlines(), delimiter=";"))
    return {key: value for key, value in rows[-1].items() if key} if rows else {}
