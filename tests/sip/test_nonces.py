from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip import nonces
from sip.nonces import LIFE_S, WINDOW, Nonces, Standing
from tests.support.sip_playbook import counting_entropy

HOST = "10.0.0.9"


@pytest.fixture
def given_out() -> Nonces:
    return Nonces(counting_entropy())


def test_a_nonce_is_fresh_for_a_minute_and_then_stale(given_out: Nonces) -> None:
    nonce = given_out.issue(HOST, 100.0)
    assert given_out.standing(nonce, 1, HOST, 100.0) is Standing.FRESH
    assert given_out.standing(nonce, 1, HOST, 100.0 + LIFE_S) is Standing.FRESH
    assert given_out.standing(nonce, 1, HOST, 100.1 + LIFE_S) is Standing.STALE


def test_it_belongs_to_the_host_that_asked(given_out: Nonces) -> None:
    nonce = given_out.issue(HOST, 100.0)
    assert given_out.standing(nonce, 1, "10.0.0.8", 100.0) is Standing.FOREIGN


def test_and_to_this_process(given_out: Nonces) -> None:
    nonce = Nonces(counting_entropy(2)).issue(HOST, 100.0)
    assert given_out.standing(nonce, 1, HOST, 100.0) is Standing.FOREIGN


def test_no_two_are_equal_even_at_one_moment(given_out: Nonces) -> None:
    assert len({given_out.issue(HOST, 100.0) for _ in range(100)}) == 100


@pytest.mark.parametrize("nonce", ["", "x", "é" * 52, "\udcff" * 52, "0" * 52, "0" * 51, "0" * 10_000])
def test_an_invented_one_is_foreign(given_out: Nonces, nonce: str) -> None:
    assert given_out.standing(nonce, 1, HOST, 0.0) is Standing.FOREIGN


def test_a_changed_letter_makes_it_foreign(given_out: Nonces) -> None:
    nonce = given_out.issue(HOST, 100.0)
    for index, letter in enumerate(nonce):
        changed = nonce[:index] + ("1" if letter == "0" else "0") + nonce[index + 1 :]
        assert given_out.standing(changed, 1, HOST, 100.0) is Standing.FOREIGN
    assert given_out.standing(nonce.upper(), 1, HOST, 100.0) is Standing.FOREIGN


def test_giving_out_and_judging_leaves_nothing_behind(given_out: Nonces) -> None:
    for moment in range(1000):
        given_out.standing(given_out.issue(HOST, moment), 1, HOST, moment)
    assert len(given_out) == 0


@settings(max_examples=200)
@given(st.lists(st.integers(1, 200), max_size=60))
def test_each_count_is_taken_once_and_those_far_behind_never(counts: list[int]) -> None:
    given_out = Nonces(counting_entropy())
    nonce = given_out.issue(HOST, 100.0)
    seen: set[int] = set()
    for count in counts:
        fresh = count not in seen and count > max(seen, default=0) - WINDOW
        assert (given_out.standing(nonce, count, HOST, 100.0) is Standing.FRESH) is fresh
        if fresh:
            given_out.use(nonce, count, 100.0)
            seen.add(count)


def test_counts_may_jump_to_the_last_that_can_be_written(given_out: Nonces) -> None:
    nonce = given_out.issue(HOST, 100.0)
    for count, standing in [
        (1, Standing.FRESH),
        (2**32 - 1, Standing.FRESH),
        (2**32 - 2, Standing.FRESH),
        (2, Standing.STALE),
    ]:
        assert given_out.standing(nonce, count, HOST, 100.0) is standing
        given_out.use(nonce, count, 100.0)


def test_what_is_used_is_forgotten_when_it_could_not_be_used_any_more(given_out: Nonces) -> None:
    for minute in range(10):
        now = 100.0 + minute * (LIFE_S + 1)
        for _ in range(10):
            given_out.use(given_out.issue(HOST, now), 1, now)
    assert len(given_out) <= 20


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(0, 30)), max_size=60))
def test_however_many_are_used_none_is_taken_twice_and_memory_is_bounded(
    steps: list[tuple[float, int]],
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nonces, "REMEMBERED_MAX", 8)
        given_out = Nonces(counting_entropy())
        now = 100.0
        known: list[str] = []
        used: set[str] = set()
        for pause, pick in steps:
            now += pause
            known.append(given_out.issue(HOST, now))
            nonce = known[-1 - pick % len(known)]
            if given_out.standing(nonce, 1, HOST, now) is Standing.FRESH:
                assert nonce not in used
                used.add(nonce)
                given_out.use(nonce, 1, now)
            assert len(given_out) <= 8


def test_a_client_that_asks_after_the_table_was_full_is_served(
    given_out: Nonces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nonces, "REMEMBERED_MAX", 8)
    for moment in range(100):
        now = 100.0 + moment / 100
        nonce = given_out.issue(HOST, now)
        assert given_out.standing(nonce, 1, HOST, now) is Standing.FRESH
        given_out.use(nonce, 1, now)
