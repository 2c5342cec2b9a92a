"""What is speech in a recording: quiet callers yes; hiss, clicks and tones no."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp.level import rms_dbov
from dsp.utterance import active_level, find_utterance
from prompts.reading import narrowband, read
from prompts.recordings import AUDIO, find
from tests.dsp.speech import RATE_HZ, frames, leveled, noise, syllable, voice


def levels_of(sound):
    return rms_dbov(frames(sound))


def between(before_s, sound, after_s):
    return np.concatenate((np.zeros(int(before_s * RATE_HZ)), sound, np.zeros(int(after_s * RATE_HZ))))


@pytest.mark.parametrize("level_dbov", [-45, -38, -30, -20, -12])
@pytest.mark.parametrize("line_dbov", [-62, -75, -120])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_name_is_found_however_loud_it_is_said(level_dbov, line_dbov, seed):
    sound = between(1.0, voice(1.2, level_dbov, seed=seed), 1.5)
    found = find_utterance(levels_of(sound + noise(3.7, line_dbov)))
    assert found is not None
    assert 48 <= found.first <= 56
    assert 95 <= found.end <= 112
    assert found.level_dbov == pytest.approx(level_dbov, abs=2.0)


@pytest.mark.parametrize("seed", range(6))
def test_a_name_of_one_syllable_is_a_name(seed):
    one = syllable(np.random.default_rng(seed), 200)
    sound = between(0.5, one * 2_000 / np.abs(one).max(), 0.5)
    found = find_utterance(levels_of(sound + noise(1.2, -65)))
    assert found is not None
    assert 23 <= found.first <= 27
    assert 31 <= found.end <= 37


def test_a_name_without_any_silence_around_it_is_a_name():
    for seed in range(5):
        sound = voice(1.0, -26, seed=seed, pause=0.0)
        assert find_utterance(levels_of(sound + noise(1.0, -65))) is not None


@pytest.mark.parametrize("level_dbov", [-42, -30, -20])
@pytest.mark.parametrize("word", ["digit.0", "digit.1", "digit.2", "digit.3", "digit.7", "digit.9"])
@pytest.mark.parametrize("language", ["en", "pt-BR"])
def test_a_single_word_of_a_real_voice_is_speech(language, word, level_dbov):
    path = find(AUDIO, language, word)
    assert path is not None
    said = leveled(narrowband(read(path)).astype(float), level_dbov)
    sound = between(0.6, said, 0.8)
    found = find_utterance(levels_of(sound + noise(len(sound) / RATE_HZ, -65)))
    assert found is not None
    assert found.level_dbov == pytest.approx(level_dbov, abs=2.0)


@pytest.mark.parametrize("band_hz", [(100, 300), (300, 1_000), (300, 3_400)])
@pytest.mark.parametrize("seed", range(5))
def test_noise_that_comes_and_goes_is_no_name_whatever_its_band(band_hz, seed):
    spectrum = np.fft.rfft(noise(3.0, -30, seed=seed))
    frequency_hz = np.fft.rfftfreq(3 * RATE_HZ, 1 / RATE_HZ)
    spectrum[(frequency_hz < band_hz[0]) | (frequency_hz > band_hz[1])] = 0
    sound = between(1.0, np.fft.irfft(spectrum), 1.0)
    assert find_utterance(levels_of(sound + noise(5.0, -65))) is None


@pytest.mark.parametrize("level_dbov", [-70, -60, -50, -40, -25])
@pytest.mark.parametrize("seed", range(5))
def test_the_noise_of_a_line_is_no_name(level_dbov, seed):
    assert find_utterance(levels_of(noise(4.0, level_dbov, seed=seed))) is None
    # Comfort noise that comes in the middle.
    sound = np.concatenate((np.zeros(RATE_HZ), noise(2.0, level_dbov, seed=seed)))
    assert find_utterance(levels_of(sound)) is None


def test_clicks_are_no_name():
    random = np.random.default_rng(3)
    sound = noise(4.0, -60)
    for at in random.integers(0, len(sound) - 100, 12):
        sound[at : at + 60] += random.choice([-1, 1]) * 12_000 * np.exp(-np.arange(60) / 15)
    assert find_utterance(levels_of(sound)) is None


@pytest.mark.parametrize("level_dbov", [-45, -25, -10])
def test_tones_are_no_name(level_dbov):
    amplitude = 32_768 * 10 ** (level_dbov / 20) * np.sqrt(2)
    steady = amplitude * np.sin(2 * np.pi * 425 * np.arange(4 * RATE_HZ) / RATE_HZ)
    busy = steady * (np.arange(len(steady)) // (RATE_HZ // 2) % 2)
    beep = between(1.0, steady[: RATE_HZ // 2], 2.0)
    for sound in (steady, busy, beep):
        assert find_utterance(levels_of(sound + noise(len(sound) / RATE_HZ, -65))) is None


def test_silence_and_nothing_are_no_name():
    assert find_utterance(np.full(100, -127, np.float32)) is None
    assert find_utterance(np.zeros(0, np.float32)) is None


def test_a_click_before_and_after_a_name_is_not_part_of_it():
    sound = between(1.0, voice(1.0, -26), 1.5) + noise(3.5, -65)
    sound[1_000:1_040] += 20_000
    sound[-1_000:-960] += 20_000
    found = find_utterance(levels_of(sound))
    assert found is not None
    assert found.first >= 48
    assert found.end <= 105


def test_the_active_level_leaves_pauses_out():
    levels = np.array([-20.0] * 10 + [-60.0] * 90, np.float32)
    assert active_level(levels) == pytest.approx(-20, abs=0.01)


@settings(max_examples=100, deadline=None)
@given(npst.arrays(np.float32, st.integers(0, 60), elements=st.floats(-127, 0, width=32)))
def test_whatever_is_found_lies_within_and_is_no_louder_than_its_loudest_frame(levels):
    found = find_utterance(levels)
    if found is not None:
        assert 0 <= found.first < found.end <= len(levels)
        assert -55.1 <= found.level_dbov <= levels.max() + 0.01
