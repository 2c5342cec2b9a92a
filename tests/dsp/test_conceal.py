"""Loss concealment: no jumps at any seam, better than silence, the same however it is asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import conceal

RATE_HZ = 8_000
HISTORIES = npst.arrays(np.int16, (2, conceal.HISTORY))


def voice(pitch_hz, *, seed=0, seconds=0.5, glide=0.1):
    """A sung vowel: harmonics shaped by three formants, the pitch gliding, with a little breath."""
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(pitch_hz * (1 + glide * time / seconds)) / RATE_HZ
    wave = np.zeros(len(time))
    for harmonic in range(1, int(3_400 / (pitch_hz * (1 + glide))) + 1):
        strength = sum(
            weight / (1 + ((harmonic * pitch_hz - formant) / 120) ** 2)
            for formant, weight in ((600, 1.0), (1_200, 0.5), (2_500, 0.25))
        )
        wave += strength * np.sin(harmonic * phase + random.uniform(0, 2 * np.pi))
    wave += 0.02 * np.abs(wave).max() * random.standard_normal(len(time))
    return np.rint(9_000 * wave / np.abs(wave).max()).astype(np.int16)


def lose(signal, begin, frames):
    """Play `signal` with `frames` frames lost from `begin` on, concealed and recovered from as the engine does."""
    played, history = signal.copy(), signal[None, begin - conceal.HISTORY : begin]
    for frame in range(frames):
        at = begin + 160 * frame
        played[at : at + 160] = conceal.conceal(history, [160 * frame], 160)[0]
    end = begin + 160 * frames
    going_on = conceal.conceal(history, 160 * frames, conceal.RECOVERY)
    played[end : end + 160] = conceal.recover(going_on, signal[None, end : end + 160])[0]
    return played


def snr_db(signal, played):
    error = played.astype(float) - signal
    return 10 * np.log10((signal.astype(float) ** 2).mean() / (error**2).mean())


@pytest.mark.parametrize("pitch_hz", [80, 100, 125, 160, 200, 250, 320, 400])
def test_the_period_of_a_voice_or_a_multiple_of_it_is_found(pitch_hz):
    signal = voice(pitch_hz, glide=0)
    ratio = int(conceal.find_period(signal[None, :480])[0]) * pitch_hz / RATE_HZ
    assert ratio == pytest.approx(round(ratio), abs=0.03 * max(round(ratio), 1))
    assert round(ratio) >= 1


def test_noise_and_silence_have_the_longest_period():
    noise = np.random.default_rng(3).normal(0, 3_000, (20, 480)).astype(np.int16)
    noise[0] = 0
    assert (conceal.find_period(noise) == conceal.LONGEST_PERIOD).mean() > 0.9
    assert conceal.find_period(noise[:1])[0] == conceal.LONGEST_PERIOD


@pytest.mark.parametrize(
    "frequency_hz", [65, 100, 150, 233, 300, 440, 697, 1_000, 1_209, 2_000, 3_000, 3_400]
)
@pytest.mark.parametrize("frames", [1, 2, 3])
def test_a_steady_tone_goes_through_a_loss_without_a_jump(frequency_hz, frames):
    signal = np.rint(10_000 * np.sin(2 * np.pi * frequency_hz * np.arange(2_000) / RATE_HZ + 0.3)).astype(
        np.int16
    )
    played = lose(signal, 800, frames)
    own_slope = np.abs(np.diff(signal.astype(int))).max()
    assert np.abs(np.diff(played.astype(int))).max() <= 1.2 * own_slope
    if frames == 1:
        assert snr_db(signal[800:960], played[800:960]) > 13


@pytest.mark.parametrize("pitch_hz", [90, 120, 180, 240])
def test_a_voice_goes_through_a_loss_without_a_click(pitch_hz):
    signal = voice(pitch_hz)
    own_slope = np.abs(np.diff(signal.astype(int))).max()
    for begin in range(800, 1_600, 130):
        played = lose(signal, begin, 2)
        assert np.abs(np.diff(played.astype(int))).max() <= 1.2 * own_slope


def test_a_lost_frame_of_a_voice_is_closer_to_the_truth_than_silence():
    gains = [
        snr_db(signal[begin : begin + 160], lose(signal, begin, 1)[begin : begin + 160])
        for seed, pitch_hz in enumerate([85, 110, 130, 160, 200, 230, 280])
        for signal in [voice(pitch_hz, seed=seed)]
        for begin in (800, 1_130, 1_610)
    ]
    assert np.median(gains) > 6  # silence scores 0 dB by definition
    assert min(gains) > 0


def test_a_lost_frame_of_hiss_is_as_loud_as_the_hiss():
    hiss = np.random.default_rng(4).normal(0, 1_000, (50, 480)).astype(np.int16)
    made = conceal.conceal(hiss, 0, 80).astype(float)
    assert made.std() == pytest.approx(1_000, rel=0.05)


@settings(max_examples=30)
@given(HISTORIES, st.integers(0, 700), st.integers(1, 159))
def test_two_answers_join_into_the_one_that_was_asked_at_once(history, lost, cut):
    whole = conceal.conceal(history, lost, 160)
    first = conceal.conceal(history, lost, cut)
    second = conceal.conceal(history, [lost + cut, lost + cut], 160 - cut)
    assert np.array_equal(np.concatenate([first, second], axis=1), whole)


@settings(max_examples=30)
@given(HISTORIES, st.lists(st.integers(0, 2_000), min_size=2, max_size=2))
def test_each_row_is_answered_as_if_it_were_alone(history, lost):
    together = conceal.conceal(history, np.array(lost), 200)
    for row in range(2):
        assert np.array_equal(conceal.conceal(history[row : row + 1], lost[row], 200)[0], together[row])
    periods = conceal.find_period(history)
    assert np.array_equal(conceal.conceal(history, lost, 200, periods=periods), together)


@settings(max_examples=30)
@given(HISTORIES)
def test_after_100_ms_there_is_silence(history):
    made = conceal.conceal(history, 0, 960)
    assert not made[:, conceal.FADE_ENDS :].any()
    assert made.dtype == np.int16


def test_it_sinks_from_10_ms_on_in_a_straight_line():
    signal = voice(200, glide=0)
    made = conceal.conceal(signal[None, :480], 0, 800)[0].astype(float)
    loudness = [made[at : at + 40].std() for at in range(0, 800, 40)]
    assert loudness[1] == pytest.approx(loudness[0], rel=0.05)
    assert loudness[11] == pytest.approx(loudness[0] * (800 - 460) / 720, rel=0.1)
    assert loudness[19] < 0.05 * loudness[0]


def test_a_long_loss_does_not_repeat_a_single_period():
    random = np.random.default_rng(6)
    signal = voice(200, glide=0).astype(float)
    signal = np.rint(signal + random.normal(0, 500, len(signal))).astype(np.int16)
    period = int(conceal.find_period(signal[None, :480])[0])
    made = conceal.conceal(signal[None, :480], 0, 400)[0].astype(float)
    same_within = np.abs(made[10 : 80 - period] - made[10 + period : 80]).max()
    differ_later = np.abs(made[200 : 400 - period] - made[200 + period : 400]).max()
    assert same_within < 0.6 * differ_later


def test_recovery_begins_made_up_and_ends_good():
    made, good = np.full((2, 40), 8_000, np.int16), np.full((2, 160), -8_000, np.int16)
    mixed = conceal.recover(made, good, np.array([40, 0])).astype(int)
    assert mixed[0, 0] > 7_000
    assert mixed[0, 39] < -7_000
    assert np.abs(np.diff(mixed[0])).max() <= 16_000 / 41 + 1
    assert (mixed[0, 40:] == -8_000).all()
    assert (mixed[1] == -8_000).all()
    assert (good == -8_000).all()
    assert np.array_equal(conceal.recover(made, good, 0), good)


def test_no_rows_are_no_trouble():
    none = np.empty((0, conceal.HISTORY), np.int16)
    assert conceal.conceal(none, np.empty(0, int), 160).shape == (0, 160)
    assert conceal.recover(np.empty((0, 40), np.int16), np.empty((0, 160), np.int16)).shape == (0, 160)
