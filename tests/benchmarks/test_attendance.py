import numpy as np
import pytest

from benchmarks.attendance import Attendance, longest_run

MS = 1_000_000


def columns(row, *, at_ms, sequence, heard=None):
    count = len(at_ms)
    return (
        np.full(count, row),
        np.array(at_ms) * MS,
        np.array(sequence),
        np.ones(count, bool) if heard is None else np.array(heard, bool),
    )


def test_gaps_and_losses_are_those_of_each_stream():
    attendance = Attendance.of(
        [
            columns(2, at_ms=[7, 27, 87], sequence=[65535, 0, 3]),
            columns(1, at_ms=[1020, 1000], sequence=[11, 10]),
        ]
    )
    judged = attendance.judge(talker=0)
    assert (judged.streams, judged.packets, judged.lost) == (2, 5, 2)
    assert judged.gap_ms.max == 60.0
    assert judged.gap_ms.count == 3
    assert judged.unheard == 0


def test_the_talker_need_not_hear_himself_but_all_others_must():
    heard = [True, False, False, True, False]
    mine = columns(0, at_ms=range(0, 100, 20), sequence=range(5), heard=[False] * 5)
    theirs = columns(1, at_ms=range(0, 100, 20), sequence=range(5), heard=heard)
    judged = Attendance.of([mine, theirs]).judge(talker=0)
    assert (judged.unheard, judged.longest_unheard) == (3, 2)


def test_nobody_was_watched():
    judged = Attendance.of([]).judge(talker=0)
    assert (judged.streams, judged.packets, judged.lost, judged.longest_unheard) == (0, 0, 0, 0)
    assert judged.gap_ms.count == 0


@pytest.mark.parametrize(
    ("flags", "rows", "longest"),
    [
        ([], [], 0),
        ([False, False], [1, 1], 0),
        ([True], [1], 1),
        ([True, True, False, True], [1, 1, 1, 1], 2),
        ([True, True, True, True], [1, 1, 2, 2], 2),
        ([False, True, True, True], [1, 1, 1, 1], 3),
        ([True, False, True, True, True], [1, 1, 1, 2, 2], 2),
    ],
)
def test_a_run_ends_with_its_row(flags, rows, longest):
    assert longest_run(np.array(flags, bool), np.array(rows, np.int64)) == longest
