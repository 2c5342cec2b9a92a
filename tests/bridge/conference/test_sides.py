"""Private talks and sub-conferences."""

import pytest

from bridge.conference import commands
from bridge.conference.commands import Outcome
from bridge.conference.effects import Enter, Music, Say, SayRoom, SetMute, Withdraw
from bridge.conference.events import End, Join, LeaveReason, StepAside, StepBack
from bridge.conference.model import ALONE, MAIN, Phase
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, Settings
from prompts.phrases import say
from tests.bridge.conference.room import Room

TALK = 10
"""A side room for a private talk."""


def meeting(**settings: object) -> Room:
    """A moderator (1), three participants (2, 3, 4)."""
    room = Room(Settings(**settings))
    room.moderator(1)
    for leg in (2, 3, 4):
        room.participant(leg)
    return room


def test_star_1_the_one_who_dials_hears_nobody_then_talks_in_private_then_is_back():
    room = meeting()
    assert room(StepAside(1, ALONE)) == [Withdraw(1)]
    assert room(StepAside(1, TALK)) == [Enter(1, TALK)]
    assert room(StepAside(1, ALONE)) == [Withdraw(1)]
    assert room(StepBack(1)) == [Enter(1), Say(1, say("back_in_room"))]


def test_whoever_was_muted_is_heard_aside_but_not_in_the_room_for_a_moment():
    room = meeting(mute_on_entry=True)
    assert room(StepAside(2, TALK)) == [Enter(2, TALK), SetMute(2, muted=False)]
    assert room(StepBack(2))[:2] == [SetMute(2, muted=True), Enter(2)]
    assert room.said(2) == ["back_in_room", "muted_on_entry"]


def test_whoever_a_lecture_silences_is_heard_aside_and_told_on_return():
    room = meeting()
    room.keys(1, "*5")
    room(StepAside(2, TALK))
    assert room.mutes() == [(2, False)]
    room(StepBack(2))
    assert room.mutes() == [(2, True)]
    assert room.said(2) == ["back_in_room", "muted_by_lecture"]


def test_a_lecture_that_begins_or_ends_meanwhile_is_found_on_return():
    room = meeting()
    room(StepAside(2, TALK))
    room.keys(1, "*5")
    assert (2, True) not in room.mutes()
    room(StepBack(2))
    assert room.mutes() == [(2, True)]
    room(StepAside(2, TALK))
    room.keys(1, "*5")
    room(StepBack(2))
    assert room.mutes() == []


def test_star_6_aside_is_for_the_private_talk_alone():
    room = meeting(strict_mute=True, mute_on_entry=True)
    room(StepAside(2, TALK))
    room.keys(2, "*6")
    assert (room.said(2), room.mutes()) == (["muted"], [(2, True)])
    room.keys(2, "*6")
    assert (room.said(2), room.mutes()) == (["unmuted"], [(2, False)])
    room(StepBack(2))
    assert room.conference.muted(2)
    room.keys(2, "*6")
    assert room.said(2) == ["muted_by_moderator"]


@pytest.mark.parametrize("command", [commands.MuteOne(2), commands.MuteAll()])
def test_a_moderators_mute_meanwhile_waits_for_the_return(command):
    room = meeting()
    room(StepAside(2, TALK))
    room.command(1, command)
    assert (2, True) not in room.mutes()
    room(StepBack(2))
    assert room.mutes() == [(2, True)]


def test_music_stops_for_somebody_who_waits_and_is_called_aside_and_goes_on_after():
    room = Room()
    room.participant(1)
    assert room(StepAside(1, TALK)) == [Music(1, on=False), Enter(1, TALK)]
    assert room(StepBack(1)) == [Withdraw(1), Music(1, on=True), Say(1, say("wait_for_moderator"))]


def test_a_word_to_those_who_wait_is_not_said_into_a_private_talk():
    room = Room(Settings(music_until_moderator=False))
    room.participant(1)
    room.participant(2)
    room(StepAside(1, TALK))
    effects = room.wait(60)
    assert [e.leg for e in effects if isinstance(e, Say)] == [2]


def test_c4_whoever_is_aside_is_not_led_in_when_it_begins_and_finds_it_begun():
    room = Room(Settings(mute_mode=MuteMode.PRESENTATION))
    room.participant(1)
    room.participant(2)
    room(StepAside(1, TALK))
    room.moderator(3)
    assert room.entered() == [2, 3]
    assert room.music() == [(2, False)]
    assert room.said(1) == []
    room(StepBack(1))
    assert room.entered() == [1]
    assert room.said(1) == ["back_in_room", "muted_by_presentation"]


def test_c5_a_moderator_who_is_aside_is_in():
    room = meeting()
    room(StepAside(1, ALONE))
    assert room.phase is Phase.RUNNING
    assert room.conference.moderators == 1
    room.leave(1)
    assert room.phase is Phase.ENDING


def test_a_leave_from_a_private_talk_leaves_its_room():
    room = meeting()
    room(StepAside(2, TALK))
    room.leave(2)
    assert room.withdrawn() == [2]
    room(StepAside(3, ALONE))
    room.leave(3)
    assert room.withdrawn() == [], "was in none"


def test_when_it_ends_everybody_is_told_wherever_they_are_and_nobody_returns():
    room = meeting()
    room(StepAside(1, ALONE))
    room(StepAside(2, TALK))
    room.command(1, commands.Split((3,), 1))
    room(End("operator"))
    assert sorted(room.withdrawn()) == [2, 3, 4]
    assert [leg for leg, _ in room.hung_up()] == [1, 2, 3, 4]
    assert room(StepBack(2)) == []


def test_stepping_aside_into_the_main_room_or_a_group_is_no_step_aside():
    room = meeting()
    for place in (MAIN, 1, 9, -2):
        assert room(StepAside(2, place)) == []


def test_stepping_back_without_having_stepped_aside_changes_nothing():
    assert meeting()(StepBack(2)) == []


def test_a_room_is_split_and_brought_back():
    room = meeting()
    assert room.console(commands.Split((2, 3), 1)) == Outcome(True, "moved_apart")
    assert [e for e in room.effects if isinstance(e, Enter)] == [Enter(2, 1), Enter(3, 1)]
    assert Say(2, say("moved_apart", room=1)) in room.effects
    room.console(commands.Split((4,), 2))
    room.console(commands.Split((3,), 0))
    assert room.effects[:2] == [Enter(3), Say(3, say("moved_back"))]
    assert room.console(commands.Rejoin()) == Outcome(True, "moved_back")
    assert room.entered() == [2, 4]
    assert {each.place for each in room.conference.participants.values()} == {MAIN}


@pytest.mark.parametrize(
    "command", [commands.Split((2,), 10), commands.Split((2,), -1), commands.Split((), 1)]
)
def test_a_group_that_there_is_none_of_is_not_possible(command):
    room = meeting()
    assert room.console(command) == Outcome(False, "not_now")


def test_people_who_wait_are_not_split():
    room = Room()
    room.participant(1)
    assert room.console(commands.Split((1,), 1)) == Outcome(False, "not_now")


def test_a_group_talks_whatever_silences_the_main_room():
    room = meeting()
    room.keys(1, "*5")
    room.console(commands.Split((2, 3), 1))
    assert room.mutes() == [(2, False), (3, False)]
    room.console(commands.Rejoin())
    assert room.effects[:2] == [SetMute(2, muted=True), SetMute(3, muted=True)], "before they enter"
    assert room.said(2) == ["moved_back", "muted_by_lecture"]


def test_whoever_is_aside_when_the_room_is_split_finds_their_group_on_return():
    room = meeting()
    room(StepAside(2, TALK))
    room.console(commands.Split((2, 3), 1))
    assert room.entered() == [3]
    assert room.said(2) == []
    assert Enter(2, 1) in room(StepBack(2))
    room(StepAside(2, TALK))
    room.console(commands.Rejoin())
    assert Enter(2) in room(StepBack(2))


def test_what_concerns_everybody_is_said_in_the_groups_too_and_entry_tones_are_not():
    room = meeting(maximum_length_s=1000)
    room.console(commands.Split((2,), 1))
    room.console(commands.Split((3,), 2))
    room(StepAside(4, TALK))
    room.now += 5
    room.participant(5)
    assert room.tones() == ["entry"]
    room.wait(695)
    assert [e.place for e in room.effects if isinstance(e, SayRoom)] == [0, 1, 2], "not in a private talk"


def test_whoever_gives_the_command_about_themselves_is_told_once():
    room = meeting()
    room.command(1, commands.Split((1, 2), 3))
    assert room.said(1) == room.said(2) == ["moved_apart"]


def test_c5_a_moderator_in_a_group_is_in_and_the_last_ones_leaving_is_said_there():
    room = meeting(when_last_moderator_leaves=LastModerator.END)
    room.console(commands.Split((1, 2), 1))
    room.leave(1, LeaveReason.LOST)
    assert room.phase is Phase.ENDING
    assert [(e.utterance.name, e.place) for e in room.effects if isinstance(e, SayRoom)] == [
        ("moderator_left", 0),
        ("moderator_left", 1),
    ]


def test_an_operator_in_the_hall_before_anybody_waits_with_the_others():
    room = Room(Settings(begins_with_moderator=False))
    room(Join(9, Role.OPERATOR))
    assert room.phase is Phase.WAITING
    room.participant(1)
    assert room.phase is Phase.RUNNING
    assert room.entered() == [9, 1]
