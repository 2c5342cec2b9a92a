"""Calls that go another way than planned: lost messages, CANCEL, hold, a caller who is simply gone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsp.g711 import Law
from sip.events import EndCause
from sip.timers import GIVE_UP_S
from tests.simulation.bridge import ACCESS_NUMBER, CONFIG
from tests.simulation.meeting import Meeting
from tests.simulation.phone import Phone, State

ROOM = "conf-room"


def talking(meeting: Meeting, *phones: Phone) -> None:
    """They meet in an open room."""
    for phone in phones:
        phone.dial(ROOM)
    meeting.until(lambda: all(phone.state is State.TALKING for phone in phones))
    meeting.run(1.0)


def test_a_lost_ack_is_made_good_by_the_repeated_200(meeting: Meeting) -> None:
    ana = meeting.phone("ana")
    ana.lose("up", b"ACK", 2)
    ana.dial(ACCESS_NUMBER)
    meeting.until(lambda: ana.heard("greeting", within_s=4.0))
    assert sum(line.startswith("SIP/2.0 200") for line in ana.received) == 3
    meeting.nothing_is_left()


def test_keys_that_overtake_a_lost_ack_count(meeting: Meeting) -> None:
    """A3: number and passcode dialled in one go."""
    ana = meeting.phone("ana")
    ana.lose("up", b"ACK", 2)
    meeting.calls(ana)
    meeting.keys_participant(ana)
    meeting.nothing_is_left()


def test_who_never_acknowledges_was_in_no_room_and_is_sent_nothing_but_the_200s(meeting: Meeting) -> None:
    """An open room: the address that lets a caller in may be forged, and the ACK shows that it is not."""
    ana = meeting.phone("ana")
    ana.lose("up", b"ACK", 100)
    ana.say(0)
    ana.dial(ROOM)
    meeting.run(GIVE_UP_S + 1.0)
    assert ana.state is State.OVER
    assert meeting.records() == []
    meeting.nothing_is_left()


def test_a_lost_200_is_repeated(meeting: Meeting) -> None:
    ana = meeting.phone("ana")
    ana.lose("down", b"SIP/2.0 200", 2)
    ana.dial(ACCESS_NUMBER)
    meeting.until(lambda: ana.heard("greeting", within_s=4.0))
    assert meeting.bridge.agent.calls == 1
    meeting.nothing_is_left()


def test_a_lost_bye_is_repeated_and_the_room_hears_the_goodbye_once(meeting: Meeting) -> None:
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    ana.say(0)
    rui.say(0)
    meeting.run(4.0)
    ana.lose("up", b"BYE", 2)
    ana.hang_up()
    meeting.until(lambda: rui.heard("tone.leave", within_s=2.0))
    meeting.run(3.0)
    assert not rui.heard("tone.leave", within_s=2.0)
    assert [entry.reason for entry in meeting.records() if entry.caller == "ana"] == ["hung_up"]
    meeting.nothing_is_left()


def test_a_200_to_a_bye_that_is_lost_ends_the_call_all_the_same(meeting: Meeting) -> None:
    ana = meeting.phone("ana")
    talking(meeting, ana)
    ana.lose("down", b"SIP/2.0 200", 3)
    ana.hang_up()
    meeting.run(8.0)
    assert meeting.bridge.board.calls == 0
    meeting.nothing_is_left()


@pytest.mark.parametrize("after_ms", [1, 4, 6, 9, 11, 14, 21])
def test_a_cancel_that_meets_the_200_leaves_nobody_on_the_line(meeting: Meeting, after_ms: int) -> None:
    """One way takes 5 ms: the CANCEL comes before, with and after the answer."""
    ana = meeting.phone("ana")
    ana.dial(ROOM)
    meeting.run(after_ms / 1_000)
    ana.hang_up()
    meeting.run(2.0)
    assert ana.state is State.OVER
    assert (meeting.bridge.board.calls, meeting.pool.streams()) == (0, 0)
    meeting.nothing_is_left()


def test_who_vanishes_is_hung_up_after_the_rtp_timeout_and_recorded_so() -> None:
    timeout_s = 5.0
    meeting = Meeting(config=replace(CONFIG, media=replace(CONFIG.media, rtp_timeout_s=timeout_s)))
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    rui.say(0)
    meeting.run(1.0)
    ana.vanish()
    vanished_at = meeting.bridge.wall()
    meeting.until(lambda: meeting.leg(ana) is None)
    entry = next(entry for entry in meeting.records() if entry.caller == "ana")
    assert entry.reason == "lost"
    assert entry.left_at is not None
    assert timeout_s <= entry.left_at - vanished_at < timeout_s + 1.5
    assert rui.heard("tone.leave", within_s=3.0)
    meeting.nothing_is_left()


@pytest.mark.parametrize(
    ("direction", "music"), [("sendonly", False), ("sendonly", True), ("inactive", False)]
)
def test_hold_is_silence_for_the_holder_and_no_music_for_the_room(
    meeting: Meeting, direction: str, music: bool
) -> None:
    ana, bia, leo = (meeting.phone(name) for name in ("ana", "bia", "leo"))
    talking(meeting, ana, bia, leo)
    ana.hold(direction, music=music)
    meeting.run(1.0)
    assert ana.answer is not None
    assert not ana.answer.receive
    held_at, packets = meeting.now, ana.ear.packets
    meeting.run(3.0)
    assert ana.ear.packets == packets
    assert bia.hears(leo, 2.0)
    assert leo.hears(bia, 2.0)
    assert not bia.hears(ana)
    assert bia.ear.level(ana.frequency_hz, held_at, meeting.now) < -60.0
    ana.resume()
    meeting.run(1.0)
    assert ana.hears(bia)
    assert bia.hears(ana)
    meeting.nothing_is_left()


@pytest.mark.parametrize("direction", ["sendonly", "inactive"])
def test_who_holds_for_long_is_not_taken_for_vanished(direction: str) -> None:
    """Callers on hold are exempt from the RTP time-out, though many telephones send nothing meanwhile."""
    meeting = Meeting(config=replace(CONFIG, media=replace(CONFIG.media, rtp_timeout_s=5.0)))
    ana, bia = meeting.phone("ana"), meeting.phone("bia")
    talking(meeting, ana, bia)
    ana.hold(direction)
    meeting.run(12.0)
    assert ana.state is State.TALKING
    ana.resume()
    meeting.run(1.0)
    assert bia.hears(ana)
    ana.vanish()
    meeting.until(lambda: meeting.leg(ana) is None, within_s=8.0)
    meeting.nothing_is_left()


@pytest.mark.parametrize("law", Law)
def test_a_caller_without_an_offer_takes_ours(meeting: Meeting, law: Law) -> None:
    """RFC 3261 13.2.1: our offer in the 200, the answer in the ACK."""
    ana, bia = meeting.phone("ana", law=law, late_offer=True), meeting.phone("bia")
    talking(meeting, ana, bia)
    assert ana.hears(bia)
    assert bia.hears(ana)
    ana.hang_up()
    late = meeting.phone("leo", law=law, late_offer=True)
    meeting.keys_participant(meeting.calls(late))
    meeting.nothing_is_left()


def test_laws_meet_in_one_room(meeting: Meeting) -> None:
    phones = [
        meeting.phone(f"caller{index}", law=law) for index, law in enumerate((Law.MU, Law.A, Law.MU, Law.A))
    ]
    talking(meeting, *phones)
    for listener in phones:
        for talker in phones:
            assert listener.hears(talker) is (listener is not talker)
    meeting.nothing_is_left()


def test_a_bridge_that_stops_says_goodbye_to_everybody(meeting: Meeting) -> None:
    rui, ana, bia = meeting.moderator("rui"), meeting.participant("ana"), meeting.caller("bia")
    meeting.bridge.stop()
    meeting.until(lambda: rui.state is ana.state is bia.state is State.OVER, within_s=1.0)
    assert {phone.ended.cause for phone in (rui, ana, bia) if phone.ended} == {EndCause.BYE}
    assert {entry.reason for entry in meeting.records()} == {"shut_down"}
    meeting.nothing_is_left()
