import socket
import subprocess
import sys

import pytest

from benchmarks.server import stop, wait_until_it_answers


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_server_is_awaited_until_it_answers_and_stopped_with_its_children():
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.stand_in", "--port", str(port)]
    server = subprocess.Popen(command, start_new_session=True)
    wait_until_it_answers(f"127.0.0.1:{port}", server)
    assert server.poll() is None
    stop(server)
    assert server.poll() is not None


def test_a_server_that_ends_at_once_is_told():
    server = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"], start_new_session=True)
    server.wait()
    with pytest.raises(SystemExit, match="ended with status 3"):
        wait_until_it_answers(f"127.0.0.1:{free_port()}", server)
