"""Callers without telephone-events: their keys are tones, and do what keys do (A3), and nobody hears them."""

from __future__ import annotations

import pytest

from dsp.g711 import Law
from dsp.goertzel import tone_power
from dsp.tones import DTMF_HZ, dtmf
from tests.simulation.meeting import PARTICIPANT, Meeting
from tests.simulation.office import Office, together
from tests.simulation.phone import Manners, Phone, State
from tests.simulation.test_blast import Campaign
from tests.support.netem import WIRE, Burst, Conditions

MOBILE = Conditions(latency_s=0.06, jitter_s=0.04, loss=0.01, duplication=0.01)
"""A telephone on the move, behind a gateway that knows no events."""
POOR = Conditions(latency_s=0.08, jitter_s=0.02, burst=Burst(begins=0.01, ends=0.5))


def sounding(meeting: Meeting, name: str, **given: object) -> Phone:
    """A telephone whose keys sound, greeted."""
    phone = meeting.phone(name, **given)
    phone.keys_sound = True
    return meeting.calls(phone)


@pytest.mark.parametrize("law", list(Law))
@pytest.mark.parametrize("up", [WIRE, MOBILE, POOR], ids=["wire", "mobile", "poor"])
def test_a_passcode_keyed_in_tones_lets_in(meeting: Meeting, law: Law, up: Conditions) -> None:
    ana = sounding(meeting, "ana", up=up, law=law)
    assert ana.answer is not None
    assert ana.answer.telephone_event is None
    meeting.keys_participant(ana)
    assert meeting.leg(ana) in meeting.bridge.board._lines.by_number
    keys = meeting.bridge.board._lines.by_number[meeting.leg(ana)].keys
    assert keys.ways == {"tone": len(PARTICIPANT) + 1}
    meeting.nothing_is_left()


def test_tones_interrupt_the_greeting(meeting: Meeting) -> None:
    """A3: who knows the way need not listen, nor be deaf to the bridge to be understood."""
    ana = sounding(meeting, "ana")
    meeting.run(0.5)
    assert not ana.hears_silence()
    ana.press(PARTICIPANT[0])
    meeting.run(0.4)
    assert ana.hears_silence()
    ana.press(f"{PARTICIPANT[1:]}#")
    meeting.until(lambda: meeting.is_in(ana), within_s=3.0)
    meeting.nothing_is_left()


def test_a_phone_that_sounds_its_keys_and_tells_them_by_info_has_pressed_them_once(meeting: Meeting) -> None:
    ana = sounding(meeting, "ana")
    ana.press(f"{PARTICIPANT}#", key_ms=100, gap_ms=100)  # one every 0.2 s, as its INFOs
    ana.press_by_info(f"{PARTICIPANT}#")
    meeting.until(lambda: meeting.is_in(ana), within_s=5.0)
    keys = meeting.bridge.board._lines.by_number[meeting.leg(ana)].keys
    meeting.run(0.5)
    assert keys.ways == {"INFO+tone": len(PARTICIPANT) + 1}
    meeting.nothing_is_left()


def test_the_room_hears_who_speaks_and_not_what_is_keyed(meeting: Meeting) -> None:
    ana, bia = sounding(meeting, "ana"), meeting.caller("bia")
    for phone in (ana, bia):
        meeting.keys_participant(phone)
    rui = meeting.moderator("rui")
    meeting.run(4.0)
    ana.say(440)
    meeting.until(lambda: bia.hears(ana), within_s=3.0)
    began = meeting.now
    ana.say(0)
    ana.press("1*5", key_ms=200, gap_ms=100)
    meeting.run(1.2)
    frames = bia.ear.frames(began, meeting.now)
    for key in "1*5":
        powers = 10 ** (tone_power(frames, DTMF_HZ[key]) / 10)
        full = 10 ** (tone_power(dtmf(key)[160:320][None], DTMF_HZ[key]) / 10)
        assert (0.02 * powers.sum(axis=0) / full <= 0.02).all(), "as much as 20 ms of it"
    ana.say(440)
    meeting.until(lambda: bia.hears(ana), within_s=2.0)
    assert rui.state is State.TALKING
    meeting.nothing_is_left()


def test_somebody_we_call_presses_one_in_tones() -> None:
    """O5: a gateway to the telephone network may answer without telephone-events."""
    campaign = Campaign()
    bia, leo = campaign.listed("bia", Manners(1.0)), campaign.listed("leo", Manners(1.0))
    bia.keys_sound = True
    campaign.prepare()
    ana, rui = campaign.participant("ana"), campaign.moderator("rui")
    campaign.quiet()
    rui.press("*92")
    campaign.told(bia, "blast_press_one")
    bia.press("1")
    campaign.told(leo, "blast_press_one")
    leo.press("1")
    campaign.until(lambda: campaign.is_in(bia) and campaign.is_in(leo), within_s=8.0)
    campaign.told(rui, "blast_answered", count=2, within_s=20.0)
    assert campaign.talk() == together(ana, rui, bia, leo)
    campaign.nothing_is_left()


def test_a_moderator_commands_in_tones() -> None:
    office = Office()
    ana = office.participant("ana")
    rui = office.phone("rui")
    rui.keys_sound = True
    office.keys_moderator(office.calls(rui))
    office.run(3.0)
    rui.press("*6")
    office.told(rui, "muted")
    assert ana.state is State.TALKING
    office.nothing_is_left()
