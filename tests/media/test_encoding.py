"""One encoder for all who hear the same, and nobody's decoder surprised when he comes to hear something else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from media.codecs.terms import OpusTerms
from media.control import Codec
from media.encoding import MOST_OWN, PARK_TICKS, REPORT_TICKS, SETTLE_TICKS, Encoding
from media.hearing import NO_MUSIC, SILENCE, Lines, music_key

FRAME = 320
BAND = 2


@dataclass(slots=True)
class Diary:
    """An encoder whose payload is all that it ever encoded (the first sample of each frame), so that a decoder's past can be
    compared with it."""

    past: list[int] = field(default_factory=list)
    loss: int = -1
    made: list[Diary] = field(default_factory=list)

    def encode(self, frame: NDArray[np.int16]) -> bytes:
        self.past.append(int(frame[0]))
        return np.array(self.past, np.int32).tobytes()

    def copy(self) -> Self:
        twin = type(self)(list(self.past), self.loss, self.made)
        self.made.append(twin)
        return twin

    def expect_loss(self, percent: int) -> None:
        self.loss = percent

    def reset(self) -> None:
        self.past.clear()


class House:
    """Rows in rooms, and what sounds there, frame by frame a single number."""

    def __init__(self, slots: list[int], music: list[int] | None = None) -> None:
        self.slot = np.array(slots, np.int32)
        self.music = np.array(music or [NO_MUSIC] * len(slots), np.intp)
        self.made: list[Diary] = []
        self.encoding = Encoding(self.slot, self.music, self.make)
        for row in range(len(slots)):
            self.encoding.open(row, Codec.G722, BAND, None)

    def make(self, codec: Codec, band: int, terms: OpusTerms | None) -> Diary:
        assert (codec, band, terms) == (Codec.G722, BAND, None)
        self.made.append(Diary(made=self.made))
        return self.made[-1]

    def tick(self, shared: dict[int, int], own: dict[int, int] | None = None) -> dict[int, list[int]]:
        """Each row's payload, read as the past of its encoder."""
        own = own or {}
        keys = [SILENCE, *shared]
        lines = np.zeros((len(keys), FRAME), np.int16)
        for at, value in enumerate(shared.values(), 1):
            lines[at] = value
        wants = [
            int(slot) or (music_key(loop) if loop >= 0 else SILENCE)
            for slot, loop in zip(self.slot, self.music.tolist(), strict=True)
        ]
        line = np.array([keys.index(want) if want in keys else 0 for want in wants], np.intp)
        rows = np.array(list(own), np.intp)
        line[rows] = len(keys) + np.arange(len(rows))
        alone = np.array(list(own.values()), np.int16)[:, None] * np.ones((1, FRAME), np.int16)
        out = self.encoding.tick({BAND: Lines(lines, keys, rows, alone.reshape(-1, FRAME), line)})
        return {
            row: np.frombuffer(out.distinct[which], np.int32).tolist()
            for row, which in zip(out.rows.tolist(), out.which.tolist(), strict=True)
        }

    def encoded(self) -> int:
        """Frames encoded so far, by all encoders; those copied count as the copy's own work only."""
        return sum(len(diary.past) for diary in self.made)


def test_all_in_a_room_get_one_payload_encoded_once() -> None:
    house = House([1] * 500)
    for tick in range(SETTLE_TICKS + 2):
        house.tick({1: tick})
    before = house.encoded()
    payloads = house.tick({1: 99})
    assert house.encoded() == before + 1
    assert len({tuple(payload) for payload in payloads.values()}) == 1
    assert payloads[0][-1] == 99


def test_whoever_turns_to_something_else_hears_on_from_an_encoder_that_knows_what_he_heard() -> None:
    house = House([1, 1, 1])
    heard: dict[int, list[int]] = {row: [] for row in range(3)}
    for tick in range(1, 80):
        own = {1: 1_000 + tick} if 30 <= tick < 40 else {}
        sounds = {1: tick, 2: 500 + tick}
        if tick == 60:
            house.slot[2] = 2
        expected = {row: own.get(row, sounds[int(house.slot[row])]) for row in range(3)}
        payloads = house.tick(sounds, own)
        for row, past in payloads.items():
            heard[row].append(expected[row])
            assert past[-1] == expected[row]
            # What a decoder has heard and what its encoder has encoded are the same, back to when encoders have forgotten.
            recent = min(SETTLE_TICKS, len(heard[row]))
            assert past[-recent:] == heard[row][-recent:]


def test_a_row_that_settles_is_one_of_many_again() -> None:
    house = House([1] * 10)
    for tick in range(30):
        house.tick({1: tick})
    house.tick({1: 30}, {4: 7})
    for tick in range(SETTLE_TICKS):
        house.tick({1: 31 + tick})
    before = house.encoded()
    house.tick({1: 50})
    assert house.encoded() == before + 1


def test_a_quiet_room_is_put_away_and_wakes_as_silence_went_on() -> None:
    house = House([1, 2, 3, 0])
    for tick in range(30):
        house.tick({1: tick, 2: tick, 3: tick})
    for _ in range(PARK_TICKS + 2):
        house.tick({})
    before = house.encoded()
    payloads = house.tick({})
    assert house.encoded() == before + 1  # silence, for all four
    assert payloads[0] == payloads[1] == payloads[3]
    woken = house.tick({2: 77})[1]
    assert woken[-2:] == [0, 77]


def test_music_is_heard_by_key_and_changes_like_rooms() -> None:
    house = House([0, 0], music=[0, 1])
    for tick in range(30):
        payloads = house.tick({music_key(0): tick, music_key(1): 500 + tick})
    assert [payloads[row][-1] for row in (0, 1)] == [29, 529]
    house.music[0] = 1
    for tick in range(30, 50):
        payloads = house.tick({music_key(0): tick, music_key(1): 500 + tick})
    assert payloads[0] == payloads[1]


def test_when_hundreds_are_moved_at_once_only_so_many_get_an_encoder() -> None:
    house = House([1] * (MOST_OWN + 300))
    for tick in range(SETTLE_TICKS + 5):
        house.tick({1: tick})
    encoders = len(house.made)
    house.slot[:] = 2
    payloads = house.tick({2: 9})
    assert len(house.made) - encoders <= MOST_OWN + 2
    assert {payload[-1] for payload in payloads.values()} == {9}


def test_the_listener_who_loses_most_decides_what_is_repeated_and_is_forgotten_after() -> None:
    house = House([1, 1, 1])
    for _ in range(REPORT_TICKS - 1):
        house.tick({1: 5})
    for row, percent in enumerate((3, 12, 0)):
        house.encoding.expect_loss(row, percent)
    house.tick({1: 5})
    assert 12 in {diary.loss for diary in house.made}
    for _ in range(REPORT_TICKS):
        house.tick({1: 5})
    assert 12 not in {diary.loss for diary in house.made if len(diary.past) > REPORT_TICKS}


def test_a_closed_row_is_encoded_for_no_longer() -> None:
    house = House([1, 1])
    house.encoding.close(1)
    assert set(house.tick({1: 1})) == {0}
    house.encoding.close(0)
    assert house.encoding.idle
    with pytest.raises(KeyError):
        house.encoding.last(0)
