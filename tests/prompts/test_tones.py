from __future__ import annotations

import numpy as np
import pytest

from dsp.frames import FRAME_SAMPLES, RATE_HZ
from prompts.tones import TONES

ONCE = sorted(TONES.keys() - {"ringing"})


@pytest.mark.parametrize("name", ONCE)
def test_a_tone_is_short_soft_and_without_clicks(name: str):
    tone = TONES[name]()
    assert 0.1 < len(tone) / RATE_HZ < 1.0
    assert 1_000 < np.abs(tone).max() < 16_000
    assert abs(int(tone[0])) < 400
    assert abs(int(tone[-1])) < 400


@pytest.mark.parametrize("name", sorted(TONES))
def test_a_tone_is_the_same_at_twice_the_rate(name: str):
    narrow, wide = (TONES[name](rate_hz=rate_hz).astype(int) for rate_hz in (RATE_HZ, 2 * RATE_HZ))
    assert len(wide) == 2 * len(narrow)
    assert np.abs(wide[::2] - narrow).max() < 150  # fades begin with half a sample


def test_no_two_tones_are_alike():
    assert len({tone().tobytes() for tone in TONES.values()}) == len(TONES)


def test_ring_back_is_the_brazilian_one_and_can_be_played_round_and_round():
    ringing = TONES["ringing"]()
    assert len(ringing) == 5 * RATE_HZ
    assert len(ringing) % FRAME_SAMPLES == 0
    heard, pause = ringing[:RATE_HZ], ringing[RATE_HZ:]
    assert np.abs(np.fft.rfft(heard)).argmax() == 425
    assert not pause.any()
    assert abs(int(heard[0])) < 400
    assert 1_000 < np.abs(heard).max() < 16_000
