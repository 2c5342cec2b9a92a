"""Frames find their places: mixed, in order, silence where nothing came."""

from __future__ import annotations

import numpy as np

from dsp.limiter import CEILING, limit
from media.recording.mixdown import HELD, MOST_TRACKS, Mixdown
from media.recording.ring import NOBODY


def frame(value: int) -> np.ndarray:
    return np.full(160, value, np.int16)


def test_frames_of_one_place_are_mixed_and_limited_as_in_the_room() -> None:
    down = Mixdown(band=1, participants=False)
    down.add(1, 5, frame(20_000))
    down.add(1, 6, frame(20_000))
    down.add(0, NOBODY, frame(100))
    stretch = down.take(3)
    assert stretch is not None
    assert stretch.mix[:160].tolist() == [100] * 160
    limited, _ = limit(np.full((1, 160), 40_000, np.int32), np.ones(1, np.float32))
    assert np.array_equal(stretch.mix[160:320], limited[0])
    assert not stretch.mix[320:].any()
    assert stretch.tracks == {}
    assert down.take(3) is None


def test_who_comes_later_has_a_track_from_there_on() -> None:
    down = Mixdown(band=1, participants=True)
    down.add(0, 5, frame(1))
    first = down.take(2)
    down.add(4, 6, frame(2))
    down.add(3, 6, frame(3))
    down.add(3, NOBODY, frame(9))
    second = down.take(6)
    assert first is not None
    assert second is not None
    assert (first.fresh, set(first.tracks)) == ({5: 0}, {5})
    assert (second.first, second.fresh) == (2, {6: 3})
    assert second.tracks[6].reshape(4, 160)[:, 0].tolist() == [0, 3, 2, 0]
    assert not second.tracks[5].any()
    assert second.mix.reshape(4, 160)[:, 0].tolist() == [0, 12, 2, 0]


def test_a_track_begins_in_the_stretch_where_it_is_heard_first() -> None:
    down = Mixdown(band=1, participants=True)
    down.add(60, 6, frame(2))
    early, late = down.take(50), down.take(100)
    assert early is not None
    assert late is not None
    assert (early.tracks, early.fresh) == ({}, {})
    assert late.fresh == {6: 60}


def test_what_comes_too_late_or_from_too_far_ahead_is_counted() -> None:
    down = Mixdown(band=1, participants=False)
    down.take(10)
    down.add(9, 5, frame(1))
    down.add(10 + HELD, 5, frame(1))
    down.add(10, 5, frame(1))
    assert down.late == 2


def test_a_long_silence_is_taken_in_pieces() -> None:
    down = Mixdown(band=1, participants=False)
    lengths = []
    while (stretch := down.take(3 * HELD + 1)) is not None:
        lengths.append(len(stretch.mix) // 160)
    assert lengths == [HELD, HELD, HELD, 1]


def test_more_participants_than_files_are_in_the_mix_alone() -> None:
    down = Mixdown(band=1, participants=True)
    for stream in range(1, MOST_TRACKS + 3):
        down.add(0, stream, frame(1))
    stretch = down.take(1)
    assert stretch is not None
    assert len(stretch.tracks) == MOST_TRACKS
    assert down.beyond == {MOST_TRACKS + 1, MOST_TRACKS + 2}
    assert stretch.mix[0] == MOST_TRACKS + 2


def test_the_limiter_goes_on_from_frame_to_frame_and_stretch_to_stretch() -> None:
    down = Mixdown(band=1, participants=False)
    loud = np.array([40_000, *[20_000] * 14], np.int32)
    for place, value in enumerate(loud.tolist()):
        for part in (value // 2, value - value // 2):
            down.add(place, NOBODY, frame(part))
    got = []
    for until in (1, 7, 15):
        stretch = down.take(until)
        assert stretch is not None
        got.append(stretch.mix)
    gain, expected = np.ones(1, np.float32), []
    for value in loud:
        limited, gain = limit(np.full((1, 160), value, np.int32), gain)
        expected.append(limited[0])
    whole = np.concatenate(got)
    assert np.array_equal(whole, np.concatenate(expected))
    assert np.abs(np.diff(whole[160:].astype(np.int32))).max() < 100, "it comes back without a step"
    assert whole[-1] == 20_000


def test_below_the_ceiling_the_mix_is_the_sum() -> None:
    down = Mixdown(band=1, participants=False)
    down.add(0, 5, frame(CEILING - 1))
    down.add(0, 6, frame(1))
    stretch = down.take(1)
    assert stretch is not None
    assert stretch.mix.tolist() == [CEILING] * 160


def test_what_a_filter_leaves_sounds_with_the_next_frame_whether_that_comes_or_not() -> None:
    down = Mixdown(band=1, participants=True)
    long = np.concatenate((frame(5), np.full(32, 2, np.int16)))
    down.add(1, 5, frame(100))
    down.add(0, 5, long)
    down.add(2, 5, long)
    down.add(3, 5, frame(32_767))
    down.add(HELD - 1, 5, long)  # of that nothing is kept
    stretch = down.take(HELD)
    assert stretch is not None
    track = stretch.tracks[5].reshape(-1, 160)
    assert track[:4, 0].tolist() == [5, 102, 5, 32_767], "and nothing wraps"
    assert track[:4, 40].tolist() == [5, 100, 5, 32_767]
    assert stretch.mix.reshape(-1, 160)[:3, 0].tolist() == [5, 102, 5]
    stretch = down.take(HELD + 1)
    assert stretch is not None
    assert not stretch.mix.any()
