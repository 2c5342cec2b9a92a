import numpy as np

from benchmarks import voices
from benchmarks.recording import ROLL_CALLS, Recorder
from benchmarks.wire import NO_ARRIVALS, Arrivals

ROOM = np.arange(100) % 2


def recorder() -> Recorder:
    return Recorder(room=ROOM, place=np.arange(100) // 2, shift_s=np.array([0.0, 2.5]), samples=160)


def arrivals(rows: list[int], size: int = 172) -> Arrivals:
    pool = np.zeros((len(rows), 200), np.uint8)
    pool[:, 0] = 0x80
    pool[:, 12] = rows
    count = len(rows)
    return Arrivals(
        np.array(rows),
        np.arange(count),
        np.full(count, size),
        pool[:, :12],
        pool,
        np.arange(count)[::-1].copy(),
    )


def test_nothing_is_kept_before_the_beginning_and_after_the_end():
    made = recorder()
    made.take(arrivals([1, 2]))
    made.begin()
    made.take(arrivals([3]))
    made.take(NO_ARRIVALS)
    made.end()
    made.take(arrivals([4]))
    assert made.table().rows.tolist() == [3]


def test_the_servers_own_packet_time_is_learned_before_the_window():
    made = recorder()
    made.take(arrivals([1, 2, 3], size=92))
    made.begin()
    made.follow(voices.ROLL_CALL_S[0])
    made.take(arrivals([0], size=92))
    assert made.samples == 80
    assert made.captures().payload.shape == (1, 80)


def test_an_empty_recording_is_an_empty_table():
    assert len(recorder().table().rows) == len(recorder().captures().rows) == 0


def test_a_roll_call_keeps_the_whole_room_twice_and_the_marks_a_sample():
    made = recorder()
    made.begin()
    for cycle in range(4):
        at_s = cycle * voices.CYCLE_S
        made.follow(at_s + voices.ROLL_CALL_S[0])
        made.take(arrivals(list(range(100))))
        made.follow(at_s + voices.ROLL_CALL_S[1] + 0.01)
    rooms = ROOM[made.captures().rows]
    assert np.count_nonzero(rooms == 0) == 50 * ROLL_CALLS
    # the other room, half a cycle away, is in its marks
    assert np.count_nonzero(rooms == 1) == 4 * np.count_nonzero(made.is_sampled & (ROOM == 1))
    assert 10 <= np.count_nonzero(made.is_sampled & (ROOM == 1)) <= 14


def test_roll_calls_of_the_ramp_are_not_counted_and_half_a_roll_call_is_not_kept():
    made = recorder()
    for cycle in range(9):
        made.follow(cycle * voices.CYCLE_S + voices.ROLL_CALL_S[0])
        made.follow(cycle * voices.CYCLE_S + voices.ROLL_CALL_S[1] + 0.01)
    made.follow(9 * voices.CYCLE_S + voices.ROLL_CALL_S[0])
    made.begin()
    made.follow(9 * voices.CYCLE_S + voices.ROLL_CALL_S[0] + 0.1)
    made.take(arrivals([0]))
    made.follow(9 * voices.CYCLE_S + voices.ROLL_CALL_S[1] + 0.01)
    made.follow(10 * voices.CYCLE_S + voices.ROLL_CALL_S[0])
    made.take(arrivals([2]))
    assert made.captures().rows.tolist() == [2]


def test_kept_audio_belongs_to_its_packet_and_short_packets_have_none():
    made = recorder()
    made.begin()
    made.follow(voices.ROLL_CALL_S[0])
    made.take(arrivals([0, 2, 4]))
    made.take(arrivals([6], size=100))
    kept = made.captures()
    assert kept.rows.tolist() == [0, 2, 4]
    assert kept.payload[:, 0].tolist() == [4, 2, 0]  # `places` of the arrivals runs backwards


def test_of_hd_some_are_kept_whole_whatever_the_size_of_their_packets():
    whole = np.zeros(100, bool)
    whole[[3, 7]] = True
    made = Recorder(
        room=ROOM, place=np.arange(100) // 2, shift_s=np.array([0.0, 2.5]), samples=150, whole=whole
    )
    made.take(arrivals([3], size=60))  # nothing is learned of sizes that differ
    made.begin()
    for size in (172, 60, 12):
        made.follow(0.0)
        made.take(arrivals([3, 5, 7], size=size))
    kept = made.captures()
    assert kept.rows.tolist() == [3, 3, 7, 7]
    assert kept.payload.shape == (4, 150)
    assert sorted(kept.sizes.tolist()) == [48, 48, 150, 150]
