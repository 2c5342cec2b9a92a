"""How long to wait: as long as all but the rarest packets need, at once more, slowly less, accidents apart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from media import delay
from media.delay import BIN, FIRST, LARGEST, RATE_HZ, DelayTarget

PACKET = 160
MS = RATE_HZ // 1_000


class Line:
    """One row whose packets come every 20 ms, as late as told."""

    def __init__(self) -> None:
        self.target = DelayTarget(3)
        self.row = np.array([1])
        self.number = 0
        self.target.clear(self.row)
        self.target.begin(self.row, np.array([0.0]))

    def run(self, late_ms: NDArray[np.float64] | list[float]) -> list[float]:
        """The targets, in ms above the quickest packet, after each of these packets."""
        targets = []
        for late in late_ms:
            arrival = np.array([self.number * PACKET + late * MS])
            self.target.observe(self.row, arrival - self.number * PACKET, arrival)
            self.target.advance(3)
            self.number += 1
            targets.append(self.now())
        return targets

    def now(self) -> float:
        wait = self.target.due[self.row] - delay.MARGIN - self.target.quickest(self.row)
        return float(wait[0]) / MS


def test_of_a_line_that_nothing_is_known_about_a_wired_telephones_is_assumed() -> None:
    assert Line().now() == FIRST / MS


def test_a_line_without_jitter_waits_for_next_to_nothing() -> None:
    assert Line().run([0.0] * 1_000)[-1] <= BIN / MS


@pytest.mark.parametrize("spread_ms", [10.0, 40.0, 100.0, 200.0])
def test_all_but_the_rarest_of_evenly_spread_packets_come_in_time(spread_ms: float) -> None:
    late = np.random.default_rng(1).uniform(0, spread_ms, 3_000)
    targets = np.array(Line().run(late))
    assert (late[100:] > targets[99:-1]).mean() < 0.013
    assert targets[500:].max() <= spread_ms + BIN / MS


def test_a_packet_that_comes_later_is_waited_for_at_once_and_not_for_ever() -> None:
    line = Line()
    line.run([0.0] * 500)
    assert line.run([0.0, 40.0])[-1] >= 40.0
    assert line.run([0.0] * 400)[-1] <= 10.0


def test_a_spike_is_an_accident_and_spikes_that_recur_are_not() -> None:
    line = Line()
    line.run([0.0] * 500)
    assert max(line.run([150.0, *[0.0] * 300])) < 20.0
    often = line.run(([0.0] * 49 + [150.0]) * 10)
    assert often[-1] >= 150.0


def held_up(packets: int, seed: int) -> NDArray[np.float64]:
    """Wi-Fi: jitter of 10 ms, and one packet in a hundred is held up for 120 ms more."""
    random = np.random.default_rng(seed)
    return random.gamma(1.5, 10.0 / 1.5, packets) + 120.0 * (random.random(packets) < 0.01)


@pytest.mark.parametrize("seed", range(5))
def test_where_packets_are_held_up_now_and_then_the_target_lies_among_them_and_stays(seed: int) -> None:
    line = Line()
    line.run(held_up(1_500, seed))
    targets = np.array(line.run(held_up(2_000, seed + 100)))
    assert targets.min() > 100.0
    assert targets.max() < 145.0
    assert np.count_nonzero(np.diff(targets) < -1.0) <= 5
    assert np.abs(np.diff(targets)).sum() < 150.0


def test_one_more_late_packet_is_no_news_where_such_are_known() -> None:
    known, unknown = Line(), Line()
    for line in (known, unknown):
        line.run(np.random.default_rng(1).uniform(0.0, 40.0, 1_000))
    known.run([70.0])
    known.run(np.random.default_rng(2).uniform(0.0, 40.0, 400))
    assert known.run([70.0])[-1] <= 45.0
    assert unknown.run([70.0])[-1] > 68.0


def test_a_few_packets_are_not_waited_for_if_many_milliseconds_are_spared() -> None:
    line, random = Line(), np.random.default_rng(1)
    late: NDArray[np.float64] = np.where(
        random.random(4_000) < 0.02, random.uniform(100.0, 140.0, 4_000), 5.0
    )
    targets = np.array(line.run(late))[2_000:]
    assert 105.0 < targets.mean() < 130.0
    assert (late[2_000:] > targets).mean() < 0.014


def test_chance_that_holds_up_no_packet_for_eleven_seconds_is_not_mistaken_for_a_better_line() -> None:
    line = Line()
    line.run(([0.0] * 99 + [130.0]) * 14)
    assert min(line.run([0.0] * 580)) > 100.0
    assert line.run([0.0] * 320)[-1] <= delay.QUEUED / MS


def test_packets_that_come_all_together_are_one_event() -> None:
    apart, together = Line(), Line()
    stall = [200.0, 180.0, 160.0, 140.0, 120.0, 100.0, 80.0, 60.0, 40.0, 20.0]
    for line in (apart, together):
        line.run([0.0] * 800)
    together.run(stall)
    assert max(together.run([0.0] * 300)) < 20.0
    for late in stall:
        apart.run([late, 0.0, 0.0])
    assert min(apart.run([0.0] * 200)) > 100.0


def test_a_regime_that_is_over_is_forgotten_in_some_seconds() -> None:
    line = Line()
    line.run(np.random.default_rng(1).uniform(0, 100, 3_000))
    targets = line.run([0.0] * 900)
    assert targets[200] > 60.0
    assert targets[-1] <= delay.QUEUED / MS


def test_no_more_is_waited_for_than_a_conversation_bears() -> None:
    line = Line()
    targets = line.run(np.random.default_rng(1).uniform(0, 900, 2_000))
    assert max(targets) <= LARGEST / MS + 2 * BIN / MS


@pytest.mark.parametrize("change_ms", [80.0, -80.0])
def test_another_route_is_measured_anew(change_ms: float) -> None:
    line = Line()
    line.run([100.0] * 500)
    line.run([100.0 + change_ms] * (600 if change_ms > 0 else 250))
    assert line.now() <= delay.QUEUED / MS


@pytest.mark.parametrize("parts_per_million", [-500, 500])
def test_clocks_that_run_apart_cost_a_few_milliseconds(parts_per_million: int) -> None:
    line = Line()
    drift = np.arange(10_000) * 0.02 * parts_per_million * 1e-3
    assert max(line.run(drift)[500:]) <= 8.0


def test_where_packets_are_lost_the_next_one_is_waited_for() -> None:
    line = Line()
    line.run([0.0] * 500)
    before = line.now()
    line.target.miss(line.row, np.array([1.0]))
    assert line.run([0.0] * 100)[-1] == pytest.approx(before, abs=1.0)
    line.target.miss(line.row, np.array([20.0]))
    assert line.run([0.0] * 100)[-1] == pytest.approx(before + 20.0, abs=1.0)
    assert line.run([0.0] * 6_000)[-1] == pytest.approx(before, abs=1.0)


def test_weights_are_made_smaller_in_time_and_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    late = np.random.default_rng(1).uniform(0, 50, 2_000)
    usual = Line().run(late)
    monkeypatch.setattr(delay, "_HEAVIEST", 4.0)
    line = Line()
    assert np.allclose(line.run(late), usual, atol=0.5)
    assert line.target._weight <= 4.1


def test_rows_know_nothing_of_one_another() -> None:
    line = Line()
    line.run(np.random.default_rng(1).uniform(0, 100, 500))
    assert line.target.due[0] == line.target.due[2] < line.target.due[1] - 80 * MS
