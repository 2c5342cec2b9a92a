"""The manual's journey, heard by telephones (service.md A3, A5, C1, C3, C4, C5, the star commands, R2)."""

from __future__ import annotations

import pytest

from bridge.service.settings import LastModerator
from dsp.g711 import Law
from tests.simulation.bridge import ACCESS_NUMBER
from tests.simulation.meeting import Meeting
from tests.simulation.phone import State


def test_who_waits_for_the_moderator_hears_music_and_nobody_else(meeting: Meeting) -> None:
    """C3: bit by bit the music, though two people talk into it."""
    ana = meeting.participant("ana")
    meeting.until(lambda: ana.heard("wait_for_moderator"))
    bia = meeting.participant("bia", law=Law.A)
    meeting.until(lambda: bia.heard("wait_for_moderator"))
    meeting.run(5.0)
    assert ana.hears_only_music(2.0)
    assert bia.hears_only_music(2.0)
    meeting.nothing_is_left()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_moderator_comes_with_code_and_counter_password_and_everybody_hears_everybody(
    workers: int,
) -> None:
    """A3, A5, C4."""
    meeting = Meeting(workers=workers)
    ana, bia = meeting.participant("ana"), meeting.participant("bia", law=Law.A)
    rui = meeting.caller("rui")
    meeting.until(lambda: rui.heard("enter_passcode"))
    rui.press("48271593#")
    meeting.until(lambda: rui.heard("enter_counter_password"))
    assert not ana.hears(bia)
    rui.press("7319#")
    meeting.until(lambda: rui.heard("you_are_moderator"))
    meeting.until(lambda: ana.heard("conference_starts") and bia.heard("conference_starts"))
    meeting.run(1.0)
    for listener in (ana, bia, rui):
        for talker in (ana, bia, rui):
            assert listener.hears(talker) is (listener is not talker), (listener.name, talker.name)
    meeting.nothing_is_left()


def test_a_tone_tells_who_comes_and_another_who_goes(meeting: Meeting) -> None:
    """C1."""
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    for phone in (rui, ana):
        phone.say(0)
    meeting.run(5.0)
    assert not rui.heard("tone.join", within_s=2.0)
    bia = meeting.participant("bia")
    bia.say(0)
    meeting.run(1.0)
    assert rui.heard("tone.join", within_s=2.0)
    assert ana.heard("tone.join", within_s=2.0)
    meeting.run(2.0)
    assert not rui.heard("tone.leave", within_s=4.0)
    bia.hang_up()
    meeting.run(1.0)
    assert rui.heard("tone.leave", within_s=2.0)
    assert ana.heard("tone.leave", within_s=2.0)
    meeting.nothing_is_left()


def test_star_six_silences_oneself_and_a_second_one_opens_the_line_again(meeting: Meeting) -> None:
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.run(3.0)
    assert rui.hears(ana)
    ana.press("*6")
    meeting.until(lambda: ana.heard("muted", within_s=3.0))
    assert not rui.hears(ana)
    assert ana.hears(rui)
    ana.press("*6")
    meeting.until(lambda: ana.heard("unmuted", within_s=4.0))
    meeting.run(0.5)
    assert rui.hears(ana)
    assert not rui.heard("unmuted", within_s=10.0), "the confirmation is for the one who pressed"
    meeting.nothing_is_left()


def test_in_lecture_mode_only_moderators_are_heard_and_who_comes_late_is_told(meeting: Meeting) -> None:
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.run(3.0)
    rui.press("*5")
    meeting.until(lambda: rui.heard("lecture_on", within_s=5.0))
    assert ana.heard("tone.lecture", within_s=5.0)
    bia = meeting.participant("bia")
    meeting.until(lambda: bia.heard("muted_by_lecture", within_s=5.0))
    meeting.run(1.0)
    assert ana.hears(rui)
    assert bia.hears(rui)
    assert not rui.hears(ana)
    assert not ana.hears(bia)
    ana.press("*6")
    meeting.until(lambda: ana.heard("muted_by_lecture", within_s=5.0))
    rui.press("*5")
    meeting.until(lambda: rui.heard("lecture_off", within_s=5.0))
    meeting.run(0.5)
    assert rui.hears(ana)
    assert ana.hears(bia)
    meeting.nothing_is_left()


def test_a_locked_room_lets_nobody_in_and_says_so(meeting: Meeting) -> None:
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.run(2.0)
    rui.press("*7")
    meeting.until(lambda: rui.heard("locked", within_s=5.0))
    bia = meeting.caller("bia")
    bia.press("60915284#")
    meeting.until(lambda: bia.heard("conference_locked", within_s=8.0))
    meeting.until(lambda: bia.state is State.OVER)
    assert not ana.heard("tone.join", within_s=8.0)
    rui.press("*7")
    meeting.until(lambda: rui.heard("unlocked", within_s=5.0))
    meeting.keys_participant(meeting.calls(bia))
    meeting.until(lambda: rui.hears(bia))
    meeting.nothing_is_left()


def test_star_hash_reads_out_what_each_may_press(meeting: Meeting) -> None:
    """The moderator hears of lecture and lock, a participant only of what a participant can do."""
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.run(2.0)
    rui.press("*#")
    ana.press("*#")
    order = (("help_lecture", "*5"), ("help_mute", "*6"), ("help_lock", "*7"))
    for prompt, keys in order:
        meeting.until(lambda prompt=prompt, keys=keys: rui.heard(prompt, within_s=6.0, keys=keys))
    meeting.until(lambda: ana.heard("help_commands", within_s=6.0, keys="*#"))
    for prompt, keys in order:
        assert ana.heard(prompt, within_s=50.0, keys=keys) is (prompt == "help_mute"), prompt
    meeting.until(lambda: rui.heard("help_commands", within_s=6.0, keys="*#"), within_s=60.0)
    meeting.nothing_is_left()


def test_a_participant_who_gives_a_moderators_command_is_told_which_and_nothing_happens(
    meeting: Meeting,
) -> None:
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.run(2.0)
    ana.press("*7")
    meeting.until(lambda: ana.heard("command_forbidden", within_s=6.0, keys="*7"))
    ana.press("*")
    meeting.run(0.3)
    ana.press("77")
    meeting.until(lambda: ana.heard("command_forbidden", within_s=6.0, keys="*7"))
    bia = meeting.participant("bia")
    meeting.until(lambda: rui.hears(bia))
    meeting.nothing_is_left()


def test_when_the_last_moderator_leaves_all_are_warned_and_after_the_grace_time_all_is_over() -> None:
    """C5 and R2: each record says why."""
    meeting = Meeting(given={"grace_s": 10.0})
    rui, ana, bia = meeting.moderator("rui"), meeting.participant("ana"), meeting.participant("bia")
    meeting.run(3.0)
    rui.hang_up()
    left_at = meeting.now
    meeting.until(lambda: ana.heard("moderator_left", seconds=10))
    assert ana.hears(bia), "they may talk on until then"
    meeting.until(lambda: ana.heard("conference_ended", within_s=4.0))
    assert meeting.now - left_at > 9.5
    assert not ana.hears(bia)
    meeting.until(lambda: ana.state is bia.state is State.OVER)
    reasons = {entry.caller: entry.reason for entry in meeting.records()}
    assert reasons == {"rui": "hung_up", "ana": "moderator_left", "bia": "moderator_left"}
    meeting.nothing_is_left()


def test_a_moderator_who_returns_in_time_saves_the_conference() -> None:
    """C5."""
    meeting = Meeting(given={"grace_s": 14.0})
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.run(3.0)
    rui.hang_up()
    meeting.run(6.0)
    meeting.keys_moderator(meeting.calls(rui))
    meeting.until(lambda: ana.heard("moderator_returned", within_s=5.0))
    meeting.run(10.0)
    assert ana.hears(rui)
    assert ana.state is State.TALKING
    meeting.nothing_is_left()


def test_where_the_pair_says_so_the_others_go_on_without_a_moderator() -> None:
    """C5, the other setting."""
    meeting = Meeting(given={"when_last_moderator_leaves": LastModerator.CONTINUE, "grace_s": 5.0})
    rui, ana, bia = meeting.moderator("rui"), meeting.participant("ana"), meeting.participant("bia")
    rui.hang_up()
    meeting.run(9.0)
    assert ana.hears(bia)
    meeting.nothing_is_left()


def test_a_full_conference_says_so_and_keeps_a_place_for_the_moderator() -> None:
    """C6."""
    meeting = Meeting(given={"maximum_participants": 3})
    for name in ("ana", "bia"):
        meeting.participant(name)
    late = meeting.caller("leo")
    late.press("60915284#")
    meeting.until(lambda: late.heard("conference_full", within_s=8.0))
    rui = meeting.moderator("rui")
    meeting.run(2.0)
    assert rui.state is State.TALKING
    meeting.nothing_is_left()


def test_before_its_maximum_length_a_conference_is_warned() -> None:
    """C6."""
    meeting = Meeting(given={"maximum_length_s": 315.0})
    ana = meeting.moderator("ana")
    meeting.run(14.0)
    meeting.until(lambda: ana.heard("maximum_length_warning", within_s=6.0, minutes=5))
    meeting.nothing_is_left()


def test_at_its_maximum_length_a_conference_ends_for_all() -> None:
    """C6, R2."""
    meeting = Meeting(given={"maximum_length_s": 6.0})
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.until(lambda: ana.heard("maximum_length_reached", within_s=6.0))
    meeting.until(lambda: rui.state is ana.state is State.OVER)
    assert {entry.reason for entry in meeting.records()} == {"maximum_length"}
    meeting.nothing_is_left()


def test_who_comes_in_muted_is_told_how_to_speak() -> None:
    """C6: participants only."""
    meeting = Meeting(given={"mute_on_entry": True})
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.until(lambda: ana.heard("muted_on_entry", within_s=6.0, keys="*6"))
    meeting.run(1.0)
    assert ana.hears(rui)
    assert not rui.hears(ana)
    ana.press("*6")
    meeting.until(lambda: rui.hears(ana))
    meeting.nothing_is_left()


@pytest.mark.parametrize("law", Law)
def test_an_open_room_is_entered_by_dialling_it_and_nothing_is_said(law: Law) -> None:
    meeting = Meeting()
    ana, bia = meeting.phone("ana", law=law), meeting.phone("bia")
    for phone in (ana, bia):
        phone.dial("conf-sales")
        meeting.until(lambda phone=phone: phone.state is State.TALKING)
        assert phone.received[0].startswith("SIP/2.0 100")
    meeting.run(0.5)
    assert ana.hears(bia)
    assert bia.hears(ana)
    ana.hang_up()
    bia.say(0)
    meeting.run(1.0)
    assert bia.hears_silence()
    assert {(entry.room, entry.access_number) for entry in meeting.records()} == {("sales", "conf-sales")}
    meeting.nothing_is_left()


def test_a_number_that_is_none_of_ours_does_not_exist(meeting: Meeting) -> None:
    ana = meeting.phone("ana")
    ana.dial(ACCESS_NUMBER[:-1] + "9")
    meeting.until(lambda: ana.state is State.OVER)
    assert ana.refusal is not None
    assert ana.refusal.status == 404
    meeting.nothing_is_left()
