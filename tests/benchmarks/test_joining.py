import pytest

from benchmarks.joining import lines


def record(*, joined=500, slowest_ms=400.0, gap_ms=35.0, p99_ms=24.0, lost=0, unheard=0, valid=True):
    return {
        "people": 500,
        "joined": joined,
        "entry_s": 9.8,
        "wait_ms": {"p50": 260.0, "p99": 300.0, "max": slowest_ms},
        "those_in": {
            "gap_ms": {"p99": p99_ms, "max": gap_ms},
            "lost": lost,
            "packets": 1000,
            "unheard": unheard,
            "longest_unheard": unheard,
        },
        "is_valid": valid,
    }


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, (True, True)),
        ({"slowest_ms": 1001.0}, (False, True)),
        ({"joined": 499}, (False, True)),
        ({"gap_ms": 61.0}, (True, False)),
        ({"p99_ms": 31.0}, (True, False)),
        ({"lost": 1}, (True, False)),
        ({"unheard": 1}, (True, False)),
        ({"valid": False}, (False, False)),
    ],
)
def test_everybody_is_in_within_a_second_and_those_who_are_in_notice_nothing(changes, met):
    assert tuple(line.holds for line in lines(record(**changes))) == met
