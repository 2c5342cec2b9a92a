"""What consoles are answered: every request, also about what is not there (O2, O3, O4)."""

from __future__ import annotations

from typing import get_args

from bridge.conference import commands
from bridge.control import protocol
from bridge.control.protocol import encoded, read_reply
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard.console import KEYPAD_ONLY, NO_CONFERENCE, NOBODY_THERE, NOBODY_WAITS
from bridge.switchboard.effects import Answered
from bridge.switchboard.events import Asked
from tests.support.operated_world import OperatedWorld, settled


def test_every_request_is_answered_once_about_what_is_not_there_too(world: OperatedWorld) -> None:
    asked = [
        (protocol.ListConferences(), protocol.Conferences(())),
        (protocol.ShowConference("gone"), NO_CONFERENCE),
        (protocol.ListCalls(), protocol.Calls(())),
        (protocol.Give("gone", commands.Lock(), "ana"), NO_CONFERENCE),
        (protocol.TakeRequest("ana", 9), protocol.Given(False, "no such request")),
        (protocol.TakeRequest("zoe"), protocol.Given(False, "unknown operator")),
        (protocol.SetAway("zoe", True), protocol.Given(False, "unknown operator")),
        (protocol.AdmitCaller(9, "ana"), NOBODY_WAITS),
        (protocol.RefuseCaller(9, "ana"), NOBODY_WAITS),
        (protocol.SendKeys(9, "1", "ana"), NOBODY_THERE),
        (protocol.BlastBoard("gone"), NO_CONFERENCE),
        (protocol.ListPhones(), protocol.Phones(())),
        (
            protocol.ListTrunks(),
            protocol.Trunks(
                (protocol.TrunkRow("carrier", "192.0.2.9:5060", "udp", True, True, None, 0, 0, 0, 0, None),)
            ),
        ),
        (
            protocol.HelpQueue(),
            protocol.Queue((), (protocol.OperatorRow("ana", "free"), protocol.OperatorRow("bia", "free"))),
        ),
    ]
    beside = set(get_args(protocol.SignallingRequest))
    assert {type(each) for each, _ in asked} == set(get_args(protocol.AnyRequest)) - beside
    for ticket, (question, answer) in enumerate(asked):
        world.happens(Asked(ticket, question))
        assert world.replies[-1] == answer
        assert read_reply(encoded(answer)) == answer, "and it goes over the wire"
    tickets = [each.ticket for each in world.done if isinstance(each, Answered)]
    assert tickets == list(range(len(asked)))


def test_a_conference_is_listed_with_who_is_in_it(world: OperatedWorld) -> None:
    moderator, participant = world.moderates(level=Level.HIGHLY_SECURE), world.joins()
    world.passes(10.0)
    (row,) = world.asks(protocol.ListConferences()).rows
    assert (row.pair, row.people, row.moderators, row.locked, row.began_s) == (7, 2, 1, False, 10.0)
    world.presses(moderator, "*7")
    shown = world.asks(protocol.ShowConference(row.id))
    assert shown.conference.locked, "a locked room's roster is shown, without audio"
    assert [(each.leg, each.role) for each in shown.rows] == [
        (moderator, Role.MODERATOR),
        (participant, Role.PARTICIPANT),
    ]
    assert {each.joined_s for each in shown.rows} == {10.0}
    keyed = [each.keys["telephone-event"] for each in shown.rows]
    assert keyed[0] == keyed[1] + 2, "both keyed a passcode, and one locked the room"
    settled(world)


def test_who_is_on_the_way_out_is_not_counted(world: OperatedWorld) -> None:
    world.moderates()
    participant = world.joins()
    world.gives(commands.Disconnect(participant))
    (row,) = world.asks(protocol.ListConferences()).rows
    assert row.people == 1
    settled(world)


def test_every_call_is_listed_ours_and_theirs(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.presses(moderator, "*0")
    world.rings_there()
    rows = world.asks(protocol.ListCalls()).rows
    assert [(row.state, row.caller, row.dialled) for row in rows] == [
        ("conference", "caller1", "551130000000"),
        ("calling", "ana", ""),
    ]
    settled(world)


def test_numbers_are_masked_where_the_conference_wants_it(world: OperatedWorld) -> None:
    world.moderates(mask_numbers=True)
    leg = world.dials()
    world.leg(leg).caller = "+5511987654321"
    world.keys_code(leg)
    world.presses(leg, "*0")
    masked = "+5511****4321"
    calls = {row.leg: row.caller for row in world.asks(protocol.ListCalls()).rows}
    assert calls[leg] == masked
    assert [row.caller for row in world.asks(protocol.HelpQueue()).rows] == [masked]
    roster = world.asks(protocol.ShowConference(world.room().conference_id)).rows
    assert roster[-1].caller == masked
    settled(world)


def test_the_queue_says_who_where_and_how_long(world: OperatedWorld) -> None:
    """O3."""
    world.moderates()
    caller = world.joins()
    world.presses(caller, "*0")
    before = world.asks_before()
    world.passes(3.0)
    first, second = world.asks(protocol.HelpQueue()).rows
    conference = world.room().conference_id
    assert (first.leg, first.kind, first.conference, first.waited_s) == (caller, "help", conference, 3.0)
    assert (first.operator, second.operator) == ("ana", "bia")
    assert (second.leg, second.conference) == (before, "")
    world.accepts("ana")
    queue = world.asks(protocol.HelpQueue())
    assert [row.leg for row in queue.rows] == [before]
    assert queue.operators[0] == protocol.OperatorRow("ana", "busy", first.request)
    settled(world)


def test_a_command_for_keys_alone_is_not_given_from_a_console(world: OperatedWorld) -> None:
    world.moderates()
    assert world.gives(commands.MuteSelf()) == KEYPAD_ONLY
    assert world.gives(commands.AskForHelp()) == KEYPAD_ONLY


def test_a_command_is_given_as_a_moderator_or_as_an_operator(world: OperatedWorld) -> None:
    world.moderates(level=Level.HIGHLY_SECURE)
    assert world.gives(commands.Lock(on=True), moderator=True) == protocol.Given(True, "locked")
    assert world.gives(commands.Visit(), moderator=True) == protocol.Given(False, "command_forbidden")
    assert world.gives(commands.Lock(on=False)) == protocol.Given(False, "conference_locked")
    assert world.gives(commands.Lock(on=False), moderator=True) == protocol.Given(True, "unlocked")
    assert world.gives(commands.MuteOne(99)) == protocol.Given(False, "not_now")
    settled(world)


def test_nobody_but_who_is_in_the_hall_is_admitted(world: OperatedWorld) -> None:
    caller = world.asks_before()
    (row,) = world.asks(protocol.HelpQueue()).rows
    assert world.asks(protocol.AdmitCaller(row.request, "ana")) == NOBODY_WAITS
    world.accepts("ana")
    assert world.asks(protocol.RefuseCaller(row.request, "ana")) == NOBODY_WAITS
    assert world.is_up(caller)
    settled(world)


def test_a_name_alone_or_nothing_is_enough_to_admit(world: OperatedWorld) -> None:
    world.moderates(assisted=True)
    named, unnamed = world.joins(assisted=True), world.joins(assisted=True)
    first, second = (row.request for row in world.asks(protocol.HelpQueue()).rows)
    assert world.asks(protocol.AdmitCaller(first, "ana", "Rui")).done
    assert world.asks(protocol.AdmitCaller(second, "ana")).done
    assert (world.person(named).name, world.person(unnamed).name) == ("Rui", None)
    assert not world.board._console.identities
    settled(world)
