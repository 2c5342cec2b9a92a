"""The moderator's role: given, handed on, left behind (C5)."""

import pytest

from bridge.conference import commands
from bridge.conference.commands import Outcome
from bridge.conference.effects import HangUp
from bridge.conference.events import Join, LeaveReason
from bridge.conference.model import Phase
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, Settings
from prompts.phrases import say
from tests.bridge.conference.room import Room


def meeting(**settings: object) -> Room:
    room = Room(Settings(**settings))
    room.moderator(1)
    room.participant(2)
    room.participant(3)
    return room


def test_the_role_is_handed_on_and_the_conference_always_has_a_moderator():
    room = meeting()
    room.command(1, commands.HandOver(2))
    assert room.said(2) == ["role_given"]
    assert room.said(1) == ["role_given_away"]
    assert room.phase is Phase.RUNNING
    assert room.announced() == []
    assert room.conference.moderators == 1
    room.keys(2, "*5")
    assert room.said(2) == ["lecture_on"]
    room.keys(1, "*5")
    assert room.said(1) == ["command_forbidden"]


def test_without_a_choice_the_switchboard_asks_to_whom():
    room = meeting()
    room.command(1, commands.HandOver())
    assert room.performed() == [commands.HandOver()]
    assert room.said(1) == []


def test_the_mode_silences_whoever_hands_the_role_on_and_frees_whoever_gets_it():
    room = meeting()
    room.keys(1, "*5")
    room.command(1, commands.HandOver(2))
    assert room.mutes() == [(2, False), (1, True)]
    assert room.said(1) == ["muted_by_lecture", "role_given_away"]


def test_the_role_goes_to_no_operator_and_not_to_oneself():
    room = meeting()
    room(Join(9, Role.OPERATOR))
    for leg in (1, 9):
        room.command(1, commands.HandOver(leg))
        assert room.said(1) == ["not_now"]


def test_a_second_moderator_is_made_and_unmade():
    room = meeting()
    assert room.console(commands.SetRole(2, Role.MODERATOR)) == Outcome(True, "role_given")
    assert room.said(2) == ["role_given"]
    assert room.conference.moderators == 2
    assert room.console(commands.SetRole(2, Role.MODERATOR)) == Outcome(True, "role_given")
    assert room.said(2) == [], "nothing new"
    assert room.console(commands.SetRole(2, Role.PARTICIPANT)) == Outcome(True, "role_given_away")
    assert room.conference.moderators == 1
    assert room.phase is Phase.RUNNING


def test_c5_the_last_moderator_stays_one_where_the_conference_would_end_without():
    room = meeting()
    assert room.console(commands.SetRole(1, Role.PARTICIPANT)) == Outcome(False, "not_now")
    assert room.conference.moderators == 1


def test_c5_where_it_goes_on_without_a_moderator_the_last_one_can_become_a_participant():
    room = meeting(when_last_moderator_leaves=LastModerator.CONTINUE, mute_mode=MuteMode.QUESTIONS)
    assert room.console(commands.SetRole(1, Role.PARTICIPANT)).done
    assert room.conference.mode is MuteMode.CONVERSATION
    assert room.announced() == ["mode_conversation"]
    assert room.mutes() == [(1, True), (1, False), (2, False), (3, False)] or not room.conference.muted(1)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.PARTICIPANT, Role.OPERATOR])
def test_nobody_becomes_an_operator_or_stops_being_one(role):
    room = meeting()
    room(Join(9, Role.OPERATOR))
    assert room.console(commands.SetRole(9, role)) == Outcome(False, "not_now")
    assert room.console(commands.SetRole(2, Role.OPERATOR)) == Outcome(False, "not_now")


def test_c4_somebody_who_waits_and_is_made_a_moderator_begins_it():
    room = Room()
    room.participant(1)
    room.participant(2)
    room.console(commands.SetRole(2, Role.MODERATOR))
    assert room.phase is Phase.RUNNING
    assert room.entered() == [1, 2]
    assert room.music() == [(1, False), (2, False)]
    assert room.announced() == ["conference_starts"]


def test_c5_somebody_made_a_moderator_in_the_grace_time_cancels_the_end():
    room = meeting()
    room.leave(1)
    assert room.phase is Phase.ENDING
    room.console(commands.SetRole(3, Role.MODERATOR))
    assert room.phase is Phase.RUNNING
    assert room.announced() == ["moderator_returned"]


def test_a_moderator_leaves_without_ending_and_the_others_go_on():
    room = meeting()
    effects = room.command(1, commands.LeaveWithoutEnding())
    assert HangUp(1, LeaveReason.HUNG_UP, say("leaving")) in effects
    assert room.withdrawn() == [1]
    assert room.tones() == ["exit"]
    assert room.phase is Phase.RUNNING
    assert room.announced() == []
    room.leave(1)
    assert room.phase is Phase.RUNNING
    room.participant(4)
    assert room.entered() == [4]


def test_a_moderator_who_leaves_without_ending_leaves_nobody_silenced():
    room = meeting(strict_mute=True)
    room.command(1, commands.MuteAll())
    room.keys(1, "*5")
    room.command(1, commands.LeaveWithoutEnding())
    assert room.announced() == ["lecture_off"]
    room.keys(2, "*6")
    assert room.said(2) == ["unmuted"], "nobody is left who could do it for them"


def test_c5_the_next_moderator_who_comes_and_leaves_ends_it_as_set():
    room = meeting()
    room.command(1, commands.LeaveWithoutEnding())
    room.moderator(4)
    assert room.phase is Phase.RUNNING
    room.leave(4)
    assert room.phase is Phase.ENDING
