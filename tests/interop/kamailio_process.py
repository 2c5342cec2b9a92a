"""The process of a Kamailio: what it wants to find installed, its start, and an end that comes even if it does not want to."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.interop.sipp import is_heard_at
from tests.interop.started import PATIENCE_S, until

MODULES = Path("/usr/lib/x86_64-linux-gnu/kamailio/modules")


def lacking(modules: tuple[str, ...]) -> str:
    """What of these is not there, if anything."""
    absent = sorted(name for name in modules if not (MODULES / f"{name}.so").exists())
    return f"kamailio has no {', '.join(absent)}" if absent else ""


@contextmanager
def kamailio(folder: Path, configuration: str, port: int) -> Iterator[Path]:
    """One with this configuration, from when it listens at `port` over UDP; the file of its log."""
    file, log = folder / "kamailio.cfg", folder / "kamailio.log"
    file.write_text(configuration)
    with log.open("ab") as written:
        process = subprocess.Popen(
            ["kamailio", "-f", str(file), "-DD", "-E", "-m", "64", "-M", "8", "-Y", str(folder)],
            stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until(lambda: is_heard_at(port) or process.poll() is not None, "kamailio to listen")
        assert process.poll() is None, log.read_text(errors="replace")
        yield log
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Asked first, and then all of them killed: its processes wait for each other, now and then for ever."""
    process.terminate()
    try:
        process.wait(PATIENCE_S / 5)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)
