"""What turns one roster into the next."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.roster.difference import difference
from tests.bridge.roster.people import MUTED, roster, user


def test_nothing_has_changed():
    assert difference(roster(user(1)), roster(user(1))) is None


def test_each_thing_is_found_where_it_is():
    old = roster(user(1), user(2), user(3))
    new = roster(user(1), user(3, **MUTED), user(4), locked=True)
    found = difference(old, new)
    assert found.come == (user(4),)
    assert found.changed == ((user(3), user(3, **MUTED)),)
    assert found.gone == (user(2).entity,)
    assert (found.state, found.description) == (True, False)
    assert difference(old, replace(old, subject="Lunch")).description


people = st.lists(
    st.builds(user, st.integers(1, 6), st.sampled_from(["Ana", "Bob"])),
    unique_by=lambda each: each.entity,
    max_size=6,
)


@settings(max_examples=60)
@given(people, people)
def test_old_and_difference_make_new(old, new):
    before, after = roster(*old), roster(*new)
    found = difference(before, after)
    table = {each.entity: each for each in old}
    if found is not None:
        for entity in found.gone:
            del table[entity]
        for was, now in found.changed:
            assert table[was.entity] == was != now
            table[now.entity] = now
        for each in found.come:
            assert each.entity not in table
            table[each.entity] = each
    assert table == {each.entity: each for each in new}
