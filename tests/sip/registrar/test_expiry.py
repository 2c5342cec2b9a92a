from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sip.registrar.expiry import CORPSES_FEW, Expiry


def test_the_soonest_is_looked_at_first_and_each_once() -> None:
    expiry = Expiry()
    expiry.no_later_than(20.0, "b")
    expiry.no_later_than(10.0, "a")
    assert expiry.next_deadline() == 10.0
    assert expiry.due(9.9) == []
    assert expiry.due(30.0) == ["a", "b"]
    assert expiry.next_deadline() is None


def test_a_later_end_changes_nothing_and_an_earlier_one_counts() -> None:
    expiry = Expiry()
    expiry.no_later_than(10.0, "a")
    expiry.no_later_than(20.0, "a")
    assert expiry.next_deadline() == 10.0
    expiry.no_later_than(5.0, "a")
    assert expiry.due(6.0) == ["a"]
    assert expiry.next_deadline() is None


def test_who_comes_and_goes_all_day_costs_no_memory() -> None:
    expiry = Expiry()
    for moment in range(10_000):
        expiry.no_later_than(moment + 3600.0, "a")
        expiry.forget("a")
    assert len(expiry) <= CORPSES_FEW + 1


@settings(max_examples=100)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 50), st.booleans()), max_size=80))
def test_it_equals_a_table_that_is_searched(steps: list[tuple[str, int, bool]]) -> None:
    expiry = Expiry()
    model: dict[str, float] = {}
    now = 0.0
    for name, number, forgotten in steps:
        if forgotten:
            expiry.forget(name)
            model.pop(name, None)
        elif number % 5 == 0:
            now += number / 5
            due = sorted((at, who) for who, at in model.items() if at <= now)
            assert expiry.due(now) == [who for _, who in due]
            for _, who in due:
                del model[who]
        else:
            expiry.no_later_than(now + number, name)
            model[name] = min(model.get(name, now + number), now + number)
        assert expiry.next_deadline() == min(model.values(), default=None)
