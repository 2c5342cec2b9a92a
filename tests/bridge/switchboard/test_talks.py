"""Callers and operators in private: how a talk comes about, and every way it ends (`*0`, O2, O3)."""

from __future__ import annotations

import pytest

from bridge.conference import commands
from bridge.control import protocol
from bridge.service.role import Role
from bridge.switchboard.effects import RecordJoined
from media.control import NO_ROOM
from tests.support.builders import sdp
from tests.support.operated_world import OperatedWorld, away, in_talk, settled

# --- `*0` in the room ---


def test_star_zero_in_the_room_calls_an_operator_and_the_caller_talks_on(world: OperatedWorld) -> None:
    world.moderates()
    caller = world.joins()
    world.presses(caller, "*0")
    assert world.said(caller) == ["help_called", "help_position"]
    assert world.routed[caller] == world.room().number, "the room goes on, with the caller"
    assert list(world.telephones()) == ["ana"]
    ana = world.takes_phone("ana")
    assert world.said(ana) == ["operator_help"]
    world.hears_all()
    assert world.said(ana) == ["operator_accept"]
    assert not world.together(caller, ana), "it may be a voicemail: nobody is connected before 1 is pressed"
    world.presses(ana, "1")
    assert world.together(caller, ana)
    assert world.said(caller) == ["help_operator_here"]
    assert world.said(ana) == ["operator_choices"]
    assert world.values["operator_choices"] == {"with_keys": "*2", "alone_keys": "*3"}
    settled(world)


def test_the_operator_s_star_two_brings_both_into_the_room(world: OperatedWorld) -> None:
    moderator, caller, ana = in_talk(world)
    world.presses(ana, "*2")
    assert {world.routed[each] for each in (moderator, caller, ana)} == {world.room().number}
    assert world.person(ana).role is Role.OPERATOR
    assert world.states()["ana"] == "monitoring", "the talk is over: the caller may ask again"
    joined = [each for each in world.done if isinstance(each, RecordJoined)]
    assert joined[-1].came_by == "operator"
    world.presses(ana, "*3")
    assert not world.is_up(ana)
    assert world.states()["ana"] == "free"
    settled(world)


def test_an_operator_who_comes_along_into_a_room_that_waits_does_not_stay_in_the_place_of_the_talk(
    world: OperatedWorld,
) -> None:
    """C3: who waits for the moderator is in no room, where the music is heard."""
    caller = world.joins()
    world.presses(caller, "*0")
    ana = world.accepts("ana")
    assert world.together(caller, ana)
    world.presses(ana, "*2")
    assert world.room().conference.place(ana) is None
    assert world.routed[caller] == world.routed[ana] == NO_ROOM
    assert world.music[ana] == world.music[caller] is not None
    moderator = world.moderates()
    assert {world.routed[each] for each in (moderator, caller, ana)} == {world.room().number}
    settled(world)


def test_the_operator_s_star_three_lets_the_caller_return_alone(world: OperatedWorld) -> None:
    _, caller, ana = in_talk(world)
    world.presses(ana, "*3")
    assert not world.is_up(ana)
    assert world.routed[caller] == world.room().number
    assert "back_in_room" in world.said(caller)
    assert world.states()["ana"] == "free"
    settled(world)


@pytest.mark.parametrize("keys", ["*3", "*0"])
def test_the_caller_may_end_the_talk(world: OperatedWorld, keys: str) -> None:
    """Their own `*3`, or a second `*0`."""
    _, caller, ana = in_talk(world)
    world.presses(caller, keys)
    assert not world.is_up(ana)
    assert world.routed[caller] == world.room().number
    assert not world.person(caller).aside
    assert world.states()["ana"] == "free"
    settled(world)


def test_a_moderator_in_the_talk_brings_the_operator_along(world: OperatedWorld) -> None:
    """`*0`: both can return to the room, by the caller's `*2` too where it means that."""
    moderator = world.moderates()
    world.presses(moderator, "*0")
    ana = world.accepts("ana")
    world.presses(moderator, "*2")
    assert world.routed[moderator] == world.routed[ana] == world.room().number
    settled(world)


def test_a_second_star_zero_while_waiting_is_no_longer(world: OperatedWorld) -> None:
    world.moderates()
    caller = world.joins()
    world.presses(caller, "*0")
    world.rings_there()
    world.presses(caller, "*0")
    assert world.said(caller)[-1] == "help_cancelled"
    assert not world.telephones(), "ana's telephone rings no longer"
    world.presses(caller, "*0")
    assert world.said(caller) == ["help_called", "help_position"], "and may ask anew"
    settled(world)


def test_an_operator_who_has_taken_the_phone_in_vain_is_told_that_nobody_waits(world: OperatedWorld) -> None:
    world.moderates()
    caller = world.joins()
    world.presses(caller, "*0")
    ana = world.takes_phone("ana")
    world.said(ana)
    world.presses(caller, "*0")
    assert world.said(ana) == ["operator_nothing"]
    assert world.states()["ana"] == "monitoring", "nobody rings a phone that is up"
    world.hears_all()
    assert not world.is_up(ana)
    assert world.states()["ana"] == "free"
    settled(world)


def test_the_locked_room_takes_no_operator_who_is_told_and_hung_up(world: OperatedWorld) -> None:
    """`*7`: nobody enters, operators included."""
    moderator, caller, ana = in_talk(world)
    world.presses(moderator, "*7")
    assert world.room().conference.locked
    world.said(ana)
    world.presses(ana, "*2")
    assert world.said(ana) == ["conference_locked"]
    assert world.routed[ana] == NO_ROOM
    assert world.routed[caller] == world.room().number, "who was in is in"
    world.presses(caller, "*0")
    assert world.telephones()["bia"], "and may ask again, though ana still hears her last words"
    world.hears_all()
    assert not world.is_up(ana)
    settled(world)


def test_who_was_helped_may_ask_again_while_the_operator_is_in_the_room(world: OperatedWorld) -> None:
    _, caller, ana = in_talk(world)
    world.presses(ana, "*2")
    world.presses(caller, "*0")
    assert set(world.telephones()) == {"ana", "bia"}
    bia = world.accepts("bia")
    assert world.together(caller, bia)
    settled(world)


def test_an_operator_in_the_room_does_not_call_an_operator(world: OperatedWorld) -> None:
    _, _, ana = in_talk(world)
    world.presses(ana, "*2")
    world.said(ana)
    world.presses(ana, "*0")
    assert world.said(ana) == ["not_now"]
    assert set(world.telephones()) == {"ana"}
    settled(world)


def test_without_operators_that_is_said() -> None:
    world = OperatedWorld()
    caller = world.moderates()
    world.presses(caller, "*0")
    assert world.said(caller) == ["no_operator"]


def test_who_is_silenced_by_the_lecture_is_heard_by_the_operator_and_silenced_again(
    world: OperatedWorld,
) -> None:
    moderator, caller = world.moderates(), world.joins()
    world.presses(moderator, "*5")
    assert world.muted[caller]
    world.presses(caller, "*0")
    ana = world.accepts("ana")
    assert not world.muted[caller]
    world.presses(ana, "*3")
    assert world.muted[caller]
    settled(world)


# --- who hangs up ---


def test_a_caller_who_hangs_up_while_a_phone_rings_stops_it(world: OperatedWorld) -> None:
    world.moderates()
    caller = world.joins()
    world.presses(caller, "*0")
    ana = world.rings_there()
    world.ends(caller)
    assert not world.is_up(ana)
    assert not world.board._operators.desk.queue(world.now)
    settled(world)


def test_a_caller_who_hangs_up_while_the_operator_is_asked_to_press_one(world: OperatedWorld) -> None:
    world.moderates()
    caller = world.joins()
    world.presses(caller, "*0")
    ana = world.takes_phone("ana")
    world.said(ana)
    world.ends(caller)
    world.presses(ana, "1")
    assert world.said(ana) == ["operator_nothing"]
    world.hears_all()
    assert not world.is_up(ana)
    settled(world)


def test_a_caller_who_hangs_up_in_the_talk_frees_the_operator(world: OperatedWorld) -> None:
    _, caller, ana = in_talk(world)
    world.ends(caller)
    assert not world.is_up(ana)
    assert world.states()["ana"] == "free"
    settled(world)


def test_an_operator_who_hangs_up_in_the_talk_leaves_nobody_alone(world: OperatedWorld) -> None:
    _, caller, ana = in_talk(world)
    world.said(caller)
    world.ends(ana)
    assert world.routed[caller] == world.room().number
    assert world.said(caller) == ["help_returned", "back_in_room"]
    assert world.states()["ana"] == "free"
    settled(world)


def test_a_caller_in_the_ivr_goes_on_there_when_the_operator_hangs_up(world: OperatedWorld) -> None:
    """A3."""
    caller = world.asks_before()
    assert world.music[caller] is not None
    ana = world.accepts("ana")
    assert world.music[caller] is None
    assert world.together(caller, ana)
    assert world.said(ana)[-1] == "operator_choices"
    assert world.values["operator_choices"] == {}, "no keys lead from here into a conference"
    world.said(caller)
    world.ends(ana)
    assert world.routed[caller] == NO_ROOM
    assert world.said(caller) == ["enter_passcode"]
    world.keys_code(caller, Role.MODERATOR)
    assert world.routed[caller] == world.room().number
    settled(world)


@pytest.mark.parametrize("keys", ["*2", "*3"])
def test_both_keys_of_the_operator_lead_a_caller_back_into_the_ivr(world: OperatedWorld, keys: str) -> None:
    caller = world.asks_before()
    ana = world.accepts("ana")
    world.said(caller)
    world.presses(ana, keys)
    assert not world.is_up(ana)
    assert world.said(caller) == ["enter_passcode"]
    settled(world)


# --- two and two ---


def test_two_callers_and_one_operator_one_after_the_other() -> None:
    world = OperatedWorld("ana")
    first, second = world.moderates(), world.joins()
    world.presses(first, "*0")
    world.presses(second, "*0")
    assert world.values["help_position"] == {"position": 2}
    ana = world.accepts("ana")
    assert world.together(first, ana)
    world.presses(ana, "*3")
    assert world.telephones()["ana"] != ana, "rung again, for the second"
    assert world.together(second, world.accepts("ana"))
    settled(world)


def test_a_phone_that_rings_for_one_who_gives_up_rings_on_for_the_next() -> None:
    world = OperatedWorld("ana")
    first, second = world.moderates(), world.joins()
    world.presses(first, "*0")
    world.presses(second, "*0")
    ana = world.rings_there()
    world.presses(first, "*0")
    assert world.telephones() == {"ana": ana}
    assert world.accepts("ana") == ana
    assert world.together(second, ana)
    settled(world)


def test_an_operator_at_the_console_takes_whom_another_is_rung_for(world: OperatedWorld) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    ana = world.rings_there()
    assert world.asks(protocol.TakeRequest("bia", 1)) == protocol.Given(True)
    assert not world.is_up(ana)
    assert world.together(caller, world.accepts("bia"))
    settled(world)


def test_an_operator_who_takes_another_while_being_rung_is_rung_on(world: OperatedWorld) -> None:
    away(world)
    first, second = world.moderates(), world.joins()
    world.presses(first, "*0")
    world.presses(second, "*0")
    world.asks(protocol.TakeRequest("ana", 1))
    ana = world.takes_phone("ana")
    assert world.asks(protocol.TakeRequest("ana", 2)) == protocol.Given(True)
    assert world.telephones() == {"ana": ana}
    world.presses(ana, "1")
    assert world.together(second, ana)
    assert world.states() == {"ana": "talking", "bia": "away"}
    world.presses(ana, "*3")
    assert world.states() == {"ana": "away", "bia": "away"}
    settled(world)


@pytest.mark.parametrize(
    ("operator", "number", "why"),
    [("zoe", 0, "unknown operator"), ("ana", 9, "no such request"), ("ana", 0, "no such request")],
)
def test_what_cannot_be_taken_is_told_to_the_console(
    world: OperatedWorld, operator: str, number: int, why: str
) -> None:
    assert world.asks(protocol.TakeRequest(operator, number)) == protocol.Given(False, why)


def test_who_talks_takes_nobody_else(world: OperatedWorld) -> None:
    moderator, _, _ = in_talk(world)
    world.presses(moderator, "*0")
    assert world.asks(protocol.TakeRequest("ana", 0)) == protocol.Given(False, "talking")
    settled(world)


# --- what the caller is about meanwhile ---


def test_an_operator_who_comes_breaks_off_what_the_caller_is_about(world: OperatedWorld) -> None:
    """Waiting for help, a moderator dials out (`*1`): the dialogue ends when the operator is there."""
    moderator = world.moderates(dial_out_allowed=True)
    world.presses(moderator, "*0")
    world.presses(moderator, "*1")
    assert world.leg(moderator).runner is not None
    ana = world.accepts("ana")
    assert world.leg(moderator).runner is None
    assert world.together(moderator, ana)
    world.presses(ana, "*3")
    assert world.routed[moderator] == world.room().number
    settled(world)


def test_a_guest_of_a_caller_who_gets_an_operator_is_thanked(world: OperatedWorld) -> None:
    moderator = world.moderates(dial_out_allowed=True)
    world.presses(moderator, "*0")
    world.presses(moderator, "*1")
    world.presses(moderator, "40028922#")
    world.hears_all()
    world.presses(moderator, "1")
    ana = world.rings_there()
    guest = world.rings_there()
    world.answers(world.leg(guest).call, sdp())
    assert world.together(moderator, guest)
    world.answers(world.leg(ana).call, sdp())
    world.presses(ana, "1")
    assert world.together(moderator, ana)
    assert world.routed[guest] == NO_ROOM
    world.hears_all()
    assert not world.is_up(guest)
    world.presses(ana, "*3")
    assert world.routed[moderator] == world.room().number
    settled(world)


@pytest.mark.parametrize("keys", ["*1", "*95", "*99"])
def test_in_the_talk_nothing_else_is_begun(world: OperatedWorld, keys: str) -> None:
    moderator = world.moderates(dial_out_allowed=True)
    world.joins()
    world.presses(moderator, "*0")
    ana = world.accepts("ana")
    world.said(moderator)
    world.presses(moderator, keys)
    assert world.said(moderator) == ["not_now"]
    assert world.together(moderator, ana)
    settled(world)


# --- the conference ends or is locked ---


def test_a_conference_that_ends_takes_the_caller_out_of_the_talk(world: OperatedWorld) -> None:
    _, caller, ana = in_talk(world)
    world.said(caller)
    assert world.gives(commands.EndConference()).done
    assert not world.is_up(ana)
    assert world.said(caller) == ["conference_ended"]
    world.hears_all()
    assert not world.is_up(caller)
    settled(world)


def test_a_conference_that_ends_stops_the_ringing_for_its_people(world: OperatedWorld) -> None:
    caller = world.moderates()
    world.presses(caller, "*0")
    ana = world.rings_there()
    world.gives(commands.EndConference())
    assert not world.is_up(ana)
    settled(world)
