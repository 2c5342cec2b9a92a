"""A bridge as a process: it says when it is ready, hangs up when it is stopped, and leaves nothing behind."""

import signal
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.interop.phone import Phone
from tests.interop.started import COMMAND, LOOPBACK, ROOT, Bridge, is_running


def test_a_bridge_that_is_stopped_hangs_up_and_leaves_nothing_behind(tmp_path: Path):
    bridge = Bridge(tmp_path)
    bridge.start()
    processes = bridge.processes()
    assert len(processes) == 4, "control, two workers, a spare"
    with Phone(bridge.address) as caller:
        caller.join("conf-stop")
        bridge.signal(signal.SIGTERM)
        bye = caller.hear()
        assert bye.text.startswith("BYE ")
        caller.send(bye.answer())
        assert bridge.wait() == 0
    assert [row["reason"] for row in bridge.records("conf-stop")] == ["shut_down"]
    assert not any(map(is_running, processes))
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as port:
        port.bind(bridge.address)
    assert "Traceback" not in bridge.log


def test_a_bridge_that_is_interrupted_while_nobody_calls_ends_at_once(tmp_path: Path):
    bridge = Bridge(tmp_path)
    bridge.start()
    bridge.signal(signal.SIGINT)
    assert bridge.wait(2.0) == 0
    assert "Traceback" not in bridge.log


def test_a_bridge_whose_port_is_taken_says_so_and_does_not_start(tmp_path: Path):
    bridge = Bridge(tmp_path)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(bridge.address)
        ended = serve(bridge)
    assert ended.returncode == 1
    assert f"roda: cannot listen on udp {LOOPBACK}:{bridge.port}: Address already in use" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("line", "fault"),
    [("workers = 2", "workers = -2"), ('language = "en"', 'language = "tlh"'), ("[media]", "[medai]")],
)
def test_a_fault_in_the_configuration_stops_the_start_with_its_line(tmp_path: Path, line: str, fault: str):
    bridge = Bridge(tmp_path)
    text = bridge.file.read_text()
    bridge.file.write_text(text.replace(line, fault))
    ended = serve(bridge)
    assert ended.returncode == 1
    assert f"{bridge.file}:{text[: text.index(line)].count(chr(10)) + 1}" in ended.stderr.replace("\n", "")
    assert "Traceback" not in ended.stderr


def serve(bridge: Bridge) -> subprocess.CompletedProcess[str]:
    """A start that comes to nothing."""
    return subprocess.run(
        [*COMMAND, "serve", "-c", str(bridge.file)],
        cwd=ROOT, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
