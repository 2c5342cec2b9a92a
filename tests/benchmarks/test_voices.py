import itertools

import numpy as np
import pytest

from benchmarks import voices


def test_no_two_rooms_have_the_same_set_of_tones():
    sets = [frozenset(voices.tones_of_room(room, 2)) for room in range(6000)]
    assert all(len(tones) == 2 for tones in sets)
    assert len(set(sets)) == len(sets)


def test_talkers_of_a_room_differ():
    for room in range(0, 1000, 37):
        assert len(set(voices.tones_of_room(room, 40))) == 40


@pytest.mark.parametrize("ptime_ms", [10, 20, 30, 40, 60])
def test_a_tone_runs_on_from_the_last_frame_of_its_loop_to_the_first(ptime_ms):
    samples = 8 * ptime_ms
    loop = voices.tone(float(voices.GRID_HZ[7]), 2 * voices.LOOP_FRAMES * samples)
    assert loop[: len(loop) // 2] == pytest.approx(loop[len(loop) // 2 :], abs=1e-6)
    assert voices.tone_frames("pcmu", samples).shape == (131, voices.LOOP_FRAMES, samples)


def test_marks_are_in_order_in_the_window_and_every_member_takes_its_turn():
    members = [np.arange(10), np.arange(10, 13), np.arange(0)]
    marks = voices.plan_marks(members, voices.room_shift_s(3), start_s=7.3, end_s=30.0)
    assert all(7.3 <= mark.at_s <= 30.0 - voices.HEARD_WITHIN_S for mark in marks)
    assert all(first.at_s <= second.at_s for first, second in itertools.pairwise(marks))
    assert {mark.row for mark in marks} == set(range(13))
    assert all(mark.row in members[mark.room] for mark in marks)


@pytest.mark.parametrize("cadence", ["steady", "speech"])
def test_all_talkers_speak_in_the_roll_call_and_none_while_marks_sound(cadence):
    places = np.arange(5)
    for at_s in np.arange(0.0, 40.0, 0.02):
        cycle_s = voices.cycle_time_s(float(at_s), np.zeros(5))
        on = voices.speaking(float(at_s), cycle_s, places, cadence=cadence)
        if voices.ROLL_CALL_S[0] <= cycle_s[0] < voices.ROLL_CALL_S[1]:
            assert on.all()
        if cycle_s[0] >= voices.QUIET_FROM_S:
            assert not on.any()


def test_bursts_have_pauses_and_take_turns():
    on = np.stack(
        [
            voices.speaking(float(at_s), np.full(2, 1.0), np.arange(2), cadence="speech")
            for at_s in np.arange(0.0, 18.0, 0.02)
        ]
    )
    assert on.mean(axis=0) == pytest.approx(voices.SPEECH_ON_S / 1.8, abs=0.02)
    assert (on[:, 0] != on[:, 1]).any()
