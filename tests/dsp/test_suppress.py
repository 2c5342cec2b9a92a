"""Noise suppression: the gain against scipy's integral, the windows against identity, noise and voices by measure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as npst
from scipy import special

from dsp import suppress
from tests.dsp.speech import noise, voice, whole


def run(sound, *, band=1):
    """Rows of samples, frame by frame."""
    size = 160 * band
    memories = np.zeros(len(sound), suppress.memory(band))
    made = []
    for start in range(0, sound.shape[1] - size + 1, size):
        frames, memories = suppress.suppress(sound[:, start : start + size], memories, band=band)
        made.append(frames)
    return np.concatenate(made, axis=1)


def level_db(sound):
    return 10 * np.log10((sound.astype(float) ** 2).mean())


def test_the_gain_is_that_of_ephraim_and_malah():
    ratio, posterior = np.meshgrid(np.geomspace(0.003, 1_000, 60), np.geomspace(0.05, 5_000, 60))
    value = ratio / (1 + ratio) * posterior
    expected = ratio / (1 + ratio) * np.exp(special.exp1(value) / 2)
    gain = suppress.log_gain(ratio.astype(np.float32), posterior.astype(np.float32))
    worth = value > np.exp(suppress._TABLE_LOW)  # below, the gain is bounded elsewhere
    assert gain[worth] == pytest.approx(expected[worth], rel=0.01)


@pytest.mark.parametrize("band", [1, 2, 6])
def test_what_is_not_changed_comes_out_as_it_went_in_10_ms_later(band, monkeypatch):
    monkeypatch.setattr(suppress, "LEAST_GAIN", 1.0)
    sound = np.random.default_rng(band).integers(-20_000, 20_000, (2, 1_600 * band)).astype(np.int16)
    made, late = run(sound, band=band), suppress.HOP_SAMPLES * band
    assert np.abs(made[:, late:].astype(int) - sound[:, :-late])[:, late:].max() <= 1


@pytest.mark.parametrize("level_dbov", [-55, -40, -30])
def test_steady_noise_is_made_softer_by_what_is_promised_and_no_more(level_dbov):
    sound = whole(noise(6.0, level_dbov))[None]
    lost = level_db(sound[0, 16_000:]) - level_db(run(sound)[0, 16_000:])
    assert 11 < lost <= -20 * np.log10(suppress.LEAST_GAIN) + 0.3


@pytest.mark.parametrize("over_db", [10, 15, 20])
def test_a_voice_comes_nearer_to_what_it_was_without_the_noise(over_db):
    clean = voice(8.0, -26)
    noisy = clean + noise(8.0, -26 - over_db)
    made = run(whole(noisy)[None])[0].astype(float)
    late = suppress.HOP_SAMPLES
    part = slice(16_000, len(made) - late)
    before = noisy[part] - clean[part]
    after = made[late:][part] - clean[part]
    assert level_db(before) - level_db(after) > 3.0
    assert level_db(made[late:][part]) == pytest.approx(level_db(clean[part]), abs=1.0)


def test_a_clean_voice_is_left_alone():
    clean = voice(8.0, -26) + noise(8.0, -75)
    made = run(whole(clean)[None])[0].astype(float)
    late = suppress.HOP_SAMPLES
    error = made[late:] - clean[: len(made) - late]
    assert level_db(clean) - level_db(error[8_000:]) > 15


def test_rows_know_nothing_of_each_other():
    sound = np.stack([whole(voice(1.0, -26) + noise(1.0, -45)), whole(noise(1.0, -30))])
    both, first = run(sound), run(sound[:1])
    assert np.abs(both[:1].astype(int) - first).max() <= 1


@settings(max_examples=30)
@given(npst.arrays(np.int16, (2, 480)))
def test_no_sound_is_too_much_and_silence_stays_silence(sound):
    assert run(sound).dtype == np.int16
    silent = np.zeros_like(sound)
    assert not run(silent).any()
    made = run(np.concatenate((silent, sound, silent, silent), axis=1))
    assert not made[:, :480].any()
    assert not made[:, -160:].any()
