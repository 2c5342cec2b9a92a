"""The level of a frequency, alone and among others, for many rows at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsp.goertzel import tone_power


def sine(frequency_hz, amplitude, size=1_600, rate_hz=8_000, phase=0.0):
    time = np.arange(size) / rate_hz
    return amplitude * np.sin(2 * np.pi * frequency_hz * time + phase)


@settings(max_examples=60)
@given(
    frequency_hz=st.floats(150, 3_800),
    amplitude=st.floats(100, 32_000),
    phase=st.floats(0, 6.3),
)
def test_a_sine_measures_3_db_less_than_its_amplitude(frequency_hz, amplitude, phase):
    frames = np.rint(sine(frequency_hz, amplitude, size=320, phase=phase)).astype(np.int16)[None]
    expected = 20 * np.log10(amplitude / 32_768) - 3.01
    assert tone_power(frames, [frequency_hz])[0, 0] == pytest.approx(expected, abs=0.15)


def test_many_talkers_are_told_apart_in_one_mix():
    frequencies = [300 + 40 * number for number in range(60)]
    present = np.zeros((3, 60), bool)
    present[0, ::2] = present[1, 1::3] = True
    frames = np.array(
        [sum(sine(frequencies[k], 500) for k in np.flatnonzero(row)) + np.zeros(1_600) for row in present]
    )
    levels = tone_power(np.rint(frames).astype(np.int16), frequencies)
    assert levels.shape == (3, 60)
    assert np.array_equal(levels > -50, present)


def test_silence_measures_the_least_level():
    assert tone_power(np.zeros((2, 160), np.int16), [1_000, 2_000]).tolist() == [[-127, -127]] * 2


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
def test_the_rate_is_counted_in(rate_hz):
    frames = np.rint(sine(1_000, 10_000, size=rate_hz // 10, rate_hz=rate_hz)).astype(np.int16)[None]
    there, elsewhere = tone_power(frames, [1_000, 1_300], rate_hz=rate_hz)[0]
    assert there == pytest.approx(-13.3, abs=0.1)
    assert elsewhere < -60
