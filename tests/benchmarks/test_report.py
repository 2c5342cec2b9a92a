import json

import pytest

from benchmarks.report import LATE_LIMIT_MS, faults, write_json


def record(**changes) -> dict:
    made = {
        "plan": {"participants": 10, "pid": (), "pid_of": "", "ptime": 20},
        "received_ptime_ms": 20,
        "participants_up": 10,
        "generator": {"lateness_ms": {"p99": 0.4}, "send_errors": 0, "skipped_rounds": 0},
        "kernel_drops": {"RcvbufErrors": 0},
        "machine_stolen_cores": 0.0,
        "other_programs_cores": 0.02,
    }
    return made | changes


def test_a_clean_run_has_no_faults():
    assert faults(record()) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {
                "generator": {
                    "lateness_ms": {"p99": LATE_LIMIT_MS + 0.1},
                    "send_errors": 0,
                    "skipped_rounds": 0,
                }
            },
            "INVALID: the generator",
        ),
        (
            {"generator": {"lateness_ms": {"p99": 0.1}, "send_errors": 0, "skipped_rounds": 4}},
            "INVALID: the generator left out 4",
        ),
        ({"participants_up": 0}, "INVALID: no call"),
        ({"participants_up": 8}, "2 participants were not there"),
        (
            {"generator": {"lateness_ms": {"p99": 0.1}, "send_errors": 3, "skipped_rounds": 0}},
            "3 packets of ours",
        ),
        ({"kernel_drops": {"RcvbufErrors": 7}}, "7 packets (RcvbufErrors)"),
        ({"other_programs_cores": 0.7}, "other programs took 0.70 cores"),
        ({"machine_stolen_cores": 0.3}, "hypervisor kept 0.30"),
        ({"received_ptime_ms": 30}, "packets of 30 ms"),
        ({"plan": {"participants": 10, "pid": (1,), "pid_of": "", "ptime": 20}}, "no process to account"),
    ],
)
def test_whatever_spoils_a_figure_is_said(change, says):
    assert any(says in fault for fault in faults(record(**change)))


def test_numbers_json_has_no_word_for_are_kept_as_null(tmp_path):
    write_json({"a": float("nan"), "b": [float("-inf"), 1.5], 3: (1, 2)}, str(tmp_path / "r.json"))
    assert json.loads((tmp_path / "r.json").read_text()) == {"a": None, "b": [None, 1.5], "3": [1, 2]}
