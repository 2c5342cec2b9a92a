"""The limiter: transparent below its ceiling, never beyond full scale, and a tone that is much too loud is still a tone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import limiter
from dsp.gain import soft_limit
from tests.dsp.speech import voice

INT32 = st.integers(-(2**31), 2**31 - 1)


def run(sound, *, size=160):
    """One mix, frame by frame: what is heard, and the gain after each frame."""
    gains, heard, told = np.ones(1, np.float32), [], []
    for start in range(0, len(sound) - size + 1, size):
        frames, gains = limiter.limit(np.rint(sound[None, start : start + size]).astype(np.int32), gains)
        heard.append(frames[0])
        told.append(gains[0])
    return np.concatenate(heard).astype(int), np.array(told)


def distortion_db(sound, tone_hz):
    """What is not the tone, against it."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    place = round(tone_hz * len(sound) / 8_000)
    tone = power[place - 5 : place + 6].sum()
    return 10 * np.log10((power.sum() - tone) / tone)


@settings(max_examples=40)
@given(npst.arrays(np.int32, (3, 160), elements=st.integers(-limiter.CEILING, limiter.CEILING)))
def test_below_the_ceiling_not_a_bit_changes(mix):
    frames, gains = limiter.limit(mix, np.ones(3, np.float32))
    assert np.array_equal(frames, mix)
    assert frames.dtype == np.int16
    assert (gains == 1).all()


@settings(max_examples=60)
@given(
    npst.arrays(np.int32, (2, 160), elements=st.one_of(st.integers(-40_000, 40_000), INT32)),
    npst.arrays(np.float32, 2, elements=st.floats(0.015625, 1, width=32)),
)
def test_nothing_wraps_signs_stay_and_gains_are_gains(mix, gains):
    frames, after = limiter.limit(mix, gains)
    assert np.abs(frames.astype(int)).max() <= limiter.MOST
    assert (np.sign(frames) * np.sign(mix) >= 0).all()
    assert ((after > 0) & (after <= 1)).all()
    assert (np.abs(frames.astype(np.int64)) <= np.abs(mix.astype(np.int64))).all()


@settings(max_examples=30)
@given(npst.arrays(np.int32, (2, 160), elements=INT32))
def test_no_mix_changes_another(mix):
    both, _ = limiter.limit(mix, np.ones(2, np.float32))
    for row in range(2):
        alone, _ = limiter.limit(mix[row : row + 1], np.ones(1, np.float32))
        assert np.array_equal(both[row : row + 1], alone)


@pytest.mark.parametrize("amplitude", [31_000, 60_000, 120_000])
@pytest.mark.parametrize("tone_hz", [150, 440, 1_000])
def test_a_tone_that_is_too_loud_stays_a_tone(amplitude, tone_hz):
    tone = amplitude * np.sin(2 * np.pi * tone_hz * np.arange(16_000) / 8_000)
    heard, _ = run(tone)
    limited = distortion_db(heard[8_000:], tone_hz)
    assert limited < -40
    assert distortion_db(soft_limit(np.rint(tone).astype(np.int32)[None])[0, 8_000:], tone_hz) > limited + 10
    assert (
        28_000 < np.abs(heard[8_000:]).max() <= limiter.CEILING * 1.01
    )  # what a peak in a first block overshoots


def test_the_gain_is_there_before_the_peak_and_comes_back_slowly():
    sound = 3_000 * np.sin(2 * np.pi * 300 * np.arange(16_000) / 8_000)
    sound[4_100] = 90_000
    heard, gains = run(sound)
    assert heard[4_100] == pytest.approx(limiter.CEILING, abs=2)
    assert np.abs(np.diff(heard[4_000:4_099])).max() <= np.abs(np.diff(np.rint(sound[4_000:4_099]))).max()
    back = np.diff(20 * np.log10(gains[26:]))
    assert back.max() == pytest.approx(limiter.RELEASE_DB_PER_S / 50, abs=1e-3)
    assert gains[-1] == 1
    assert np.array_equal(heard[12_000:], np.rint(sound[12_000:]))


@pytest.mark.parametrize("voices", [2, 4, 8])
def test_many_voices_at_once_are_as_loud_as_can_be_and_hardly_cut(voices):
    sound = sum(voice(6.0, -16, seed=seed, pause=0.05) for seed in range(voices))
    heard, _ = run(sound)
    assert np.abs(heard).max() <= limiter.MOST
    assert (np.abs(heard) > limiter.CEILING + 1).mean() < 0.001


@pytest.mark.parametrize("band", [2, 6])
def test_frames_of_any_rate_are_cut_alike(band):
    tone = 60_000 * np.sin(2 * np.pi * 300 * np.arange(16_000 * band) / (8_000 * band))
    heard, gains = run(tone, size=160 * band)
    assert np.abs(heard[8_000 * band :]).max() <= limiter.CEILING * 1.01
    assert gains[-1] == pytest.approx(0.5, abs=0.01)
