"""Guests whom a console calls: into the conference as soon as they answer (`DialOut` with a number, O1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.conference.commands import DialOut
from bridge.control.protocol import Give, Given
from bridge.service.levels import Level
from bridge.switchboard.effects import (
    Answered,
    CloseRoom,
    CloseStream,
    OpenStream,
    RecordAct,
    RecordCallAnswered,
    RecordCallEnded,
    RecordCallPlaced,
    RecordJoined,
)
from bridge.switchboard.events import Asked, CallPlaced, StreamOpened
from media.control import Route, UpdateStream
from sip.events import CallAnswered, CallEnded, EndCause
from tests.support.builders import sdp
from tests.support.playbook import E164, HERE, Says, a, after, dials_out, hangs_up, joined, press

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.playbook import Playbook

GUEST, CALL = 2, 102
BYE = CallEnded(1, EndCause.BYE, 0, "")


@pytest.fixture
def play() -> Iterator[Playbook]:
    """A conference that people can be called into."""
    book = dials_out()
    yield book
    book.done()


def asks(play: Playbook, number: str = E164, name: str = "Eva") -> Playbook:
    return play >> Asked(1, Give("id-1", DialOut(number, name), "rui"))


def rings(play: Playbook) -> Playbook:
    asks(play).skip() >> StreamOpened(GUEST, HERE, 20_004)
    play.skip() >> CallPlaced(GUEST, CALL, "out-2")
    return play


def test_who_answers_is_welcomed_and_in_the_conference_by_name(play: Playbook) -> None:
    asks(play) << a(RecordCallPlaced, kind="api", number=E164, conference="id-1") << a(OpenStream)
    play << a(RecordAct, action="dial_out", subject=E164) << Answered(1, Given(done=True))
    play >> StreamOpened(GUEST, HERE, 20_004)
    play.skip() >> CallPlaced(GUEST, CALL, "out-2")
    play >> after(5)
    play >> CallAnswered(CALL, sdp()) << a(RecordCallAnswered) << a(UpdateStream)
    play << Says(GUEST, "guest_welcome") << a(RecordJoined, name="Eva", came_by="dial-out") << Route(GUEST, 1)
    play << a(object)
    play >> CallEnded(CALL, EndCause.BYE, 0, "")
    play.skip()
    assert play.board.calls == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [("x", "dial_not_a_number"), ("+1900", "dial_premium"), ("+4930123456", "dial_not_allowed")],
)
def test_a_number_that_is_not_called_is_answered_with_the_reason_g3(
    play: Playbook, number: str, words: str
) -> None:
    asks(play, number)
    answers = [each for each in play._open if isinstance(each, Answered)]
    assert [(each.reply.done, each.reply.text) for each in answers] == [(False, words)]
    play.skip()


def test_a_guest_who_does_not_answer_is_in_the_records_and_disturbs_nobody(play: Playbook) -> None:
    rings(play) >> CallEnded(CALL, EndCause.REJECTED, 486, "") << CloseStream(GUEST)
    play << a(RecordCallEnded, outcome="busy")


def test_a_guest_who_answers_a_conference_that_was_locked_meanwhile_is_told_so(play: Playbook) -> None:
    press(rings(play), "*7").skip() >> CallAnswered(CALL, sdp())
    play << a(RecordCallAnswered) << a(UpdateStream) << Says(GUEST, "conference_locked")
    play.spoken(GUEST) << hangs_up(CALL) << CloseStream(GUEST) << a(RecordCallEnded)


def test_a_guest_of_a_conference_that_is_over_is_rung_no_longer(play: Playbook) -> None:
    rings(play) >> BYE << CloseStream(1)
    play << a(object) << a(object) << hangs_up(CALL, "cancelled") << CloseStream(GUEST) << CloseRoom(1)
    play << a(RecordCallEnded)
    play >> CallAnswered(CALL, sdp())
    assert play.board.calls == play.board.conferences == 0
    assert not play.board._performing._errands._invitations._to


def test_the_guest_of_another_conference_is_rung_on(play: Playbook) -> None:
    joined(play, leg=2, pair=8, level=Level.HIGHLY_SECURE)
    play >> Asked(1, Give("id-1", DialOut(E164), "rui"))
    play.skip() >> CallEnded(2, EndCause.BYE, 0, "")
    play.skip()
    assert play.board.calls == 2
