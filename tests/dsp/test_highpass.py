"""The high-pass against scipy's, sample by sample, however the sound is cut into frames; and what it does to hum."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import signal

from dsp import highpass
from tests.dsp.speech import voice, whole

BANDS = (1, 2, 6)


def run(sound, *, band=1, states=None):
    """Rows of samples through the filter, frame by frame."""
    size = 160 * band
    states = np.zeros((len(sound), highpass.STATE), np.float32) if states is None else states
    made = []
    for start in range(0, sound.shape[1], size):
        frames, states = highpass.highpass(sound[:, start : start + size], states, band=band)
        made.append(frames)
    return np.concatenate(made, axis=1)


def reference(sound, band):
    sections = signal.butter(highpass.ORDER, highpass.CUT_HZ, "highpass", fs=8_000 * band, output="sos")
    return signal.sosfilt(sections, sound.astype(float), axis=-1)


@pytest.mark.parametrize("band", BANDS)
def test_it_is_the_butterworth_filter_of_scipy(band):
    random = np.random.default_rng(band)
    sound = random.integers(-12_000, 12_000, (3, 160 * band * 50)).astype(np.int16)
    sound[1] += 9_000
    assert np.abs(run(sound, band=band) - reference(sound, band)).max() < 1.0


@pytest.mark.parametrize("band", BANDS)
def test_an_offset_of_minutes_leaves_nothing_behind(band):
    sound = np.full((1, 160 * band * 500), 20_000, np.int16)
    assert np.abs(run(sound, band=band)[0, -8_000 * band :]).max() <= 1


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize(
    ("tone_hz", "lost_db"), [(50, 12.3), (60, 9.4), (100, 3.0), (300, 0.05), (1_000, 0.0)]
)
def test_hum_is_lost_and_voices_are_not(band, tone_hz, lost_db):
    tone = whole(8_000 * np.sin(2 * np.pi * tone_hz * np.arange(16_000 * band) / (8_000 * band)))
    made = run(tone[None], band=band)[0, 8_000 * band :].astype(float)
    lost = 20 * np.log10(np.std(tone[8_000 * band :]) / np.std(made))
    assert lost == pytest.approx(lost_db, abs=0.2)


@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("offset", [-30_000, -500, 0, 12_345])
def test_a_row_that_begins_with_an_offset_begins_without_a_jolt(band, offset):
    sound = np.full((1, 1_600 * band), offset, np.int16)
    states = highpass.settle(sound[:, 0], band=band)
    assert np.abs(run(sound, band=band, states=states)).max() <= 1


def test_a_row_that_begins_in_the_middle_of_a_sound_begins_at_zero():
    sound = whole(8_000 * np.cos(2 * np.pi * 300 * np.arange(800) / 8_000))[None]
    made = run(sound, states=highpass.settle(sound[:, 0]))[0].astype(int)
    assert abs(made[0]) < 1_000
    assert np.abs(np.diff(made)).max() <= np.abs(np.diff(sound[0].astype(int))).max() * 1.2


@settings(max_examples=40)
@given(npst.arrays(np.int16, (2, 160)), st.sampled_from((-32_768, 0, 32_767)))
def test_nothing_wraps_and_no_row_touches_another(frames, offset):
    states = highpass.settle(np.full(2, offset, np.int16))
    made, after = highpass.highpass(frames, states)
    alone, _ = highpass.highpass(frames[:1], states[:1])
    assert made.dtype == np.int16
    assert np.isfinite(after).all()
    assert np.abs(made[:1].astype(int) - alone).max() <= 1  # a product of other size may round otherwise
    start = np.full((2, 1), offset, np.int16)
    whole_row = np.concatenate((np.repeat(start, 4_000, axis=1), frames), axis=1)
    exact = reference(whole_row, 1)
    if not offset:
        assert np.abs(made - exact[:, -160:].clip(-32_768, 32_767)).max() < 1.0


def test_it_may_fill_the_rows_it_was_given():
    frames = whole(voice(0.2))[None, :160].copy()
    states = highpass.settle(frames[:, 0])
    expected, _ = highpass.highpass(frames, states)
    made, _ = highpass.highpass(frames, states, out=frames)
    assert made is frames
    assert np.array_equal(made, expected)


@pytest.mark.parametrize("band", [1, 2, 6])
def test_no_rows_are_no_trouble(band):
    filtered, states = highpass.highpass(
        np.zeros((0, 160 * band), np.int16), np.zeros((0, highpass.STATE), np.float32), band=band
    )
    assert (filtered.shape, states.shape) == ((0, 160 * band), (0, highpass.STATE))
