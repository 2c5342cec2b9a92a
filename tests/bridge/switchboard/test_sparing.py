"""A flood of lines is told by a few and a count."""

from __future__ import annotations

from bridge.switchboard.sparing import BURST_LINES, LINES_PER_S, Sparing


def test_an_ordinary_minute_is_told_in_full() -> None:
    sparing = Sparing()
    assert [sparing.ask(100.0 + line) for line in range(BURST_LINES)] == [0] * BURST_LINES


def test_of_a_flood_some_lines_are_told_and_the_rest_is_counted() -> None:
    sparing = Sparing()
    answers = [sparing.ask(100.0 + line / 1000) for line in range(10_000)]
    told = [answer for answer in answers if answer is not None]
    assert BURST_LINES <= len(told) <= BURST_LINES + 10 * LINES_PER_S
    last = len(answers) - 1 - max(index for index, answer in enumerate(answers) if answer is not None)
    assert len(told) + sum(told) + last == 10_000
