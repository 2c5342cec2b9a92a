"""A key that comes two ways is one key."""

from __future__ import annotations

from bridge.switchboard.legs import SAME_KEY_S, KeyWay
from tests.support.builders import a_leg


def test_the_same_key_by_rtp_and_by_info_counts_once() -> None:
    caller = a_leg(1)
    assert not caller.is_repeated("6", KeyWay.RTP, 10.0)
    assert caller.is_repeated("6", KeyWay.INFO, 10.0 + SAME_KEY_S * 0.9)


def test_the_same_key_twice_by_one_way_is_two_keys() -> None:
    caller = a_leg(1)
    assert not caller.is_repeated("6", KeyWay.RTP, 10.0)
    assert not caller.is_repeated("6", KeyWay.RTP, 10.05)


def test_the_same_key_by_the_other_way_but_later_is_another_key() -> None:
    caller = a_leg(1)
    assert not caller.is_repeated("6", KeyWay.RTP, 10.0)
    assert not caller.is_repeated("6", KeyWay.INFO, 10.0 + SAME_KEY_S * 1.1)


def test_another_key_by_the_other_way_counts() -> None:
    caller = a_leg(1)
    assert not caller.is_repeated("6", KeyWay.RTP, 10.0)
    assert not caller.is_repeated("7", KeyWay.INFO, 10.01)


def test_fast_presses_that_both_come_twice_count_twice() -> None:
    caller = a_leg(1)
    presses = [
        ("6", KeyWay.RTP, 0.0),
        ("6", KeyWay.INFO, 0.05),
        ("6", KeyWay.RTP, 0.15),
        ("6", KeyWay.INFO, 0.2),
    ]
    assert [caller.is_repeated(*press) for press in presses] == [False, True, False, True]
