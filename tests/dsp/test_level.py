"""Levels against closed forms; speech against a voice that comes, pauses and goes on a noisy line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import level


def steps(levels, floor=level.FLOOR_START_DBOV):
    """Feed one row tick by tick; return who spoke at each tick and the floor at the end."""
    floors, hangovers = np.full(1, floor, np.float32), np.zeros(1, np.int16)
    spoke = []
    for value in levels:
        active, floors, hangovers = level.speech_step(np.full(1, value, np.float32), floors, hangovers)
        spoke.append(bool(active[0]))
    return spoke, float(floors[0])


def test_a_square_wave_at_full_scale_is_0_and_silence_is_minus_127():
    frames = np.array([[32_767, -32_767] * 80, [-32_768] * 160, [0] * 160], np.int16)
    assert level.rms_dbov(frames) == pytest.approx([0, 0, -127], abs=0.001)


@pytest.mark.parametrize("amplitude", [32_767, 3_276.7, 100])
def test_a_sine_is_3_db_below_its_amplitude(amplitude):
    wave = amplitude * np.sin(2 * np.pi * 500 * np.arange(160) / 8_000)
    expected = 20 * np.log10(amplitude / 32_768) - 3.0103
    assert level.rms_dbov(np.rint(wave).astype(np.int16)[None])[0] == pytest.approx(expected, abs=0.05)


@settings(max_examples=50)
@given(npst.arrays(np.int16, (3, 160)))
def test_levels_are_finite_in_range_and_float32(frames):
    levels = level.rms_dbov(frames)
    assert levels.dtype == np.float32
    assert ((levels >= -127.001) & (levels <= 0.001)).all()
    power = (frames.astype(float) ** 2).mean(axis=1) / 2**30
    assert levels == pytest.approx(10 * np.log10(np.maximum(power, 10**-12.7)), abs=0.01)


def test_speech_begins_with_its_first_frame_and_ends_after_the_hangover():
    spoke, _ = steps([-60] * 10 + [-25] * 5 + [-60] * 30)
    ticks = level.HANGOVER_TICKS
    assert ticks == 15
    assert spoke == [False] * 10 + [True] * (5 + ticks - 1) + [False] * (30 - ticks + 1)


def test_a_pause_between_words_does_not_end_speech():
    spoke, _ = steps(([-25] * 10 + [-58] * 14) * 5)
    assert all(spoke)


def test_a_soft_voice_on_a_quiet_line_is_heard_and_a_noisy_line_is_not():
    soft, _ = steps([-44], floor=-60)
    noisy, _ = steps([-44], floor=-50)
    assert (soft, noisy) == ([True], [False])


def test_what_is_below_the_absolute_minimum_is_never_speech():
    assert steps([-51], floor=-75)[0] == [False]


def test_speech_that_has_begun_goes_on_at_a_softer_level_than_it_needed_to_begin():
    between = -60 + level.ONSET_DB - 1
    assert level.SUSTAIN_DB < level.ONSET_DB
    begun, _ = steps([-20] + [between + 12] * 60, floor=-72)
    assert begun[40]
    assert steps([-43], floor=-50)[0] == [False]
    assert steps([-20, -43] + [-43] * 20, floor=-50)[0][-1]


def test_a_noise_that_comes_to_stay_is_not_speech_for_long():
    spoke, floor = steps([-40] * 50 * 15)
    assert spoke[0]
    assert not spoke[-1]
    assert floor == pytest.approx(-40, abs=0.1)


def test_the_floor_falls_at_once_in_a_pause_after_it_was_driven_up():
    _, floor = steps([-62] * 6, floor=-35)
    assert floor < -60


def test_digital_silence_leaves_the_floor_where_it_was():
    assert steps([-127] * 500, floor=-55)[1] == -55


@settings(max_examples=50)
@given(st.lists(st.floats(-127, 0, width=32), max_size=60), st.floats(-75, -30, width=32))
def test_floor_and_hangover_stay_in_their_bounds(levels, floor):
    floors, hangovers = np.full(1, floor, np.float32), np.zeros(1, np.int16)
    for value in levels:
        active, floors, hangovers = level.speech_step(np.full(1, value, np.float32), floors, hangovers)
        assert level.FLOOR_LEAST_DBOV <= floors[0] <= level.FLOOR_MOST_DBOV
        assert 0 <= hangovers[0] <= level.HANGOVER_TICKS
        assert active[0] == (hangovers[0] > 0)
    assert (floors.dtype, hangovers.dtype) == (np.float32, np.int16)


def test_some_rows_step_by_index_and_the_others_stay():
    floors, hangovers = np.full(4, -60, np.float32), np.zeros(4, np.int16)
    rows = np.array([3, 1])
    active, floors[rows], hangovers[rows] = level.speech_step(
        np.array([-20, -70], np.float32), floors[rows], hangovers[rows]
    )
    assert active.tolist() == [True, False]
    assert hangovers.tolist() == [0, 0, 0, 15]
    assert floors.tolist() == pytest.approx([-60, -65, -60, -59.94], abs=0.001)


def test_held_levels_rise_at_once_and_fall_slowly():
    held = level.hold_levels(np.array([-20, -60], np.float32), np.array([-50, -30], np.float32), decay_db=1.5)
    assert held.tolist() == [-20, -31.5]
