import numpy as np
import pytest

from benchmarks.plan import WAYS
from benchmarks.traces import CROWD, Network, clean, random_loss
from benchmarks.way import TRACE_PACKETS, Way

PEOPLE = 20


def source() -> np.ndarray:
    return np.zeros((PEOPLE, 4), np.uint8)


def carried(
    network: Network, packets: int, *, seed: int = 1, sub_ticks: int = 10
) -> dict[tuple[int, int], int]:
    """When each packet arrives, by participant and number, if all send in their own sub-tick."""
    said = source()
    way = Way(network, said, sub_ticks=sub_ticks, seed=seed, packet_s=0.02)
    phase = np.arange(PEOPLE) % sub_ticks
    number, came = np.zeros(PEOPLE, int), {}
    for turn in range((packets + 20) * sub_ticks):
        rows = (
            np.flatnonzero(phase == turn % sub_ticks) if turn < packets * sub_ticks else np.empty(0, np.int64)
        )
        said[rows, 0], said[rows, 1] = rows, number[rows]
        way.post(rows, turn)
        number[rows] += 1
        said[rows] = 255  # whoever makes the next packet does not wait until this one has been sent
        for place in way.due(turn).tolist():
            person, which = way.packets[place, :2].tolist()
            assert place % PEOPLE == person
            assert (person, which) not in came
            came[person, which] = turn - (which * sub_ticks + person % sub_ticks)
    return came


def test_a_clean_way_hands_every_packet_over_as_it_is_sent():
    came = carried(Network("clean", clean), 30)
    assert len(came) == PEOPLE * 30
    assert set(came.values()) == {0}


def test_delays_are_spread_over_forty_milliseconds_and_three_in_a_hundred_are_lost():
    came = carried(CROWD, 200)
    assert len(came) == pytest.approx(PEOPLE * 200 * 0.97, rel=0.01)
    waited = np.bincount(list(came.values()))
    assert len(waited) == 20
    assert waited.min() > 0.7 * waited.mean()


def test_the_same_seed_is_the_same_way_and_no_two_phones_share_one():
    first = carried(CROWD, 100)
    assert carried(CROWD, 100) == first
    assert carried(CROWD, 100, seed=2) != first
    of = [[first.get((person, number)) for number in range(100)] for person in (0, 10)]
    assert of[0] != of[1]


@pytest.mark.parametrize("network", WAYS.values(), ids=WAYS)
def test_no_packet_is_written_over_before_it_is_sent(network):
    assert len(carried(network, 150)) > 0.85 * PEOPLE * 150


def test_a_sub_tick_left_out_holds_no_packet_back():
    way = Way(CROWD, source(), sub_ticks=10, seed=1, packet_s=0.02)
    posted, whose = way.post(np.arange(PEOPLE), 0)
    assert (posted % PEOPLE == whose).all()
    assert sorted(way.due(50).tolist()) == sorted(posted.tolist())
    assert not len(way.due(60))


def test_a_trace_begins_again_when_a_run_is_longer():
    way = Way(Network("loss 10 %", random_loss(0.1)), source(), sub_ticks=10, seed=1, packet_s=0.02)
    rows = np.arange(PEOPLE)
    kept = [way.post(rows, turn)[1].tolist() for turn in range(TRACE_PACKETS + 5)]
    assert kept[:5] == kept[TRACE_PACKETS:]
    assert any(len(each) < PEOPLE for each in kept[:50])
