"""What a conference leaves behind: who was in and how they came (R2), who did what (R4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.conference.commands import Identify, MuteOne
from bridge.conference.events import LeaveReason
from bridge.control.protocol import Calls, Give, ListCalls
from bridge.service.role import Role
from bridge.switchboard.effects import (
    Answered,
    CloseRoom,
    CloseStream,
    Log,
    RecordAct,
    RecordConferenceEnded,
    RecordIdentified,
    RecordJoined,
    RecordLeft,
)
from bridge.switchboard.events import Asked, PasscodeFound, StreamOpened
from sip.events import CallConfirmed, CallEnded, EndCause
from tests.support.builders import CARRIER, accepted, config, incoming
from tests.support.playbook import HERE, Playbook, a, after, joined, keyed, press

BYE = CallEnded(1, EndCause.BYE, 0, "")


def test_each_joining_has_its_own_record_and_one_leaving_r2(play: Playbook) -> None:
    joined(play) >> after(90)
    play >> BYE << CloseStream(1) << RecordLeft("id-2", "id-1", LeaveReason.HUNG_UP)
    play << RecordConferenceEnded("id-1", LeaveReason.HUNG_UP) << CloseRoom(1)
    play << a(Log, event="left", fields={**line_of(play, "left"), "duration_s": 90.0, "people": 0})
    assert line_of(play, "conference ended")["joins"] == 1


def line_of(play: Playbook, event: str) -> dict[str, object]:
    return next(dict(line.fields) for line in play.logged if line.event == event)


def test_how_people_come_is_recorded_r2(play: Playbook) -> None:
    joined(play)
    joined(play, Role.PARTICIPANT, leg=2)
    records = [line for line in play._transcript if line.startswith("<< RecordJoined")]
    assert ["came_by='dial-in'" in line for line in records] == [True, True]


def test_what_the_telephone_network_said_at_the_end_is_recorded_r2(play: Playbook) -> None:
    joined(play)
    play >> CallEnded(1, EndCause.BYE, 0, "", 16) << CloseStream(1)
    play << RecordLeft("id-2", "id-1", LeaveReason.HUNG_UP, 16) << a(RecordConferenceEnded) << CloseRoom(1)
    ended = line_of(play, "call ended")
    assert ended["cause"] == 16
    assert "status" not in ended
    assert "via" not in ended


@pytest.mark.parametrize(
    ("identity", "via"), [("trunk:carrier", "trunk:carrier"), ("ana", "account:ana"), ("", "")]
)
def test_by_which_trunk_or_account_people_come_is_recorded_and_shown_r2(identity: str, via: str) -> None:
    play = Playbook(config(trunks=(CARRIER,)))
    play >> replace(incoming(), identity=identity)
    play.skip() >> StreamOpened(1, HERE, 20_002)
    play.skip() >> CallConfirmed(1, None)
    press(play.skip(), "1234#").skip()
    play >> PasscodeFound(1, accepted(Role.PARTICIPANT, begins_with_moderator=False))
    (record,) = [each for each in play._open if isinstance(each, RecordJoined)]
    assert record.via == via
    play.skip() >> Asked(1, ListCalls())
    (answer,) = [each for each in play._open if isinstance(each, Answered)]
    assert isinstance(answer.reply, Calls)
    assert [(row.via, row.secured) for row in answer.reply.rows] == [(via, "")]
    play.skip()


def test_a_person_whom_a_counter_password_names_is_named_in_record_and_log_r2(play: Playbook) -> None:

    given = accepted(Role.PARTICIPANT, begins_with_moderator=False, person=12, name="Ana")
    keyed(play, given)
    records = [each for each in play._open if isinstance(each, RecordJoined)]
    assert [(each.person, each.name) for each in records] == [(12, "Ana")]
    assert line_of(play, "joined")["person"] == 12
    play.skip()


def test_what_a_moderator_does_is_in_the_audit_trail_by_their_record_r4(play: Playbook) -> None:
    joined(play)
    press(play, "*5")
    acts = [each for each in play._open if isinstance(each, RecordAct)]
    assert [(each.actor, each.action, each.subject) for each in acts] == [("id-2", "lecture", "on")]
    assert acts[0].details == {"conference": "id-1", "role": "moderator"}
    assert play.board.figures["command:lecture"] == 1
    play.skip()


def test_what_an_operator_does_is_in_it_by_their_name_r4(play: Playbook) -> None:
    joined(play) >> Asked(1, Give("id-1", MuteOne(1), "eva"))
    acts = [each for each in play._open if isinstance(each, RecordAct)]
    assert [(each.actor, each.action) for each in acts] == [("eva", "mute_one")]
    play.skip()


def test_what_is_no_command_of_those_in_charge_is_not_r4(play: Playbook) -> None:
    press(joined(play), "*6")
    assert not any(isinstance(each, RecordAct) for each in play._open)
    play.skip()


def test_who_somebody_is_can_be_said_while_they_are_in_o2(play: Playbook) -> None:
    joined(play) >> Asked(1, Give("id-1", Identify(1, "Ana", company="Roda"), "eva"))
    play << RecordIdentified("id-2", "Ana", "Roda") << a(RecordAct, action="identify") << a(Answered)
