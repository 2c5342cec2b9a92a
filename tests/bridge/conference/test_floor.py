"""What people key in a conference, and what they hear for it: *5 *6 *7 *# and the commands that are refused."""

import pytest

from bridge.conference import commands, words
from bridge.conference.commands import (
    Actor,
    Disconnect,
    MuteOne,
    MuteSelf,
    Outcome,
)
from bridge.conference.effects import (
    Effect,
    Hush,
    Say,
    SayRoom,
    SetAutoGain,
    SetGain,
    SetMute,
    ToneName,
    ToneRoom,
)
from bridge.conference.events import Given, Join
from bridge.conference.keymap import Keymap
from bridge.conference.model import House, Phase
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import MuteMode, Settings
from prompts.phrases import Utterance, say
from tests.bridge.conference.room import Room


def meeting(settings: Settings | None = None, **more: object) -> Room:
    """One moderator (1), two participants (2, 3), talking."""
    room = Room(settings, **more)
    room.moderator(1)
    room.participant(2)
    room.participant(3)
    return room


def utterances(effects: list[Effect]) -> list[Utterance]:
    return [e.utterance for e in effects if isinstance(e, Say)]


def test_star_6_mutes_and_unmutes_whoever_pressed_it_and_tells_only_them():
    room = meeting()
    room.keys(2, "*6")
    assert room.effects == [Hush(2), SetMute(2, muted=True), Say(2, Utterance("muted"))]
    room.keys(2, "*6")
    assert room.effects == [Hush(2), SetMute(2, muted=False), Say(2, Utterance("unmuted"))]


def test_a_command_is_answered_at_once_though_the_list_of_commands_is_still_being_said():
    room = meeting()
    room.keys(1, "*#")
    room.keys(1, "*6")
    assert room.effects[0] == Hush(1)
    room.keys(1, "*93")
    assert room.effects == [Hush(1), Say(1, words.command_unknown("*93"))]


def test_who_presses_while_being_sent_away_still_hears_why():
    room = meeting()
    room.console(Disconnect(2))
    room.keys(2, "*6")
    assert room.effects == []


def test_star_6_works_for_a_moderator():
    room = meeting()
    room.keys(1, "*6")
    assert room.mutes() == [(1, True)]


def test_star_6_pressed_while_waiting_holds_when_the_conference_begins():
    room = Room()
    room.participant(1)
    room.keys(1, "*6")
    assert room.said(1) == ["muted_waiting"]
    room.moderator(2)
    assert room.conference.muted(1)
    assert room.mutes() == []
    assert room.said(1) == ["muted_on_entry"]


def test_star_5_is_a_tone_and_then_only_moderators_are_heard():
    room = meeting()
    room.keys(1, "*5")
    assert room.effects[1:4] == [ToneRoom(ToneName.LECTURE), SetMute(2, muted=True), SetMute(3, muted=True)]
    assert room.said(1) == ["lecture_on"]
    assert not room.conference.muted(1)


def test_star_5_covers_those_who_come_late():
    room = meeting()
    room.keys(1, "*5")
    room.participant(4)
    assert room.mutes() == [(4, True)]
    assert room.said(4) == ["muted_by_lecture"]
    room.moderator(5)
    assert room.mutes() == []
    room.keys(5, "*5")
    assert room.mutes() == [(2, False), (3, False), (4, False)]
    assert room.tones() == ["lecture"]
    assert room.said(5) == ["lecture_off"]


def test_star_6_in_a_lecture_tells_a_participant_why_nobody_hears_them():
    room = meeting()
    room.keys(1, "*5")
    room.keys(2, "*6")
    assert room.said(2) == ["muted_by_lecture"]
    assert room.mutes() == []


def test_the_end_of_a_lecture_gives_each_their_own_mute_back():
    room = meeting()
    room.keys(2, "*6")
    room.keys(1, "*5")
    assert room.mutes() == [(3, True)], "who is muted already is not told again"
    room.keys(2, "*6")
    room.keys(1, "*5")
    assert room.mutes() == [(3, False)]
    assert room.conference.muted(2)
    room.keys(2, "*6")
    assert room.mutes() == [(2, False)]


def test_a_moderator_may_mute_himself_in_his_own_lecture():
    room = meeting()
    room.keys(1, "*5")
    room.keys(1, "*6")
    assert room.mutes() == [(1, True)]
    room.keys(1, "*5")
    assert room.conference.muted(1)


@pytest.mark.parametrize(
    ("level", "allowed", "answer"),
    [
        (Level.MODERATE, False, "lock_not_allowed"),
        (Level.MODERATE, True, "lock_not_allowed"),
        (Level.SECURE, False, "lock_not_allowed"),
        (Level.SECURE, True, "locked"),
        (Level.HIGHLY_SECURE, False, "locked"),
    ],
)
def test_star_7_locks_where_the_level_has_it(level, allowed, answer):
    room = meeting(Settings(level=level, lock_allowed=allowed))
    room.keys(1, "*7")
    assert room.said(1) == [answer]
    assert room.conference.locked == (answer == "locked")


def test_star_7_unlocks_again():
    room = meeting(Settings(level=Level.HIGHLY_SECURE))
    room.keys(1, "*7")
    room.keys(1, "*7")
    assert room.said(1) == ["unlocked"]
    assert not room.conference.locked


def test_star_hash_lists_what_a_moderator_can_key():
    room = meeting(Settings(level=Level.HIGHLY_SECURE))
    assert utterances(room.keys(1, "*#")) == [
        Utterance("help_intro"),
        *(
            say(f"help_{line}", keys=keys)
            for line, keys in {
                "dial_out": "*1",
                "blast": "*92",
                "level": "*4",
                "lecture": "*5",
                "mute": "*6",
                "lock": "*7",
                "roll_call": "*8",
                "stop_roll_call": "*9",
                "operator": "*0",
                "commands": "*#",
            }.items()
        ),
    ]


EVERYBODYS = ["help_mute", "help_roll_call", "help_stop_roll_call", "help_operator", "help_commands"]


def test_star_hash_leaves_out_what_the_level_does_not_give():
    room = meeting(Settings(level=Level.MODERATE))
    room.keys(1, "*#")
    assert room.said(1) == ["help_intro", "help_level", "help_lecture", *EVERYBODYS]


def test_star_hash_leaves_out_calls_where_the_bridge_calls_nobody():
    room = Room(Settings(level=Level.HIGHLY_SECURE), house=House(calls_out=False))
    room.moderator(1)
    room.keys(1, "*#")
    assert not {"help_dial_out", "help_blast"} & set(room.said(1))


def test_star_hash_leaves_out_what_a_participant_may_not():
    room = meeting(Settings(level=Level.HIGHLY_SECURE))
    room.keys(2, "*#")
    assert room.said(2) == ["help_intro", *EVERYBODYS]


def test_an_unknown_command_is_named():
    room = meeting()
    assert utterances(room.keys(2, "*93")) == [Utterance("command_unknown", (("keys", "*93"),))]


@pytest.mark.parametrize("keys", ["*1", "*2", "*4", "*5", "*7", "*92"])
def test_a_moderators_command_is_forbidden_to_a_participant_by_name(keys):
    room = meeting(Settings(level=Level.HIGHLY_SECURE))
    before = room.conference
    assert utterances(room.keys(2, keys)) == [Utterance("command_forbidden", (("keys", keys),))]
    assert room.conference == before


def test_whoever_is_not_in_or_is_on_the_way_out_is_not_answered():
    room = meeting()
    assert room(Given(MuteSelf(), Actor(Role.MODERATOR, 9))) == []
    room.console(Disconnect(2))
    assert room(Given(MuteSelf(), Actor(Role.MODERATOR, 2))) == []
    assert room.console(MuteOne(2)) == Outcome(False, "not_now")


def test_o4_an_operators_mute_is_undone_by_star_6():
    room = meeting()
    room.console(MuteOne(2))
    assert room.mutes() == [(2, True)]
    assert room.said(2) == ["muted"]
    room.keys(2, "*6")
    assert room.mutes() == [(2, False)]


def test_o4_muting_who_is_muted_says_nothing():
    room = meeting()
    room.keys(2, "*6")
    assert room.console(MuteOne(2)) == Outcome(True, "muted")
    assert not room.mutes()
    assert not room.said(2)


def test_o4_unmuting_one_in_a_lecture_waits_for_its_end():
    room = meeting()
    room.keys(2, "*6")
    room.keys(1, "*5")
    assert room.console(MuteOne(2, on=False)) == Outcome(True, "unmuted")
    assert not room.mutes()
    assert not room.said(2)
    room.keys(1, "*5")
    assert not room.conference.muted(2)


def test_a_conference_that_runs_is_not_disturbed_by_keys_of_one():
    room = meeting()
    for keys in ("*6", "*#", "*93", "*0"):
        room.keys(2, keys)
        assert room.announced() == []
        assert room.tones() == []
    assert room.phase is Phase.RUNNING


def test_somebody_on_the_way_out_is_silenced_by_a_lecture_like_the_rest():
    room = meeting()
    room.console(Disconnect(2))
    room.keys(1, "*5")
    assert room.mutes() == [(2, True), (3, True)]


STRICT = Settings(level=Level.HIGHLY_SECURE, strict_mute=True, mute_on_entry=True)


def test_strict_muting_binds_those_whom_others_muted_and_tells_them_so():
    room = meeting(STRICT)
    room.participant(4)
    assert Say(4, say("muted_on_entry")) in room.effects, "no keys are named that would not work"
    room.keys(2, "*6")
    assert room.said(2) == ["muted_by_moderator"]
    assert room.conference.muted(2)
    room.console(MuteOne(2, on=False))
    assert room.said(2) == ["unmuted"]
    room.keys(2, "*6")
    room.keys(2, "*6")
    assert room.said(2) == ["unmuted"], "their own mute is their own"
    room.console(MuteOne(2))
    assert room.said(2) == ["muted_by_moderator"]


def test_strict_muting_binds_no_moderator():
    room = meeting(STRICT)
    room.console(MuteOne(1))
    assert room.said(1) == ["muted"]
    room.keys(1, "*6")
    assert room.said(1) == ["unmuted"]


def test_strict_muting_binds_while_people_wait_and_while_the_moderator_may_return():
    room = Room(STRICT)
    room.participant(2)
    room.keys(2, "*6")
    assert room.said(2) == ["muted_by_moderator"]
    room.moderator(1)
    room.leave(1)
    assert room.phase is Phase.ENDING
    room.keys(2, "*6")
    assert room.said(2) == ["muted_by_moderator"]


def test_star_6_can_be_two_keys_one_for_each_way():
    room = meeting()
    for on, word in ((True, "muted"), (True, "muted"), (False, "unmuted"), (False, "unmuted")):
        room.command(2, MuteSelf(on=on))
        assert room.said(2) == [word]
        assert room.conference.muted(2) == on


def test_o4_all_participants_are_muted_at_once_and_told_in_one_word():
    room = meeting()
    room(Join(9, Role.OPERATOR))
    room.command(1, commands.MuteAll())
    assert room.mutes() == [(2, True), (3, True)]
    assert room.announced() == ["everybody_muted"]
    assert [room.said(leg) for leg in (1, 2, 3)] == [[], [], []]
    room.participant(4)
    assert room.mutes() == [], "those who come later are not touched"
    room.command(1, commands.MuteAll(on=False))
    assert room.mutes() == [(2, False), (3, False)]
    assert room.announced() == ["everybody_unmuted"]


def test_o4_unmuting_all_leaves_a_moderator_who_muted_themselves_muted_and_frees_one_whom_others_muted():
    room = meeting()
    room.moderator(4)
    room.keys(1, "*6")
    room.console(MuteOne(4))
    room.console(commands.MuteAll(on=False))
    assert room.mutes() == [(4, False)]


def test_o4_a_gain_is_kept_within_what_a_line_can_bear_and_set_once():
    room = meeting()
    assert room.console(commands.SetGain(2, 60.0)) == Outcome(True, "gain_changed")
    assert SetGain(2, 24.0) in room.effects
    room.console(commands.SetGain(2, 24.0))
    assert not [e for e in room.effects if isinstance(e, SetGain)]
    room.console(commands.SetGain(2, -60.0))
    assert SetGain(2, -24.0) in room.effects
    room.console(commands.SetGain(2, float("nan")))
    assert all(abs(e.gain_db) <= 24 for e in room.effects if isinstance(e, SetGain))


def test_star_4_levels_every_line_and_those_that_come_until_it_is_pressed_again():
    room = meeting()
    room.keys(1, "*4")
    assert [e for e in room.effects if isinstance(e, SetAutoGain)] == [
        SetAutoGain(leg, on=True) for leg in (1, 2, 3)
    ]
    assert room.said(1) == ["levelling_on"]
    assert SetAutoGain(4, on=True) in room.participant(4)
    room.keys(1, "*4")
    assert SetAutoGain(4, on=False) in room.effects
    assert room.said(1) == ["levelling_off"]
    assert not [e for e in room.participant(5) if isinstance(e, SetAutoGain)]


def test_star_4_falls_away_with_the_last_call():
    room = meeting()
    room.keys(1, "*4")
    for leg in (3, 2, 1):
        room.leave(leg)
    assert not [e for e in room.moderator(6) if isinstance(e, SetAutoGain)]


def test_a_key_for_modes_goes_round_and_everybody_is_told():
    room = meeting(keymap=Keymap(everybody={"*27": commands.RaiseHand()}))
    room.command(1, commands.SetMode())
    assert SayRoom(say("mode_questions", keys="*27")) in room.effects
    assert room.mutes() == [(2, True), (3, True)]
    assert room.said(1) == [], "heard it with the others"
    room.command(1, commands.SetMode())
    assert room.announced() == ["mode_presentation"]
    assert room.mutes() == []
    room.command(1, commands.SetMode())
    assert room.announced() == ["mode_conversation"]
    assert room.mutes() == [(2, False), (3, False)]


def test_a_mode_that_is_on_already_is_said_to_the_one_who_asked_for_it_alone():
    room = meeting()
    room.command(1, commands.SetMode(MuteMode.CONVERSATION))
    assert (room.announced(), room.said(1)) == ([], ["mode_conversation"])


@pytest.mark.parametrize(
    ("mode", "word"),
    [(MuteMode.QUESTIONS, "muted_by_questions"), (MuteMode.PRESENTATION, "muted_by_presentation")],
)
def test_late_joiners_find_the_mode_and_are_told_why_nobody_hears_them(mode, word):
    room = meeting(Settings(mute_mode=mode))
    room.participant(4)
    assert room.mutes() == [(4, True)]
    assert room.said(4) == [word]
    room.keys(4, "*6")
    assert room.said(4) == [word]
    room(Join(9, Role.OPERATOR))
    assert room.mutes() == []


def test_star_5_out_of_questions_is_a_lecture_and_then_a_conversation():
    room = meeting(Settings(mute_mode=MuteMode.QUESTIONS))
    room.keys(1, "*5")
    assert (room.tones(), room.said(1)) == (["lecture"], ["lecture_on"])
    room.keys(1, "*5")
    assert room.conference.mode is MuteMode.CONVERSATION
    room.command(1, commands.Lecture(on=False))
    assert (room.tones(), room.said(1)) == ([], ["lecture_off"])


def test_a_conference_begins_in_its_own_mode_each_time():
    room = meeting(Settings(mute_mode=MuteMode.QUESTIONS))
    room.console(commands.SetMode(MuteMode.CONVERSATION))
    for leg in (3, 2, 1):
        room.leave(leg)
    room.moderator(1)
    assert room.conference.mode is MuteMode.QUESTIONS
