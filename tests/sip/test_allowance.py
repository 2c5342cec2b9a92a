"""One number as a bucket that drains."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.allowance import Allowance


def test_a_burst_is_taken_at_once_and_the_rest_at_the_rate():
    allowance = Allowance(per_s=2, burst=5)
    used, taken = 0.0, []
    for step in range(41):
        now = 100.0 + step * 0.1
        after = allowance.take(used, now)
        if after is not None:
            used = after
            taken.append(step)
    assert taken[:5] == [0, 1, 2, 3, 4]
    assert len(taken) == 5 + 8  # four seconds at two a second


def test_what_is_refused_uses_nothing():
    allowance = Allowance(per_s=1, burst=1)
    used = allowance.take(0.0, 10.0)
    assert used == 11.0
    assert allowance.take(used, 10.5) is None
    assert allowance.take(used, 11.0) == 12.0


def test_none_a_second_is_no_limit():
    allowance = Allowance(per_s=0, burst=0)
    used = 0.0
    for _ in range(10_000):
        used = allowance.take(used, 1.0)
        assert used is not None


def test_heavier_things_use_more():
    allowance = Allowance(per_s=1, burst=100)
    used = allowance.take(0.0, 0.0, 99.5)
    assert allowance.take(used, 0.0) is None
    assert allowance.take(used, 0.0, 0.5) == pytest.approx(100.0)


@settings(max_examples=60)
@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 50), st.integers(1, 20))
def test_no_pattern_of_arrivals_gets_more_than_the_burst_and_the_rate(pauses, per_s, burst):
    allowance = Allowance(per_s, burst)
    now = used = 0.0
    taken = 0
    for pause in pauses:
        now += pause
        after = allowance.take(used, now)
        if after is not None:
            used = after
            taken += 1
    assert taken <= burst + per_s * now + 1e-6
