"""Loss concealment: no jumps at any seam, better than silence, the same however it is asked for."""

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import conceal, repetition

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


def period_of(history, band=1):
    return repetition.period_of(history.astype(np.float32), band)


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
    ratio = int(period_of(signal[None, :480])[0]) * pitch_hz / RATE_HZ
    assert ratio == pytest.approx(round(ratio), abs=0.03 * max(round(ratio), 1))
    assert round(ratio) >= 1


def test_noise_and_silence_have_the_longest_period():
    noise = np.random.default_rng(3).normal(0, 3_000, (20, 480)).astype(np.int16)
    noise[0] = 0
    assert (period_of(noise) == repetition.LONGEST_PERIOD).mean() > 0.9
    assert period_of(noise[:1])[0] == repetition.LONGEST_PERIOD


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
    assert np.abs(np.diff(played.astype(int))).max() <= 1.3 * own_slope
    assert (
        snr_db(signal[800:960], played[800:960]) > 5
    )  # it sinks to 0.6, which by itself leaves no more than 12.7 dB


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
    assert 700 < made.std() < 1_050
    assert made[:, :10].std() == pytest.approx(1_000, rel=0.2)


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


@settings(max_examples=30)
@given(HISTORIES)
def test_after_200_ms_there_is_silence(history):
    made = conceal.conceal(history, 0, 1_760)
    assert not made[:, conceal.FADE_ENDS :].any()
    assert made.dtype == np.int16


def test_it_grows_softer_at_once_and_sinks_slowly():
    signal = voice(200, glide=0)
    made = conceal.conceal(signal[None, :480], 0, 1_600)[0].astype(float)
    loudness = [made[at : at + 40].std() / signal[:480].std() for at in range(0, 1_600, 40)]
    assert loudness[0] == pytest.approx(0.95, rel=0.1)
    assert loudness[4] == pytest.approx(0.58, rel=0.1)
    assert loudness[8] == pytest.approx(0.5, rel=0.1)
    assert loudness[23] == pytest.approx(0.25, rel=0.1)
    assert loudness[39] < 0.05


def test_a_long_loss_does_not_repeat_a_single_period():
    random = np.random.default_rng(5)
    signal = voice(200, glide=0).astype(float)
    signal = np.rint(signal + random.normal(0, 500, len(signal))).astype(np.int16)
    assert period_of(signal[None, :480])[0] == 40
    made = conceal.conceal(signal[None, :480], 0, 400)[0].astype(float)
    loudness = np.interp(np.arange(400), [0, 160, 320, 1_600], [1, 0.6, 0.5, 0])
    made /= loudness
    same_within = np.abs(made[10 : 80 - 40] - made[10 + 40 : 80]).max()
    differ_later = np.abs(made[200 : 400 - 40] - made[200 + 40 : 400]).max()
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
    assert conceal.conceal(none, 0, 160, ahead=none, ahead_gap=80).shape == (0, 160)
    assert conceal.recover(np.empty((0, 40), np.int16), np.empty((0, 160), np.int16)).shape == (0, 160)


# With what comes after the gap


def bridge(signal, begin, gap, *, asked=160, ahead_from=None, since=0):
    """Play `signal` with a gap whose end is known from `since` on; what is asked for at a time is `asked` samples."""
    played, history = signal.copy(), signal[None, begin - conceal.HISTORY : begin]
    end = begin + gap
    ahead = signal[None, end : end + max(conceal.AHEAD, asked)]
    for at in range(0, gap, asked):
        known = {"ahead": ahead, "ahead_gap": gap, "ahead_from": since} if at >= since else {}
        played[begin + at : begin + at + asked] = conceal.conceal(history, at, asked, **known)[0]
    return played


@pytest.mark.parametrize("pitch_hz", [90, 120, 180, 240])
@pytest.mark.parametrize("gap", [24, 80, 160, 320, 480])
def test_a_gap_whose_end_is_known_is_bridged_without_a_click(pitch_hz, gap):
    signal = voice(pitch_hz)
    own_slope = np.abs(np.diff(signal.astype(int))).max()
    for begin in range(800, 1_600, 130):
        played = bridge(signal, begin, gap)
        assert np.array_equal(played[begin + gap :], signal[begin + gap :])
        assert np.abs(np.diff(played.astype(int))).max() <= 1.3 * own_slope


def test_it_is_closer_to_the_truth_where_the_end_is_known():
    places = [
        (signal, begin)
        for seed, pitch_hz in enumerate([85, 110, 130, 160, 200, 230, 280])
        for signal in [voice(pitch_hz, seed=seed)]
        for begin in (800, 1_130, 1_610)
    ]
    unknown = [snr_db(s[b : b + 160], lose(s, b, 1)[b : b + 160]) for s, b in places]
    known = [snr_db(s[b : b + 160], bridge(s, b, 160)[b : b + 160]) for s, b in places]
    assert np.median(known) > np.median(unknown) + 3
    assert min(known) > 0


@pytest.mark.parametrize("since", [0, 160, 320])
def test_the_frames_of_a_longer_gap_continue_one_another(since):
    signal = voice(140)
    own_slope = np.abs(np.diff(signal.astype(int))).max()
    for begin in range(800, 1_600, 130):
        played = bridge(signal, begin, 480, since=since)
        assert np.abs(np.diff(played.astype(int))).max() <= 1.3 * own_slope
        if since == 0:
            assert np.array_equal(played, bridge(signal, begin, 480, asked=80))


@pytest.mark.parametrize("gap", [1, 159, 1_000, 1_600, 4_000, 100_000])
def test_a_gap_of_any_length_ends_in_what_came(gap):
    signal = voice(140)
    history, ahead = signal[None, 1_000:1_480], signal[None, 1_800:2_120]
    at = max(gap - 100, 0)
    made = conceal.conceal(history, at, 160, ahead=ahead, ahead_gap=gap, ahead_from=0)
    assert np.array_equal(made[0, gap - at :], ahead[0, : 160 - (gap - at)])
    own_slope = np.abs(np.diff(signal.astype(int))).max()
    assert np.abs(np.diff(made[0].astype(int))).max() <= 1.3 * own_slope


FRAMES = npst.arrays(np.int16, (2, 160))


@settings(max_examples=30)
@given(HISTORIES, FRAMES, st.integers(0, 700), st.integers(1, 159), st.integers(1, 400))
def test_what_leads_up_to_the_end_is_the_same_however_it_is_asked_for(history, ahead, lost, cut, left):
    known = {"ahead": ahead, "ahead_gap": lost + left, "ahead_from": lost}
    whole = conceal.conceal(history, lost, 160, **known)
    first = conceal.conceal(history, lost, cut, **known)
    second = conceal.conceal(history, lost + cut, 160 - cut, **known)
    assert np.array_equal(np.concatenate([first, second], axis=1), whole)
    for row in range(2):
        alone = conceal.conceal(history[[row]], lost, 160, **{**known, "ahead": ahead[[row]]})
        assert np.array_equal(alone[0], whole[row])


def test_only_rows_whose_end_is_known_are_led_up_to_it():
    signal = voice(140)
    history, ahead = (
        np.repeat(signal[None, 1_000:1_480], 2, axis=0),
        np.repeat(signal[None, 1_640:1_800], 2, axis=0),
    )
    made = conceal.conceal(history, 0, 160, ahead=ahead, ahead_gap=np.array([0, 160]))
    assert np.array_equal(made[[0]], conceal.conceal(history[:1], 0, 160))
    assert not np.array_equal(made[0], made[1])


# Other bands, and the loudest


@pytest.mark.parametrize("band", [2, 6])
@pytest.mark.parametrize("pitch_hz", [100, 160, 250])
def test_the_period_is_found_at_any_band(band, pitch_hz):
    rate = RATE_HZ * band
    time = np.arange(600 * band) / rate
    signal = sum(np.sin(2 * np.pi * n * pitch_hz * time + n * n) / n for n in range(1, 12))
    signal = np.rint(6_000 * signal).astype(np.int16)
    ratio = int(period_of(signal[None], band)[0]) * pitch_hz / rate
    assert ratio == pytest.approx(round(ratio), abs=0.02)
    begin, end = 500 * band, 580 * band
    history, ahead = signal[None, :begin], np.zeros((1, conceal.AHEAD * band), np.int16)
    made = conceal.conceal(history, 0, 160 * band, band=band)
    own_slope = np.abs(np.diff(signal.astype(int))).max()
    joined = np.concatenate([signal[:begin], made[0]]).astype(int)
    assert np.abs(np.diff(joined)).max() <= 1.3 * own_slope
    known = conceal.conceal(history, 0, 160 * band, band=band, ahead=ahead, ahead_gap=end - begin)
    assert known.shape == made.shape
    assert not known[0, end - begin :].any()


def test_what_is_loudest_does_not_wrap_around():
    history = np.random.default_rng(1).choice([-32_768, 32_767], (1, 480)).astype(np.int16)
    history[0, [-121, -120, -1]] = -32_768, 32_767, 32_767
    assert period_of(history)[0] == 120  # so the seam is mended by more than there is room for
    assert conceal.conceal(history, 0, 160)[0, 0] == 32_767


# Recorded speech

SPOKEN = [
    Path("/usr/share/asterisk/sounds/en") / f"{name}.wav"
    for name in ("vm-intro", "dir-instr", "queue-youarenext")
]


@pytest.mark.skipif(not all(path.exists() for path in SPOKEN), reason="needs asterisk-core-sounds-en-wav")
def test_recorded_speech_sounds_well_at_ten_percent_loss_and_better_where_the_next_frame_is_there():
    pesq = pytest.importorskip("pesq").pesq
    scores = {"unknown": [], "known": []}
    for seed, path in enumerate(SPOKEN):
        with wave.open(str(path)) as file:
            said = np.frombuffer(file.readframes(40_000), "<i2")
        lost = np.random.default_rng(seed).random(len(said) // 160 - 1) < 0.1
        lost[:3] = lost[-1] = False
        for way, heard in scores.items():
            played = said.copy()
            for frame in np.flatnonzero(lost):
                first = frame - int(np.argmin(lost[frame::-1])) + 1
                begin, at, gap = 160 * first, 160 * frame, 160 * (frame - first)
                history, good = played[None, begin - conceal.HISTORY : begin], said[None, at + 160 : at + 320]
                last = not lost[frame + 1]
                known = {"ahead": good, "ahead_gap": gap + 160} if last and way == "known" else {}
                played[at : at + 160] = conceal.conceal(history, gap, 160, **known)[0]
                if last and way == "unknown":
                    going_on = conceal.conceal(history, gap + 160, conceal.RECOVERY)
                    played[at + 160 : at + 320] = conceal.recover(going_on, good)[0]
            heard.append(pesq(RATE_HZ, said, played, "nb"))
    assert np.mean(scores["unknown"]) > 2.85
    assert np.mean(scores["known"]) > 3.5
