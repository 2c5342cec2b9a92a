"""What a storm is judged by; the storm itself is tests/interop/test_storm.py."""

from __future__ import annotations

import copy

import pytest

from benchmarks import report
from benchmarks.storm import Storm, faults, show

GOOD = {
    "machine": {"cpu": "x", "cores": 2, "kernel": "6", "python": "3.11", "numpy": "2"},
    "seconds": 20.0,
    "participants": 10,
    "load": {
        "participants_up": 10,
        "hung_up_by_server": 0,
        "delivery": {
            "completeness": 1.0,
            "gap_ms": {"p50": 20, "p95": 22, "p99": 24, "p999": 30, "max": 60, "count": 9},
        },
    },
    "attack": {"sent": {"flood": 100}, "answers": 3},
    "peers": ["sipp"],
    "honest": {"waits_s": [0.01, 0.51], "failures_by_status": {}},
    "memory_mb": {"before": 300.0, "in_the_storm": 320.0, "after": 310.0},
    "alive": True,
    "errors_logged": 0,
    "bans_logged": 30,
}


def changed(*path, value):
    record = copy.deepcopy(GOOD)
    inner = record
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    return record


def test_a_storm_that_did_no_harm_has_no_fault():
    assert faults(GOOD) == []


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("load",), {}, "did not come about"),
        (("load", "participants_up"), 9, "did not come about"),
        (("load", "delivery", "gap_ms", "max"), 130, "a gap of 130 ms"),
        (("load", "delivery", "gap_ms", "max"), float("nan"), "a gap of nan ms"),
        (("load", "hung_up_by_server"), 2, "2 were put out"),
        (("honest", "failures_by_status"), {503: 1}, "refused"),
        (("honest", "waits_s"), [], "refused"),
        (("honest", "waits_s"), [0.1, 2.5], "waited 2.5 s"),
        (("memory_mb", "in_the_storm"), 360.0, "memory grew"),
        (("memory_mb", "after"), 360.0, "memory grew"),
        (("alive",), False, "does not answer"),
        (("errors_logged",), 1, "1 errors"),
    ],
)
def test_each_harm_is_a_fault(path, value, words):
    (fault,) = faults(changed(*path, value=value))
    assert words in fault


def test_a_record_can_be_shown_whatever_came_of_it():
    for record in (GOOD, changed("load", value={}), changed("attack", value={})):
        show(record, report.Console(quiet=True))


def test_an_honest_caller_is_timed_to_the_answer(server):
    storm = Storm()
    storm._call(f"127.0.0.1:{server.address[1]}", "127.0.0.1")
    assert len(storm.waits_s) == 1
    assert storm.waits_s[0] < 1.0
    assert storm.failures == {}
