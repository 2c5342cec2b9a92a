import numpy as np
import pytest

from benchmarks import g711, voices
from benchmarks.ears import NOTHING, SILENCE, SOUND, Ears, in_turns, tone_power

FRAME = 160


def frame(hz: float = 0.0) -> np.ndarray:
    wave = voices.tone(hz, FRAME) if hz else np.zeros(FRAME)
    return g711.encode(wave, "pcmu")


def hear(ears, frames, *, row=0, at=0):
    """What is told of frames that come to a row, 20 ms apart."""
    told = []
    for place, each in enumerate(frames):
        told += ears.hear(np.array([row]), np.array([at + place * 20]), each[None, :])
    return told


def test_a_tone_is_heard_after_so_many_packets_on_end_and_told_by_the_first():
    ears = Ears(1)
    ears.listen(0, 1000, packets=3)
    broken = [frame(1000), frame(1000), frame(), frame(1000), frame(1000), frame(1000), frame(1000)]
    assert hear(ears, broken) == [(0, 60)]
    assert hear(ears, [frame(1000)] * 5) == []  # told once


def test_another_tone_is_not_the_one_listened_for():
    ears = Ears(1)
    ears.listen(0, 1000, packets=1)
    assert hear(ears, [frame(2900), frame(), frame(600)]) == []


def test_a_tone_among_others_is_not_pure():
    both = g711.encode(voices.tone(1000, FRAME) + voices.tone(1500, FRAME), "pcmu")
    ears = Ears(2)
    ears.listen(0, 1000, packets=1, pure=True)
    ears.listen(1, 1000, packets=1)
    assert hear(ears, [both], row=0) == []
    assert hear(ears, [both], row=1) == [(1, 0)]


@pytest.mark.parametrize(
    ("what", "frames"), [(SOUND, [frame(), frame(700)]), (SILENCE, [frame(700), frame()])]
)
def test_any_sound_and_none_at_all_can_be_listened_for(what, frames):
    ears = Ears(1)
    ears.listen(0, what, packets=1)
    assert hear(ears, frames) == [(0, 20)]
    ears.listen(0, NOTHING, packets=1)
    assert hear(ears, frames) == []


def test_packets_of_one_row_that_come_together_count_in_the_order_they_came():
    ears = Ears(2)
    ears.listen(1, SOUND, packets=2)
    rows, at = np.array([1, 0, 1, 1]), np.array([40, 5, 0, 20])
    payloads = np.stack([frame(500), frame(500), frame(), frame(500)])
    assert ears.hear(rows, at, payloads) == [(1, 20)]


def test_turns_have_each_row_once():
    turns = in_turns(np.array([3, 1, 3, 3]), np.array([9, 0, 4, 6]))
    assert [turn.tolist() for turn in turns] == [[1, 2], [3], [0]]
    assert in_turns(np.empty(0, np.int64), np.empty(0, np.int64)) == []


def test_the_power_of_a_tone_is_its_level():
    waves = np.stack([voices.tone(2900, FRAME), voices.tone(2900, FRAME)])
    levels = 10 * np.log10(tone_power(waves, np.array([2900, 1000])))
    assert levels[0] == pytest.approx(voices.TONE_DBOV, abs=0.1)
    assert levels[1] < -60
