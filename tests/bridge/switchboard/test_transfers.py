"""REFER and Replaces: people brought in and out by a moderator's telephone, calls that take each other's place, callers sent away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.conference import commands
from bridge.control import protocol
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.switchboard.effects import (
    Effect,
    HangUpCall,
    RecordAct,
    RecordCallAnswered,
    RecordCallEnded,
    RecordCallPlaced,
    RecordJoined,
    RecordLeft,
    Refer,
    RejectCall,
)
from bridge.switchboard.transfers import FAREWELL_S
from media.control import NO_ROOM
from sip.events import EndCause, ReferAnswered, ReferProgress
from tests.support.builders import dial_out, incoming, sdp
from tests.support.operated_world import OperatedWorld, settled
from tests.support.playbook import E164

DONE = protocol.Given(True)
NOT_NOW = protocol.Given(False, "not_now")
OF_CALLS = RecordCallPlaced | RecordCallAnswered | RecordCallEnded
PHONES = {"dial_out": dial_out(sip_domains=("phones.example",))}


@pytest.fixture
def world() -> OperatedWorld:
    return OperatedWorld("ana", **PHONES)


def refer(world: OperatedWorld, leg: int, to: str, method: str = "INVITE", **others: Any) -> list[int]:
    """What is said to a REFER: the statuses reported, or minus the one it was refused with."""
    number = world.refers_to(world.leg(leg).call, to, method, **others)
    return world.refers[number]


# --- people brought in ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "to",
    [
        f"tel:{E164}",
        f"sip:{E164}@192.0.2.1",
        f"sip:{E164}@evil.example:5099;transport=tcp",  # a number is a number, whatever host stands behind it
        "tel:+55-11-3333.4444",
    ],
)
def test_a_moderator_brings_somebody_in_by_refer_and_is_told_how_it_goes(
    world: OperatedWorld, to: str
) -> None:
    moderator = world.moderates()
    reports = refer(world, moderator, to, name="Eva")
    assert reports == []
    guest = world.rings_there()
    assert reports == [180]
    assert world.leg(guest).destination.number.startswith("+55")  # type: ignore[union-attr]  # it was called
    world.answers(world.leg(guest).call, sdp())
    assert reports == [180, 200]
    assert world.person(guest).name == "Eva"
    assert world.routed[guest] == world.routed[moderator]
    settled(world)


def test_an_address_on_the_list_is_called_as_it_stands(world: OperatedWorld) -> None:
    assert refer(world, world.moderates(), "sip:bob@phones.example;x=y?Route=%3Csip%3Aevil%3E") == []
    world.pool_answers(0, opens=True)
    assert world.to_place[0].uri == "sip:bob@phones.example"
    settled(world)


@pytest.mark.parametrize("replaces", ["", "c;to-tag=1;from-tag=2"])
@pytest.mark.parametrize("private", [False, True])
def test_who_is_called_is_told_on_whose_word_unless_that_one_is_to_be_shown_to_nobody(
    world: OperatedWorld, replaces: str, private: bool
) -> None:
    moderator = world.moderates()
    world.leg(moderator).private = private
    refer(world, moderator, "sip:bob@phones.example", referred_by="sip:eva@phones.example", replaces=replaces)
    world.pool_answers(0, opens=True)
    assert world.to_place[0].referred_by == ("" if private else "sip:eva@phones.example")
    settled(world)
    assert not world.board._calls_out._referred_by


@pytest.mark.parametrize(
    ("status", "reported"), [(486, 486), (404, 404), (603, 603), (480, 480), (503, 503), (488, 500)]
)
def test_a_guest_who_does_not_come_is_reported(world: OperatedWorld, status: int, reported: int) -> None:
    reports = refer(world, world.moderates(), f"tel:{E164}")
    guest = world.rings_there()
    world.refuses(world.leg(guest).call, status)
    assert reports == [180, reported]
    settled(world)


def test_a_guest_whom_the_conference_cannot_have_is_reported(world: OperatedWorld) -> None:
    moderator = world.moderates()
    reports = refer(world, moderator, f"tel:{E164}")
    guest = world.rings_there()
    world.presses(moderator, "*7")
    world.answers(world.leg(guest).call, sdp())
    assert reports == [180, 480]
    settled(world)


def test_a_guest_for_whom_there_is_no_conference_any_more_is_reported(world: OperatedWorld) -> None:
    moderator = world.moderates()
    reports = refer(world, moderator, f"tel:{E164}")
    world.rings_there()
    world.ends(moderator)
    assert reports == [180, 487]
    settled(world)


@pytest.mark.parametrize(
    "to", ["sip:bob@evil.example", "tel:190", "sip:190@phones.example", "tel:+4930123456", "sip:x"]
)
def test_nobody_is_called_where_the_dial_plan_does_not_lead(world: OperatedWorld, to: str) -> None:
    """G3: a host that a caller names is never followed."""
    assert refer(world, world.moderates(), to) == [-403]
    assert not world.asked
    settled(world)


def test_a_level_that_may_not_dial_out_may_not_refer(world: OperatedWorld) -> None:
    assert refer(world, world.moderates(level=Level.MODERATE), f"tel:{E164}") == [-403]
    settled(world)


def test_a_locked_conference_takes_nobody_by_refer_either(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.presses(moderator, "*7")
    assert refer(world, moderator, f"tel:{E164}") == [-403]
    settled(world)


def test_what_was_done_is_in_the_audit_trail(world: OperatedWorld) -> None:
    moderator = world.moderates()
    refer(world, moderator, f"tel:{E164}")
    record = world.room().people[moderator].record
    acts = [effect for effect in world.done if isinstance(effect, RecordAct)]
    assert [(act.actor, act.action, act.subject) for act in acts] == [(record, "dial_out", E164)]
    settled(world)


def test_two_at_once_are_reported_each_to_its_own(world: OperatedWorld) -> None:
    moderator = world.moderates()
    first, second = refer(world, moderator, f"tel:{E164}"), refer(world, moderator, "sip:bob@phones.example")
    one, other = world.rings_there(), world.rings_there()
    world.refuses(world.leg(other).call, 486)
    world.answers(world.leg(one).call, sdp())
    assert (first, second) == ([180, 200], [180, 486])
    settled(world)


# --- people put out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["tel:{}", "sip:{}@192.0.2.1", "sip:+{}@x"])
def test_a_moderator_puts_somebody_out_by_number(world: OperatedWorld, scheme: str) -> None:
    moderator, guest = world.moderates(), world.joins()
    number = "551133335555"
    conference = world.room().conference
    changed = {**conference.participants, guest: replace(world.person(guest), caller=f"+{number}")}
    world.room().conference = replace(conference, participants=changed)
    assert refer(world, moderator, scheme.format(number), "BYE") == [200]
    assert world.person(guest).dismissed is not None
    settled(world)


def test_or_by_the_name_that_the_roster_has_for_them(world: OperatedWorld) -> None:
    moderator, guest = world.moderates(), world.joins()
    other = world.joins()
    assert refer(world, moderator, f"sip:leg-{guest}@conference.invalid", "BYE") == [200]
    assert world.person(guest).dismissed is not None
    assert world.person(other).dismissed is None
    settled(world)


def test_or_by_the_address_that_was_called(world: OperatedWorld) -> None:
    moderator = world.moderates()
    refer(world, moderator, "sip:bob@phones.example")
    guest = world.rings_there()
    world.answers(world.leg(guest).call, sdp())
    assert refer(world, moderator, "sip:bob@phones.example", "BYE") == [200]
    assert world.person(guest).dismissed is not None
    settled(world)


@pytest.mark.parametrize("to", ["sip:leg-99@conference.invalid", "sip:nobody@x", "sip:x"])
def test_who_is_not_in_cannot_be_put_out(world: OperatedWorld, to: str) -> None:
    assert refer(world, world.moderates(), to, "BYE") == [-404]
    settled(world)


def test_nobody_is_put_out_by_a_name_that_two_have(world: OperatedWorld) -> None:
    moderator = world.moderates()
    for _ in range(2):
        world.joins()
    conference = world.room().conference
    same = {leg: replace(each, caller="+5511999") for leg, each in conference.participants.items()}
    world.room().conference = replace(conference, participants=same)
    assert refer(world, moderator, "tel:+5511999", "BYE") == [-485]
    settled(world)


def test_people_of_other_conferences_are_out_of_reach(world: OperatedWorld) -> None:
    moderator = world.moderates()
    elsewhere = world.joins(Role.MODERATOR, pair=8, level=Level.HIGHLY_SECURE)
    assert refer(world, moderator, f"sip:leg-{elsewhere}@conference.invalid", "BYE") == [-404]
    assert world.is_up(elsewhere)
    settled(world)


# --- everybody else -------------------------------------------------------------------------------------------------


def test_guests_refer_nobody(world: OperatedWorld) -> None:
    moderator, guest = world.moderates(), world.joins()
    assert refer(world, guest, f"tel:{E164}") == [-403]
    assert refer(world, guest, f"sip:leg-{moderator}@conference.invalid", "BYE") == [-403]
    settled(world)


def test_who_is_in_no_conference_refers_nobody(world: OperatedWorld) -> None:
    caller = world.dials()
    assert refer(world, caller, f"tel:{E164}") == [-403]
    number = world.refers_to(0, f"tel:{E164}")
    assert world.refers[number] == [-403]
    settled(world)


def test_what_is_neither_coming_nor_going_is_declined(world: OperatedWorld) -> None:
    moderator = world.moderates()
    assert refer(world, moderator, f"tel:{E164}", "MESSAGE") == [-603]
    assert refer(world, moderator, f"tel:{E164}", "BYE", replaces=DIALOG) == [-603]
    settled(world)


# --- somebody in the caller's place: attended transfer (RFC 5589 section 7) -------------------------------------------

DIALOG = "c;to-tag=1;from-tag=2"
BOB = "sip:bob@phones.example"


def hands_over(world: OperatedWorld, leg: int, to: str = BOB) -> tuple[list[int], int]:
    """A moderator's telephone wants somebody in its place, whose telephone rings: what is reported, and their leg."""
    reports = refer(world, leg, to, replaces=DIALOG)
    assert reports == []
    guest = world.rings_there()
    assert reports == [180]
    return reports, guest


def changes(world: OperatedWorld) -> list[Effect]:
    """Who joined and left, as the records have it."""
    return [effect for effect in world.done if isinstance(effect, RecordJoined | RecordLeft)]


@pytest.mark.parametrize("to", [BOB, f"tel:{E164}"])
def test_who_is_called_with_the_name_of_the_other_call_takes_the_callers_place(
    world: OperatedWorld, to: str
) -> None:
    moderator, other = world.moderates(), world.joins()
    world.presses(moderator, "*6")
    record, before, old_call = (
        world.room().people[moderator].record,
        changes(world),
        world.leg(moderator).call,
    )
    reports = refer(world, moderator, to, replaces=DIALOG, name="Bob")
    world.pool_answers(0, opens=True)
    assert world.to_place[0].replaces == DIALOG
    call = world.call_is_placed()
    new = world.board._lines.by_call[call].number
    assert world.routed[moderator] == world.routed[other], "nothing happens before they answer"
    world.answers(call, sdp())
    assert reports == [200]
    assert (world.person(new).role, world.person(new).muted) == (Role.MODERATOR, True)
    assert world.muted[new]
    assert world.routed[new] == world.routed[other] != world.routed[moderator] == NO_ROOM
    assert moderator not in world.room().conference.participants
    assert (world.room().people[new].record, changes(world)) == (record, before), (
        "it is one person to the records"
    )
    assert not any(effect == HangUpCall(old_call, "replaced") for effect in world.done)
    world.presses(moderator, "*7")
    assert not world.room().conference.locked, "the old telephone has no say any more"
    world.presses(new, "*7")
    assert world.room().conference.locked, "the new one has"
    settled(world)


def test_the_telephone_that_has_handed_its_place_over_hangs_up_itself(world: OperatedWorld) -> None:
    moderator = world.moderates()
    reports, guest = hands_over(world, moderator)
    world.answers(world.leg(guest).call, sdp())
    world.ends(moderator)
    world.passes(FAREWELL_S)
    assert world.is_up(guest)
    assert reports == [180, 200]
    assert not any(isinstance(effect, HangUpCall) for effect in world.done)
    settled(world)


def test_or_we_do_after_a_moment(world: OperatedWorld) -> None:
    moderator = world.moderates()
    _, guest = hands_over(world, moderator)
    call = world.leg(moderator).call
    world.answers(world.leg(guest).call, sdp())
    world.passes(FAREWELL_S - 0.1)
    assert world.is_up(moderator)
    world.passes(0.2)
    assert world.done.count(HangUpCall(call, "replaced")) == 1
    assert not world.is_up(moderator)
    assert world.is_up(guest)
    settled(world)


@pytest.mark.parametrize("status", [408, 420, 480, 481, 486, 488, 503, 600, 603])
def test_where_they_do_not_take_it_nobody_has_moved_and_their_own_word_is_reported(
    world: OperatedWorld, status: int
) -> None:
    moderator, other = world.moderates(), world.joins()
    reports, guest = hands_over(world, moderator)
    world.refuses(world.leg(guest).call, status)
    assert reports == [180, status]
    assert world.person(moderator).role is Role.MODERATOR
    assert world.routed[moderator] == world.routed[other] != NO_ROOM
    hands_over(world, moderator)  # and may be tried again
    settled(world)


def test_who_does_not_answer_in_time_is_rung_no_longer(world: OperatedWorld) -> None:
    moderator = world.moderates()
    reports, guest = hands_over(world, moderator)
    call = world.leg(guest).call
    world.passes(60.0)
    assert reports == [180, 480]
    assert HangUpCall(call, "no answer") in world.done
    assert world.is_up(moderator)
    settled(world)


def test_a_telephone_that_hangs_up_before_they_answer_has_handed_its_place_over_all_the_same(
    world: OperatedWorld,
) -> None:
    """Some do as soon as they hear 202."""
    moderator, other = world.moderates(), world.joins()
    world.presses(moderator, "*6")
    reports, guest = hands_over(world, moderator)
    world.ends(moderator)
    assert reports == [180]
    world.answers(world.leg(guest).call, sdp())
    assert reports == [180, 200]
    assert (world.person(guest).role, world.person(guest).muted) == (Role.MODERATOR, True)
    assert world.routed[guest] == world.routed[other]
    settled(world)


def test_but_nobody_comes_after_them_into_a_locked_conference(world: OperatedWorld) -> None:
    moderator = world.moderates()
    second = world.moderates()
    reports, guest = hands_over(world, moderator)
    world.ends(moderator)
    world.presses(second, "*7")
    world.answers(world.leg(guest).call, sdp())
    assert reports == [180, 480]
    assert guest not in world.room().conference.participants
    settled(world)


def test_who_hangs_up_first_and_was_the_last_one_hands_over_nothing(world: OperatedWorld) -> None:
    moderator = world.moderates()
    reports, guest = hands_over(world, moderator)
    call = world.leg(guest).call
    world.ends(moderator)
    assert reports == [180, 487]
    assert HangUpCall(call, "cancelled") in world.done
    settled(world)


@pytest.mark.parametrize("how", ["put out", "lost"])
def test_who_is_put_out_or_lost_meanwhile_hands_over_nothing(world: OperatedWorld, how: str) -> None:
    """G3: nobody keeps a foot in the door."""
    moderator, other = world.moderates(), world.joins()
    reports, guest = hands_over(world, moderator)
    call = world.leg(guest).call
    if how == "lost":
        world.hangs_up(world.leg(moderator).call, EndCause.TIMEOUT)
    else:
        world.gives(commands.Disconnect(moderator))
        world.hears_all()
    assert not world.is_up(moderator)
    assert reports == [180, 487]
    assert HangUpCall(call, "cancelled") in world.done
    assert world.is_up(other)
    settled(world)


def test_who_hears_last_words_when_they_answer_hands_over_nothing_either(world: OperatedWorld) -> None:
    moderator, _ = world.moderates(), world.joins()
    reports, guest = hands_over(world, moderator)
    call = world.leg(guest).call
    world.gives(commands.Disconnect(moderator))
    world.answers(call, sdp())
    assert reports == [180, 480]
    assert HangUpCall(call, "nobody to replace") in world.done
    assert guest not in world.room().conference.participants
    settled(world)


def test_who_is_about_something_else_when_they_answer_keeps_their_place(world: OperatedWorld) -> None:
    moderator = world.moderates()
    reports, guest = hands_over(world, moderator)
    call = world.leg(guest).call
    world.presses(moderator, "*1")
    world.answers(call, sdp())
    assert reports == [180, 480]
    assert HangUpCall(call, "nobody to replace") in world.done
    assert world.person(moderator).aside
    settled(world)


def test_who_was_moved_to_another_conference_meanwhile_keeps_their_place_there(world: OperatedWorld) -> None:
    moderator, _ = world.moderates(), world.joins()
    world.joins(Role.MODERATOR, pair=8, level=Level.HIGHLY_SECURE)
    reports, guest = hands_over(world, moderator)
    assert world.gives(commands.Move(moderator, world.room(8).conference_id)) == DONE
    world.answers(world.leg(guest).call, sdp())
    assert reports == [180, 480]
    assert moderator in world.room(8).conference.participants
    settled(world)


def test_what_holds_for_calls_out_holds_for_who_takes_a_place(world: OperatedWorld) -> None:
    """G3: rights, lock, dial plan."""
    moderator = world.moderates()
    guest = world.joins()
    assert refer(world, guest, BOB, replaces=DIALOG) == [-403]
    for nowhere in ("sip:bob@evil.example", "tel:190", "tel:+4930123456"):
        assert refer(world, moderator, nowhere, replaces=DIALOG) == [-403]
    world.presses(moderator, "*7")
    assert refer(world, moderator, BOB, replaces=DIALOG) == [-403]
    lesser = world.joins(Role.MODERATOR, pair=8, level=Level.MODERATE)
    assert refer(world, lesser, BOB, replaces=DIALOG) == [-403]
    assert not world.asked
    settled(world)


def test_a_limit_on_calls_out_holds_for_them(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.room().conference = replace(
        world.room().conference, settings=replace(world.room().conference.settings, max_calls_out=1)
    )
    reports, guest = hands_over(world, moderator)
    world.answers(world.leg(guest).call, sdp())
    assert reports == [180, 200]
    assert refer(world, guest, BOB, replaces=DIALOG) == [-403], "it counts as a call out as long as it is up"
    world.gives(commands.DialOut(E164))
    assert not world.asked
    settled(world)


def test_it_is_a_call_out_to_the_records_and_costs_as_one(world: OperatedWorld) -> None:
    moderator = world.moderates()
    _, guest = hands_over(world, moderator, f"tel:{E164}")
    world.answers(world.leg(guest).call, sdp())
    world.passes(FAREWELL_S)
    world.ends(guest)
    kinds = [type(each) for each in world.done if isinstance(each, OF_CALLS)]
    assert kinds == [RecordCallPlaced, RecordCallAnswered, RecordCallEnded]
    assert [effect.subject for effect in world.done if isinstance(effect, RecordAct)] == [E164]
    settled(world)


def test_one_place_is_handed_over_once_at_a_time(world: OperatedWorld) -> None:
    moderator = world.moderates()
    hands_over(world, moderator)
    assert refer(world, moderator, BOB, replaces=DIALOG) == [-603]
    settled(world)


def test_who_is_about_something_else_hands_nothing_over(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.presses(moderator, "*1")
    assert refer(world, moderator, BOB, replaces=DIALOG) == [-603]
    settled(world)


def test_two_calls_of_one_telephone_with_us_are_not_joined(world: OperatedWorld) -> None:
    """It would link two conferences whose people have not been asked."""
    moderator = world.moderates()
    second = world.joins(Role.MODERATOR, pair=8, level=Level.HIGHLY_SECURE)
    assert refer(world, moderator, BOB, replaces=DIALOG, own=world.leg(second).call) == [-603]
    assert world.is_up(moderator)
    assert world.is_up(second)
    assert not world.asked
    settled(world)


# --- a call in the place of another (RFC 3891) ----------------------------------------------------------------------


def replaces(world: OperatedWorld, leg: int, **others: Any) -> int:
    """A call comes that takes the place of this leg's; its call."""
    world._next_call += 1
    call = world._next_call
    world.calls[call] = "invited"
    event = incoming(call, dialled="roda.1234", source="192.0.2.77", **others)
    world.happens(replace(event, replaces=world.leg(leg).call))
    return call


def test_the_new_call_is_who_the_old_one_was(world: OperatedWorld) -> None:
    moderator, guest = world.moderates(), world.joins()
    record = world.room().people[moderator].record
    joined = [effect for effect in world.done if isinstance(effect, RecordJoined)]
    old_call = world.leg(moderator).call
    call = replaces(world, moderator)
    world.pool_answers(0, opens=True)
    assert world.is_up(moderator), "until the new one is there"
    world.acknowledges(call)
    new = world.board._lines.by_call[call].number
    assert not world.is_up(moderator)
    assert HangUpCall(old_call, "replaced") in world.done
    assert world.person(new).role is Role.MODERATOR
    assert world.routed[new] == world.routed[guest] != NO_ROOM
    assert world.room().people[new].record == record
    assert world.room().people[new].call_id == f"call-{call}"
    assert [effect for effect in world.done if isinstance(effect, RecordJoined)] == joined
    assert not any(isinstance(effect, RecordLeft) for effect in world.done)
    world.presses(new, "*6")
    assert world.muted[new], "its keys are read"
    settled(world)


def test_a_key_tells_as_well_as_an_ack_that_the_new_call_is_there(world: OperatedWorld) -> None:
    moderator = world.moderates()
    call = replaces(world, moderator)
    world.pool_answers(0, opens=True)
    new = world.board._lines.by_call[call].number
    world.presses(new, "*6")
    assert world.muted[new]
    assert not world.is_up(moderator)
    settled(world)


def test_a_call_whose_predecessor_has_gone_meanwhile_is_not_kept(world: OperatedWorld) -> None:
    moderator = world.moderates()
    call = replaces(world, moderator)
    world.pool_answers(0, opens=True)
    world.ends(moderator)
    world.acknowledges(call)
    assert HangUpCall(call, "nobody to replace") in world.done
    settled(world)


def test_who_is_aside_or_asked_something_keeps_their_telephone(world: OperatedWorld) -> None:
    moderator = world.moderates()
    world.presses(moderator, "*1")
    assert not world.board._transfers.may_be_replaced(world.leg(moderator))
    call = replaces(world, moderator)
    world.pool_answers(0, opens=True)
    world.acknowledges(call)
    assert world.is_up(moderator)
    assert HangUpCall(call, "nobody to replace") in world.done
    settled(world)


def test_who_is_in_no_conference_is_replaced_by_nobody(world: OperatedWorld) -> None:
    caller = world.dials()
    call = replaces(world, caller)
    assert RejectCall(call, 481) in world.done
    settled(world)


def test_a_successor_whose_audio_we_cannot_have_gives_its_place_back(world: OperatedWorld) -> None:
    call = replaces(world, world.moderates(), offer=sdp(formats="99"))
    assert any(isinstance(effect, RejectCall) and effect.call == call for effect in world.done)
    settled(world)


def test_who_watched_by_the_old_telephone_watches_no_more(world: OperatedWorld) -> None:
    moderator = world.moderates()
    subscription = world.watches(world.leg(moderator).call)
    call = replaces(world, moderator)
    world.pool_answers(0, opens=True)
    world.acknowledges(call)
    assert subscription not in world.watching
    settled(world)


# --- callers sent away ----------------------------------------------------------------------------------------------


def test_an_operator_sends_a_caller_away_and_the_call_ends_when_they_are_there(world: OperatedWorld) -> None:
    world.moderates()
    guest = world.joins()
    call = world.leg(guest).call
    assert world.gives(commands.Transfer(guest, "+551133334444")) == DONE
    assert world.sent_away == {call: "sip:+551133334444@192.0.2.7"}
    world.happens(ReferAnswered(call, 202))
    world.happens(ReferProgress(call, 180))
    assert world.is_up(guest)
    world.happens(ReferProgress(call, 200))
    assert not world.is_up(guest)
    assert HangUpCall(call, "transferred") in world.done
    settled(world)


@pytest.mark.parametrize(
    ("to", "written"),
    [
        ("sip:bob@b.example;transport=tcp", "sip:bob@b.example;transport=tcp"),
        ("tel:+5511", "tel:+5511"),
        ("*61#", "sip:*61%23@192.0.2.7"),
    ],
)
def test_where_to_is_an_address_or_a_number_where_the_call_came_from(
    world: OperatedWorld, to: str, written: str
) -> None:
    leg = world.moderates()
    world.gives(commands.Transfer(leg, to))
    assert list(world.sent_away.values()) == [written]
    settled(world)


@pytest.mark.parametrize(
    "to", ["", "bob", "http://b.example", "sip:bob@b?Route=x", "sip:bob:secret@b", "sip:@@", "1 2"]
)
def test_what_is_no_address_is_refused(world: OperatedWorld, to: str) -> None:
    leg = world.moderates()
    assert world.gives(commands.Transfer(leg, to)) == protocol.Given(False, "dial_not_a_number")
    assert not world.sent_away
    settled(world)


@pytest.mark.parametrize("last", [ReferAnswered(1, 405), ReferProgress(1, 486), ReferProgress(1, 0)])
def test_a_caller_who_does_not_get_there_stays_and_may_be_sent_again(
    world: OperatedWorld, last: ReferAnswered | ReferProgress
) -> None:
    leg = world.moderates()
    assert world.leg(leg).call == 1
    assert world.gives(commands.Transfer(leg, "+5511")) == DONE
    assert world.gives(commands.Transfer(leg, "+5511")) == NOT_NOW, "one at a time"
    world.happens(last)
    assert world.is_up(leg)
    assert world.gives(commands.Transfer(leg, "+5511")) == DONE
    settled(world)


def test_nobody_of_another_conference_is_sent_away(world: OperatedWorld) -> None:
    world.moderates()
    elsewhere = world.joins(Role.MODERATOR, pair=8, level=Level.HIGHLY_SECURE)
    assert world.gives(commands.Transfer(elsewhere, "+5511")) == NOT_NOW
    assert not any(isinstance(effect, Refer) for effect in world.done)
    settled(world)


def test_what_is_told_of_a_call_that_is_over_is_late(world: OperatedWorld) -> None:
    leg = world.moderates()
    world.gives(commands.Transfer(leg, "+5511"))
    world.ends(leg)
    world.happens(ReferAnswered(1, 404))
    world.happens(ReferProgress(1, 200))
    settled(world)
