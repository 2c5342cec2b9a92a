"""The manual's dial-out, keyed step by step (`*1`, `*2`, `*3`; service.md star commands, G3): who hears whom, and when."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.config.calling import PerPair
from bridge.service.levels import Level
from tests.simulation.office import CALLING, GUEST_KEYED, GUEST_LOCAL, Office, together
from tests.simulation.phone import NEVER_ANSWERS, Manners, State


def test_the_manuals_dial_out_private_talk_and_both_return() -> None:
    """`*1`, `*2`: access number, code `#`, counter-password `#`, `*1`, carrier, area and number, confirm, talk, `*2`."""
    office = Office()
    ana, bia, gil = office.participant("ana"), office.participant("bia"), office.guest(manners=Manners(8.0))
    rui = office.moderator("rui")
    assert office.talk() == together(rui, ana, bia)
    office.calls_out(rui)
    office.until(lambda: gil.state is State.RINGING)
    assert gil.called_by == "551130000000"
    assert office.talk() == together(ana, bia) | {"rui": set()}, (
        "the room goes on, and hears nothing of the call"
    )
    office.told(rui, "dial_connected", with_keys="*2", alone_keys="*3")
    assert office.talk() == together(ana, bia) | together(rui, gil), "private talk"
    rui.press("*2")
    office.told(gil, "guest_welcome")
    office.told(rui, "back_in_room")
    assert office.talk() == together(rui, ana, bia, gil)
    gil.hang_up()
    office.run(1.0)
    assert {entry.caller: entry.came_by for entry in office.records()}[f"+5511{GUEST_LOCAL}"] == "dial-out"
    office.nothing_is_left()


def test_star_three_drops_the_guest_and_the_moderator_returns_alone() -> None:
    """`*3`, while others wait outside of nothing: the room never hears the guest, nor the guest the room."""
    office = Office()
    ana, gil, rui = office.participant("ana"), office.guest(), office.moderator("rui")
    office.in_private(rui, gil)
    assert office.talk() == together(rui, gil) | {"ana": set()}
    rui.press("*3")
    office.told(rui, "back_in_room")
    office.told(gil, "guest_dismissed")
    assert not gil.hears(ana)
    assert not gil.hears(rui)
    office.until(lambda: gil.state is State.OVER)
    assert office.talk() == together(rui, ana)
    office.in_private(rui, gil)
    assert gil.calls_came == 2, "and the same guest can be called again"
    rui.press("*2")
    office.told(rui, "back_in_room")
    assert office.talk() == together(rui, ana, gil)
    office.nothing_is_left()


def test_before_the_meeting_too() -> None:
    """`*1`, "before or during": only the moderator is there, and somebody who comes meanwhile talks to nobody else's call."""
    office = Office()
    gil, rui = office.guest(), office.moderator("rui")
    office.in_private(rui, gil, GUEST_LOCAL)
    ana = office.participant("ana")
    assert office.talk() == together(rui, gil) | {"ana": set()}
    rui.press("*2")
    office.told(rui, "back_in_room")
    assert office.talk() == together(rui, ana, gil)
    office.nothing_is_left()


def test_what_may_not_be_called_is_refused_in_words_and_asked_for_again() -> None:
    """G3; the carriers are 15 and 21. The third wrong number ends the matter."""
    office = Office()
    gil, rui = office.guest(), office.moderator("rui")
    for refused in (
        {"190": "dial_emergency", "15119": "dial_incomplete", f"3111{GUEST_LOCAL}": "dial_carrier"},
        {"0900123456": "dial_premium", "00154420712345678": "dial_not_allowed", "999": "dial_emergency"},
    ):
        rui.press("*1")
        for keyed, words in refused.items():
            office.told(rui, "dial_number_local", area="11")
            rui.press(f"{keyed}#")
            office.told(rui, words)
        office.told(rui, "back_in_room")
    assert gil.calls_came == 0
    office.nothing_is_left()


WORDS = {
    486: "dial_busy",
    600: "dial_busy",
    480: "dial_no_answer",
    603: "dial_declined",
    404: "dial_unknown",
    302: "dial_unreachable",
    503: "dial_congested",
    488: "dial_failed",
}


def test_a_call_that_is_refused_is_told_to_the_moderator_alone_and_leads_back() -> None:
    """`*1`: a trunk that returns every class of failure, one call after another, each in words."""
    office = Office()
    ana, rui, gil = office.participant("ana"), office.moderator("rui"), office.guest()
    office.quiet()
    for status, words in WORDS.items():
        gil.manners = Manners(0.1, status)
        office.calls_out_fast(rui)
        office.told(rui, words)
        assert not ana.heard(words, within_s=8.0)
        office.told(rui, "back_in_room")
        office.quiet()
        assert ana.hears(rui), status
    assert gil.calls_came == len(WORDS)
    office.nothing_is_left()


def test_nobody_answers() -> None:
    """`*1`: it rings for as long as is set, then it is told, and rings no more."""
    office = Office()
    ana, rui = office.participant("ana"), office.moderator("rui")
    gil = office.guest(manners=NEVER_ANSWERS)
    office.calls_out_fast(rui)
    office.told(rui, "dial_no_answer")
    assert gil.state is State.OVER
    assert office.talk() == together(rui, ana)
    office.nothing_is_left()


def test_a_number_that_is_nobodys_does_not_exist() -> None:
    office = Office()
    rui = office.moderator("rui")
    office.calls_out(rui)
    office.told(rui, "dial_unknown")
    office.told(rui, "back_in_room")
    office.nothing_is_left()


def test_what_the_network_says_while_it_rings_is_for_the_moderator_alone() -> None:
    """183 with a session: early media."""
    office = Office()
    ana, rui = office.participant("ana"), office.moderator("rui")
    gil = office.guest(manners=Manners(rings_s=8.0, early_hz=1_000))
    gil.say(0)
    office.calls_out(rui)
    office.until(lambda: rui.level(1_000) > -30.0)
    office.quiet()
    assert rui.level(1_000) > -30.0
    assert ana.level(1_000) < -60.0
    assert not gil.hears(ana)
    office.told(rui, "dial_connected", with_keys="*2", alone_keys="*3")
    office.quiet()
    assert rui.level(1_000) < -60.0
    assert gil.hears(rui)
    office.nothing_is_left()


@pytest.mark.parametrize("crosses", [False, True])
def test_star_three_while_it_rings_cancels_the_call_even_where_it_is_just_answered(crosses: bool) -> None:
    """A guest who picks up as the CANCEL comes is hung up: no leg is orphaned."""
    office = Office()
    ana, rui = office.participant("ana"), office.moderator("rui")
    gil = office.guest(manners=Manners(rings_s=None, crosses_cancel=crosses))
    office.calls_out(rui)
    office.until(lambda: gil.state is State.RINGING)
    rui.press("*3")
    office.told(rui, "back_in_room")
    office.until(lambda: gil.state is State.OVER, within_s=2.0)
    assert office.talk() == together(rui, ana)
    office.nothing_is_left()


@pytest.mark.parametrize("who", ["guest", "moderator"])
def test_nobody_is_left_alone_when_the_other_one_hangs_up_in_the_private_talk(who: str) -> None:
    """The moderator returns and is told; the guest is thanked and disconnected."""
    office = Office()
    ana, gil, rui = office.participant("ana"), office.guest(), office.moderator("rui")
    office.in_private(rui, gil)
    if who == "guest":
        gil.hang_up()
        office.told(rui, "dial_hung_up")
        assert office.talk() == together(rui, ana)
    else:
        rui.hang_up()
        office.told(gil, "guest_dismissed")
        office.until(lambda: gil.state is State.OVER)
        assert office.talk() == {"ana": set()}
    office.nothing_is_left()


def test_a_guest_who_holds_sends_no_music_into_the_room() -> None:
    """The manual's last hint: music on hold would be heard by everybody."""
    office = Office()
    ana, gil, rui = office.participant("ana"), office.guest(), office.moderator("rui")
    office.in_private(rui, gil)
    rui.press("*2")
    office.told(rui, "back_in_room")
    gil.hold(music=True)
    office.run(1.0)
    assert not ana.hears(gil)
    gil.resume()
    office.run(1.0)
    assert office.talk() == together(rui, ana, gil)
    office.nothing_is_left()


def test_who_may_not_dial_out_is_told_so() -> None:
    """Levels: level 1 has no `*1`; nor has a participant."""
    office = Office(given={"level": Level.MODERATE})
    ana, rui = office.participant("ana"), office.moderator("rui")
    rui.press("*1")
    office.told(rui, "dial_not_included")
    ana.press("*1")
    office.told(ana, "command_forbidden", keys="*1")
    assert office.talk() == together(rui, ana)
    office.nothing_is_left()


def test_a_moderator_who_leans_on_the_keys_calls_nobody() -> None:
    """Keys at every wrong moment: the room waits for the moderator, who comes back."""
    office = Office()
    ana, gil, rui = office.participant("ana"), office.guest(), office.moderator("rui")
    rui.press("*1##")
    office.run(3.0)
    rui.press(GUEST_KEYED + "*#*1*2")
    office.run(6.0)
    rui.press("*3")
    office.until(lambda: office.talk() == together(rui, ana), within_s=60.0)
    assert gil.calls_came == 0
    office.nothing_is_left()


def test_two_moderators_at_once_have_a_private_talk_each() -> None:
    """Two press `*1` in the same moment: four people, two talks, and a room that hears neither."""
    office = Office()
    ana, rui, leo = office.participant("ana"), office.moderator("rui"), office.moderator("leo")
    gil, eva = office.guest(), office.guest("eva", number="+551132211234")
    office.quiet()
    office.calls_out_fast(rui)
    office.calls_out_fast(leo, "32211234")
    office.until(lambda: gil.state is eva.state is State.TALKING)
    assert office.talk() == together(rui, gil) | together(leo, eva) | {"ana": set()}
    rui.press("*2")
    leo.press("*2")
    office.told(leo, "back_in_room")
    assert office.talk() == together(ana, rui, leo, gil, eva)
    office.nothing_is_left()


def test_an_own_mute_and_the_lecture_are_for_the_room_and_not_for_the_private_talk() -> None:
    """`*6`, `*5`: a muted moderator talks with the guest, and is muted again back in the room; the guest finds the lecture."""
    office = Office()
    _, rui, gil = office.participant("ana"), office.moderator("rui"), office.guest()
    office.quiet()
    rui.press("*6")
    office.told(rui, "muted")
    rui.press("*5")
    office.told(rui, "lecture_on")
    assert office.talk() == {"ana": set(), "rui": set()}
    office.calls_out_fast(rui)
    office.told(rui, "dial_connected", with_keys="*2", alone_keys="*3")
    assert office.talk() == together(rui, gil) | {"ana": set()}
    rui.press("*2")
    office.told(gil, "muted_by_lecture")
    assert office.talk() == {"ana": set(), "rui": set(), "gil": set()}
    rui.press("*6")
    office.told(rui, "unmuted")
    assert office.talk() == {"ana": {"rui"}, "rui": set(), "gil": {"rui"}}
    office.nothing_is_left()


def test_calls_out_have_a_number_and_a_length() -> None:
    """G3: a limit is told to whoever wanted the call; a call at its longest time is told so, and ends."""
    dial_out = replace(CALLING.dial_out, per_pair=PerPair(parallel=1), maximum_call_s=60.0)
    office = Office(config=replace(CALLING, dial_out=dial_out))
    rui, gil = office.moderator("rui"), office.guest()
    gil_again = office.guest("eva", number="+551132211234")
    office.quiet()
    office.calls_out_fast(rui)
    office.told(rui, "dial_connected", with_keys="*2", alone_keys="*3")
    answered_at = gil.answered_at
    rui.press("*2")
    office.told(rui, "back_in_room")
    office.quiet()
    office.calls_out_fast(rui, "32211234")
    office.told(rui, "dial_limit")
    assert gil_again.calls_came == 0
    office.told(gil, "call_time_up", within_s=60.0)
    assert 59.0 < office.now - answered_at < 66.0
    office.until(lambda: gil.state is State.OVER)
    assert office.talk() == {"rui": set()}
    office.nothing_is_left()


def test_a_worker_that_dies_in_a_private_talk_leaves_it_private() -> None:
    """Whoever takes over knows who was with whom."""
    office = Office(workers=2)
    ana, rui, gil = office.participant("ana"), office.moderator("rui"), office.guest()
    office.quiet()
    office.calls_out_fast(rui)
    office.told(rui, "dial_connected", with_keys="*2", alone_keys="*3")
    for worker in list(office.pool.workers):
        office.pool.kill(worker)
    office.run(1.0)
    assert office.talk() == together(rui, gil) | {"ana": set()}
    rui.press("*2")
    office.told(rui, "back_in_room")
    assert office.talk() == together(ana, rui, gil)
    office.nothing_is_left()
