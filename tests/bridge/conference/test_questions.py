"""Hands, the queue of questions, and who has the floor."""

import pytest

from bridge.conference import commands
from bridge.conference.commands import Outcome
from bridge.conference.effects import Say
from bridge.conference.events import Join, LeaveReason, StepAside
from bridge.conference.model import ALONE
from bridge.service.role import Role
from bridge.service.settings import MuteMode, Settings
from prompts.phrases import say
from prompts.values import Clip
from tests.bridge.conference.room import Room

HAND = commands.RaiseHand()
NEXT = commands.NextQuestion()


def hearing(mode: MuteMode = MuteMode.QUESTIONS, **settings: object) -> Room:
    """A moderator (1), three participants (2, 3, 4)."""
    room = Room(Settings(mute_mode=mode, **settings))
    room.moderator(1)
    for leg in (2, 3, 4):
        room.participant(leg, clip=Clip(leg, 8000) if leg != 4 else None)
    return room


def test_hands_stand_in_the_order_they_were_raised_and_each_is_told_the_place():
    room = hearing()
    for position, leg in enumerate((3, 2, 4), 1):
        assert Say(leg, say("hand_raised", position=position)) in room.command(leg, HAND)
    assert room.conference.hands == (3, 2, 4)
    room.command(2, HAND)
    assert room.said(2) == ["hand_lowered"]
    assert room.conference.hands == (3, 4)


def test_a_hand_raised_twice_on_purpose_keeps_its_place():
    room = hearing()
    room.command(2, commands.RaiseHand(on=True))
    room.command(3, commands.RaiseHand(on=True))
    assert Say(2, say("hand_raised", position=1)) in room.command(2, commands.RaiseHand(on=True))
    room.command(4, commands.RaiseHand(on=False))
    assert room.said(4) == ["hand_lowered"]
    assert room.conference.hands == (2, 3)


def test_the_first_hand_is_told_to_the_moderators_and_no_later_one():
    room = hearing()
    room.moderator(5)
    room.command(2, HAND)
    assert room.said(1) == room.said(5) == ["questions_waiting"]
    room.command(3, HAND)
    assert room.said(1) == []


def test_the_next_question_is_heard_and_the_one_before_silenced():
    room = hearing()
    room.command(2, HAND)
    room.command(3, HAND)
    room.command(1, NEXT)
    assert room.mutes() == [(2, False)]
    assert room.said(2) == ["your_turn"]
    assert Say(1, say("question_next", name=Clip(2, 8000))) in room.effects
    assert room.conference.hands == (3,)
    room.command(1, NEXT)
    assert sorted(room.mutes()) == [(2, True), (3, False)]
    assert room.mutes()[0] == (2, True), "never two at once"
    room.command(1, NEXT)
    assert room.said(1) == ["questions_none"]
    assert room.mutes() == [(3, True)]


def test_a_question_of_somebody_without_a_recorded_name_is_announced_without():
    room = hearing()
    room.command(4, HAND)
    assert Say(1, say("question_next")) in room.command(1, NEXT)


def test_whoever_muted_themselves_is_heard_when_their_turn_comes():
    room = hearing(mute_on_entry=True, strict_mute=True)
    room.command(2, HAND)
    room.command(1, NEXT)
    assert not room.conference.muted(2)


def test_whoever_has_the_floor_gives_it_back_by_the_same_key():
    room = hearing()
    room.command(2, HAND)
    room.command(1, NEXT)
    room.command(2, commands.RaiseHand(on=True))
    assert room.said(2) == ["your_turn"]
    room.command(2, HAND)
    assert room.said(2) == ["hand_lowered"]
    assert room.mutes() == [(2, True)]
    assert room.conference.asking is None


def test_whoever_has_the_floor_may_mute_themselves_and_others_are_told_how_to_ask():
    room = hearing()
    room.console(commands.GiveFloor(2))
    room.keys(2, "*6")
    assert room.said(2) == ["muted"]
    room.keys(3, "*6")
    assert room.said(3) == ["muted_by_questions"]


def test_the_floor_can_be_given_to_anybody_out_of_turn():
    room = hearing()
    room.command(2, HAND)
    room.command(3, HAND)
    assert room.console(commands.GiveFloor(3)) == Outcome(True, "question_next")
    assert room.conference.hands == (2,)
    assert room.conference.asking == 3
    assert room.said(3) == ["your_turn"]
    room.console(commands.GiveFloor(4))
    assert (room.conference.asking, room.conference.hands) == (4, (2,))


def test_all_hands_can_be_cleared_and_the_one_who_speaks_goes_on():
    room = hearing()
    for leg in (2, 3, 4):
        room.command(leg, HAND)
    room.command(1, NEXT)
    room.command(1, commands.ClearHands())
    assert room.said(1) == ["hands_cleared"]
    assert room.conference.hands == ()
    assert room.conference.asking == 2


@pytest.mark.parametrize("reason", [LeaveReason.HUNG_UP, LeaveReason.LOST])
def test_the_hand_of_somebody_who_leaves_falls(reason):
    room = hearing()
    room.command(2, HAND)
    room.command(3, HAND)
    room.leave(2, reason)
    assert room.conference.hands == (3,)
    room.command(1, NEXT)
    room.leave(3, reason)
    assert room.conference.asking is None


def test_the_floor_of_somebody_who_is_put_out_is_free():
    room = hearing()
    room.command(2, HAND)
    room.command(1, NEXT)
    room.console(commands.Disconnect(2))
    assert room.conference.asking is None


def test_somebody_in_a_private_talk_keeps_the_place_and_is_passed_over():
    room = hearing()
    room.command(2, HAND)
    room.command(3, HAND)
    room(StepAside(2, ALONE))
    room.command(1, NEXT)
    assert room.conference.asking == 3
    assert room.conference.hands == (2,)
    assert room.console(commands.GiveFloor(2)) == Outcome(False, "not_now")


def test_in_conversation_a_hand_is_a_sign_and_silences_nobody():
    room = hearing(MuteMode.CONVERSATION)
    room.command(2, HAND)
    assert room.said(1) == ["questions_waiting"]
    room.command(1, NEXT)
    assert room.said(2) == ["your_turn"]
    assert room.mutes() == []
    assert room.conference.hands == ()
    assert room.conference.asking is None


def test_in_presentation_there_are_no_questions():
    room = hearing(MuteMode.PRESENTATION)
    room.command(2, HAND)
    assert room.said(2) == ["hand_not_now"]
    for command in (NEXT, commands.GiveFloor(2)):
        room.command(1, command)
        assert room.said(1) == ["hand_not_now"]


def test_who_still_waits_raises_no_hand():
    room = Room()
    room.participant(1)
    room.command(1, HAND)
    assert room.said(1) == ["hand_not_now"]
    assert room.console(NEXT) == Outcome(False, "not_now")


def test_an_operator_who_visits_is_in_no_queue():
    room = hearing()
    room(Join(9, Role.OPERATOR))
    room.command(9, HAND)
    assert room.said(9) == ["hand_not_now"]


def test_questions_end_with_their_mode():
    room = hearing()
    room.command(2, HAND)
    room.command(3, HAND)
    room.command(1, NEXT)
    room.command(1, commands.SetMode(MuteMode.PRESENTATION))
    assert room.mutes() == [(2, True)]
    assert (room.conference.hands, room.conference.asking) == ((), None)
