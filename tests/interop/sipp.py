"""Runs sipp scenarios: those of this folder and the one of the benchmarks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.interop.started import LOOPBACK, PATIENCE_S, ROOT, Bridge, free_port, until

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


PORT_TRIES = 3
"""sipp takes five ports, of which two are asked for: the others may be somebody's."""


def is_heard_at(port: int) -> bool:
    """Whether somebody has this UDP port open."""
    table = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(int(line.split()[1].partition(":")[2], 16) == port for line in table)


class Sipp:
    """sipp with a folder for what it leaves behind."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def run(
        self,
        scenario: Path | str,
        bridge: Bridge,
        number: str,
        *options: str,
        transport: str = "u1",
        local: str = LOOPBACK,
        host: str = LOOPBACK,
        timeout_s: int = TIMEOUT_S,
    ) -> None:
        """Run a scenario against `number`; it must pass. `local` is the address that it calls from."""
        path = SCENARIOS / scenario if isinstance(scenario, str) else scenario
        for _ in range(PORT_TRIES):
            folder = Path(mkdtemp(dir=self._folder))
            errors = folder / "errors"
            done = subprocess.run(
                [
                    "sipp", "-sf", str(path), "-s", number, "-t", transport,
                    "-i", local, "-p", str(free_port()), "-mp", str(free_port(4)),
                    "-nostdin", "-timeout", f"{timeout_s}s", "-timeout_error",
                    "-trace_err", "-error_file", str(errors), *(options if "-m" in options else (*options, "-m", "1")),
                    f"[{host}]:{bridge.port}" if ":" in host else f"{host}:{bridge.port}",
                ],
                cwd=folder, env=os.environ | {"TERM": "dumb"},
                capture_output=True, text=True, timeout=timeout_s + 10, check=False,
            )  # fmt: skip
            said = errors.read_text() if errors.exists() else ""
            if "Address already in use" not in said:
                break
        assert done.returncode == 0, (
            f"{path.name}: sipp ended with {done.returncode}\n{said}\n{done.stdout[-1500:]}"
        )

    @contextmanager
    def trunk(
        self, port: int, *options: str, ends: bool = True, scenario: str = "trunk.xml"
    ) -> Iterator[None]:
        """Answer calls at `port` as the scenario says until the end of the `with`; `-rtp_echo` echoes what is said.

        By then each of its calls must have gone to its end, if it `ends`, and nothing must have come that it did not expect.
        """
        errors = self._folder / "trunk-errors"
        process = subprocess.Popen(
            [
                "sipp", "-sf", str(SCENARIOS / scenario), "-i", LOOPBACK, "-p", str(port),
                "-mp", str(free_port(4)), "-nostdin", "-trace_err", "-error_file", str(errors), *options,
            ],
            cwd=self._folder, env=os.environ | {"TERM": "dumb"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            until(lambda: is_heard_at(port) or process.poll() is not None, "the trunk to listen")
            assert process.poll() is None, errors.read_text() if errors.exists() else "the trunk has ended"
            yield
            if ends:
                process.send_signal(
                    signal.SIGUSR1
                )  # no more calls, and the end once those that are up have ended
                process.wait(PATIENCE_S)
        finally:
            process.kill()
            process.wait(PATIENCE_S)
        assert not errors.exists() or not errors.read_text(), errors.read_text()

    def file(self, name: str, text: str) -> str:
        """A file for an option that wants one."""
        path = self._folder / name
        path.write_text(text)
        return str(path)
