"""Operators in conferences: listening, visiting, whispering (O4), and the lock that keeps all of it out (`*7`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.conference import commands
from bridge.control import protocol
from bridge.service.levels import Level
from bridge.service.role import Role
from media.control import NO_ROOM
from tests.support.operated_world import OperatedWorld, settled

if TYPE_CHECKING:
    from bridge.conference.commands import AnyCommand

LOCKED = protocol.Given(False, "conference_locked")
NOT_NOW = protocol.Given(False, "not_now")
DONE = protocol.Given(True)


def in_conference(world: OperatedWorld, **given: object) -> tuple[int, int]:
    return world.moderates(level=Level.HIGHLY_SECURE, **given), world.joins()


def listening(world: OperatedWorld, **given: object) -> tuple[int, int, int]:
    """A moderator, a participant, and ana, who listens to them."""
    moderator, participant = in_conference(world, **given)
    assert world.gives(commands.Monitor()) == DONE
    ana = world.accepts("ana")
    assert ana in world.room().conference.monitors
    return moderator, participant, ana


def visiting(world: OperatedWorld) -> tuple[int, int, int]:
    moderator, participant = in_conference(world)
    assert world.gives(commands.Visit()) == DONE
    ana = world.accepts("ana")
    assert world.person(ana).role is Role.OPERATOR
    return moderator, participant, ana


@pytest.mark.parametrize(
    ("setting", "asked", "announced"),
    [(True, None, True), (False, None, False), (True, False, False), (False, True, True)],
)
def test_a_monitor_hears_the_room_and_is_not_heard_announced_or_not(
    world: OperatedWorld, setting: bool, asked: bool | None, announced: bool
) -> None:
    """As the conference is set, unless the command says otherwise."""
    in_conference(world, monitor_announced=setting)
    world.gives(commands.Monitor(announced=asked))
    assert not world.heard_in, "nobody listens before the operator has pressed 1"
    world.heard.clear()
    ana = world.accepts("ana")
    assert world.routed[ana] == world.room().number
    assert world.muted[ana]
    assert ana not in world.room().conference.participants, "in nobody's count"
    assert (world.heard_in[world.room().number] == ["monitor_announced"]) is announced
    assert world.said(ana) == ["operator_accept", "monitor_began"]
    assert world.states()["ana"] == "monitoring"
    queue = world.asks(protocol.HelpQueue())
    assert queue.operators[0] == protocol.OperatorRow("ana", "busy", 0, world.room().conference_id)
    settled(world)


@pytest.mark.parametrize("way", ["command", "key", "hung up"])
def test_a_monitor_ends_listening(world: OperatedWorld, way: str) -> None:
    _, _, ana = listening(world)
    if way == "command":
        assert world.gives(commands.Monitor(on=False)) == DONE
    elif way == "key":
        world.presses(ana, "*3")
    else:
        world.ends(ana)
    assert not world.is_up(ana)
    assert not world.room().conference.monitors
    assert world.states()["ana"] == "free"
    settled(world)


def test_other_keys_of_a_monitor_mean_nothing(world: OperatedWorld) -> None:
    _, _, ana = listening(world)
    world.presses(ana, "5*2*6#3")
    assert ana in world.room().conference.monitors
    settled(world)


def test_the_lock_ends_running_monitors_who_hear_why_once(world: OperatedWorld) -> None:
    """`*7`: nobody enters, operators included, and no monitoring."""
    moderator, _, ana = listening(world)
    world.said(ana)
    world.presses(moderator, "*7")
    assert world.routed[ana] == NO_ROOM
    assert world.said(ana) == ["monitor_locked"]
    world.hears_all()
    assert not world.is_up(ana)
    assert world.states()["ana"] == "free"
    settled(world)


@pytest.mark.parametrize("command", [commands.Monitor(), commands.Visit()])
def test_a_locked_conference_is_not_listened_to_nor_visited(
    world: OperatedWorld, command: AnyCommand
) -> None:
    moderator, _ = in_conference(world)
    world.presses(moderator, "*7")
    assert world.gives(command) == LOCKED
    assert not world.telephones()
    settled(world)


@pytest.mark.parametrize("command", [commands.Monitor(), commands.Visit()])
def test_a_conference_locked_while_the_telephone_rings_is_not_entered(
    world: OperatedWorld, command: AnyCommand
) -> None:
    moderator, _ = in_conference(world)
    world.gives(command)
    ana = world.takes_phone("ana")
    world.presses(moderator, "*7")
    world.said(ana)
    world.presses(ana, "1")
    assert world.said(ana) == ["conference_locked"]
    assert world.routed[ana] == NO_ROOM
    world.hears_all()
    assert not world.is_up(ana)
    assert world.states()["ana"] == "free"
    settled(world)


def test_who_listens_to_a_conference_that_ends_is_told_so(world: OperatedWorld) -> None:
    _, _, ana = listening(world)
    world.said(ana)
    world.gives(commands.EndConference())
    assert world.said(ana) == ["conference_ended"]
    world.hears_all()
    assert not world.is_up(ana)
    settled(world)


def test_who_listens_when_the_last_one_hangs_up_is_told_so(world: OperatedWorld) -> None:
    moderator, participant, ana = listening(world)
    world.said(ana)
    world.ends(participant)
    world.ends(moderator)
    assert world.said(ana) == ["conference_ended"]
    assert world.board.conferences == 0
    settled(world)


@pytest.mark.parametrize("command", [commands.Monitor(), commands.Visit()])
def test_no_telephone_rings_for_a_conference_that_is_over(world: OperatedWorld, command: AnyCommand) -> None:
    moderator, participant = in_conference(world)
    world.gives(command)
    ana = world.rings_there()
    world.ends(participant)
    world.ends(moderator)
    assert not world.is_up(ana)
    assert world.states()["ana"] == "free"
    settled(world)


def test_who_presses_one_while_everybody_is_being_told_goodbye_is_told_so(world: OperatedWorld) -> None:
    in_conference(world)
    world.gives(commands.Monitor())
    ana = world.takes_phone("ana")
    world.gives(commands.EndConference())
    world.said(ana)
    world.presses(ana, "1")
    assert world.said(ana) == ["conference_ended"]
    settled(world)


def test_a_telephone_that_was_to_listen_and_is_not_answered_is_free_again(world: OperatedWorld) -> None:
    in_conference(world)
    world.gives(commands.Monitor())
    ana = world.rings_there()
    world.refuses(world.leg(ana).call, 486)
    assert world.states()["ana"] == "free"
    world.gives(commands.Visit())
    ana = world.takes_phone("ana")
    world.ends(ana)
    assert world.states()["ana"] == "free"
    settled(world)


def test_who_is_nobody_s_operator_has_no_telephone_to_listen_on(world: OperatedWorld) -> None:
    in_conference(world)
    assert world.gives(commands.Monitor(), by="zoe") == protocol.Given(False, "unknown operator")
    assert world.gives(commands.Monitor(on=False), by="ana") == NOT_NOW
    assert world.gives(commands.Visit(on=False), by="ana") == NOT_NOW


def test_moderators_do_not_listen_in_secret(world: OperatedWorld) -> None:
    in_conference(world)
    assert world.gives(commands.Monitor(), moderator=True) == protocol.Given(False, "command_forbidden")
    assert not world.telephones()


# --- visits ---------------------------------------------------------------------------------------------------------


def test_a_visitor_talks_with_the_room_and_leaves_by_command(world: OperatedWorld) -> None:
    _, _, ana = visiting(world)
    assert world.routed[ana] == world.room().number
    assert not world.muted[ana]
    assert world.gives(commands.Visit(on=False)) == DONE
    assert not world.is_up(ana)
    assert ana not in world.room().conference.participants
    assert world.states()["ana"] == "free"
    settled(world)


def test_a_visitor_who_is_put_out_hears_so_and_is_not_rung_meanwhile(world: OperatedWorld) -> None:
    moderator, _, ana = visiting(world)
    world.said(ana)
    assert world.gives(commands.Disconnect(ana)).done
    assert world.said(ana) == ["removed"]
    world.presses(moderator, "*0")
    assert list(world.telephones()) == ["ana", "bia"]
    world.hears_all()
    assert not world.is_up(ana)
    assert world.states()["ana"] == "free"
    settled(world)


def test_who_is_put_out_takes_a_caller_on_a_new_call(world: OperatedWorld) -> None:
    moderator, _, ana = visiting(world)
    world.asks(protocol.SetAway("bia", True))
    world.gives(commands.Disconnect(ana))
    world.presses(moderator, "*0")
    assert world.asks(protocol.TakeRequest("ana")) == DONE
    assert not world.is_up(ana)
    assert world.together(moderator, world.accepts("ana"))
    settled(world)


def test_who_listens_comes_in_to_talk_and_goes_back_to_listening(world: OperatedWorld) -> None:
    _, _, ana = listening(world)
    assert world.gives(commands.Visit()) == DONE
    assert world.telephones() == {"ana": ana}, "on the same call"
    assert not world.room().conference.monitors
    assert not world.muted[ana]
    assert world.person(ana).role is Role.OPERATOR
    world.presses(ana, "*6")
    assert world.muted[ana]
    assert world.gives(commands.Monitor(announced=False)) == DONE
    assert ana in world.room().conference.monitors
    assert world.muted[ana]
    assert ana not in world.room().conference.participants
    assert world.gives(commands.Monitor()) == DONE, "listens already"
    settled(world)


def test_an_operator_goes_from_one_conference_to_the_next(world: OperatedWorld) -> None:
    _, _, ana = listening(world)
    world.moderates(pair=8)
    assert world.gives(commands.Monitor(), pair=8) == DONE
    assert not world.room(7).conference.monitors
    assert world.routed[ana] == world.room(8).number
    settled(world)


# --- whispering -----------------------------------------------------------------------------------------------------


def test_a_monitor_whispers_to_one_and_is_silent_again(world: OperatedWorld) -> None:
    _, participant, ana = listening(world)
    assert world.gives(commands.Whisper(participant)) == DONE
    assert world.whispers[ana] == participant
    assert not world.muted[ana]
    assert world.gives(commands.Whisper()) == DONE
    assert world.whispers[ana] == 0
    assert world.muted[ana]
    settled(world)


def test_a_monitor_whispers_to_another_without_being_heard_between(world: OperatedWorld) -> None:
    moderator, participant, ana = listening(world)
    world.gives(commands.Whisper(participant))
    assert world.gives(commands.Whisper(moderator)) == DONE
    assert world.whispers[ana] == moderator
    assert not world.muted[ana]
    settled(world)


def test_who_loses_the_ear_they_whispered_to_is_not_heard_by_all(world: OperatedWorld) -> None:
    _, participant, ana = listening(world)
    world.gives(commands.Whisper(participant))
    world.ends(participant)
    assert world.muted[ana]
    assert world.whispers[ana] == 0
    settled(world)


def test_a_visitor_who_loses_the_ear_they_whispered_to_is_muted_and_hears_so(world: OperatedWorld) -> None:
    _, participant, ana = visiting(world)
    world.gives(commands.Whisper(participant))
    assert world.whispers[ana] == participant
    world.said(ana)
    world.ends(participant)
    assert world.person(ana).muted
    assert world.muted[ana]
    assert world.whispers[ana] == 0
    assert "muted" in world.said(ana)
    settled(world)


def test_a_visitor_whispers_and_is_heard_by_all_again(world: OperatedWorld) -> None:
    _, participant, ana = visiting(world)
    world.gives(commands.Whisper(participant))
    assert world.gives(commands.Whisper()) == DONE
    assert world.whispers[ana] == 0
    assert not world.muted[ana]
    settled(world)


def test_nobody_whispers_who_is_not_there_nor_to_whom_they_do_not_hear(world: OperatedWorld) -> None:
    moderator, participant = in_conference(world)
    assert world.gives(commands.Whisper(participant)) == NOT_NOW, "ana is not there"
    world.gives(commands.Monitor())
    ana = world.takes_phone("ana")
    assert world.gives(commands.Whisper(participant)) == NOT_NOW, "ana has not pressed 1"
    world.presses(ana, "1")
    world.gives(commands.Split((participant,), 1))
    assert world.gives(commands.Whisper(participant)) == NOT_NOW, "ana hears the main room"
    world.presses(moderator, "*0")
    world.accepts("bia")
    assert world.gives(commands.Whisper(moderator)) == NOT_NOW, "who is aside is in private"
    assert world.gives(commands.Whisper(moderator), by="bia") == NOT_NOW
    settled(world)


def test_a_whisper_does_not_outlive_the_conference_it_was_in(world: OperatedWorld) -> None:
    """Who whispers and takes a caller is heard by that caller."""
    moderator, participant, ana = listening(world)
    world.asks(protocol.SetAway("bia", True))
    world.gives(commands.Whisper(moderator))
    world.presses(participant, "*0")
    assert world.asks(protocol.TakeRequest("ana")) == DONE
    assert world.together(participant, ana)
    assert world.whispers[ana] == 0
    assert not world.muted[ana]
    settled(world)


# --- taking callers from there --------------------------------------------------------------------------------------


def test_who_listens_takes_a_caller_at_once_and_listens_no_more(world: OperatedWorld) -> None:
    _, participant, ana = listening(world)
    world.asks(protocol.SetAway("bia", True))
    world.presses(participant, "*0")
    assert world.asks(protocol.TakeRequest("ana", 1)) == DONE
    assert world.telephones() == {"ana": ana}, "no ringing: the phone is up"
    assert world.together(participant, ana)
    assert not world.room().conference.monitors
    settled(world)


def test_who_visits_and_has_muted_themselves_is_heard_by_the_caller_they_take(world: OperatedWorld) -> None:
    _, participant, ana = visiting(world)
    world.asks(protocol.SetAway("bia", True))
    world.presses(ana, "*6")
    world.presses(participant, "*0")
    world.asks(protocol.TakeRequest("ana"))
    assert world.together(participant, ana)
    assert not world.muted[ana]
    settled(world)


def test_who_is_being_called_to_listen_takes_a_caller_instead(world: OperatedWorld) -> None:
    """The telephone rings on; whoever presses 1 gets the caller, and nobody is put through to a ringing phone."""
    _, participant = in_conference(world)
    world.asks(protocol.SetAway("bia", True))
    world.gives(commands.Monitor())
    ana = world.rings_there()
    world.presses(participant, "*0")
    assert world.asks(protocol.TakeRequest("ana")) == DONE
    assert world.routed[participant] == world.room().number
    assert world.telephones() == {"ana": ana}
    world.accepts("ana")
    assert world.together(participant, ana)
    assert not world.room().conference.monitors
    settled(world)


def test_a_request_that_nobody_has_made_takes_nothing_from_who_is_called_to_listen(
    world: OperatedWorld,
) -> None:
    in_conference(world)
    world.gives(commands.Monitor())
    world.rings_there()
    assert world.asks(protocol.TakeRequest("ana", 9)) == protocol.Given(False, "no such request")
    ana = world.accepts("ana")
    assert ana in world.room().conference.monitors
    settled(world)


def test_who_has_a_caller_does_not_listen(world: OperatedWorld) -> None:
    _, participant = in_conference(world)
    world.presses(participant, "*0")
    assert world.gives(commands.Monitor()) == NOT_NOW, "rung for a caller"
    world.accepts("ana")
    assert world.gives(commands.Visit()) == NOT_NOW
    settled(world)


def test_who_hears_last_words_and_is_sent_to_a_conference_is_called_anew(world: OperatedWorld) -> None:
    moderator, _, ana = listening(world)
    world.presses(moderator, "*7")
    world.presses(moderator, "*7")
    assert world.gives(commands.Monitor()) == DONE
    assert not world.is_up(ana)
    assert world.accepts("ana") in world.room().conference.monitors
    settled(world)
