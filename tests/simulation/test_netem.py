"""The bad network is as bad as it is told to be."""

from __future__ import annotations

from itertools import groupby, pairwise

import pytest

from tests.support.netem import Burst, Conditions, Path

SENT = 20_000


def arrivals(conditions: Conditions, seed: str = "1") -> list[list[float]]:
    path = Path(conditions, seed)
    return [path.carry(0.02 * number) for number in range(SENT)]


def lost(conditions: Conditions) -> list[bool]:
    return [not times for times in arrivals(conditions)]


def test_a_wire_brings_everything_in_order_and_at_once() -> None:
    assert arrivals(Conditions(latency_s=0.5)) == [[0.02 * number + 0.5] for number in range(SENT)]


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_loss_is_what_was_asked_for(share: float) -> None:
    assert sum(lost(Conditions(loss=share))) / SENT == pytest.approx(share, rel=0.1)


def test_bursts_are_as_frequent_and_as_long_as_asked_for() -> None:
    fates = lost(Conditions(burst=Burst(begins=0.01, ends=0.25)))
    lengths = [len(list(run)) for gone, run in groupby(fates) if gone]
    assert sum(lengths) / len(lengths) == pytest.approx(4.0, rel=0.15)
    assert sum(fates) / SENT == pytest.approx(0.01 / 0.26, rel=0.15)


def test_jitter_keeps_the_order_and_reordering_does_not() -> None:
    def overtaken(conditions: Conditions) -> int:
        times = [each[0] for each in arrivals(conditions)]
        return sum(later < earlier for earlier, later in pairwise(times))

    assert overtaken(Conditions(jitter_s=0.1)) == 0
    assert overtaken(Conditions(reorder=0.05)) == pytest.approx(0.05 * SENT, rel=0.1)


def test_duplicates_are_as_many_as_asked_for() -> None:
    assert sum(len(times) == 2 for times in arrivals(Conditions(duplication=0.1))) == pytest.approx(
        2_000, rel=0.1
    )


def test_a_seed_is_a_fate() -> None:
    bad = Conditions(jitter_s=0.1, loss=0.1, burst=Burst(0.01, 0.5), reorder=0.1, duplication=0.1)
    assert arrivals(bad, "7") == arrivals(bad, "7")
    assert arrivals(bad, "7") != arrivals(bad, "8")


def test_a_cut_path_brings_nothing() -> None:
    path = Path(Conditions(), "1")
    path.cut = True
    assert path.carry(0.0) == []
