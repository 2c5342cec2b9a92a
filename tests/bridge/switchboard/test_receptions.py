"""A caller between the greeting and the conference, as the switchboard sees it."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from bridge.conference.events import LeaveReason
from bridge.config.settings import Server
from bridge.dialogue.requests import FIRST_DIGIT_S, NEXT_DIGIT_S
from bridge.dialogue.runner import State
from bridge.dialogue.verdicts import CounterVerdict, Denied, Why
from bridge.service.levels import Level
from bridge.service.origin import Origin
from bridge.service.role import Role
from bridge.switchboard.effects import (
    CheckCounterPassword,
    CloseRoom,
    CloseStream,
    Log,
    LookUpPasscode,
    RecogniseCaller,
    RecordConferenceEnded,
    RecordConferenceStarted,
    RecordJoined,
    RecordLeft,
)
from bridge.switchboard.events import (
    CallerRecognised,
    CounterPasswordChecked,
    LookUpFailed,
    PasscodeFound,
    StreamOpened,
)
from bridge.switchboard.lines import SPEECH_GUARD_S
from bridge.switchboard.receptions import STORE_S
from media.control import DigitReceived, Music, Play, PlaybackEnded, Route, StopPlay, UpdateStream
from sip import events as sip
from sip.events import CallConfirmed, CallEnded, EndCause
from tests.support.builders import ACCESS_NUMBER, BRIDGE_HOST, CALLER_HOST, accepted, config, incoming, sdp
from tests.support.playbook import (
    HERE,
    Playbook,
    Says,
    SaysRoom,
    a,
    after,
    call,
    hangs_up,
    joined,
    keyed,
    press,
)

UNKNOWN = Denied(why=Why.UNKNOWN)
ORIGIN = Origin(source=CALLER_HOST, trunk=f"{BRIDGE_HOST}:5060")
LOOK_UP = LookUpPasscode(1, "1234", ORIGIN)


def test_the_whole_way_in_a2_a3(play: Playbook) -> None:
    call(play).spoken() << Says(1, "enter_passcode", "en")
    play >> DigitReceived(1, "1") << StopPlay(1)
    press(play, "234#") << LOOK_UP
    play >> PasscodeFound(1, accepted(language="es")) << Says(1, "you_are_moderator", "es")
    play.spoken() << RecordConferenceStarted("id-1", 7, "")
    play << a(
        RecordJoined, participant="id-2", role=Role.MODERATOR, access_number=ACCESS_NUMBER, caller="caller1"
    )
    play << a(Route, stream=1, room=1) << Says(1, "you_are_first", "es")


def test_the_guesses_of_a_trusted_trunk_are_counted_by_the_caller_s_number_g5() -> None:
    trusting = Server(trusted_networks=(ip_network(f"{CALLER_HOST}/32"),))
    play = Playbook(config(server=trusting))
    press(call(play), "1234#") << LookUpPasscode(1, "1234", Origin(f"caller1@{CALLER_HOST}", CALLER_HOST))


def test_a_pause_submits_what_was_keyed_a3(play: Playbook) -> None:
    press(call(play), "1234") >> after(NEXT_DIGIT_S) << LOOK_UP


def test_who_keys_nothing_is_asked_again_a3(play: Playbook) -> None:
    call(play).spoken()
    play.skip().spoken()
    play >> after(FIRST_DIGIT_S) << Says(1, "please_try_again")


def test_three_wrong_codes_end_the_call_politely_after_the_last_word_a3(play: Playbook) -> None:
    keyed(play, UNKNOWN) << Says(1, "passcode_unknown")
    press(play, "1234#").skip() >> PasscodeFound(1, UNKNOWN) << Says(1, "passcode_unknown")
    press(play, "1234#").skip() >> PasscodeFound(1, UNKNOWN) << Says(1, "too_many_attempts")
    press(play, "99")
    play.spoken() << Says(1, "no_operator")
    play.spoken() << Says(1, "goodbye")
    play.spoken() << hangs_up(1, "no valid passcode") << CloseStream(1)


def test_a_code_s_answer_comes_when_it_would_have_come_whatever_the_code_g5(play: Playbook) -> None:
    for leg, verdict in enumerate([Denied(why=Why.UNKNOWN, delay_s=1.9), accepted(delay_s=1.9)], 1):
        press(call(play, leg), "1234#", leg) << a(LookUpPasscode)
        play >> after(0.3 * leg)
        play >> PasscodeFound(leg, verdict)
        play >> after(1.89 - 0.3 * leg)
        play >> after(0.02) << a(Play)


def test_no_line_of_the_log_has_a_digit_that_was_keyed(play: Playbook) -> None:
    press(call(play), "97531#")
    assert "97531" not in repr(play.logged) + repr(play._open)
    play.skip() >> PasscodeFound(1, UNKNOWN)
    assert "97531" not in repr(play.logged) + repr(play._open)
    play.skip()


def test_a_counter_password_says_who_it_is_a5(play: Playbook) -> None:
    keyed(
        play, accepted(Role.PARTICIPANT, asks_counter_password=True, token="t", begins_with_moderator=False)
    )
    play << Says(1, "enter_counter_password")
    press(play, "55#") << CheckCounterPassword(1, "t", "55", ORIGIN)
    play >> CounterPasswordChecked(1, CounterVerdict(right=True, person=12, name="Ana"))
    play << a(RecordConferenceStarted) << a(RecordJoined, person=12, name="Ana")
    play.skip()


def test_a_wrong_counter_password_opens_no_door_a5(play: Playbook) -> None:
    keyed(play, accepted(asks_counter_password=True))
    press(play, "55#").skip() >> CounterPasswordChecked(1, CounterVerdict(right=False))
    play << Says(1, "counter_password_wrong")
    assert play.board.conferences == 0


def test_a_participant_waits_with_music_until_the_moderator_comes_c3_c4(play: Playbook) -> None:
    (
        keyed(play, accepted(Role.PARTICIPANT))
        << a(RecordConferenceStarted)
        << a(RecordJoined, role=Role.PARTICIPANT)
    )
    play << Says(1, "wait_for_moderator") << a(Music, stream=1)
    keyed(play, accepted(Role.MODERATOR), leg=2) << Says(2, "you_are_moderator")
    play.spoken(2) << a(RecordJoined, role=Role.MODERATOR) << a(Music, stream=1, segment=None)
    play << a(Route, stream=1, room=1) << a(Route, stream=2, room=1)
    play << SaysRoom(1, "conference_starts")


def test_a_full_conference_is_told_at_the_door_c6(play: Playbook) -> None:
    joined(play, maximum_participants=1)
    keyed(play, accepted(maximum_participants=1), leg=2) << Says(2, "conference_full")
    play.spoken(2) << Says(2, "goodbye")
    play.spoken(2) << hangs_up(2) << CloseStream(2)
    assert play.board.calls == 1


def test_a_locked_conference_is_told_at_the_door(play: Playbook) -> None:
    secure = {"level": Level.HIGHLY_SECURE}
    press(joined(play, **secure), "*7").skip()
    keyed(play, accepted(Role.PARTICIPANT, **secure), leg=2) << Says(2, "conference_locked")


def test_the_hours_of_level_1_end_with_a_word_and_nobody_is_cut(play: Playbook) -> None:
    joined(play, level=Level.MODERATE, hours_end_in_s=600.0)
    play >> after(601)
    said = [play._readable(effect) for effect in play._open]
    assert any("hours_ending" in line for line in said)
    assert play.skip().board.calls == 1


def test_two_pairs_have_two_conferences(play: Playbook) -> None:
    joined(play, pair=7)
    joined(play, leg=2, pair=8)
    assert play.board.conferences == 2


# --- what fails ---


def test_a_store_that_fails_is_told_to_the_caller(play: Playbook) -> None:
    press(call(play), "1234#").skip() >> LookUpFailed(1) << Says(1, "service_problem")
    play << a(Log, event="store not available")
    play.spoken() << Says(1, "goodbye")
    play.spoken() << hangs_up(1, "service problem") << CloseStream(1)


def test_a_store_that_never_answers_is_told_to_the_caller_and_its_late_answer_ignored(play: Playbook) -> None:
    press(call(play), "1234#") << LOOK_UP
    play >> after(STORE_S) << Says(1, "service_problem")
    play >> PasscodeFound(1, accepted())
    play >> LookUpFailed(1)


def test_an_end_of_speech_that_is_never_told_is_taken_for_granted(play: Playbook) -> None:
    call(play) >> after(1.0 + SPEECH_GUARD_S) << Says(1, "enter_passcode")
    play << a(Log, event="end of speech not told")


def test_the_end_of_another_speech_is_nobody_s(play: Playbook) -> None:
    call(play) >> PlaybackEnded(playback=play.playing[1] + 1, stream=1)
    play.spoken() << Says(1, "enter_passcode")


def test_a_store_that_answered_is_not_reported_later(play: Playbook) -> None:
    keyed(play, UNKNOWN).skip() >> after(2 * STORE_S)
    assert not any("store" in line.event for line in play.logged)
    play.skip()


def test_a_hang_up_ends_the_dialogue(play: Playbook) -> None:
    runner = call(play).board._lines.by_number[1].runner
    play >> CallEnded(1, EndCause.BYE, 0, "") << CloseStream(1)
    assert runner is not None
    assert runner.state is State.ENDED


@pytest.mark.parametrize("keys", ["", "1", "1234#"])
def test_a_hang_up_at_any_point_gives_all_back(play: Playbook, keys: str) -> None:
    press(call(play), keys).skip() >> CallEnded(1, EndCause.BYE, 0, "") << CloseStream(1)
    play >> PasscodeFound(1, accepted())
    assert play.board.next_deadline() is None
    assert play.board.calls == play.board.conferences == 0


def test_keys_by_info_and_by_rtp_are_the_same_keys(play: Playbook) -> None:
    call(play)
    for key in "1234#":
        play.skip() >> sip.DigitReceived(1, key, 160)
        play.skip() if key != "#" else play << LOOK_UP
        play >> DigitReceived(1, key)


def test_a_key_that_overtakes_the_ack_counts(play: Playbook) -> None:
    """A3: it is as good a sign as the ACK that the caller has our answer."""
    play >> incoming()
    play.skip() >> StreamOpened(1, HERE, 20_000)
    play.skip() >> DigitReceived(1, "1") << Says(1, "greeting") << StopPlay(1)
    play >> CallConfirmed(1, None)
    press(play, "234#") << LOOK_UP


def test_a_key_before_the_call_is_answered_means_nothing(play: Playbook) -> None:
    play >> incoming()
    play.skip() >> sip.DigitReceived(1, "5", 160)
    play >> StreamOpened(1, HERE, 20_000)
    play.skip() >> CallConfirmed(1, None) << a(UpdateStream) << Says(1, "greeting")


def test_a_key_of_a_caller_who_has_not_answered_our_offer_means_nothing(play: Playbook) -> None:
    play >> incoming(offer=None)
    play.skip() >> StreamOpened(1, HERE, 20_000)
    play.skip() >> DigitReceived(1, "5")
    play.skip() >> CallConfirmed(1, sdp())
    play.skip()
    press(play, "1234#") << LOOK_UP


def test_the_last_one_out_closes_the_room(play: Playbook) -> None:
    joined(play) >> CallEnded(1, EndCause.BYE, 0, "") << CloseStream(1)
    play << RecordLeft("id-2", "id-1", LeaveReason.HUNG_UP)
    play << RecordConferenceEnded("id-1", LeaveReason.HUNG_UP) << CloseRoom(1)
    assert play.board.next_deadline() is None


# --- answers that come too late ---


def recognising(caller: str = "1140028922", number: str = "+551140028922") -> Playbook:
    """Somebody calls whom a trusted network knows."""
    play = Playbook(config(server=Server(trusted_networks=(ip_network(f"{CALLER_HOST}/32"),))))
    play >> incoming(caller=caller)
    play.skip() >> StreamOpened(1, HERE, 20_000)
    play.skip() >> CallConfirmed(1, None)
    play.skip().spoken() << a(RecogniseCaller, leg=1, number=number)
    return play


@pytest.mark.parametrize(("caller", "number"), [("1140028922", "+551140028922"), ("2001", "2001")])
def test_who_is_known_by_number_need_not_key_a_passcode(caller: str, number: str) -> None:
    play = recognising(caller, number)
    play >> CallerRecognised(1, accepted(name="Ana", person=3)) << Says(1, "caller_known")
    play.spoken() << Says(1, "you_are_moderator")
    play.spoken() << a(RecordConferenceStarted) << a(RecordJoined, name="Ana", person=3)
    play.skip()


def test_who_was_recognised_too_late_has_to_key_the_right_passcode_all_the_same_g1() -> None:
    """The answer to one question is never taken for that to another."""
    play = recognising()
    play >> after(STORE_S) << Says(1, "enter_passcode")
    press(play, "1234#").skip()
    play >> CallerRecognised(1, accepted())
    play >> CounterPasswordChecked(1, CounterVerdict(right=True))
    play >> PasscodeFound(1, UNKNOWN) << Says(1, "passcode_unknown")
    assert play.board.conferences == 0


def test_a_passcode_s_answer_that_comes_twice_counts_once(play: Playbook) -> None:
    keyed(play, UNKNOWN) << Says(1, "passcode_unknown")
    play >> PasscodeFound(1, accepted())
    assert play.board.figures["passcode:accepted"] == 0
