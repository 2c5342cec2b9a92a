"""G5: guessing codes is hopeless, and those who know theirs hardly notice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.service import guessing
from bridge.service.guessing import (
    ALERT_EVERY_S,
    KNOWN_FOR_S,
    LIMITS,
    LONGEST_DELAY_S,
    SHORTEST_DELAY_S,
    Guesses,
    Scope,
    source_name,
)

HOUR_S = 3600.0


def test_g5_somebody_who_never_erred_is_answered_at_once():
    assert Guesses().delay_before_answer("a", "t", 0.0) == SHORTEST_DELAY_S


def test_g5_every_further_wrong_code_waits_longer_up_to_a_bound():
    guesses, delays = Guesses(), []
    for now in range(0, 50, 5):
        delays.append(guesses.delay_before_answer("a", "t", now))
        guesses.record_failure("a", "t", now)
    assert delays == sorted(delays)
    assert delays[1] == SHORTEST_DELAY_S, "one slip delays nobody"
    assert delays[2:9:2] == pytest.approx([1.0, 2.0, 4.0, 8.0], rel=0.1)
    assert delays[-1] == LONGEST_DELAY_S


def test_g5_another_source_does_not_wait_for_the_first_ones_guesses():
    guesses = Guesses()
    for now in range(9):
        guesses.record_failure("a", "t", now)
    assert guesses.delay_before_answer("b", "t", 9) == SHORTEST_DELAY_S


def test_g5_ten_in_a_row_block_the_source_for_half_an_hour_and_only_it():
    guesses = Guesses()
    for _ in range(10):
        assert guesses.blocked("a", "t", 0) is None
        guesses.record_failure("a", "t", 0)
    assert guesses.blocked("a", "t", 1) is Scope.SOURCE
    assert guesses.blocked("b", "t", 1) is None
    assert guesses.blocked("a", "t", HOUR_S / 2 - 1) is Scope.SOURCE
    assert guesses.blocked("a", "t", HOUR_S / 2 + 1) is None


def test_g5_calling_on_while_blocked_prolongs_it_but_not_without_end():
    guesses = Guesses()
    for _ in range(1000):
        guesses.record_failure("a", "t", 0)
    assert guesses.blocked("a", "other", HOUR_S / 2 + 1) is Scope.SOURCE
    assert guesses.blocked("a", "other", HOUR_S + 1) is None


@pytest.mark.parametrize("every_s", [5.0, 60.0, 360.0])
def test_g5_nobody_gets_more_tries_than_the_arithmetic_of_passcodes_counts_with(every_s):
    guesses, tries, day = Guesses(), 0, 24
    now = 0.0
    while now < day * HOUR_S:
        if guesses.blocked("a", "t", now) is None:
            tries += 1
            guesses.record_failure("a", "t", now)
        now += every_s
    assert tries <= LIMITS[Scope.SOURCE].leak_per_hour * day + LIMITS[Scope.SOURCE].blocked_from


def test_g5_a_guesser_with_a_new_source_for_each_code_is_stopped_by_the_trunks_score():
    guesses, tries = Guesses(), 0
    for attempt in range(5000):
        if guesses.blocked(f"source {attempt}", "t", attempt * 0.1) is None:
            tries += 1
            guesses.record_failure(f"source {attempt}", "t", attempt * 0.1)
    assert tries < 700
    assert guesses.blocked("new", "t", 500) is Scope.TRUNK
    assert guesses.blocked("new", "another trunk", 500) is None


def test_g5_a_guesser_with_many_trunks_is_stopped_by_the_services_score():
    guesses, tries = Guesses(), 0
    for attempt in range(5000):
        source, trunk = f"source {attempt}", f"trunk {attempt % 100}"
        if guesses.blocked(source, trunk, attempt * 0.1) is None:
            tries += 1
            guesses.record_failure(source, trunk, attempt * 0.1)
    assert tries < 1300
    assert guesses.blocked("new", "new", 500) is Scope.SERVICE


def test_g5_who_keyed_a_right_code_today_is_not_shut_out_by_a_guesser():
    guesses = Guesses()
    guesses.record_success("office", 0)
    for attempt in range(700):
        guesses.record_failure(f"source {attempt}", "t", 1)
    assert guesses.blocked("stranger", "t", 2) is Scope.TRUNK
    assert guesses.delay_before_answer("stranger", "t", 2) == LONGEST_DELAY_S
    assert guesses.blocked("office", "t", 2) is None
    assert guesses.delay_before_answer("office", "t", 2) == SHORTEST_DELAY_S


def test_g5_a_right_code_speaks_for_its_source_for_a_day():
    guesses = Guesses()
    guesses.record_success("office", 0)
    for attempt in range(900):
        guesses.record_failure(f"source {attempt}", "t", KNOWN_FOR_S)
    assert guesses.blocked("office", "t", KNOWN_FOR_S - 1) is None
    assert guesses.blocked("office", "t", KNOWN_FOR_S) is Scope.TRUNK


def test_g5_a_right_code_between_guesses_buys_no_more_of_them():
    guesses = Guesses()
    for now in range(10):
        guesses.record_failure("a", "t", now)
        guesses.record_success("a", now)
    assert guesses.blocked("a", "t", 10) is Scope.SOURCE


def test_g5_wrong_and_right_codes_wait_the_same_since_the_wait_is_known_before():
    wrong, right = Guesses(), Guesses()
    for guesses in (wrong, right):
        guesses.record_failure("a", "t", 0)
    waits = (wrong.delay_before_answer("a", "t", 1), right.delay_before_answer("a", "t", 1))
    wrong.record_failure("a", "t", 1)
    right.record_success("a", 1)
    assert waits[0] == waits[1] >= SHORTEST_DELAY_S


def test_g5_operators_hear_of_it_at_half_the_way_and_at_the_block_and_not_of_each_try():
    guesses, alerts = Guesses(), []
    for now in range(30):
        alerts += guesses.record_failure("a", "t", now)
    assert [(each.scope, each.name, each.score, each.blocked) for each in alerts] == [
        (Scope.SOURCE, "a", 5, False),
        (Scope.SOURCE, "a", 10, True),
    ]
    assert guesses.record_failure("a", "t", ALERT_EVERY_S + 10)[0].blocked


def test_g5_the_trunk_and_the_service_are_told_of_as_well():
    guesses, alerts = Guesses(), []
    for attempt in range(1400):
        alerts += guesses.record_failure(f"source {attempt}", f"trunk {attempt % 2}", attempt * 0.01)
    assert {(each.scope, each.blocked) for each in alerts} == {
        (Scope.TRUNK, False), (Scope.TRUNK, True), (Scope.SERVICE, False), (Scope.SERVICE, True),
    }  # fmt: skip


def test_what_is_remembered_is_bounded_and_the_quietest_is_forgotten(monkeypatch):
    monkeypatch.setattr(guessing, "MOST_SOURCES", 3)
    monkeypatch.setattr(guessing, "MOST_TRUNKS", 2)
    guesses = Guesses()
    for now, name in enumerate("abacd"):
        guesses.record_failure(name, name, now)
        guesses.record_success(name, now)
    assert list(guesses._sources) == ["a", "c", "d"]
    assert list(guesses._trunks) == ["c", "d"]
    assert list(guesses._known) == ["a", "c", "d"]


def test_asking_remembers_nothing():
    guesses = Guesses()
    guesses.delay_before_answer("a", "t", 0)
    guesses.blocked("a", "t", 0)
    assert not guesses._sources
    assert not guesses._trunks


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("+551155550100", "+551155550100"),
        ("", ""),
    ],
)
def test_an_ipv6_customer_is_one_source_whatever_the_address(source, name):
    assert source_name(source) == name


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(-10, 4000), st.booleans()), max_size=40))
def test_whatever_happens_a_delay_is_within_its_bounds_and_a_block_ends(steps):
    guesses, now = Guesses(), 0.0
    for source, gap_s, right in steps:
        now += gap_s
        delay_s = guesses.delay_before_answer(source, "t", now)
        assert SHORTEST_DELAY_S <= delay_s <= LONGEST_DELAY_S
        if right:
            guesses.record_success(source, now)
        else:
            guesses.record_failure(source, "t", now)
    assert all(guesses.blocked(source, "t", now + 2 * HOUR_S) is None for source in "abc")
