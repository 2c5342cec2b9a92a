"""A frame made longer or shorter: its ends join their neighbours, nothing clicks, the best place is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import stretch
from tests.dsp import speech

BLOCKS = npst.arrays(np.int16, (3, 160 + stretch.LONGEST))
CHANGES = [stretch.shorten, stretch.lengthen]


def sine(frequency_hz, size, amplitude=10_000, rate_hz=8_000):
    return np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(size) / rate_hz + 0.4)).astype(
        np.int16
    )


@settings(max_examples=40)
@given(BLOCKS, st.integers(stretch.SHORTEST, stretch.LONGEST))
def test_a_shorter_frame_begins_where_it_did_and_ends_further_on(block, most):
    made = stretch.shorten(block, most)
    assert made.frames.shape == (3, 160)
    assert (made.samples >= stretch.SHORTEST).all()
    assert (made.samples <= most).all()
    for row, jump in enumerate(made.samples.tolist()):
        untouched_begin = alike(made.frames[row], block[row, :160])
        untouched_end = alike(made.frames[row][::-1], block[row, jump : jump + 160][::-1])
        assert untouched_begin + untouched_end + stretch.CROSSFADE >= 160


@settings(max_examples=40)
@given(BLOCKS)
def test_a_longer_frame_begins_where_it_did_and_ends_less_far(block):
    made = stretch.lengthen(block)
    for row, jump in enumerate(made.samples.tolist()):
        begin = stretch.LONGEST
        untouched_begin = alike(made.frames[row], block[row, begin:])
        untouched_end = alike(made.frames[row][::-1], block[row, begin - jump : begin - jump + 160][::-1])
        assert untouched_begin + untouched_end + stretch.CROSSFADE >= 160


def alike(one, other):
    """How many samples are the same, from the beginning on."""
    same = one == other
    return 160 if same.all() else int(same.argmin())


@settings(max_examples=40)
@given(BLOCKS)
def test_no_jump_is_larger_than_the_signals_own_and_a_bit_of_the_fade(block):
    wide = block.astype(int)
    own = np.abs(np.diff(wide, axis=1)).max(axis=1)
    fade = (wide.max(axis=1) - wide.min(axis=1)) / (stretch.CROSSFADE + 1)
    for change in CHANGES:
        frames = change(block).frames.astype(int)
        assert (np.abs(np.diff(frames, axis=1)).max(axis=1) <= own + fade + 1).all()


@pytest.mark.parametrize("frequency_hz", [67, 100, 200, 450, 1_000, 2_050])
@pytest.mark.parametrize("change", CHANGES)
def test_a_tone_is_changed_by_whole_periods_and_nobody_hears_it(frequency_hz, change):
    signal = sine(frequency_hz, 900)
    frame = 160 if change is stretch.shorten else 160 + stretch.LONGEST
    block = signal[160 : 160 + 160 + stretch.LONGEST]
    made = change(block[None])
    end = frame + 160 + int(made.samples[0]) * (1 if change is stretch.shorten else -1)
    played = np.concatenate([signal[:frame], made.frames[0], signal[end:]])[:600]
    # Periods that are no number of samples leave a bit of phase; the fade spreads it.
    assert np.abs(played - sine(frequency_hz, 600)).max() <= 10_000 * 2 * np.pi * frequency_hz / 8_000 * 3.5
    own = np.abs(np.diff(signal.astype(int))).max()
    assert np.abs(np.diff(played.astype(int))).max() <= 1.02 * own + 10
    assert made.likeness[0] > 0.9


@pytest.mark.parametrize("band", [2, 6])
@pytest.mark.parametrize("change", CHANGES)
def test_wider_bands_are_changed_by_the_same_periods(band, change):
    rate_hz = 8_000 * band
    signal = sine(125, (160 + stretch.LONGEST) * band, rate_hz=rate_hz)
    made = change(signal[None], band=band)
    assert made.frames.shape == (1, 160 * band)
    assert made.samples[0] == 64
    assert made.likeness[0] > 0.99


def test_a_voice_is_changed_within_likeness_and_hiss_is_not():
    voice = speech.frames(speech.voice(2.0, pause=0.0)).reshape(-1)
    blocks = np.lib.stride_tricks.sliding_window_view(voice, 160 + stretch.LONGEST)[::160]
    hiss = np.random.default_rng(2).normal(0, 4_000, blocks.shape).astype(np.int16)
    for change in CHANGES:
        assert np.median(change(blocks).likeness) > 0.9
        assert np.median(change(hiss).likeness) < 0.5 < stretch.LIKE


def test_the_jump_is_made_in_the_pause():
    random = np.random.default_rng(2)
    block = random.normal(0, 4_000, 280).astype(np.int16)
    block[60:110] = block[160:210] = 0
    frame, likeness = stretch.splice(block[None], 0, 100, 160)
    assert np.array_equal(frame[0, :110], block[:110])
    assert np.array_equal(frame[0, 110:], block[210:260])
    assert likeness[0] == 1


@settings(max_examples=30)
@given(st.integers(20, 120), st.integers(2, 6))
def test_a_jump_by_the_period_is_not_heard_at_all(period, harmonics):
    time = np.arange(480)
    wave = sum(2_000 / k * np.sin(2 * np.pi * k * time / period + k) for k in range(1, harmonics))
    signal = np.rint(wave).astype(np.int16)
    shorter, likeness = stretch.splice(signal[None], 100, [period], 160)
    longer, _ = stretch.splice(signal[None], 200, -period, 160)
    assert np.abs(shorter[0].astype(int) - signal[100:260]).max() <= 1
    assert np.abs(longer[0].astype(int) - signal[200:360]).max() <= 1
    assert likeness[0] > 0.99


def test_rows_jump_each_by_their_own_number_of_samples():
    block = np.arange(800, dtype=np.int16).reshape(2, 400)
    frames, _ = stretch.splice(block, 100, np.array([40, -60]), 160)
    assert frames[:, 0].tolist() == pytest.approx([100, 500], abs=2)  # the fade may begin at once
    assert frames[:, -1].tolist() == pytest.approx([100 + 159 + 40, 500 + 159 - 60], abs=2)


def test_no_rows_are_no_trouble():
    frames, samples, likeness = stretch.shorten(np.empty((0, 160 + stretch.LONGEST), np.int16))
    assert (frames.shape, samples.shape, likeness.shape) == ((0, 160), (0,), (0,))
