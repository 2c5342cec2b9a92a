from __future__ import annotations

import numpy as np
import pytest

from prompts.tones import TONES


@pytest.mark.parametrize("name", sorted(TONES))
def test_a_tone_is_short_soft_and_without_clicks(name: str):
    tone = TONES[name]()
    assert 0.1 < len(tone) / 8_000 < 1.0
    assert 1_000 < np.abs(tone).max() < 16_000
    assert abs(int(tone[0])) < 400
    assert abs(int(tone[-1])) < 400


def test_no_two_tones_are_alike():
    assert len({tone().tobytes() for tone in TONES.values()}) == len(TONES)
