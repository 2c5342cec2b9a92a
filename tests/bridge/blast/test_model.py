"""Rules that cannot be carried out are refused with a reason."""

from __future__ import annotations

from math import inf, nan

import pytest

from bridge.blast.model import BlastError, Rules


@pytest.mark.parametrize("name", ["calls_per_second", "ring_s"])
@pytest.mark.parametrize("value", [0.0, -1.0, inf, nan])
def test_rates_and_times_are_more_than_nothing(name: str, value: float) -> None:
    with pytest.raises(BlastError, match=name):
        Rules(**{name: value})


@pytest.mark.parametrize("value", [-1.0, inf, nan])
def test_the_pause_may_be_nothing_but_not_less(value: float) -> None:
    assert Rules(retry_after_s=0.0).retry_after_s == 0
    with pytest.raises(BlastError, match="retry_after_s"):
        Rules(retry_after_s=value)


@pytest.mark.parametrize("name", ["parallel", "attempts"])
def test_there_is_at_least_one_call_and_one_attempt(name: str) -> None:
    with pytest.raises(BlastError, match=name):
        Rules(**{name: 0})
