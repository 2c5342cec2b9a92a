"""The floor is measured by the same loop that is timed: every packet that is sent is received."""

from __future__ import annotations

from benchmarks import floor


def test_a_send_and_a_receive_cost_something_and_not_a_millisecond() -> None:
    sent, received = floor.measure(pairs=20, rounds=3)
    assert 0 < sent < 1_000
    assert 0 < received < 1_000
