"""The line watch: every trouble is found in time, none is found where people talk, and none is taken back in a moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import signal

from dsp import watch
from dsp.level import new_lines, rms_dbov, speech_step
from dsp.watch import Trouble
from tests.dsp.speech import frames, noise, voice

SECONDS = 16.0
TIME = np.arange(int(SECONDS * 8_000)) / 8_000


def run(*sounds, sparsely=True):
    """The trouble of each row (one per sound) at each tick."""
    heard = np.stack([frames(sound) for sound in sounds])
    lines, watches = new_lines(len(sounds)), np.zeros(len(sounds), watch.WATCH)
    told = []
    for tick in range(heard.shape[1]):
        levels = rms_dbov(heard[:, tick])
        _, lines = speech_step(levels, lines)
        if not sparsely:
            watches = watch.watch_step(heard[:, tick], levels, lines["floor_dbov"], watches)
        elif tick % 16 < 2:
            watches = watch.watch_step(
                heard[:, tick], levels, lines["floor_dbov"], watches, follows=tick % 16 == 1, stands_for=8
            )
        told.append(watches["trouble"].copy())
    return np.array(told)


def chords(level_dbov, seconds=SECONDS):
    """Three notes at a time that swell and sink a little, others each second."""
    random = np.random.default_rng(2)
    pieces = []
    for _ in range(int(seconds)):
        time = np.arange(8_000) / 8_000
        notes = random.choice([220.0, 262, 294, 330, 392, 440, 523, 587, 659], 3, replace=False)
        swell = 1 - 0.7 * time
        pieces.append(
            sum(np.sin(2 * np.pi * note * part * time) / part for note in notes for part in (1, 2, 3)) * swell
        )
    sound = np.concatenate(pieces)
    return sound / sound.std() * 32_768 * 10 ** (level_dbov / 20)


def howl():
    grows = 50 * 10 ** (np.minimum(TIME, 4.0) * 12 / 20)
    return np.clip(grows * np.sin(2 * np.pi * 1_340 * TIME), -30_000, 30_000)


def rumble(level_dbov):
    sound = signal.lfilter([1], [1, -0.95], noise(SECONDS, -20))
    return sound / sound.std() * 32_768 * 10 ** (level_dbov / 20)


@pytest.mark.parametrize("sparsely", [True, False])
@pytest.mark.parametrize(
    ("sound", "trouble", "within_s"),
    [
        (noise(SECONDS, -38), Trouble.NOISE, 9),
        (noise(SECONDS, -20), Trouble.NOISE, 9),
        (rumble(-35), Trouble.NOISE, 12),
        (chords(-30), Trouble.MUSIC, 13),
        (chords(-18), Trouble.MUSIC, 13),
        (howl(), Trouble.HOWL, 5),
    ],
)
def test_a_trouble_is_told_in_time_and_no_other_before(sound, trouble, within_s, sparsely):
    told = run(sound, sparsely=sparsely)[:, 0]
    first = int(np.argmax(told > 0))
    assert told[first] == trouble
    assert 1 <= first / 50 <= within_s


@pytest.mark.parametrize("level_dbov", [-40, -26, -12])
def test_people_who_talk_are_no_trouble(level_dbov):
    sounds = [
        voice(40.0, level_dbov, seed=seed, pause=pause) + noise(40.0, level_dbov - over_db)
        for seed, (pause, over_db) in enumerate([(0.3, 40), (0.1, 30), (0.3, 20), (0.5, 30)])
    ]
    assert not run(*sounds).any()


def test_soft_noise_is_nobodys_trouble():
    assert not run(noise(SECONDS, -50), rumble(-50)).any()


def test_tones_of_exchanges_do_not_howl():
    dial = 6_000 * np.sin(2 * np.pi * 425 * TIME)
    busy = dial * (TIME % 1 < 0.5)
    told = run(dial, busy)
    assert Trouble.HOWL not in told
    assert not told[:, 1].any()


def test_a_trouble_lasts_and_ends_in_rest():
    told = run(noise(SECONDS, -30), np.concatenate((noise(9.5, -30), voice(SECONDS - 9.5, -20, pause=0.0))))
    assert told[-1, 0] == Trouble.NOISE
    began = int(np.argmax(told[:, 1] > 0))
    assert (told[began : began + 150, 1] == Trouble.NOISE).all()
    watches = np.zeros(2, watch.WATCH)
    watches["trouble"] = Trouble.NOISE
    watches["counters"][:, Trouble.NOISE] = 300
    rested = watch.rest(watches, np.array([299, 300]))
    assert rested["trouble"].tolist() == [Trouble.NOISE, Trouble.NONE]


def echo_of(own, sent):
    """The troubles that comparisons of two sounds tell."""
    own, sent = rms_dbov(frames(own)), rms_dbov(frames(sent))
    watches, told = np.zeros(1, watch.WATCH), []
    for tick in range(watch.ECHO_FRAMES + watch.LAG_MOST, len(own), watch.ECHO_EVERY):
        curve = sent[None, tick - watch.ECHO_FRAMES - watch.LAG_MOST : tick]
        watches = watch.echo_step(own[None, tick - watch.ECHO_FRAMES : tick], curve, watches)
        told.append(int(watches["trouble"][0]))
    return told, int(watches["lag"][0])


@pytest.mark.parametrize("lag_ms", [60, 200, 460])
def test_a_line_that_says_what_the_room_said_is_an_echo(lag_ms):
    sent = voice(12.0, -22, pause=0.4)
    back = np.concatenate((np.zeros(lag_ms * 8), sent))[: len(sent)] * 0.2 + noise(12.0, -62)
    told, lag = echo_of(back, sent)
    assert Trouble.ECHO in told
    assert lag == lag_ms // 20


def test_who_answers_and_who_interrupts_is_no_echo():
    for seed in range(6):
        sent, own = voice(20.0, -22, seed=seed, pause=0.4), voice(20.0, -28, seed=50 + seed, pause=0.4)
        assert not any(echo_of(own, sent)[0])
    assert not any(echo_of(noise(20.0, -30), sent)[0])
    assert not any(echo_of(sent, np.zeros_like(sent))[0])


@settings(max_examples=25)
@given(
    npst.arrays(np.int16, (2, 160)),
    npst.arrays(np.float32, (2, 2), elements=st.floats(-127, 0, width=32)),
    st.integers(1, 8),
)
def test_counters_stay_in_their_bounds_whatever_is_heard(sound, levels, stands_for):
    watches = np.zeros(2, watch.WATCH)
    for _ in range(6):
        watches = watch.watch_step(sound, levels[0], levels[1], watches, stands_for=stands_for)
    flat = np.full((2, watch.ECHO_FRAMES + watch.LAG_MOST), levels[0, 0], np.float32)
    watches = watch.echo_step(flat[:, : watch.ECHO_FRAMES], flat, watches)
    for which, top in watch._TOPS.items():
        assert (watches["counters"][:, which] >= 0).all()
        assert (watches["counters"][:, which] <= top).all()
    assert np.isfinite(watches["spectrum"]).all()
    assert not watch.rest(watches, np.full(2, 1_000_000))["trouble"].any()
