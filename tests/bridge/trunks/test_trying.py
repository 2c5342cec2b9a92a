"""One target after the other, four seconds each (interop.md 5, row 32)."""

from __future__ import annotations

from bridge.trunks.trying import FAIL_OVER_S, Round
from sip.locating import Target

ONE, TWO = Target("udp", "192.0.2.1", 5060, "a"), Target("udp", "192.0.2.2", 5060, "a")


def test_each_has_four_seconds_but_for_the_last_that_has_all_the_time() -> None:
    tried = Round()
    assert tried.begin([ONE, TWO], 10.0) == tried.at == ONE
    assert not tried.is_silent(10 + FAIL_OVER_S - 0.1)
    assert tried.is_silent(10 + FAIL_OVER_S)
    assert tried.next(14.0) == TWO
    assert not tried.is_silent(1000.0)
    assert tried.next(46.0) is tried.at is None
    assert FAIL_OVER_S <= 4


def test_in_a_hasty_round_the_last_one_has_no_more() -> None:
    tried = Round(hasty=True)
    tried.begin([ONE], 10.0)
    assert tried.is_silent(10 + FAIL_OVER_S)
    assert tried.next(14.0) is tried.give_up_at is None


def test_nobody_is_nobody() -> None:
    tried = Round()
    assert tried.begin([], 0.0) is None
    assert tried.give_up_at is None
    tried.begin([ONE, TWO], 0.0)
    tried.end()
    assert (tried.at, tried.next(1.0)) == (None, None)
