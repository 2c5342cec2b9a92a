"""What repeats in a voice, and how it goes on: alike is what is alike, every turn joins the one before."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp import repetition


def tone(period, size, *, seed=0):
    """Three harmonics that repeat exactly after `period` samples."""
    phases = np.random.default_rng(seed).uniform(0, 2 * np.pi, 3)
    time = np.arange(size)
    wave = sum(np.sin(2 * np.pi * n * time / period + phase) / n for n, phase in enumerate(phases, 1))
    return (5_000 * wave).astype(np.float32)[None]


def test_likeness_is_the_cosine_between_two_signals():
    random = np.random.default_rng(1)
    ends, region = (
        random.normal(0, 100, (2, 40)).astype(np.float32),
        random.normal(0, 100, (2, 90)).astype(np.float32),
    )
    likeness = repetition.likeness_of(ends, region)
    assert likeness.shape == (2, 51)
    for row in range(2):
        for at in (0, 17, 50):
            part = region[row, at : at + 40]
            cosine = part @ ends[row] / np.linalg.norm(part) / np.linalg.norm(ends[row])
            assert likeness[row, at] == pytest.approx(cosine, abs=1e-4)


def test_loudness_does_not_matter_to_likeness_and_silence_is_like_nothing():
    region = tone(50, 90)
    assert repetition.likeness_of(3 * region[:, 20:60], region)[0, 20] == pytest.approx(1)
    assert not repetition.likeness_of(region[:, :40], np.zeros((1, 90), np.float32)).any()


@pytest.mark.parametrize("band", [1, 2, 6])
@pytest.mark.parametrize("period", [20, 33, 64, 101, 120])
def test_what_repeats_exactly_goes_on_exactly(band, period):
    whole = tone(period * band, 900 * band)
    past = whole[:, : 480 * band]
    found = repetition.period_of(past, band)
    assert found[0] % (period * band) == 0
    soft = (1 - 2 * repetition.SOFTENED) * whole
    soft[:, 1:-1] += repetition.SOFTENED * (whole[:, :-2] + whole[:, 2:])
    time = np.arange(400 * band, dtype=np.int32)[None]
    for made in (
        repetition.extend(past, found[:, None], time, band),
        repetition.extend_alike(past, found[:, None], 400 * band, 1, band),
    ):
        expected = soft[:, 480 * band : 880 * band]
        assert made[:, 1:] == pytest.approx(expected[:, 1:], abs=0.12 * float(np.abs(whole).max()))
        assert made[:, 20 * band :] == pytest.approx(expected[:, 20 * band :], abs=20)


@settings(max_examples=40)
@given(st.integers(20, 120), st.integers(0, 9), st.sampled_from([0, 1]))
def test_no_turn_begins_with_a_jump(period, seed, singly):
    smooth = np.convolve(np.random.default_rng(seed).normal(0, 1_000, 500), np.hanning(21), "valid")
    past = smooth[None].astype(np.float32)
    made = repetition.extend_alike(past, np.array([[period]], np.int32), 800, singly, 1)
    own = np.abs(np.diff(past)).max()
    fade = (period >> 2) + 1
    assert np.abs(np.diff(made)).max() <= 1.2 * own + 2 * np.abs(past).max() / min(fade, repetition.MEND)
    later = np.abs(np.diff(made[:, repetition.MEND :])).max()
    assert later <= 1.2 * own + 2 * np.abs(past).max() / fade


@pytest.mark.parametrize("band", [1, 2])
def test_later_times_than_the_farthest_are_answered_like_it(band):
    past = tone(50, 480 * band)
    time = np.array([[repetition.FARTHEST * band + 5, repetition.FARTHEST * band + 9_000]], np.int32)
    made = repetition.extend(past, np.array([[50 * band]], np.int32), time, band)
    assert made[0, 0] == made[0, 1]


@settings(max_examples=20)
@given(st.integers(0, 9), st.sampled_from([1, 2]), st.integers(0, 400))
def test_rows_that_go_on_together_go_on_as_each_does(seed, band, begin):
    random = np.random.default_rng(seed)
    past = random.normal(0, 1_000, (3, repetition.FURTHEST_BACK * band)).astype(np.float32)
    period = random.integers(20, 121, (3, 1)).astype(np.int32) * band
    together = repetition.extend_alike(past, period, 500 * band, 0, band)
    time = begin + np.arange(100 * band, dtype=np.int32)[None]
    for row in range(3):
        alone = repetition.extend(past[row : row + 1], period[row : row + 1], time, band)
        assert np.array_equal(alone[0], together[row, time[0]])
