"""Who is in, as consoles see it."""

import msgspec
import pytest

from bridge.conference import commands
from bridge.conference.events import Join, Listen, StepAside
from bridge.conference.model import ALONE, Phase
from bridge.conference.roster import mask, roster, summary
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import MuteMode, Settings
from tests.bridge.conference.room import Room


def meeting() -> Room:
    room = Room(Settings(level=Level.HIGHLY_SECURE, mute_mode=MuteMode.QUESTIONS))
    room.moderator(1, name="Ana", caller="+551133334444")
    room.participant(2, name="Bia", caller="+5511987654321", came_by="dial-out")
    room.participant(3)
    room(Join(4, Role.OPERATOR, came_by="operator"))
    return room


def test_a_row_tells_how_somebody_stands():
    room = meeting()
    room.command(3, commands.RaiseHand())
    room.command(2, commands.RaiseHand())
    room.command(1, commands.NextQuestion())
    room.console(commands.SetGain(2, 6.0))
    room.console(commands.MuteOne(1))
    room(StepAside(4, ALONE))
    ana, bia, cid, olga = roster(room.conference, masked=False)
    assert (ana.name, ana.role, ana.muted, ana.silenced) == ("Ana", Role.MODERATOR, True, True)
    assert (bia.caller, bia.came_by, bia.hand, bia.gain_db) == ("+5511987654321", "dial-out", 1, 6.0)
    assert (bia.muted, bia.silenced) == (False, True)
    assert (cid.name, cid.caller, cid.hand, cid.asking, cid.silenced) == ("", "", 0, True, False)
    assert (olga.place, olga.role, olga.joined_at) == (ALONE, Role.OPERATOR, room.now)


def test_who_was_told_to_go_is_no_longer_shown():
    room = meeting()
    room.console(commands.Disconnect(2))
    assert [row.leg for row in roster(room.conference, masked=False)] == [1, 3, 4]


def test_a_locked_conference_shows_its_roster_to_operators():
    room = meeting()
    room.keys(1, "*7")
    assert len(roster(room.conference, masked=True)) == 4
    assert summary(room.conference).locked


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("+5511987651234", "+5511****1234"),
        ("1133334444", "****"),
        ("551133334444", "55113****4444"),
        ("200", "****"),
        ("sip:ana@example.com", "****"),
        ("", ""),
    ],
)
def test_a_masked_number_is_known_to_its_owner_alone(caller, shown):
    assert mask(caller) == shown


def test_numbers_are_masked_where_it_is_asked_for():
    assert roster(meeting().conference, masked=True)[1].caller == "+5511****4321"


def test_the_summary_counts_operators_apart():
    room = meeting()
    room(Listen(77, on=True, announced=False))
    room.console(commands.Split((3,), 1))
    room.command(2, commands.RaiseHand())
    told = summary(room.conference)
    assert (told.phase, told.people, told.moderators, told.operators, told.monitors) == (
        Phase.RUNNING,
        3,
        1,
        1,
        1,
    )
    assert (told.mode, told.hands, told.apart, told.levelling) == (MuteMode.QUESTIONS, 1, 1, False)
    assert told.began_at == room.now


def test_roster_and_summary_can_be_sent():
    room = meeting()
    assert b'"moderator"' in msgspec.json.encode(roster(room.conference, masked=True))
    assert b'"running"' in msgspec.json.encode(summary(room.conference))
