"""The networks that voice is measured with are what their names say."""

import numpy as np
import pytest

from benchmarks import traces
from benchmarks.traces import PACKET_S

PACKETS = 100_000


def of(name: str, seed: int = 1) -> np.ndarray:
    (network,) = (each for each in traces.NETWORKS + traces.FURTHER if each.name == name)
    return network.trace(seed, PACKETS)


def runs(lost: np.ndarray) -> np.ndarray:
    """The lengths of all runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], lost.astype(np.int8), [0]])))
    return edges[1::2] - edges[::2]


@pytest.mark.parametrize("network", traces.NETWORKS + traces.FURTHER, ids=lambda network: network.name)
def test_a_seed_is_a_trace_and_another_seed_another(network: traces.Network) -> None:
    trace = network.trace(3, 5_000)

    assert trace.shape == (5_000,)
    assert np.array_equal(trace, network.trace(3, 5_000), equal_nan=True)
    assert network.make is traces.clean or not np.array_equal(trace, network.trace(4, 5_000), equal_nan=True)
    assert not (trace < 0).any()


def test_no_two_networks_share_their_chances() -> None:
    three, ten = np.isnan(of("loss 3 %")), np.isnan(of("loss 10 %"))

    assert (three & ten).mean() == pytest.approx(0.003, abs=0.001)


@pytest.mark.parametrize(
    ("name", "share"), [("loss 3 %", 0.03), ("loss 10 %", 0.10), ("jitter 0-60, loss 5 %", 0.05)]
)
def test_random_loss_is_as_much_as_it_says_and_packets_are_lost_one_by_one(name: str, share: float) -> None:
    lost = np.isnan(of(name))

    assert lost.mean() == pytest.approx(share, rel=0.05)
    assert runs(lost).mean() == pytest.approx(1 / (1 - share), rel=0.03)


def test_bursts_lose_as_much_as_they_say_in_runs_of_three() -> None:
    lost = np.isnan(of("bursts 5 %"))

    assert lost.mean() == pytest.approx(0.05, rel=0.1)
    assert runs(lost).mean() == pytest.approx(3.0, rel=0.06)


@pytest.mark.parametrize(("name", "largest"), [("jitter 0-40", 0.040), ("jitter 0-60, loss 5 %", 0.060)])
def test_uniform_jitter_fills_its_range_evenly_and_lets_packets_overtake(name: str, largest: float) -> None:
    delay = of(name)
    came = delay[~np.isnan(delay)]

    assert came.max() < largest
    assert np.histogram(came, 10, (0.0, largest))[0] / came.size == pytest.approx(0.1, abs=0.01)
    assert (np.diff(np.arange(PACKETS) * PACKET_S + delay) < 0).mean() > 0.05


def test_wifi_has_gamma_jitter_and_spikes() -> None:
    delay = of("wifi, no queue")
    spiked = delay > traces.SPIKE_S

    assert spiked.mean() == pytest.approx(0.01, rel=0.1)
    assert delay[~spiked].mean() == pytest.approx(0.010, rel=0.03)
    assert delay[~spiked].std() == pytest.approx(0.010 / traces.GAMMA_SHAPE**0.5, rel=0.05)


def test_in_wifis_queue_nothing_overtakes_and_those_behind_a_spike_come_together() -> None:
    delay = of("wifi")
    arrivals = np.arange(PACKETS) * PACKET_S + delay
    apart = np.diff(arrivals)
    spikes = np.flatnonzero((delay > traces.SPIKE_S) & np.concatenate([[True], delay[:-1] < 0.05]))

    assert apart.min() > traces.QUEUE_S - 1e-6
    assert 600 < spikes.size < 1_100
    behind = apart[spikes[spikes < PACKETS - 6][:, None] + np.arange(4)]
    assert np.median(behind, axis=0) == pytest.approx(traces.QUEUE_S, abs=1e-6)


def test_a_wrong_clock_has_a_perfect_network() -> None:
    for name in ("clock fast", "clock slow", "clean"):
        assert not of(name).any()
    assert {network.skew_ppm for network in traces.NETWORKS} == {0.0, 500.0, -500.0}
