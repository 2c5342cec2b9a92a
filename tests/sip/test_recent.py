"""A table of fixed size that keeps what is used."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sip.recent import Recent


def test_what_is_asked_for_stays_and_what_is_not_goes():
    table: Recent[int] = Recent(4)
    table["kept"] = table["lost"] = 1
    for number in range(20):
        table[f"other {number}"] = number
        assert table.get("kept") == 1
    assert table.get("lost") is None


def test_peeking_keeps_nothing():
    table: Recent[int] = Recent(2)
    table["a"] = 1
    for number in range(2):
        table[str(number)] = number
    assert table.peek("a") == 1
    table["2"] = table["3"] = 2
    assert table.peek("a") is None


def test_what_is_forgotten_on_purpose_is_gone_from_both_generations():
    table: Recent[int] = Recent(2)
    for name in "abc":
        table[name] = 1
    assert (table.pop("a"), table.pop("c"), table.pop("c")) == (1, 1, None)
    assert sorted(table.values()) == [1]
    table.clear()
    assert len(table) == 0


@settings(max_examples=60)
@given(
    st.integers(1, 6),
    st.lists(st.tuples(st.sampled_from("gsp"), st.integers(0, 30).map(str), st.integers()), max_size=80),
)
def test_it_never_grows_above_its_bound_nor_tells_what_was_not_put_there(half, steps):
    table: Recent[int] = Recent(half)
    model: dict[str, int] = {}
    for step, key, value in steps:
        if step == "s":
            table[key] = model[key] = value
            assert table.get(key) == value
        elif step == "g":
            assert table.get(key) in (None, model.get(key))
        else:
            assert table.pop(key) in (None, model.pop(key, None))
            assert table.peek(key) is None
        assert len(table) == len(list(table.values())) <= 2 * half
