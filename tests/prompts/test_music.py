"""The composition takes seconds, so what is measured is the recording; that it is today's is proved by the manifest."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from dsp.frames import FRAME_MS
from prompts.mastering import RATE_HZ
from prompts.music import BAND_HZ, KEPT_BITS, LEVEL_DBOV, LOOP_SAMPLES, PEAK_DBFS, recipe
from prompts.recordings import AUDIO


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    samples, rate_hz = soundfile.read(AUDIO / "music" / "hold.flac", dtype="float64")
    assert rate_hz == RATE_HZ
    return samples


def test_the_loop_is_two_minutes_and_a_whole_number_of_frames(music: np.ndarray):
    assert len(music) == LOOP_SAMPLES == 120 * RATE_HZ
    assert LOOP_SAMPLES % (RATE_HZ * FRAME_MS // 1_000) == 0


def test_its_level_is_even_and_nothing_clips(music: np.ndarray):
    bars = 10 * np.log10((music.reshape(40, -1) ** 2).mean(axis=1))
    assert bars.mean() == pytest.approx(LEVEL_DBOV, abs=0.3)
    assert np.ptp(bars) < 3.0
    assert 20 * np.log10(np.abs(music).max()) <= PEAK_DBFS


def test_no_pause_and_no_blow_within_a_bar(music: np.ndarray):
    halves = 10 * np.log10((music.reshape(240, -1) ** 2).mean(axis=1))
    assert halves.min() > LEVEL_DBOV - 8
    assert halves.max() < LEVEL_DBOV + 5


def test_the_seam_cannot_be_heard(music: np.ndarray):
    steps = np.abs(np.diff(music))
    assert abs(music[0] - music[-1]) < np.quantile(steps, 0.99)
    bends = np.abs(np.diff(np.concatenate([music[-3:], music[:3]]), 2))
    assert bends.max() < np.quantile(np.abs(np.diff(music, 2)), 0.99)


def test_it_keeps_to_the_band_of_hd_telephones_and_a_plain_one_misses_next_to_nothing(music: np.ndarray):
    power = np.abs(np.fft.rfft(music)) ** 2
    frequency_hz = np.fft.rfftfreq(len(music), 1 / RATE_HZ)
    low, high = BAND_HZ
    inside = power[(frequency_hz >= low) & (frequency_hz <= high)].sum() / power.sum()
    assert inside > 0.93
    assert power[frequency_hz > 1.1 * high].sum() / power.sum() < 1e-5
    assert power[frequency_hz < low / 2].sum() / power.sum() < 1e-3
    gleam = power[frequency_hz > 4_000].sum() / power.sum()
    assert 2e-5 < gleam < 1e-3


def test_no_more_bits_are_kept_than_are_heard(music: np.ndarray):
    assert not (np.rint(music * 32_768).astype(int) % (1 << (16 - KEPT_BITS))).any()


def test_a_changed_score_is_noticed():
    assert b"SECTIONS" in recipe()
