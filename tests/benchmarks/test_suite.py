import socket
import subprocess
import sys

import pytest

from benchmarks.suite import cpu_line, stop, trouble, wait_until_it_answers


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


def run(*, cost_us: float, completeness: float = 1.0, valid: bool = True) -> dict:
    return {
        "plan": {"participants": 5},
        "participants_up": 5,
        "is_valid": valid,
        "delivery": {"completeness": completeness, "gap_ms": {"p99": 21.0}},
        "server": {"cpu_us_per_participant_tick": cost_us},
    }


@pytest.mark.parametrize(
    ("record", "met"),
    [
        (run(cost_us=4.9), True),
        (run(cost_us=5.1), False),
        (run(cost_us=1.0, completeness=0.99), False),
        (run(cost_us=1.0, valid=False), False),
        ({"failed": "boom"}, False),
    ],
)
def test_a_cheap_server_meets_its_target_only_if_it_also_served_well(record, met):
    assert cpu_line("CPU", 5.0, "", record).holds is met


def test_a_missing_figure_says_why():
    assert trouble({"failed": "first\nlast line"}) == "last line"
    assert trouble({"faults": ["INVALID: no call came up"]}) == "INVALID: no call came up"
