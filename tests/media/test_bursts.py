"""Bursts and gaps, counted from windows now and then, against the definition read over all packets at once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.bursts import GMIN, Bursts, Pattern
from media.reception import GRACE, Reception
from media.streams import Streams

ROW = np.array([1])
EVERYBODY = slice(3)
NOTHING_LOST = Pattern(0.0, 0.0, 0.0, 0.0, 1.0)


class Line:
    """A row whose packets come, or not, or too late."""

    def __init__(self, first: int = 65_000) -> None:
        self.reception = Reception(Streams(3))
        self.bursts = Bursts(self.reception)
        self.number = first
        self.time = 0

    def hear(self, story: str, *, look_every: int = 25) -> None:
        """'.' comes, 'x' does not, 'o' comes too late."""
        for index, each in enumerate(story):
            if each != "x":
                self._take(self.number)
            if each == "o":
                self.reception.discard(ROW, np.array([self.number & 0xFFFF], np.uint16))
            self.number += 1
            self.time += 160
            if index % look_every == look_every - 1:
                self.bursts.look(EVERYBODY)

    def _take(self, number: int) -> None:
        self.reception.update(
            ROW,
            np.array([7], np.uint32),
            np.array([number & 0xFFFF], np.uint16),
            np.array([self.time], np.uint32),
            np.array([self.time], np.float64),
        )

    def pattern(self) -> Pattern:
        """Of all that was told, and the good packets after which it can all be told."""
        self.bursts.look(EVERYBODY)  # no more than 50 packets come between two looks
        self.hear("." * GRACE)
        self.bursts.look(EVERYBODY)
        return self.bursts.pattern(1)


def by_definition(story: str) -> Pattern:
    """RFC 3611 section 4.7.2, word by word, over a list of packets."""
    losses = [at for at, each in enumerate(story) if each != "."]
    if not losses:
        return Pattern(0.0, 0.0, 0.0, float(len(story)), 1.0)
    clusters = [[losses[0]]]
    for before, at in pairwise(losses):
        if at - before - 1 < GMIN:
            clusters[-1].append(at)
        else:
            clusters.append([at])
    bursts = [(each[0], each[-1] + 1, len(each)) for each in clusters if len(each) > 1]
    lengths = [end - begin for begin, end, _ in bursts]
    edges = [0, *(edge for begin, end, _ in bursts for edge in (begin, end)), len(story)]
    gaps = [end - begin for begin, end in zip(edges[::2], edges[1::2], strict=True) if end > begin]
    in_bursts = sum(lost for _, _, lost in bursts)
    runs = sum(story[at - 1] == "." if at else True for at in losses)
    return Pattern(
        in_bursts / sum(lengths) if bursts else 0.0,
        (len(losses) - in_bursts) / sum(gaps) if gaps else 0.0,
        sum(lengths) / len(bursts) if bursts else 0.0,
        sum(gaps) / len(gaps) if gaps else 0.0,
        max(len(losses) / runs * (1 - len(losses) / len(story)), 1.0),
    )


def test_a_clean_line_is_one_gap() -> None:
    line = Line()
    line.hear("." * (300 - GRACE))
    assert line.pattern() == NOTHING_LOST._replace(gap_packets=300.0)


def test_a_single_loss_is_part_of_a_gap_and_two_near_ones_are_a_burst() -> None:
    line = Line()
    line.hear("." * 40 + "x" + "." * 40 + "x" + "." * 15 + "x" + "." * (43 - GRACE))
    assert line.pattern() == Pattern(2 / 17, 1 / 124, 17.0, 62.0, 1.0)


def test_sixteen_good_packets_end_a_burst() -> None:
    line = Line()
    line.hear("." * 20 + "x" + "." * 16 + "x" + "." * 20)
    assert line.pattern().burst_packets == 0
    assert line.pattern().gap_density > 0


def test_what_comes_too_late_is_lost_as_well_but_what_comes_out_of_order_is_not() -> None:
    line = Line()
    line.hear("." * 20 + "oo" + "." * 20)
    assert line.pattern().burst_packets == 2
    line.number += 1
    line.hear("..")
    line.number -= 3
    line.hear(".")
    line.number += 2
    line.hear("." * 60)
    assert line.pattern().burst_packets == 2


def test_a_long_outage_between_two_looks_is_one_burst() -> None:
    line = Line()
    line.hear("." * 100)
    line.hear("x" * 500, look_every=10_000)
    line.hear("." * 100)
    pattern = line.pattern()
    assert pattern.burst_density == 1.0
    assert pattern.burst_packets == 500


def test_packets_so_short_that_the_window_does_not_hold_them_are_not_taken_for_lost() -> None:
    line = Line()
    line.hear("." * (1_000 - GRACE), look_every=200)
    assert line.pattern() == NOTHING_LOST._replace(gap_packets=1_000.0)


def test_a_new_numbering_is_no_loss_and_another_call_in_the_row_begins_afresh() -> None:
    line = Line()
    line.hear("." * 50 + "xx" + "." * 50)
    line.number += 20_000
    line.hear("." * 50)
    assert line.pattern().burst_packets == 2
    line.reception.clear(1)
    line.bursts.clear(1)
    assert line.bursts.pattern(1) == NOTHING_LOST


def test_a_row_that_hears_nothing_has_nothing() -> None:
    line = Line()
    line.bursts.look(EVERYBODY)
    assert [line.bursts.pattern(row) for row in range(3)] == [NOTHING_LOST] * 3


STORIES = st.lists(st.tuples(st.sampled_from("...xo"), st.integers(1, 24)), min_size=1, max_size=30).map(
    lambda parts: "." + "".join(each * (count if each == "." else count // 8 + 1) for each, count in parts)
)


@settings(max_examples=60, deadline=None)
@given(STORIES, st.integers(1, 50))
def test_looking_now_and_then_finds_what_reading_all_finds(story: str, look_every: int) -> None:
    line = Line()
    line.hear(story, look_every=look_every)
    assert line.pattern() == pytest.approx(by_definition(story + "." * GRACE))
