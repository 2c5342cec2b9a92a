from __future__ import annotations

import numpy as np
import pytest

from prompts.mastering import RATE_HZ
from prompts.score import Part
from prompts.synthesis import INSTRUMENTS, frequency_hz, shaker


@pytest.mark.parametrize("part", sorted(INSTRUMENTS, key=lambda part: part.value))
def test_a_note_is_in_tune_and_begins_and_ends_without_a_click(part: Part):
    note = INSTRUMENTS[part](69, 0.75)
    spectrum = np.abs(np.fft.rfft(note, 1 << 16))
    assert spectrum.argmax() * RATE_HZ / (1 << 16) == pytest.approx(440.0, rel=0.004)
    assert abs(note[0]) < 0.001
    assert abs(note[-1]) < 0.001
    assert np.abs(np.diff(note)).max() < 0.7


def test_an_octave_doubles_the_frequency():
    assert frequency_hz(81) == pytest.approx(880.0)


def test_the_shaker_is_repeatable_noise():
    strokes = [shaker(np.random.default_rng(3)) for _ in range(2)]
    assert np.array_equal(*strokes)
    assert np.abs(strokes[0]).max() > 0
