"""Levels against closed forms; speech against a voice that comes, pauses and goes on a noisy line."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import level
from tests.dsp.speech import frames, noise, voice


def steps(levels, floor=level.FLOOR_START_DBOV, spread=level.START_SPREAD_DB):
    """Feed one row tick by tick; return who spoke at each tick and the floor at the end."""
    lines = level.new_lines(1)
    lines["floor_dbov"], lines["spread_db"] = floor, spread
    spoke = []
    for value in levels:
        active, lines = level.speech_step(np.full(1, value, np.float32), lines)
        spoke.append(bool(active[0]))
    return spoke, float(lines["floor_dbov"][0])


def levels_of(sound):
    return level.rms_dbov(frames(sound))


def test_a_square_wave_at_full_scale_is_0_and_silence_is_minus_127():
    frames = np.array([[32_767, -32_767] * 80, [-32_768] * 160, [0] * 160], np.int16)
    assert level.rms_dbov(frames) == pytest.approx([0, 0, -127], abs=0.001)


@pytest.mark.parametrize("amplitude", [32_767, 3_276.7, 100])
def test_a_sine_is_3_db_below_its_amplitude(amplitude):
    wave = amplitude * np.sin(2 * np.pi * 500 * np.arange(160) / 8_000)
    expected = 20 * np.log10(amplitude / 32_768) - 3.0103
    assert level.rms_dbov(np.rint(wave).astype(np.int16)[None])[0] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("size", [160, 320, 960])
@pytest.mark.parametrize(
    ("hz", "softer_db"), [(0, 60), (25, 7), (50, 60), (60, 9.5), (80, 0), (100, 0), (120, 0), (440, 0)]
)
def test_hum_and_offset_are_told_from_what_is_said(size, hz, softer_db):
    angle = 2 * np.pi * hz * np.arange(size) / (50 * size)
    tones = np.rint(8_000 * np.cos(angle + np.arange(12)[:, None] * np.pi / 6 + 0.1)).astype(np.int16)
    power, hum = level.powers(tones)
    assert level.dbov(power + hum) == pytest.approx(level.rms_dbov(tones), abs=0.01)
    ratio = 10 * np.log10((power.mean() + 1e-12) / (power + hum).mean())
    if softer_db:
        assert ratio < -softer_db
    else:
        assert ratio > (-1.7 if hz == 80 else -0.5)


def test_speech_on_a_line_that_hums_is_measured_without_the_hum():
    said = voice(2.0, -25)
    hum = 1_000 + 1_000 * np.sin(2 * np.pi * 50 * np.arange(len(said)) / 8_000)
    clean, with_hum = level.powers(frames(said))[0], level.powers(frames(said + hum))[0]
    loud = clean > 10**-4.5
    assert level.dbov(with_hum)[loud] == pytest.approx(level.dbov(clean)[loud], abs=0.3)


@settings(max_examples=50)
@given(npst.arrays(np.int16, (3, 160)))
def test_levels_are_finite_in_range_and_float32(frames):
    levels = level.rms_dbov(frames)
    assert levels.dtype == np.float32
    assert ((levels >= -127.001) & (levels <= 0.001)).all()
    power = (frames.astype(float) ** 2).mean(axis=1) / 2**30
    assert levels == pytest.approx(10 * np.log10(np.maximum(power, 10**-12.7)), abs=0.01)
    clean, hum = level.powers(frames)
    assert (clean >= 0).all()
    assert (hum >= 0).all()
    assert clean + hum == pytest.approx(power, abs=1e-6)


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
    soft = -45 + level.ONSET_LEAST_DB - 1
    assert not any(steps([soft] * 3, floor=-45, spread=0.5)[0])
    spoke, _ = steps([-30] + [soft] * 12 + [-60] * 20, floor=-45, spread=0.5)
    begun = spoke.count(True)
    assert begun > level.HANGOVER_TICKS + 8  # the hangover waited
    assert not spoke[-1]


@pytest.mark.parametrize("level_dbov", [-50, -40, -30])
def test_a_noise_that_comes_to_stay_is_not_speech_for_long(level_dbov):
    levels = np.concatenate((np.full(250, -65), levels_of(noise(8.0, level_dbov))))
    spoke, floor = steps(levels)
    assert spoke[250]
    assert not any(spoke[250 + 125 :])  # 2.5 s
    assert floor == pytest.approx(level_dbov, abs=1.0)


def test_who_talks_without_taking_breath_does_not_become_noise():
    spoke, floor = steps(levels_of(voice(20.0, -26, pause=0.0) + noise(20.0, -60)))
    assert all(spoke[10:])
    assert floor < -40


@pytest.mark.parametrize(("over_db", "hits"), [(30, 0.98), (20, 0.97), (10, 0.9)])
@pytest.mark.parametrize("seed", [1, 2])
def test_speech_is_found_in_noise_and_noise_is_not(over_db, hits, seed):
    clean = np.concatenate(
        [np.append(voice(3.0, -26, seed=seed + turn), np.zeros(24_000)) for turn in range(4)]
    )
    heard, _ = steps(levels_of(clean + noise(len(clean) / 8_000, -26 - over_db)))
    heard, said = np.array(heard[200:]), levels_of(clean)[200:]
    silence = (
        np.convolve(said > -100, np.ones(25), "full")[: len(said)] == 0
    )  # half a second after the last sound
    assert heard[said > -26 - 15.9].mean() > hits
    assert heard[silence].mean() < 0.02


def test_an_uneven_noise_needs_more_to_be_speech_than_a_steady_one():
    random = np.random.default_rng(4)
    murmur = -45 + random.normal(0, 2.0, 1_000)
    assert np.mean(steps(murmur)[0][200:]) < 0.1
    assert steps([-38], floor=-45, spread=0.5)[0] == [True]
    assert steps([-38], floor=-45, spread=3.0)[0] == [False]


def test_digital_silence_between_words_teaches_nothing():
    lines = level.new_lines(1)
    for value in [-45.0] * 300:
        _, lines = level.speech_step(np.full(1, value, np.float32), lines)
    before = lines.copy()
    for value in [-127.0] * 300:
        _, lines = level.speech_step(np.full(1, value, np.float32), lines)
    assert lines == before


def test_the_floor_falls_at_once_in_a_pause_after_it_was_driven_up():
    _, floor = steps([-62] * 4, floor=-35)
    assert floor < -55


def test_digital_silence_leaves_the_floor_where_it_was():
    assert steps([-127] * 500, floor=-55)[1] == -55


@settings(max_examples=50)
@given(st.lists(st.floats(-127, 0, width=32), max_size=60), st.floats(-75, -30, width=32))
def test_floor_and_hangover_stay_in_their_bounds(levels, floor):
    lines = level.new_lines(1)
    lines["floor_dbov"] = floor
    for value in levels:
        active, lines = level.speech_step(np.full(1, value, np.float32), lines)
        assert level.FLOOR_LEAST_DBOV <= lines["floor_dbov"][0] <= level.FLOOR_MOST_DBOV
        assert level.SPREAD_LEAST_DB <= lines["spread_db"][0] <= level.SPREAD_MOST_DB
        assert 0 <= lines["hangover"][0] <= level.HANGOVER_TICKS
        assert active[0] == (lines["hangover"][0] > 0)
    assert lines.dtype == level.LINE


def test_some_rows_step_by_index_and_the_others_stay():
    lines = level.new_lines(4)
    rows = np.array([3, 1])
    active, lines[rows] = level.speech_step(np.array([-20, -70], np.float32), lines[rows])
    assert active.tolist() == [True, False]
    assert lines["hangover"].tolist() == [0, 0, 0, 15]
    assert lines["floor_dbov"].tolist() == pytest.approx([-60, -65, -60, -59.94], abs=0.001)


def test_held_levels_rise_at_once_and_fall_slowly():
    held = level.hold_levels(np.array([-20, -60], np.float32), np.array([-50, -30], np.float32), decay_db=1.5)
    assert held.tolist() == [-20, -31.5]
