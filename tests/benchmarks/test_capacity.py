import pytest

from benchmarks.capacity import holds, search, verdict


def outcome(
    size: int, *, good: bool = True, valid: bool = True, gap_ms: float = 21.0, up: int | None = None
) -> dict:
    return {
        "plan": {"participants": size},
        "participants_up": size if up is None else up,
        "is_valid": valid,
        "delivery": {"packets": 1, "completeness": 1.0 if good else 0.998, "gap_ms": {"p99": gap_ms}},
        "generator": {"lateness_ms": {"p99": 0.5}},
    }


@pytest.mark.parametrize("limit", [0, 400, 500, 1200, 1999, 2400, 3000])
def test_the_largest_size_that_holds_is_found_to_the_finest_step(limit):
    asked = []

    def measure(size: int) -> dict:
        asked.append(size)
        return outcome(size, good=size <= limit)

    found = search(measure, first=500, step=500, last=3000, finest=100, say=lambda _: None)
    expected = min(limit // 100 * 100, 3000)
    assert found["largest_that_holds"] == expected
    assert found["limited_by"] == ("the search's end" if limit >= 3000 else "the server")
    assert len(asked) == len(set(asked))


def test_a_late_generator_is_not_held_against_the_server():
    found = search(
        lambda size: outcome(size, valid=size <= 1000),
        first=500,
        step=500,
        last=3000,
        finest=500,
        say=lambda _: None,
    )
    assert (found["largest_that_holds"], found["limited_by"]) == (1000, "the generator")


@pytest.mark.parametrize(
    "record",
    [outcome(10, good=False), outcome(10, gap_ms=30.1), outcome(10, up=9), {"failed": "no port left"}],
)
def test_bad_sound_long_gaps_missing_callers_and_failed_runs_do_not_hold(record):
    assert not holds(record)
    assert verdict(record)
