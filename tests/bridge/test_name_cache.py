"""How long what the DNS said is kept, and that it never grows."""

from __future__ import annotations

from bridge import name_cache
from bridge.name_cache import FRESH_MAX_S, FRESH_MIN_S, NOTHING_MAX_S, SILENCE_S, STALE_S, NameCache
from sip.locating import HostAddress, Kind, Question

A = Question("a.example", Kind.A)
FOUND = (HostAddress("192.0.2.1"),)


def test_an_answer_is_fresh_for_its_time_and_stale_for_an_hour() -> None:
    cache = NameCache()
    cache.keep(A, FOUND, 30, 100.0)
    assert cache.fresh(A, 129.9) == FOUND
    assert cache.fresh(A, 130.0) is None
    assert cache.stale(A, 130.0) == cache.stale(A, 129 + STALE_S) == FOUND
    assert cache.stale(A, 130 + STALE_S) is None


def test_that_there_is_nothing_is_kept_too_but_a_minute_at_most() -> None:
    cache = NameCache()
    cache.keep(A, (), 86_400, 0.0)
    assert cache.fresh(A, NOTHING_MAX_S - 1) == ()
    assert cache.fresh(A, NOTHING_MAX_S) is None


def test_no_time_is_a_second_and_no_time_is_longer_than_a_day() -> None:
    cache = NameCache()
    cache.keep(A, FOUND, 0, 0.0)
    assert cache.fresh(A, FRESH_MIN_S / 2) == FOUND
    assert cache.fresh(A, FRESH_MIN_S) is None
    cache.keep(A, FOUND, 2**31, 0.0)
    assert cache.fresh(A, FRESH_MAX_S) is None


def test_what_nobody_answered_is_not_asked_again_for_a_moment() -> None:
    cache = NameCache()
    cache.unanswered(A, 5.0)
    assert cache.is_silent(A, 5 + SILENCE_S - 0.1)
    assert not cache.is_silent(A, 5 + SILENCE_S)
    cache.keep(A, FOUND, 60, 6.0)
    assert not cache.is_silent(A, 7.0), "somebody answered in the meantime"


def test_the_answer_that_was_used_longest_ago_makes_room(monkeypatch) -> None:
    monkeypatch.setattr(name_cache, "ENTRIES_MAX", 2)
    cache = NameCache()
    one, two, three = (Question(name, Kind.A) for name in "abc")
    cache.keep(one, FOUND, 60, 0.0)
    cache.keep(two, FOUND, 60, 0.0)
    assert cache.fresh(one, 1.0)
    cache.keep(three, FOUND, 60, 2.0)
    assert len(cache) == 2
    assert cache.fresh(one, 3.0)
    assert cache.fresh(two, 3.0) is None
    for index in range(5):
        cache.unanswered(Question(str(index), Kind.A), 3.0)
    assert len(cache._silent_until) <= 2
