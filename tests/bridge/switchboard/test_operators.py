"""The entry hall, by keys and by console (O2, R2, R4)."""

from __future__ import annotations

from bridge.conference import commands
from bridge.control import protocol
from bridge.switchboard.effects import RecordAct, RecordIdentified, RecordJoined
from media.control import NO_ROOM
from tests.support.operated_world import OperatedWorld, settled


def in_hall(world: OperatedWorld) -> tuple[int, int, int]:
    """A moderator in an assisted conference, a caller who is being greeted, and ana, who greets them."""
    moderator = world.moderates(assisted=True)
    caller = world.joins(assisted=True)
    assert world.music[caller] is not None
    assert world.routed[caller] == NO_ROOM
    ana = world.accepts("ana")
    assert world.together(caller, ana)
    return moderator, caller, ana


def test_in_the_hall_the_operator_s_star_two_lets_the_caller_in_alone(world: OperatedWorld) -> None:
    """O2: the operator does not come along."""
    _, caller, ana = in_hall(world)
    assert world.said(ana) == ["operator_greet", "hall_choices"]
    assert world.values["hall_choices"] == {"admit_keys": "*2", "refuse_keys": "*3"}
    world.presses(ana, "*2")
    assert not world.is_up(ana)
    world.hears_all()
    assert world.routed[caller] == world.room().number
    acts = [each for each in world.done if isinstance(each, RecordAct)]
    assert [(each.actor, each.action) for each in acts] == [("ana", "admit_caller")]
    settled(world)


def test_in_the_hall_the_operator_s_star_three_refuses_the_caller(world: OperatedWorld) -> None:
    _, caller, ana = in_hall(world)
    world.said(caller)
    world.presses(ana, "*3")
    world.hears_all()
    world.hears_all()
    assert world.said(caller) == ["hall_refused", "goodbye"]
    assert not world.is_up(caller)
    acts = [each for each in world.done if isinstance(each, RecordAct)]
    assert [(each.actor, each.action) for each in acts] == [("ana", "refuse_caller")]
    settled(world)


def test_a_caller_in_the_hall_is_queued_again_when_the_operator_hangs_up(world: OperatedWorld) -> None:
    _, caller, ana = in_hall(world)
    conference = world.room().conference_id
    world.ends(ana)
    assert world.routed[caller] == NO_ROOM
    assert world.music[caller] is not None
    rows = world.asks(protocol.HelpQueue()).rows
    assert [(row.leg, row.kind, row.conference) for row in rows] == [(caller, "entry", conference)]
    assert world.telephones(), "somebody is rung for them"
    settled(world)


def test_a_recorded_name_is_said_to_the_operator_who_is_to_greet(world: OperatedWorld) -> None:
    world.moderates(assisted=True, announce_names=True)
    caller = world.keys_code(world.dials(), assisted=True, announce_names=True)
    world.hears_all()  # the tone
    world.stops_speaking(caller, 8000)
    world.presses(caller, "#")
    world.presses(caller, "1")
    world.hears_all()
    ana = world.takes_phone("ana")
    world.hears_all()
    assert world.said(ana) == ["operator_greet", "recorded"]
    settled(world)


def test_a_console_admits_and_says_who_it_is_which_is_recorded_after_the_join(world: OperatedWorld) -> None:
    """O2, R2."""
    world.moderates(assisted=True)
    caller = world.joins(assisted=True)
    request = world.asks(protocol.HelpQueue()).rows[0].request
    reply = world.asks(protocol.AdmitCaller(request, "bia", "Rui Sá", "ACME", "+5511", "rui@acme.example"))
    assert reply == protocol.Given(True)
    assert world.routed[caller] == world.room().number
    assert not world.telephones(), "ana's telephone rings no longer"
    told = [each for each in world.done if isinstance(each, RecordJoined | RecordIdentified)]
    assert isinstance(told[-2], RecordJoined)
    assert isinstance(told[-1], RecordIdentified)
    assert told[-1].participant == told[-2].participant
    assert (told[-1].name, told[-1].company, told[-1].phone) == ("Rui Sá", "ACME", "+5511")
    assert world.person(caller).name == "Rui Sá"
    settled(world)


def test_a_console_decides_while_another_operator_greets(world: OperatedWorld) -> None:
    _, caller, ana = in_hall(world)
    request = world.telephone("ana").request
    assert world.asks(protocol.RefuseCaller(request, "bia")) == protocol.Given(True)
    assert not world.is_up(ana)
    world.hears_all()
    world.hears_all()
    assert not world.is_up(caller)
    settled(world)


def test_who_hangs_up_after_being_admitted_takes_nothing_along(world: OperatedWorld) -> None:
    """The conference is just being ended when they are let in: they wait at its door, and do not stay."""
    moderator = world.moderates(assisted=True, grace_s=0.0)
    caller = world.joins(assisted=True)
    request = world.asks(protocol.HelpQueue()).rows[0].request
    world.gives(commands.EndConference())
    world.asks(protocol.AdmitCaller(request, "bia", "Rui"))
    assert world.board._console.identities
    world.ends(caller)
    assert not world.board._console.identities
    world.ends(moderator)
    settled(world)
