"""What a tick hands over: frames of recorded rooms, and nothing else."""

from __future__ import annotations

import numpy as np

from media.bands import Departed, Voices
from media.recording.ring import GAP, NOBODY, Ring
from media.recording.tap import Tap

NOBODY_ANNOUNCED = (np.zeros(0, np.intp), np.zeros((0, 160), np.int16))
SLOTS = np.array([1, 1, 2, 3], np.int32)
STREAMS = np.array([11, 12, 13, 14], np.int64)


def heard(*rows: int, departed: tuple[int, ...] = (), band: int = 1) -> Voices:
    size = 160 * band
    frames = np.array([np.full(size, row + 1) for row in rows], np.int16).reshape(-1, size)
    gone = [Departed(3, slot, np.full(size, 90 + slot, np.int16), 20 + slot) for slot in departed]
    return Voices(band, np.array(rows, np.intp), frames, gone)


def tapped(slots: int = 64) -> tuple[Tap, Ring]:
    tap, ring = Tap(8), Ring.private(slots)
    tap.attach(ring)
    return tap, ring


def take(tap: Tap, *what: Voices, announced: tuple[np.ndarray, np.ndarray] = NOBODY_ANNOUNCED) -> None:
    tap.take(5.0, 250, what, SLOTS, STREAMS, announced)


def got(ring: Ring) -> list[tuple[int, int, int]]:
    ring.read()
    return [(int(each["recording"]), int(each["stream"]), int(each["samples"][0])) for each in ring.read()]


def test_frames_of_recorded_rooms_go_by_stream_and_others_do_not() -> None:
    tap, ring = tapped()
    assert tap.idle
    tap.record(500, 17, 1)
    tap.record(700, 18, 3)
    assert not tap.idle
    take(tap, heard(0, 2, 3))
    assert got(ring) == [(17, 11, 1), (18, 14, 4)]


def test_announcements_are_nobody_s_and_what_is_left_of_those_who_went_is_theirs() -> None:
    tap, ring = tapped()
    tap.record(500, 17, 1)
    announced = np.array([1, 2]), np.full((2, 160), 7, np.int16)
    take(tap, heard(1, departed=(1, 2)), announced=announced)
    assert got(ring) == [(17, 12, 2), (17, 21, 91), (17, NOBODY, 7)]


def test_each_voice_goes_at_the_rate_at_which_it_was_said() -> None:
    tap, ring = tapped()
    tap.record(500, 17, 1)
    announced = np.array([1]), np.full((1, 320), 7, np.int16)
    take(tap, heard(0), heard(1, departed=(1,), band=2), announced=announced)
    ring.read()
    slots = ring.read()
    assert slots["band"].tolist() == [1, 2, 2, 2, 2, 2, 2]
    assert slots["stream"].tolist() == [11, 12, 12, 21, 21, NOBODY, NOBODY]
    assert slots["piece"].tolist() == [0, 0, 1, 0, 1, 0, 1]


def test_a_tick_of_which_two_parts_do_not_fit_is_missing_once() -> None:
    tap, ring = tapped(slots=1)
    tap.record(500, 17, 1)
    take(tap, heard(0, 1), heard(0, band=2))
    take(tap)
    ring.read()
    [gap] = ring.read()
    assert (gap["kind"], gap["stream"]) == (GAP, 1)


def test_a_room_is_remembered_while_it_is_empty_and_its_slot_is_not() -> None:
    tap, ring = tapped()
    tap.record(500, 17, None)
    assert tap.idle
    tap.room_opened(500, 2)
    take(tap, heard(2))
    assert got(ring) == [(17, 13, 3)]
    tap.room_emptied(2)
    tap.room_opened(600, 2)
    assert tap.idle
    tap.room_opened(500, 1)
    take(tap, heard(0))
    assert got(ring) == [(17, 11, 1)]
    tap.record(500, 0, 1)
    assert tap.idle


def test_without_a_ring_nothing_happens() -> None:
    tap = Tap(8)
    tap.record(500, 17, 1)
    take(tap, heard(0))


def test_what_did_not_fit_is_told_as_ticks_of_its_recording() -> None:
    tap, ring = tapped(slots=3)
    tap.record(500, 17, 1)
    take(tap, heard(0, 1))
    take(tap, heard(0, 1))
    take(tap, heard(0, 1))
    ring.read()
    assert len(ring.read()) == 3, "the third had room for the word that one is missing"
    take(tap, heard(0))
    ring.read()
    slots = ring.read()
    assert slots["kind"].tolist() == [GAP, 0]
    assert slots["stream"].tolist() == [1, 11]
