"""Who is heard at which rate."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from media.bands import Bands, Departed, Heard, Voices, Whispered
from tests.media.wire import power_at

RATE = 8_000


def tone(frequency: float, band: int, frames: int) -> NDArray[np.int16]:
    time = np.arange(160 * band * frames) / (RATE * band)
    samples: NDArray[np.int16] = np.rint(8_000 * np.sin(2 * np.pi * frequency * time)).astype(np.int16)
    return samples


class House:
    def __init__(self, rooms: list[int], bands: list[int]) -> None:
        self.slot = np.zeros(len(rooms), np.int32)
        self.bands = Bands(self.slot, 8)
        for row, (room, band) in enumerate(zip(rooms, bands, strict=True)):
            self.bands.change(row, band)
            self.slot[row] = room
            self.bands.enter(row)

    def say(self, sounds: dict[int, NDArray[np.int16]]) -> dict[int, Heard]:
        voices = []
        for band in self.bands.in_use:
            rows = [row for row in sounds if self.bands.of[row] == band]
            rows.sort(key=lambda row: int(self.slot[row]))
            frames = np.array([sounds[row] for row in rows], np.int16).reshape(len(rows), 160 * band)
            voices.append(Voices(band, np.array(rows, np.intp), frames))
        return self.bands.heard(voices)


def test_a_house_of_telephones_is_left_alone() -> None:
    house = House([1, 1], [1, 1])
    assert house.bands.narrow
    frame = tone(500.0, 1, 1)
    heard = house.say({0: frame})
    assert list(heard) == [1]
    assert (heard[1].frames == frame).all()


@pytest.mark.parametrize(("source", "target"), [(1, 2), (1, 6), (2, 6), (2, 1), (6, 1), (6, 2)])
def test_a_voice_is_heard_at_every_rate_and_frames_follow_one_another(source: int, target: int) -> None:
    house = House([1, 1], [source, target])
    sound = tone(1_000.0, source, 30)
    out = []
    for frame in sound.reshape(30, -1):
        heard = house.say({0: frame})
        assert (heard[source].frames[0] == frame).all()
        out.append(heard[target].frames[0])
    got = np.concatenate(out)[160 * target * 5 :].astype(np.float64)
    expected = np.sin(2 * np.pi * 1_000.0 * np.arange(len(got)) / (RATE * target))
    other = np.cos(2 * np.pi * 1_000.0 * np.arange(len(got)) / (RATE * target))
    part = np.hypot(got @ expected, got @ other) * 2 / len(got)
    assert part == pytest.approx(8_000, rel=0.02)
    rest = got.std() ** 2 - part**2 / 2
    assert rest < (0.004 * part) ** 2  # nothing else: no seam between frames


def test_only_rates_that_somebody_in_the_room_listens_at_are_made() -> None:
    house = House([1, 1, 2, 2], [1, 2, 1, 1])
    heard = house.say({0: tone(500.0, 1, 1), 2: tone(700.0, 1, 1)})
    assert heard[1].rows.tolist() == [0, 2]
    assert heard[2].rows.tolist() == [0]


def test_all_who_are_heard_are_sorted_by_room() -> None:
    house = House([2, 1, 1, 2], [1, 2, 1, 2])
    heard = house.say({row: tone(500.0, 2 if row in (1, 3) else 1, 1) for row in range(4)})
    for band in (1, 2):
        assert house.slot[heard[band].rows].tolist() == [1, 1, 2, 2]


def test_who_leaves_takes_his_rate_along() -> None:
    house = House([1, 1], [1, 2])
    house.bands.leave(1)
    house.slot[1] = 0
    assert not house.say({0: tone(500.0, 1, 1)})[2].rows.size
    house.bands.change(1, 1)
    assert house.bands.narrow


def test_last_words_and_whispers_reach_those_whom_they_are_for() -> None:
    house = House([1, 1, 1], [1, 2, 1])
    words = tone(500.0, 1, 1)
    voices = [
        Voices(
            1,
            np.zeros(0, np.intp),
            np.zeros((0, 160), np.int16),
            [Departed(2, 1, words)],
            [Whispered(0, 1, words)],
        ),
        Voices(2, np.zeros(0, np.intp), np.zeros((0, 320), np.int16)),
    ]
    heard = house.bands.heard(voices)
    assert [(slot, len(frame)) for slot, frame in heard[1].departed] == [(1, 160)]
    assert [(slot, len(frame)) for slot, frame in heard[2].departed] == [(1, 320)]
    assert not heard[1].whispers
    assert [(row, len(frame)) for row, frame in heard[2].whispers] == [(1, 320)]
    assert power_at(heard[1].departed[0][1], 500.0) > 0
