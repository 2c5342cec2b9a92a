"""Callers by a carrier's trunk, and telephones that have registered: who they are, where they come in, and how they go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.config.settings import Operator
from bridge.config.trunks import Trunk
from bridge.control import protocol
from bridge.service.role import Role
from bridge.store.known_callers import KnownCallers
from tests.simulation.bridge import ACCESS_NUMBER, CONFIG
from tests.simulation.meeting import Meeting
from tests.simulation.office import CALLING, Office, together
from tests.simulation.phone import NEVER_ANSWERS, Manners, Phone, State

CARRIER = "10.253.0.1"
TRUNKED = replace(CONFIG, trunks=(Trunk("carrier", CARRIER, ping_s=0, callers="e164", calls_in=1),))
BY_ACCOUNT = replace(CALLING, operators=(Operator("olga", "account:olga"),))


def by_trunk(**says: str) -> tuple[Meeting, Phone]:
    """Somebody who calls by the carrier, whose exchange says more of them."""
    meeting = Meeting(config=TRUNKED)
    caller = meeting.phone("+551133334444", host=CARRIER)
    caller.says = tuple((name.replace("_", "-"), value) for name, value in says.items())
    return meeting, caller


def calls(meeting: Meeting) -> list[protocol.CallRow]:
    reply = meeting.bridge.ask(protocol.ListCalls())
    assert isinstance(reply, protocol.Calls)
    return list(reply.rows)


def test_a_caller_by_a_trunk_who_withholds_the_number_is_shown_and_recorded_without_it() -> None:
    meeting, caller = by_trunk(Privacy="id", P_Asserted_Identity="<sip:+551133334444@carrier.example>")
    rui = meeting.moderator("rui")
    meeting.keys_participant(meeting.calls(caller))
    (row,) = [each for each in calls(meeting) if each.via]
    assert (row.caller, row.via) == ("anonymous", "trunk:carrier")
    (entry,) = [each for each in meeting.records() if each.via]
    assert (entry.caller, entry.via) == ("anonymous", "trunk:carrier")
    assert "33334444" not in repr(meeting.bridge.logged)
    rui.hang_up()
    meeting.nothing_is_left()


def test_a_call_that_was_forwarded_to_us_comes_in_by_the_number_that_was_dialled_first() -> None:
    meeting, caller = by_trunk(Diversion=f"<sip:+{ACCESS_NUMBER}@carrier.example>;reason=unconditional")
    caller.dial("551199998888")
    meeting.until(lambda: caller.state is State.TALKING)
    meeting.until(lambda: caller.heard("greeting", within_s=4.0))
    (row,) = calls(meeting)
    assert row.dialled == ACCESS_NUMBER
    meeting.keys_participant(caller)
    meeting.nothing_is_left()


def test_nobody_but_a_trunk_is_believed_that_a_call_was_forwarded() -> None:
    meeting = Meeting(config=TRUNKED)
    ana = meeting.phone("ana")
    ana.says = (("Diversion", f"<sip:+{ACCESS_NUMBER}@carrier.example>"),)
    ana.dial("551199998888")
    meeting.until(lambda: ana.state is State.OVER)
    assert ana.refusal is not None
    assert ana.refusal.status == 404
    meeting.nothing_is_left()


def test_a_trunk_with_all_its_calls_in_use_is_told_to_come_back_and_gets_the_next_free_one() -> None:
    meeting, first = by_trunk()
    meeting.calls(first)
    second = Phone(
        meeting.clock,
        meeting.network,
        first.line,
        name="second",
        host=CARRIER,
        seed=2,
        law=first.law,
        late_offer=False,
    )
    second.dial(ACCESS_NUMBER)
    meeting.until(lambda: second.state is State.OVER)
    assert second.refusal is not None
    assert second.refusal.status == 503
    assert second.refusal.headers.get("Retry-After") == "30"
    meeting.network.sip_receivers[CARRIER, 5060] = first._arrives
    first.hang_up()
    meeting.until(lambda: first.state is State.OVER)
    meeting.calls(first)
    meeting.nothing_is_left()


def registered(world: Meeting, name: str, number: str = "", *, web: bool = False, **given: Any) -> Phone:
    """A telephone that has registered as an account."""
    credentials = world.bridge.account(name, number)
    phone = world.phone(name, **given)
    if web:
        phone.connect()
        world.bridge.connected(phone.host)
    world.run(0.1)
    phone.register(credentials)
    world.until(lambda: phone.registered)
    assert phone.registered == 200
    return phone


def test_a_registered_telephone_is_known_by_the_number_of_its_account_and_keys_no_code() -> None:
    """A1: its password has proved what a caller by an open network only says."""
    meeting = Meeting()
    rui = meeting.moderator("rui")
    with meeting.bridge.store.database.transaction() as connection:
        KnownCallers(connection).know("+5511999990000", meeting.pair_id, Role.PARTICIPANT)
    ana = registered(meeting, "ana", "+5511999990000")
    meeting.calls(ana)
    meeting.until(lambda: meeting.is_in(ana))
    assert not ana.pressed_at
    (entry,) = [each for each in meeting.records() if each.via]
    assert entry.via == "account:ana"
    rui.hang_up()
    meeting.nothing_is_left()


def test_who_only_says_to_be_an_account_is_not_let_in() -> None:
    meeting = Meeting()
    meeting.bridge.account("eva")
    meeting.run(0.1)
    eva = meeting.phone("eva")
    eva.dial(ACCESS_NUMBER)
    meeting.until(lambda: eva.state is State.OVER)
    assert eva.refusal is not None
    assert eva.refusal.status in {401, 403, 407}
    meeting.nothing_is_left()


def test_an_operator_is_called_where_the_telephone_has_registered_and_helps_there() -> None:
    office = Office(config=BY_ACCOUNT)
    olga = registered(office, "olga", web=True, manners=Manners(keys="1"))
    ana, rui = office.participant("ana"), office.moderator("rui")
    ana.press("*0")
    office.until(lambda: olga.state is State.TALKING)
    office.until(lambda: not olga.pressing)
    office.quiet()
    assert office.talk() == {"ana": {"olga"}, "olga": {"ana"}, "rui": set()}
    office.bridge.disconnected(olga.host)
    olga.vanish()
    office.until(lambda: office.leg(olga) is None, within_s=40.0)
    office.quiet()
    assert office.talk() == {"olga": set(), **together(ana, rui)}, "the caller is not left alone"
    ana.press("*0")
    office.run(3.0)
    assert olga.calls_came == 1, "where it was nobody listens any more"
    office.nothing_is_left()


def test_all_telephones_of_an_operator_ring_and_the_first_to_answer_has_the_call() -> None:
    office = Office(config=BY_ACCOUNT)
    slow = registered(office, "olga", manners=NEVER_ANSWERS)
    quick = office.phone("mobile", manners=Manners(rings_s=2.0, keys="1"))
    assert slow.credentials is not None
    quick.register(slow.credentials)
    office.until(lambda: quick.registered)
    ana, rui = office.participant("ana"), office.moderator("rui")
    ana.press("*0")
    office.until(lambda: slow.state is quick.state is State.RINGING)
    office.until(lambda: quick.state is State.TALKING)
    office.until(lambda: slow.state is State.OVER)
    assert slow.ended is not None
    assert "elsewhere" in slow.ended.reason
    office.until(lambda: not quick.pressing)
    office.quiet()
    assert office.talk() == {"ana": {"mobile"}, "mobile": {"ana"}, "rui": set()}
    quick.hang_up()
    office.until(lambda: quick.state is State.OVER)
    office.quiet()
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


@pytest.mark.parametrize("later_s", [0.0, 0.02, 0.3])
def test_of_two_telephones_that_are_picked_up_in_the_same_moment_one_has_the_call(later_s: float) -> None:
    office = Office(config=BY_ACCOUNT)
    one = registered(office, "olga", manners=Manners(rings_s=2.0, keys="1"))
    other = office.phone("mobile", manners=Manners(rings_s=2.0 + later_s, keys="1"))
    assert one.credentials is not None
    other.register(one.credentials)
    office.until(lambda: other.registered)
    ana, rui = office.participant("ana"), office.moderator("rui")
    ana.press("*0")
    office.until(lambda: State.OVER in {one.state, other.state})
    office.run(2.0)
    talks, over = (one, other) if one.state is State.TALKING else (other, one)
    assert (talks.state, over.state) == (State.TALKING, State.OVER)
    office.until(lambda: not talks.pressing)
    office.quiet()
    assert office.talk() == {"ana": {talks.name}, talks.name: {"ana"}, "rui": set()}
    talks.hang_up()
    office.until(lambda: talks.state is State.OVER)
    office.quiet()
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


def test_a_browser_whose_connection_breaks_stays_in_as_long_as_it_is_heard() -> None:
    meeting = Meeting()
    ana, rui = meeting.phone("ana"), meeting.moderator("rui")
    ana.connect()
    meeting.bridge.connected(ana.host)
    meeting.keys_participant(meeting.calls(ana))
    meeting.run(8.0)
    meeting.bridge.disconnected(ana.host)
    meeting.run(2.0)
    assert rui.hears(ana)
    ana.vanish()
    meeting.until(lambda: meeting.leg(ana) is None, within_s=30.0)
    assert [entry.reason for entry in meeting.records() if entry.caller == "ana"] == ["lost"]
    meeting.nothing_is_left()


def test_a_session_that_nobody_refreshes_any_more_ends_and_frees_its_place_though_audio_still_comes() -> None:
    """RFC 4028: a forwarder that goes on sending after the telephone behind it has gone."""
    meeting = Meeting(given={"maximum_participants": 2})
    core = meeting.bridge.agent._core
    core.settings = replace(core.settings, session_expires_s=90, min_se_s=90)
    ana, rui = meeting.participant("ana"), meeting.moderator("rui")
    ana.line.sip_up.cut = ana.line.sip_down.cut = True
    meeting.until(lambda: meeting.leg(ana) is None, within_s=90.0)
    assert [entry.reason for entry in meeting.records() if entry.caller == "ana"] == ["lost"]
    meeting.participant("bia")
    ana.vanished = True
    rui.hang_up()
    meeting.nothing_is_left()
