"""Automatic gain: every voice to one loudness, slowly, and no noise with it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import agc
from dsp.gain import db_to_ratio
from dsp.level import new_lines, rms_dbov, speech_step
from tests.dsp.speech import FRAME, frames, noise, voice


def run(*sounds):
    """The gain of each row (one per sound) after each frame, and the voices in the end."""
    heard = np.stack([frames(sound) for sound in sounds])
    count = len(sounds)
    voices = np.zeros(count, agc.VOICE)
    lines = new_lines(count)
    gains = []
    for tick in range(heard.shape[1]):
        levels = rms_dbov(heard[:, tick])
        active, lines = speech_step(levels, lines)
        voices = agc.agc_step(levels, active, lines["floor_dbov"], voices)
        gains.append(voices["gain_db"].copy())
    return np.array(gains)


@pytest.mark.parametrize("level_dbov", [-45, -40, -36, -32, -26, -20, -14, -10])
def test_a_voice_comes_to_the_target(level_dbov):
    gains = run(voice(15.0, level_dbov) + noise(15.0, -76))[:, 0]
    wanted = np.clip(agc.TARGET_DBOV - level_dbov, agc.LEAST_DB, agc.MOST_DB)
    assert gains[-1] == pytest.approx(wanted, abs=2.0)
    assert gains[-250:].max() - gains[-250:].min() < 2.5


def test_no_row_changes_anothers_gain():
    sounds = [voice(12.0, -level, seed=level) + noise(12.0, -70) for level in (34, 28, 22)]
    gains = run(*sounds)
    alone = run(sounds[1])
    assert (gains[:, 1] == alone[:, 0]).all()


def test_a_gain_moves_slowly_up_and_faster_down():
    up = np.diff(run(voice(10.0, -38) + noise(10.0, -72))[:, 0])
    down = np.diff(run(voice(10.0, -8))[:, 0])
    assert up.max() <= agc.RISE_DB_PER_S / 50 + 1e-4
    assert down.min() == pytest.approx(-agc.FALL_DB_PER_S / 50, abs=1e-3)


def test_it_holds_in_silence():
    silence = noise(10.0, -70)
    sound = np.concatenate((voice(8.0, -32) + noise(8.0, -70), silence))
    gains = run(sound)[:, 0]
    talked = 8 * 50 + 1
    assert gains[talked] > 6
    assert (gains[talked:] == gains[talked]).all()


@pytest.mark.parametrize("level_dbov", [-65, -55, -50, -45, -40, -30])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_is_never_amplified(level_dbov, seed):
    assert run(noise(12.0, level_dbov, seed=seed)).max() == 0
    # Nor where it comes all of a sudden.
    assert run(np.concatenate((np.zeros(16_000), noise(6.0, level_dbov, seed=seed)))).max() == 0


@pytest.mark.parametrize("level_dbov", [-45, -35, -25])
def test_a_tone_is_never_amplified(level_dbov):
    time = np.arange(8 * 8_000) / 8_000
    tone = 32_768 * 10 ** (level_dbov / 20) * np.sqrt(2) * np.sin(2 * np.pi * 425 * time)
    assert run(tone).max() == 0


def test_where_a_noise_comes_to_stay_the_gain_goes_back_though_nobody_speaks():
    talked = voice(10.0, -36) + noise(10.0, -72)
    gains = run(np.concatenate((talked, noise(10.0, -40))))[:, 0]
    assert gains[499] > 12
    assert gains[-1] <= agc.PATIENCE_DB + 0.1
    assert np.abs(np.diff(gains[500:])).max() <= agc.RISE_DB_PER_S / 50 + 1e-4


def test_clicks_change_nothing():
    sound = noise(10.0, -65)
    for at in range(4_000, len(sound) - 100, 9_000):
        sound[at : at + 50] += 15_000
    assert not run(sound).any()


def test_a_voice_on_a_noisy_line_is_brought_up_no_further_than_the_noise_may_be_heard():
    gains = run(voice(15.0, -36) + noise(15.0, -52))[:, 0]
    assert 5.0 < gains[-1] <= agc.NOISE_MOST_DBOV + 52 + 2.0


def test_the_next_to_take_the_handset_is_measured_anew():
    sound = np.concatenate((voice(8.0, -14, seed=1), voice(15.0, -36, seed=2))) + noise(23.0, -72)
    gains = run(sound)[:, 0]
    assert gains[8 * 50] < -3
    assert gains[-1] > 12


def test_a_slammed_door_does_not_hide_who_speaks_softly():
    sound = voice(15.0, -34) + noise(15.0, -72)
    sound[800:1_000] = 30_000 * np.sign(np.sin(np.arange(200)))
    assert run(sound)[-1, 0] > 10


def test_a_shout_is_lowered_before_the_mean_knows():
    calm = voice(10.0, -34) + noise(10.0, -72)
    shout = voice(1.0, -10, seed=4, pause=0.0)
    gains = run(np.concatenate((calm, shout)))[:, 0]
    assert gains[499] > 10
    assert gains[-1] < gains[499] - 8


def test_it_is_heard_as_one_loudness():
    loud, soft = voice(20.0, -15), voice(20.0, -35)
    gains = run(loud + noise(20.0, -72), soft + noise(20.0, -72))
    last = slice(15 * 50, 20 * 50)
    power = [
        (frames(sound)[last] * db_to_ratio(gains[last, row])[:, None]).astype(float).var()
        for row, sound in enumerate((loud, soft))
    ]
    assert 10 * np.log10(power[0] / power[1]) == pytest.approx(0, abs=2.5)
    assert frames(loud).shape[1] == FRAME


@settings(max_examples=60, deadline=None)
@given(
    npst.arrays(np.float32, (40, 3), elements=st.floats(-127, 0, width=32)),
    npst.arrays(np.bool_, (40, 3)),
    npst.arrays(np.float32, (40, 3), elements=st.floats(-75, -30, width=32)),
)
def test_whatever_is_heard_the_gain_stays_within_its_bounds_and_moves_no_faster(levels, active, floors):
    voices = np.zeros(3, agc.VOICE)
    voices["gain_db"] = [-12, 0, 18]
    for tick in range(len(levels)):
        before = voices.copy()
        voices = agc.agc_step(levels[tick], active[tick], floors[tick], voices)
        moved = voices["gain_db"] - before["gain_db"]
        assert (moved <= agc.RISE_DB_PER_S / 50 + 1e-4).all()
        assert (moved >= -agc.FALL_DB_PER_S / 50 - 1e-4).all()
        assert (moved[~active[tick]] <= 0).all()  # only back from a noise
        assert (voices["gain_db"] >= agc.LEAST_DB).all()
        assert (voices["gain_db"] <= agc.MOST_DB).all()
        assert np.isfinite(voices["power"]).all()
