import pytest

from benchmarks.defined import codes_of_rows, lines
from benchmarks.roda import Codes


def test_the_first_of_each_conference_is_its_moderator():
    codes = [Codes(1, "m1", "p1"), Codes(2, "m2", "p2"), Codes(3, "m3", "p3")]
    assert codes_of_rows(codes, conferences=2, people=3) == ["m1", "m2", "p1", "p2", "p1", "p2"]


def record(*, cost_us=6.0, heard=30, foreign=0, kilobytes=30.0, look_up_us=200.0, call_ms=1.2, valid=True):
    return {
        "plan": {"participants": 30, "rooms": 10},
        "participants_up": 30,
        "is_valid": valid,
        "delivery": {"completeness": 1.0, "gap_ms": {"p99": 22.0}},
        "hearing": {"pairs": 30, "pairs_heard": heard, "foreign_heard": foreign},
        "server": {
            "cpu_us_per_participant_tick": cost_us,
            "kb_per_participant": kilobytes,
            "pss_kb_before": 1e5,
        },
        "defined": 20_000,
        "look_up_us": look_up_us,
        "calls": {"server_cpu_ms_per_call": call_ms, "completed": 10, "calls": 10, "rate": 100.0},
    }


@pytest.mark.parametrize(
    ("changes", "missed"),
    [
        ({}, []),
        ({"cost_us": 7.1}, [0]),
        ({"valid": False}, [0]),
        ({"heard": 29}, [1]),
        ({"foreign": 1}, [1]),
        ({"kilobytes": 41.0}, [2]),
        ({"look_up_us": 1001.0}, [3]),
        ({"call_ms": 1.6}, [4]),
    ],
)
def test_each_figure_stands_for_itself(changes, missed):
    made = lines(record(**changes))
    assert [place for place, line in enumerate(made) if not line.holds] == missed


def test_calls_may_be_left_out():
    assert len(lines(record() | {"calls": None})) == 4
