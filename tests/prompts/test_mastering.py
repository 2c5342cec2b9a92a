from __future__ import annotations

import numpy as np
import pytest

from prompts.mastering import (
    LEVEL_DBOV,
    PEAK_DBFS,
    RATE_HZ,
    active_level,
    filtered,
    limited,
    mastered,
    trimmed,
)


def sine(frequency_hz: float, duration_s: float = 0.5, amplitude: float = 0.1) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(round(duration_s * RATE_HZ)) / RATE_HZ)


def db(after: np.ndarray, before: np.ndarray) -> float:
    return 10 * np.log10((after**2).mean() / (before**2).mean())


def test_a_sine_at_full_scale_is_three_db_below_overload():
    assert active_level(sine(1_000, amplitude=1.0)) == pytest.approx(-3.01, abs=0.02)


def test_pauses_do_not_count_for_the_level():
    voice = sine(500)
    assert active_level(np.concatenate([voice, np.zeros(RATE_HZ), voice])) == pytest.approx(
        active_level(voice), abs=0.1
    )


def test_silence_has_the_least_level():
    assert active_level(np.zeros(RATE_HZ)) == -127.0
    assert active_level(np.zeros(3)) == -127.0


@pytest.mark.parametrize(
    ("frequency_hz", "least_db", "most_db"),
    [(30, -200, -30), (300, -0.1, 0.1), (5_000, -0.1, 0.1), (7_900, -200, -10)],
)
def test_hum_is_taken_away_and_speech_left(frequency_hz: float, least_db: float, most_db: float):
    tone = sine(frequency_hz, 1.0)
    assert least_db <= db(filtered(tone)[4_000:-4_000], tone) <= most_db


def test_presence_raises_consonants_and_not_the_fundamental():
    for frequency_hz, gain_db in ((140, 0.0), (2_500, 12.0)):
        tone = sine(frequency_hz, 1.0)
        assert db(filtered(tone, presence_db=12.0)[4_000:-4_000], tone) == pytest.approx(gain_db, abs=0.2)


def test_silence_around_speech_is_trimmed_to_a_margin():
    speech = trimmed(np.concatenate([np.zeros(RATE_HZ), sine(500, 0.5), np.zeros(RATE_HZ)]))
    assert len(speech) / RATE_HZ == pytest.approx(0.56, abs=0.021)
    assert speech[0] == speech[-1] == 0
    assert trimmed(np.zeros(RATE_HZ)).size == 0


def test_the_limiter_keeps_the_peak_and_leaves_the_rest():
    wave = sine(300, 1.0, 0.3)
    wave[8_000:8_040] *= 3
    quiet = limited(wave, 0.4)
    assert np.abs(quiet).max() <= 0.4
    assert np.allclose(quiet[:7_000], wave[:7_000], rtol=1e-9)


def test_what_is_mastered_has_the_level_and_no_peak():
    random = np.random.default_rng(1)
    speech = mastered(np.concatenate([random.standard_normal(RATE_HZ) * 0.01, np.zeros(RATE_HZ)])) / 32_768
    assert active_level(speech) == pytest.approx(LEVEL_DBOV, abs=0.3)
    assert 20 * np.log10(np.abs(speech).max()) <= PEAK_DBFS + 0.01
