"""How good a call sounded, when it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from media.control import StreamClosed
from sip.events import CallEnded, EndCause
from tests.support.playbook import in_room

if TYPE_CHECKING:
    from tests.support.playbook import Playbook

BYE = CallEnded(1, EndCause.BYE, 0, "")
LAST = StreamClosed(
    1, packets_in=4_500, lost=90, late=9, jitter_ms=7.25, concealed=99, accelerated=1_200, expanded=800,
    delay_ms=41.6, r_factor=85.4, mos=4.216,
)  # fmt: skip


def test_what_a_call_sounded_like_is_written_when_its_stream_has_ended(play: Playbook) -> None:
    in_room(play) >> BYE
    play.skip()
    before = play.logged[-1]
    play.logged.clear()
    play >> LAST
    [said] = play.logged
    assert (before.event, said.event) == ("call ended", "call sounded")
    assert said.fields == {
        "leg": 1,
        "call_id": before.fields["call_id"],
        "conference": "id-1",
        "mos": 4.22,
        "r_factor": 85,
        "packets": 4_500,
        "lost": 90,
        "late": 9,
        "concealed_ms": 1_980,
        "accelerated_ms": 150,
        "expanded_ms": 100,
        "delay_ms": 42,
        "jitter_ms": 7.2,
    }
    assert play.board.figures["mos from:4.0"] == 1
    play.logged.clear()
    play >> LAST
    assert not play.logged


def test_a_call_that_was_never_heard_is_neither_good_nor_bad(play: Playbook) -> None:
    in_room(play) >> BYE
    play.skip()
    play.logged.clear()
    play >> StreamClosed(1, packets_out=100)
    assert not play.logged
    assert not any(name.startswith("mos") for name in play.board.figures)


@pytest.mark.parametrize(
    ("mos", "least"), [(4.5, 4.3), (4.3, 4.3), (4.29, 4.0), (3.9, 3.6), (3.5, 3.1), (3.0, 1.0)]
)
def test_calls_are_counted_by_how_content_g107_thinks_their_users(
    play: Playbook, mos: float, least: float
) -> None:
    in_room(play) >> BYE
    play.skip()
    play >> StreamClosed(1, mos=mos)
    assert play.board.figures[f"mos from:{least}"] == 1
