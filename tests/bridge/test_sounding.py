"""A list of calls with how each sounds."""

from __future__ import annotations

from bridge.control.protocol import CallRow, Calls, Problem
from bridge.sounding import with_sound
from media.streams import Streams

ONE = CallRow(7, "+5511", "1000", "conference", "c1", 61.0)
OTHER = CallRow(8, "+5521", "", "calling", "", 1.2)


def test_each_call_has_the_figures_of_its_stream_whichever_worker_has_it() -> None:
    near, far = Streams(4), Streams(4)
    near.stream[2] = 9
    far.stream[3] = 7
    far.mos[3], far.mos_by_peer[3] = 4.256, 3.94
    far.loss_percent[3], far.loss_by_peer_percent[3] = 1.26, 0.39
    far.jitter_ms[3], far.delay_ms[3], far.round_trip_ms[3] = 3.14, 41.6, 89.5
    shown = with_sound(Calls((ONE, OTHER)), [near, far])
    assert isinstance(shown, Calls)
    assert shown.rows == (
        CallRow(
            7, "+5511", "1000", "conference", "c1", 61.0, mos=4.26, mos_by_peer=3.9, loss_percent=1.3,
            loss_by_peer_percent=0.4, jitter_ms=3.1, delay_ms=42, round_trip_ms=90,
        ),
        OTHER,
    )  # fmt: skip


def test_what_is_no_list_of_calls_stays_as_it_is() -> None:
    problem = Problem("no")
    assert with_sound(problem, []) is problem
