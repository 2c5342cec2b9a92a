"""Those who forgot to hang up, and those who need longer (C6)."""

import pytest

from bridge.conference import commands
from bridge.conference.commands import Outcome
from bridge.conference.effects import HangUp, Say, SayRoom
from bridge.conference.events import Join, LeaveReason, StepAside, StepBack, StillThere, TimerKey, UnknownKeys
from bridge.conference.model import ALONE, House, Phase
from bridge.service.role import Role
from bridge.service.settings import LastModerator, Settings
from prompts.phrases import say
from tests.bridge.conference.room import Room

ASKED_AFTER_S = 600.0


def quiet_room(**settings: object) -> Room:
    return Room(Settings(stranded_after_s=ASKED_AFTER_S, **settings), house=House(stranded_answer_s=20.0))


def test_whoever_is_alone_for_long_is_asked_and_let_go_if_nobody_answers():
    room = quiet_room()
    room.moderator(1)
    assert room.wait(ASKED_AFTER_S - 1) == []
    room.wait(1)
    assert room.said(1) == ["still_there"]
    assert room.wait(19) == []
    room.wait(1)
    assert HangUp(1, LeaveReason.STRANDED, say("stranded_goodbye")) in room.effects
    assert room.phase is Phase.ENDED
    room.leave(1)
    assert room.phase is Phase.EMPTY


@pytest.mark.parametrize("sign", ["key", "command", "nonsense", "dials"])
def test_any_key_is_an_answer_and_the_time_begins_anew(sign):
    room = quiet_room()
    room.moderator(1)
    room.wait(ASKED_AFTER_S)
    if sign == "key":
        assert Say(1, say("still_there_thanks")) in room(StillThere(1))
    elif sign == "command":
        room.keys(1, "*6")
    elif sign == "nonsense":
        room(UnknownKeys(1, "*77"))
    else:
        room(StepAside(1, ALONE))
    assert TimerKey.STRANDED_ANSWER not in room.conference.deadlines
    assert room.conference.deadlines[TimerKey.STRANDED] == room.now + ASKED_AFTER_S
    assert room(StillThere(1)) == [], "nobody asks any more"


def test_two_people_who_talk_are_left_alone():
    room = quiet_room()
    room.moderator(1)
    room.participant(2)
    assert room.wait(10 * ASKED_AFTER_S) == []


def test_the_one_who_is_left_is_asked_from_then_on():
    room = quiet_room(when_last_moderator_leaves=LastModerator.CONTINUE)
    room.moderator(1)
    room.participant(2)
    room.wait(ASKED_AFTER_S - 10)
    room.leave(1)
    assert room.wait(ASKED_AFTER_S - 1) == []
    room.wait(1)
    assert room.said(2) == ["still_there"]


def test_somebody_who_comes_spares_the_one_who_is_being_asked():
    room = quiet_room()
    room.moderator(1)
    room.wait(ASKED_AFTER_S)
    room.participant(2)
    assert room.conference.unanswered == frozenset()
    assert room.wait(ASKED_AFTER_S) == []


def test_with_an_operator_nobody_is_alone_and_an_operator_alone_is_not_asked():
    room = quiet_room()
    room.moderator(1)
    room(Join(9, Role.OPERATOR))
    assert room.wait(2 * ASKED_AFTER_S) == []
    room.leave(1)
    room.wait(60)
    assert room.phase is Phase.ENDED


def test_everybody_who_waits_for_long_is_asked_and_only_the_silent_ones_go():
    room = quiet_room()
    for leg in (1, 2, 3):
        room.participant(leg)
    room.wait(ASKED_AFTER_S)
    assert [room.said(leg) for leg in (1, 2, 3)] == [["still_there"]] * 3
    room(StillThere(2))
    room.wait(20)
    assert room.hung_up() == [(1, LeaveReason.STRANDED), (3, LeaveReason.STRANDED)]
    assert room.music() == [(1, False), (3, False)]
    assert room.phase is Phase.WAITING
    assert room.conference.deadlines[TimerKey.STRANDED] == room.now + ASKED_AFTER_S
    room.moderator(4)
    assert room.entered() == [2, 4]


def test_where_all_who_wait_are_silent_it_is_over():
    room = quiet_room()
    room.participant(1)
    room.participant(2)
    room.wait(ASKED_AFTER_S + 20)
    assert room.phase is Phase.ENDED


def test_whoever_is_dialling_or_talks_with_an_operator_is_not_asked():
    room = quiet_room()
    room.moderator(1)
    room(StepAside(1, ALONE))
    assert not [e for e in room.wait(3 * ASKED_AFTER_S + 100) if isinstance(e, Say | HangUp)]
    room(StepBack(1))
    room.wait(ASKED_AFTER_S)
    assert room.said(1) == ["still_there"]


def test_a_conference_that_asks_nobody():
    room = Room(Settings(stranded_after_s=None))
    room.participant(1)
    assert room.conference.deadlines == {}


def test_c6_more_time_is_told_to_all_and_moves_the_end_and_its_warning():
    room = Room(Settings(maximum_length_s=3600, extension_s=900))
    room.moderator(1)
    room.participant(2)
    room.wait(3000)
    effects = room.command(1, commands.Extend())
    assert SayRoom(say("extended", minutes=15)) in effects
    assert room.said(1) == [], "heard it with the others"
    assert room.timers_set() == {TimerKey.LENGTH: 1500, TimerKey.LENGTH_WARNING: 1200}


def test_c6_more_time_after_the_warning_brings_another_if_there_is_time_for_it():
    room = Room(Settings(maximum_length_s=3600, extension_s=60))
    room.moderator(1)
    room.participant(2)
    room.wait(3400)
    room.console(commands.Extend())
    assert room.timers_set() == {TimerKey.LENGTH: 260}
    room.wait(259)
    assert room.phase is Phase.RUNNING
    room.wait(1)
    assert room.phase is Phase.ENDED


@pytest.mark.parametrize("settings", [Settings(), Settings(maximum_length_s=3600, extension_s=0)])
def test_c6_what_has_no_end_or_may_not_be_extended_is_not(settings):
    room = Room(settings)
    room.moderator(1)
    assert room.console(commands.Extend()) == Outcome(False, "extension_not_possible")
    room.command(1, commands.Extend())
    assert room.said(1) == ["extension_not_possible"]
    assert room.acts() == []


def test_c6_a_moderator_in_a_private_talk_who_extends_is_answered_there():
    room = Room(Settings(maximum_length_s=3600))
    room.moderator(1)
    room.participant(2)
    room(StepAside(1, 10))
    room.command(1, commands.Extend())
    assert room.said(1) == ["extended"]
