"""Resampling against soxr: flat where voices are, nothing where images and aliases would be, no seams."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp import resample

LOW_HZ = {2: 8_000, 3: 16_000, 6: 8_000}
FACTORS = pytest.mark.parametrize("factor", resample.FACTORS)


def sine(frequency_hz, rate_hz, size, amplitude=12_000):
    return np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(size) / rate_hz)).astype(np.int16)


def up(signal, factor, frame=160):
    past = np.zeros((1, resample.PAST), np.int16)
    parts = []
    for begin in range(0, len(signal), frame):
        part, past = resample.upsample(signal[None, begin : begin + frame], past, factor)
        parts.append(part[0])
    return np.concatenate(parts)


def down(signal, factor, frame=160):
    past = np.zeros((1, resample.PAST * factor), np.int16)
    parts = []
    for begin in range(0, len(signal), frame * factor):
        part, past = resample.downsample(signal[None, begin : begin + frame * factor], past, factor)
        parts.append(part[0])
    return np.concatenate(parts)


def spectrum_db(signal):
    """Level of each of 8,000 samples' frequencies relative to a sine of 12,000, by a window with deep side lobes."""
    middle = signal[-8_000:] * np.blackman(8_000)
    return 20 * np.log10(np.abs(np.fft.rfft(middle)) / (12_000 * 0.42 * 4_000) + 1e-9)


@FACTORS
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.85])
def test_what_a_voice_needs_passes_up_and_its_images_do_not(factor, part):
    low = LOW_HZ[factor]
    bin_hz = low * factor // 8_000
    peak = round(part * low / 2 / bin_hz)
    levels = spectrum_db(up(sine(peak * bin_hz, low, 9_600), factor))
    assert levels[peak] == pytest.approx(0, abs=0.1)
    assert np.delete(levels, range(peak - 4, peak + 5)).max() < -60


@FACTORS
@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.85])
def test_what_a_voice_needs_passes_down(factor, part):
    low = LOW_HZ[factor]
    frequency = round(part * low / 2)
    levels = spectrum_db(down(sine(frequency, low * factor, 9_600 * factor), factor))
    assert levels.max() == pytest.approx(0, abs=0.1)


@FACTORS
@pytest.mark.parametrize("part", [1.15, 1.3, 1.6, 1.9])
def test_what_would_alias_does_not_pass_down(factor, part):
    low = LOW_HZ[factor]
    signal = down(sine(round(part * low / 2), low * factor, 9_600 * factor), factor)
    assert spectrum_db(signal).max() < -60


def voice_like(rate_hz, size):
    time = np.arange(size) / rate_hz
    wave = sum(np.sin(2 * np.pi * (140 * k + 3) * time + k * k) / k for k in range(1, 23))
    return np.rint(6_000 * wave * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time))).astype(np.int16)


@FACTORS
def test_a_voice_comes_out_as_soxr_brings_it_out(factor):
    low = 8_000
    signal = voice_like(low, 3_200)
    ours = up(signal, factor).astype(float)
    theirs = soxr.resample(signal, low, low * factor, quality="VHQ").astype(float)
    delay = resample.DELAY * factor
    error = ours[delay:][400 : -400 - delay] - theirs[: len(ours) - delay][400 : -400 - delay]
    assert 20 * np.log10(theirs.std() / error.std()) > 50

    back = down(theirs.astype(np.int16), factor).astype(float)
    reference = soxr.resample(theirs.astype(np.int16), low * factor, low, quality="VHQ").astype(float)
    error = back[resample.DELAY :][100:-100] - reference[: len(back) - resample.DELAY][100:-100]
    assert 20 * np.log10(reference.std() / error.std()) > 50


@settings(max_examples=15)
@given(st.sampled_from(resample.FACTORS), st.integers(0, 2**32 - 1))
def test_frames_join_as_if_they_had_come_at_once(factor, seed):
    signal = np.random.default_rng(seed).integers(-32_768, 32_768, 960).astype(np.int16)
    assert np.array_equal(up(signal, factor), up(signal, factor, frame=480))
    high = np.repeat(signal, factor)
    assert np.array_equal(down(high, factor), down(high, factor, frame=480))


@FACTORS
def test_full_scale_is_clipped_and_does_not_wrap(factor):
    square = np.tile(np.repeat(np.array([32_767, -32_768], np.int16), 16), 30)
    raised = up(square, factor).astype(int)
    middle = raised[(resample.DELAY + 7) * factor :: 32 * factor]
    assert (middle[:20] > 25_000).all()
    assert raised.max() == 32_767


@FACTORS
def test_rows_do_not_touch_each_other(factor):
    frames = np.random.default_rng(1).integers(-9_000, 9_000, (5, 160)).astype(np.int16)
    past = np.random.default_rng(2).integers(-9_000, 9_000, (5, resample.PAST)).astype(np.int16)
    together, new_past = resample.upsample(frames, past, factor)
    assert np.array_equal(new_past, frames[:, -resample.PAST :])
    for row in range(5):
        alone, _ = resample.upsample(frames[row : row + 1], past[row : row + 1], factor)
        assert (
            np.abs(alone[0].astype(int) - together[row]).max() <= 1
        )  # the library may add up in another order


@pytest.mark.parametrize(("source", "target"), [(1, 2), (1, 6), (2, 6), (2, 1), (6, 1), (6, 2)])
def test_frames_apart_are_the_same_signal_once_each_has_what_the_one_before_left(source, target):
    signal = np.random.default_rng(1).integers(-8_000, 8_000, 12 * 160 * source, np.int16)
    lower = min(source, target)
    factor = max(source, target) // lower
    whole = (up if source < target else down)(signal, factor, 160 * lower)
    frames = resample.apart(signal.reshape(12, 160 * source), source, target)
    size, tail = 160 * target, resample.TAIL * target // lower
    assert frames.shape == (12, size + tail)
    laid = np.zeros(12 * size + tail, np.int32)
    for at, frame in enumerate(frames):
        laid[at * size : (at + 1) * size + tail] += frame
    assert np.abs(laid[: len(whole)] - whole).max() <= 1
    assert not frames[:, -tail // 8 :].any(), "all of the tail is there"
