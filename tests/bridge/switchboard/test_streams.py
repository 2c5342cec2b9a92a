"""A stream is opened, refused, late, lost or silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.conference.events import LeaveReason
from bridge.switchboard.arrivals import STREAM_S
from bridge.switchboard.effects import (
    CloseRoom,
    CloseStream,
    OpenStream,
    RecordConferenceEnded,
    RecordLeft,
    RejectCall,
)
from bridge.switchboard.events import StreamOpened, StreamRefused
from media import control
from sip.events import CallConfirmed, CallEnded, EndCause
from tests.support.builders import CALLER_RTP, UNCONFIRMED, incoming
from tests.support.playbook import HERE, a, after, hangs_up, in_room, rejects, to_room

if TYPE_CHECKING:
    from tests.support.playbook import Playbook

BYE = CallEnded(1, EndCause.BYE, 0, "")
CANCELLED = CallEnded(1, EndCause.CANCELLED, 487, "")
OPENED = StreamOpened(1, HERE, 20_000)
CONFIRMED = CallConfirmed(1, None)
OPEN = OpenStream(
    stream=1,
    format=UNCONFIRMED,
    local=HERE,
    remote=CALLER_RTP,
    room=0,
    rtp_timeout_s=60.0,
    source=CALLER_RTP.host,
)


def test_no_free_port_is_503_and_says_when_to_come_back(play: Playbook) -> None:
    play >> incoming() << OPEN
    play >> StreamRefused(1, "no port") << RejectCall(1, 503, (("Retry-After", "30"),))
    assert play.board.calls == 0


def test_an_open_room_whose_only_caller_got_no_port_is_forgotten(play: Playbook) -> None:
    play >> to_room("a")
    play.skip() >> StreamRefused(1, "no port") << rejects(1, 503) << CloseRoom(1)
    assert play.board.conferences == 0


def test_a_pool_that_never_answers_is_503_too_and_its_late_stream_is_closed(play: Playbook) -> None:
    play >> incoming() << OPEN
    play >> after(STREAM_S) << rejects(1, 503)
    play >> OPENED << CloseStream(1)


def test_a_stream_that_comes_after_the_cancel_is_closed_once(play: Playbook) -> None:
    play >> incoming() << OPEN
    play >> CANCELLED
    play >> OPENED << CloseStream(1)
    play >> OPENED
    assert not play.board._lines.late_streams


def test_a_stream_that_is_refused_after_the_cancel_is_nothing(play: Playbook) -> None:
    play >> incoming() << OPEN
    play >> CANCELLED
    play >> StreamRefused(1, "no port")
    assert not play.board._lines.late_streams


def test_a_lost_stream_ends_the_call_and_is_not_closed_again(play: Playbook) -> None:
    in_room(play) >> control.StreamClosed(1) << hangs_up(1, "media lost")
    play << RecordLeft("id-2", "id-1", LeaveReason.FAILED) << a(RecordConferenceEnded) << CloseRoom(1)
    play >> BYE


def test_a_caller_who_vanished_is_hung_up_and_recorded_so(play: Playbook) -> None:
    in_room(play) >> control.RtpTimedOut(1) << hangs_up(1, "media timeout") << CloseStream(1)
    play << RecordLeft("id-2", "id-1", LeaveReason.LOST) << a(RecordConferenceEnded) << CloseRoom(1)


def test_silence_of_a_call_that_is_over_or_not_open_yet_is_nothing(play: Playbook) -> None:
    play >> incoming() << OPEN
    play >> control.RecordingEnded(1, 1, 800)
    play >> CANCELLED
    play >> OPENED << CloseStream(1)
    play >> control.StreamClosed(1)
