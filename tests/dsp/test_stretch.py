"""A frame taken out or put in: the ends join their neighbours, nothing clicks, the best place is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import stretch

PAIRS = npst.arrays(np.int16, (3, 320))


def sine(frequency_hz, size, amplitude=10_000):
    return np.rint(amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(size) / 8_000 + 0.4)).astype(
        np.int16
    )


@settings(max_examples=40)
@given(PAIRS)
def test_a_squeezed_frame_begins_with_the_first_and_ends_with_the_second(pair):
    frame, likeness = stretch.squeeze(pair)
    assert frame.shape == (3, 160)
    assert likeness.shape == (3,)
    for row in range(3):
        first = frame[row] == pair[row, :160]
        second = frame[row] == pair[row, 160:]
        untouched_begin = 160 if first.all() else int(first.argmin())
        untouched_end = 160 if second.all() else int(second[::-1].argmin())
        assert untouched_begin + untouched_end + stretch.CROSSFADE >= 160


@settings(max_examples=40)
@given(PAIRS)
def test_an_expanding_frame_is_the_squeezing_of_the_two_in_reverse_order(pair):
    frame, likeness = stretch.expand(pair)
    swapped, swapped_likeness = stretch.squeeze(np.concatenate([pair[:, 160:], pair[:, :160]], axis=1))
    assert np.array_equal(frame, swapped)
    assert np.array_equal(likeness, swapped_likeness)


@settings(max_examples=40)
@given(PAIRS)
def test_no_jump_is_larger_than_the_signals_own_and_a_bit_of_the_fade(pair):
    wide = pair.astype(int)
    frame, _ = stretch.squeeze(pair)
    own = np.abs(np.diff(wide, axis=1)).max(axis=1)
    fade = np.abs(wide[:, :160] - wide[:, 160:]).max(axis=1) / (stretch.CROSSFADE + 1)
    assert (np.abs(np.diff(frame.astype(int), axis=1)).max(axis=1) <= own + fade + 1).all()


@pytest.mark.parametrize("frequency_hz", [100, 200, 450, 1_000, 2_050])
def test_a_tone_whose_period_fits_is_squeezed_and_expanded_unheard(frequency_hz):
    signal = sine(frequency_hz, 480)
    if 160 * frequency_hz % 8_000:
        pytest.skip("does not fit")
    squeezed, likeness = stretch.squeeze(signal[None, :320])
    assert np.array_equal(squeezed[0], signal[:160])
    assert likeness[0] == pytest.approx(1, abs=1e-6)
    assert np.array_equal(stretch.expand(signal[None, :320])[0][0], signal[:160])


@pytest.mark.parametrize("frequency_hz", [65, 110, 230, 433, 777, 1_275, 3_025])
@pytest.mark.parametrize("change", [stretch.squeeze, stretch.expand])
def test_a_tone_that_does_not_fit_has_no_click_at_any_seam(frequency_hz, change):
    signal = sine(frequency_hz, 640)
    own = np.abs(np.diff(signal.astype(int))).max()
    frame, _ = change(signal[None, 160:480])
    before, after = (160, 480) if change is stretch.squeeze else (320, 320)
    played = np.concatenate([signal[:before], frame[0], signal[after:]]).astype(int)
    assert np.abs(np.diff(played)).max() <= 1.1 * own + 20_000 / stretch.CROSSFADE


def test_the_jump_is_made_in_the_pause():
    random = np.random.default_rng(2)
    pair = random.normal(0, 4_000, 320).astype(np.int16)
    pair[60:110] = pair[220:270] = 0
    frame, likeness = stretch.squeeze(pair[None])
    assert np.array_equal(frame[0, :110], pair[:110])
    assert np.array_equal(frame[0, 110:], pair[270:])
    assert likeness[0] == 1


def test_strangers_are_less_alike_than_a_repeating_voice():
    random = np.random.default_rng(2)
    hiss = random.normal(0, 4_000, (1, 320)).astype(np.int16)
    strangers = stretch.squeeze(hiss)[1][0]
    voice = stretch.squeeze(sine(150, 320)[None] + sine(300, 320)[None] // 2)[1][0]
    assert strangers < 0.5 < stretch.LIKE
    assert stretch.squeeze(sine(200, 320)[None])[1][0] > stretch.LIKE
    assert voice != strangers


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
    frames, likeness = stretch.squeeze(np.empty((0, 320), np.int16))
    assert (frames.shape, likeness.shape) == ((0, 160), (0,))
