import numpy as np

from benchmarks import g711, traces, voice_offline, voice_score
from benchmarks.traces import Network
from benchmarks.voice_speech import FRAME, Speech
from benchmarks.voice_talker import LEAD_FRAMES, Plan

SECONDS = 4


def speech() -> Speech:
    random = np.random.default_rng(1)
    time = np.arange(SECONDS * 8_000) / 8_000
    loud = 3_000 * np.clip(np.sin(2 * np.pi * 1.5 * time) + 0.7, 0, 1)
    codes = g711.encode(random.normal(0, 1, len(time)) * loud, "pcmu")
    return Speech(codes, ((0, len(codes)),))


def plan(network: Network, seed: int = 0) -> Plan:
    return Plan(network, seed, speech(), SECONDS * 8_000)


def test_on_a_clean_network_a_listener_hears_what_was_said_within_two_ticks():
    ((heard, told),) = voice_offline.run([plan(Network("clean", traces.clean))])

    found = voice_score.delays(heard)
    assert len(found.delay_ms) > 3
    assert 0 < found.delay_ms.min() <= found.delay_ms.max() < 45
    assert told.counters["lost"] == told.counters["concealed"] == 0
    assert len(heard.said) == (LEAD_FRAMES + SECONDS * 50) * FRAME


def test_calls_side_by_side_do_not_hear_each_other():
    one, other = plan(Network("clean", traces.clean)), plan(Network("half", traces.random_loss(0.5)), seed=1)

    ((alone, _),) = voice_offline.run([one])
    (beside, whole), (_, torn) = voice_offline.run([one, other])

    assert np.array_equal(alone.heard, beside.heard)
    assert whole.counters["lost"] == 0
    assert torn.counters["lost"] > 50
    assert torn.counters["concealed"] > 20


def test_the_same_call_is_heard_the_same_every_time():
    network = Network("jitter", traces.uniform_jitter(0.04))

    ((first, _),), ((second, _),) = voice_offline.run([plan(network)]), voice_offline.run([plan(network)])

    assert np.array_equal(first.heard, second.heard)
