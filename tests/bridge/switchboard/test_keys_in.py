"""A key that comes several ways is one key, and two keys are two."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.switchboard.keys_in import LATE_S, REMEMBERED, KeysIn, KeyWay

EVENT, INFO, TONE = KeyWay.EVENT, KeyWay.INFO, KeyWay.TONE

Report = tuple[float, str, KeyWay]


def keyed(reports: list[Report]) -> str:
    """What a leg makes of reports in the order of time."""
    keys = KeysIn()
    return "".join(
        key for at, key, way in sorted(reports, key=lambda each: each[0]) if keys.take(key, way, at)
    )


def test_one_key_by_three_ways_is_one_key() -> None:
    assert keyed([(0.0, "5", EVENT), (0.09, "5", TONE), (1.2, "5", INFO)]) == "5"
    assert keyed([(0.0, "5", INFO), (0.02, "5", EVENT), (0.3, "5", TONE)]) == "5"


def test_the_same_key_twice_by_two_ways_is_two_keys_however_they_interleave() -> None:
    assert keyed([(0.0, "1", EVENT), (0.1, "1", TONE), (0.2, "1", EVENT), (0.3, "1", TONE)]) == "11"
    assert keyed([(0.0, "1", EVENT), (0.2, "1", EVENT), (0.8, "1", INFO), (1.1, "1", INFO)]) == "11"
    assert keyed([(0.0, "1", TONE), (0.05, "1", INFO), (0.15, "1", INFO), (0.2, "1", TONE)]) == "11"


def test_the_same_key_fast_by_one_way_is_as_many_keys() -> None:
    assert keyed([(0.05 * number, "6", INFO) for number in range(9)]) == "6" * 9


def test_an_info_a_second_behind_the_tone_is_the_same_press() -> None:
    reports: list[Report] = []
    for number, key in enumerate("2255#"):
        reports += [(number * 0.25, key, TONE), (number * 0.25 + 1.0, key, INFO)]
    assert keyed(reports) == "2255#"


def test_an_info_that_is_sent_when_the_key_is_let_go_is_known_by_its_duration() -> None:
    keys = KeysIn()
    assert keys.take("0", EVENT, 10.0)
    assert not keys.take("0", INFO, 14.0, held_s=4.0)
    assert keys.take("0", INFO, 18.5)


def test_a_press_long_after_is_another_by_whatever_way() -> None:
    assert keyed([(0.0, "3", EVENT), (LATE_S[INFO] + 0.1, "3", INFO)]) == "33"
    assert keyed([(0.0, "3", INFO), (LATE_S[EVENT] + 0.1, "3", EVENT)]) == "33"


def test_a_way_that_misses_a_key_costs_none() -> None:
    """Of two ways one is complete: what it tells is what was keyed."""
    assert keyed([(0.0, "1", EVENT), (0.2, "1", EVENT), (0.25, "1", TONE), (0.4, "1", EVENT)]) == "111"
    assert keyed([(0.0, "1", INFO), (0.3, "1", EVENT), (0.31, "1", INFO), (0.6, "2", INFO)]) == "112"


def test_it_is_known_how_keys_came_and_not_which() -> None:
    keys = KeysIn()
    assert keys.ways == {}
    for number, key in enumerate("4711"):
        keys.take(key, EVENT, number * 0.3)
        if number:
            keys.take(key, INFO, number * 0.3 + 0.05)
    assert keys.ways == {"telephone-event": 1, "telephone-event+INFO": 3}
    told = repr(keys) + str(keys.ways) + repr(keys._presses)
    assert "4711" not in told
    assert "key" not in repr(keys.ways).replace("keys", "")


def test_no_flood_is_remembered() -> None:
    keys = KeysIn()
    for number in range(1_000):
        keys.take("9", EVENT, number * 0.001)
    assert len(keys._presses or ()) == REMEMBERED
    assert keys.ways == {"telephone-event": 1_000}


@st.composite
def pressed(draw: st.DrawFn) -> tuple[str, list[Report]]:
    """Keys as fast as fingers and diallers are, by some of three ways, each in order and late as it likes."""
    text = draw(st.text("0123456789*#ABCD1155", min_size=1, max_size=12))
    at, times = 0.0, []
    for _ in text:
        times.append(at)
        at += draw(st.floats(0.08, 1.0))
    ways = draw(st.sets(st.sampled_from([EVENT, INFO, TONE]), min_size=1))
    reports: list[Report] = []
    for way in ways:
        last = 0.0
        for press, key in zip(times, text, strict=True):
            longest = LATE_S[way] - 1e-6  # sums of times are not exact
            late = draw(st.floats(0.0, longest))
            last = max(last + 0.001, press + late)  # a way tells its presses in order
            last = min(last, press + longest)
            reports.append((last, key, way))
    order = draw(st.permutations(range(len(reports))))  # of what comes at one moment
    ranks = dict(zip(map(id, reports), order, strict=True))
    reports.sort(key=lambda each: (each[0], ranks[id(each)]))
    return text, reports


@settings(max_examples=150, deadline=None)
@given(pressed())
def test_whatever_the_ways_do_what_was_keyed_is_what_comes(told: tuple[str, list[Report]]) -> None:
    text, reports = told
    keys = KeysIn()
    assert "".join(key for at, key, way in reports if keys.take(key, way, at)) == text
    assert sum(keys.ways.values()) == len(text)
