"""Runs sipp scenarios: those of this folder and the one of the benchmarks."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

from tests.interop.started import LOOPBACK, ROOT, Bridge, free_port

SCENARIOS = Path(__file__).parent / "sipp"
JOIN_AND_LEAVE = ROOT / "benchmarks/sipp/join_and_leave.xml"
TIMEOUT_S = 30


def may_open_raw_sockets() -> bool:
    """Whether sipp can play RTP here: it writes the packets from the IP header on, which needs root."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP).close()
    except PermissionError:
        return False
    return True


class Sipp:
    """sipp with a folder for what it leaves behind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(
        self, scenario: Path | str, bridge: Bridge, number: str, *options: str, transport: str = "u1"
    ) -> None:
        """Run a scenario against `number`; it must pass."""
        path = SCENARIOS / scenario if isinstance(scenario, str) else scenario
        errors = self._folder / "errors"
        done = subprocess.run(
            [
                "sipp", "-sf", str(path), "-s", number, "-t", transport,
                "-i", LOOPBACK, "-p", str(free_port()), "-mp", str(free_port()),
                "-nostdin", "-timeout", f"{TIMEOUT_S}s", "-timeout_error",
                "-trace_err", "-error_file", str(errors), *(options if "-m" in options else (*options, "-m", "1")),
                f"{LOOPBACK}:{bridge.port}",
            ],
            cwd=self._folder, env=os.environ | {"TERM": "dumb"},
            capture_output=True, text=True, timeout=TIMEOUT_S + 10, check=False,
        )  # fmt: skip
        said = errors.read_text() if errors.exists() else ""
        assert done.returncode == 0, (
            f"{path.name}: sipp ended with {done.returncode}\n{said}\n{done.stdout[-1500:]}"
        )

    def file(self, name: str, text: str) -> str:
        """A file for an option that wants one."""
        path = self._folder / name
        path.write_text(text)
        return str(path)
