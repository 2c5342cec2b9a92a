import math
import re

import pytest

from benchmarks.acting import Listen, PickUp, Press, Wait
from benchmarks.blast import Called, Guest, answer, latest, lines, numbers, order


def test_numbers_are_all_different_mobiles_of_sao_paulo():
    found = numbers(200)
    assert len(set(found)) == 200
    assert all(re.fullmatch(r"\+55119[0-9]{8}", number) for number in found)


def test_the_called_let_it_ring_listen_and_press_one():
    guest = Guest("+5511970000000", 1.0)
    script = answer(guest, Called(ring_s=2.0, listen_s=3.0))
    assert next(script) == Wait(2.0)
    assert script.send(3.0) == PickUp()
    assert script.send(3.1) == Wait(3.0)
    assert script.send(6.1) == Press("1")
    assert isinstance(script.send(6.2), Listen)
    with pytest.raises(StopIteration):
        script.send(6.5)
    assert (guest.confirmed_at, guest.pressed_at, guest.joined_at) == (3.1, 6.2, 6.5)


def test_the_blast_counts_from_its_last_key():
    keyed = []
    script = order(keyed)
    assert next(script) == Press("*92")
    with pytest.raises(StopIteration):
        script.send(7.0)
    assert keyed == [7.0]


def test_the_last_moment_is_of_those_that_came():
    assert latest([1.0, None, 3.0]) == 3.0
    assert math.isnan(latest([None]))


@pytest.mark.parametrize(
    ("changes", "met"),
    [
        ({}, True),
        ({"last_join_s": 20.1}, False),
        ({"joined": 199}, False),
        ({"distinct": 199}, False),
        ({"is_valid": False}, False),
    ],
)
def test_all_are_in_in_time(changes, met):
    record = {
        "numbers": 200,
        "rate": 20,
        "joined": 200,
        "distinct": 200,
        "last_invite_s": 10.0,
        "last_answer_s": 11.0,
        "last_join_s": 12.5,
        "wait_ms": {"p50": 60.0, "max": 90.0},
        "is_valid": True,
    }
    assert lines(record | changes)[0].holds is met
