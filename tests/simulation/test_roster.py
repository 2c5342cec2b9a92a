"""Real telephones that watch the roster (RFC 4575), refer people (RFC 3515, 4579), and take each other's place (RFC 3891)."""

from __future__ import annotations

import pytest

from bridge.conference import commands
from bridge.control import protocol
from bridge.service.levels import Level
from tests.simulation.bridge import ACCESS_NUMBER
from tests.simulation.office import GUEST_E164, Office, together
from tests.simulation.phone import BUSY, Phone, State
from tests.support.netem import WIRE, Conditions
from tests.support.roster_reader import Reader

HURT = Conditions(latency_s=0.030, jitter_s=0.020, loss=0.10, reorder=0.02, duplication=0.05)


def seen(phone: Phone) -> Reader:
    """What the screen of a phone shows."""
    assert phone.roster is not None
    reader = Reader()
    for body in phone.roster.bodies:
        reader.read(body)
    return reader


@pytest.mark.parametrize("line", [WIRE, HURT], ids=["clean", "lossy"])
def test_a_screen_shows_who_comes_who_is_muted_and_who_goes(line: Conditions) -> None:
    office = Office(seed=3)
    rui = office.moderator("rui")
    rui.line.sip_up.conditions = rui.line.sip_down.conditions = line
    screen = rui.watch()
    office.until(lambda: screen.bodies)
    assert screen.answers == [200]
    assert len(seen(rui).users) == 1
    ana = office.participant("ana")
    office.until(lambda: len(seen(rui).users) == 2)
    ana.press("*6")
    office.until(lambda: "recvonly" in [user["audio"] for user in seen(rui).users.values()])
    assert "muted-via-focus" in [user["status"] for user in seen(rui).users.values()]
    rui.press("*7")
    office.until(lambda: seen(rui).state["locked"] == "true")
    ana.hang_up()
    office.until(lambda: "departed" in [user["left by"] for user in seen(rui).users.values()])
    office.until(lambda: len(seen(rui).users) == 1)
    assert seen(rui).state["user-count"] == "1"
    assert seen(rui).states[0] == "full"
    assert set(seen(rui).states[1:]) == {"partial"}
    rui.watch(0)
    office.until(lambda: screen.states[-1] == "terminated;reason=timeout")
    office.nothing_is_left()


def test_a_screen_that_is_looked_at_before_the_passcode_is_keyed_shows_nothing_until_then() -> None:
    office = Office()
    ana = office.moderator("ana")
    rui = office.caller("rui")
    screen = rui.watch()
    office.until(lambda: screen.states)
    assert screen.states == ["pending;expires=3600"]
    assert screen.bodies == []
    office.keys_participant(rui)
    office.until(lambda: screen.bodies)
    assert len(seen(rui).users) == 2
    ana.hang_up()
    rui.hang_up()
    office.until(lambda: screen.states[-1].startswith("terminated"))
    office.nothing_is_left()


def test_a_page_beside_the_telephone_asks_by_the_name_of_the_call_and_sees_the_same() -> None:
    office = Office()
    ana, rui = office.participant("ana"), office.moderator("rui")
    screen = rui.watch(apart=True)
    office.until(lambda: screen.bodies)
    assert len(seen(rui).users) == 2
    assert seen(rui).entity == rui.focus.replace(";isfocus", "")
    assert rui.focus.startswith("sip:roda.")
    ana.hang_up()
    office.until(lambda: len(seen(rui).users) == 1)
    rui.hang_up()
    office.until(lambda: screen.states[-1] == "terminated;reason=rejected")
    office.nothing_is_left()


def test_a_moderator_s_telephone_brings_a_guest_in_and_puts_them_out() -> None:
    office = Office()
    gil, ana, rui = office.guest(), office.participant("ana"), office.moderator("rui")
    rui.watch()
    rui.refer(f"sip:{GUEST_E164}@192.0.2.1")
    office.until(lambda: gil.state is State.TALKING)
    office.told(gil, "guest_welcome")
    assert office.talk() == together(gil, ana, rui)
    assert rui.referred == [202, 100, 180, 200]
    rosters = seen(rui)
    (guest,) = [entity for entity, user in rosters.users.items() if user["came by"] == "dialed-out"]
    assert GUEST_E164 not in b"".join(rui.roster.bodies if rui.roster else []).decode()
    rui.refer(f"{guest};method=BYE")
    office.until(lambda: gil.state is State.OVER)
    assert rui.referred[4:] == [202, 100, 200]
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


def test_a_guest_who_is_busy_is_reported_and_nobody_else_may_refer() -> None:
    office = Office()
    gil, ana, rui = office.guest(manners=BUSY), office.participant("ana"), office.moderator("rui")
    rui.refer(f"tel:{GUEST_E164}")
    office.until(lambda: rui.referred[-1:] == [486])
    ana.refer(f"tel:{GUEST_E164}")
    office.until(lambda: ana.referred)
    assert ana.referred == [403]
    assert gil.calls_came == 1
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


def test_who_does_not_know_the_call_that_ours_is_to_replace_is_reported_and_nobody_moves() -> None:
    office = Office()
    gil, ana, rui = office.guest(), office.participant("ana"), office.moderator("rui")
    rui.refer(f"sip:{GUEST_E164}@192.0.2.1", replaces="c;to-tag=1;from-tag=2")
    office.until(lambda: rui.referred[-1:] == [481])
    assert gil.calls_came == 0, "its telephone has not rung"
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


def test_two_calls_of_one_telephone_with_us_are_not_joined() -> None:
    office = Office()
    ana, rui = office.participant("ana"), office.moderator("rui")
    rui.refer(f"sip:{GUEST_E164}@192.0.2.1", replaces=ana.dialog_as_the_bridge_names_it())
    office.until(lambda: rui.referred)
    assert rui.referred == [603]
    assert office.talk() == together(ana, rui)
    office.nothing_is_left()


def test_another_telephone_takes_the_moderator_s_place_in_mid_talk() -> None:
    office = Office(given={"level": Level.HIGHLY_SECURE})
    ana, rui = office.participant("ana"), office.moderator("rui")
    desk = office.phone("desk")
    desk.dial(ACCESS_NUMBER, instead_of=rui)
    office.until(lambda: rui.state is State.OVER)
    assert desk.state is State.TALKING
    assert office.talk() == together(ana, desk)
    desk.press("*5")
    office.until(lambda: not ana.pressing and not desk.pressing)
    assert office.talk() == {"ana": {"desk"}, "desk": set()}, "it is the moderator's: a lecture"
    desk.hang_up()
    ana.hang_up()
    assert sorted(entry.caller for entry in office.records()) == ["ana", "rui"], "one record goes on"
    office.nothing_is_left()


@pytest.mark.parametrize("status", [200, 486])
def test_an_operator_sends_a_caller_elsewhere_who_leaves_when_they_are_there(status: int) -> None:
    office = Office()
    ana, rui = office.participant("ana"), office.moderator("rui")
    ana.gets_there = status
    assert office.give(commands.Transfer(office.number_of(ana), "sip:help@phones.example")) == protocol.Given(
        True
    )
    office.run(3.0)
    assert ana.sent_to == "sip:help@phones.example"
    assert ana.state is (State.OVER if status == 200 else State.TALKING)
    assert rui.state is State.TALKING
    office.nothing_is_left()
