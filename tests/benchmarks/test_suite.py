import pytest

from benchmarks.lines import cpu_line, trouble


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
