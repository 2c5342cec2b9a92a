import importlib.util

import numpy as np
import pytest

from benchmarks import voice_score
from benchmarks.voice_score import RATE_HZ, Heard

needs_pesq = pytest.mark.skipif(importlib.util.find_spec("pesq") is None, reason="pesq is not installed")


def babble(seconds: float, seed: int = 1) -> np.ndarray:
    """Coloured noise in syllables: nothing in it is like anything else, and PESQ takes it for speech."""
    random = np.random.default_rng(seed)
    noise = np.convolve(random.normal(0, 1, int(seconds * RATE_HZ)), np.ones(4) / 4, "same")
    time = np.arange(len(noise)) / RATE_HZ
    return (3_000 * noise * np.clip(np.sin(2 * np.pi * 1.5 * time) + 0.5, 0, 1)).astype(np.int16)


def call(said: np.ndarray, heard: np.ndarray, *, skew_ppm: float = 0.0, later_s: float = 0.0) -> Heard:
    return Heard(said=said, said_at_s=100.0, skew_ppm=skew_ppm, heard=heard, heard_at_s=100.0 + later_s)


def delayed(samples: np.ndarray, delay_ms: float) -> np.ndarray:
    return np.concatenate([np.zeros(int(delay_ms * 8), np.int16), samples, np.zeros(RATE_HZ, np.int16)])


@pytest.mark.parametrize("delay_ms", [0, 20, 133, 600])
def test_a_delay_is_found_to_the_sample_at_any_loudness(delay_ms):
    said = babble(6)

    found = voice_score.delays(call(said, delayed(said // 3, delay_ms)))

    assert len(found.delay_ms) >= 5
    assert found.delay_ms == pytest.approx(delay_ms, abs=0.2)


def test_what_is_heard_from_later_on_is_as_late_as_it_is():
    said = babble(6)

    found = voice_score.delays(call(said, delayed(said, 50)[400:], later_s=0.05))

    assert found.delay_ms == pytest.approx(50, abs=0.2)


def test_a_delay_that_grows_is_seen_to_grow():
    said = babble(8)
    half = len(said) // 2
    heard = np.concatenate([said[:half], np.zeros(480, np.int16), said[half:]])

    found = voice_score.delays(call(said, heard))

    assert found.between(0, 3.5) == pytest.approx(0, abs=0.2)
    assert found.between(4.5, 8) == pytest.approx(60, abs=0.2)


def test_a_talker_whose_clock_is_fast_has_said_it_sooner():
    said = babble(20)

    found = voice_score.delays(call(said, delayed(said, 40), skew_ppm=500))

    assert found.delay_ms[-1] - found.delay_ms[0] == pytest.approx(
        (found.at_s[-1] - found.at_s[0]) * 0.5, abs=0.3
    )


def test_nothing_is_recognised_in_other_noise_or_in_silence():
    said = babble(6)

    assert voice_score.delays(call(said, babble(7, seed=2))).delay_ms.size == 0
    assert voice_score.delays(call(said, np.zeros_like(said))).delay_ms.size == 0
    assert np.isnan(voice_score.delays(call(said, np.zeros_like(said))).between(0, 6))


@needs_pesq
def test_the_same_is_perfect_and_gaps_are_heard():
    said = babble(8)
    gaps = said.copy().reshape(-1, 160)
    gaps[::10] = 0

    whole = voice_score.quality(call(said, delayed(said, 70)), 0, len(said), 70)
    torn = voice_score.quality(call(said, delayed(gaps.reshape(-1), 70)), 0, len(said), 70)

    assert whole > 4.5
    assert torn < whole - 0.5


@needs_pesq
def test_silence_is_the_worst_there_is():
    said = babble(8)

    assert voice_score.quality(call(said, np.zeros_like(said)), 0, len(said), 0) == voice_score.WORST
    assert voice_score.quality(call(said, said[:0]), 0, len(said), 0) == voice_score.WORST
