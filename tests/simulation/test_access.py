"""The way in, keyed by hand: passcodes, attempts, hours, and what a guesser learns (service.md A3, A5, A6, G5, levels)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.service.levels import Level
from tests.simulation.bridge import CONFIG, MORNING
from tests.simulation.meeting import COUNTER_PASSWORD, MODERATOR, PARTICIPANT, Meeting
from tests.simulation.phone import State

NIGHT = MORNING - 7 * 3600.0
"""03:00 in São Paulo."""
HALF_PAST_ELEVEN = MORNING + 13.5 * 3600.0


def test_keys_interrupt_the_greeting_and_count(meeting: Meeting) -> None:
    """A3: who knows the way need not listen."""
    ana = meeting.caller("ana")
    meeting.run(0.5)
    assert not ana.hears_silence()
    ana.press(PARTICIPANT[0])
    meeting.run(0.4)
    assert ana.hears_silence(), "the greeting stops, and the question is not asked of one who is answering it"
    ana.press(f"{PARTICIPANT[1:]}#")
    meeting.until(lambda: meeting.is_in(ana), within_s=3.0)
    assert not ana.heard("enter_passcode")
    meeting.nothing_is_left()


def test_a_pause_without_the_hash_submits(meeting: Meeting) -> None:
    """A3."""
    ana = meeting.caller("ana")
    ana.press(PARTICIPANT)
    meeting.until(lambda: not ana.pressing)
    meeting.run(3.5)
    assert not meeting.is_in(ana)
    meeting.until(lambda: meeting.is_in(ana), within_s=1.5)
    meeting.nothing_is_left()


def test_keys_by_info_are_keys(meeting: Meeting) -> None:
    ana = meeting.caller("ana")
    ana.press_by_info(f"{PARTICIPANT}#")
    meeting.until(lambda: meeting.is_in(ana))
    meeting.nothing_is_left()


def test_a_phone_that_sends_each_key_both_ways_has_pressed_it_once(meeting: Meeting) -> None:
    ana = meeting.caller("ana")
    for key in f"{PARTICIPANT}#":
        ana.press(key, gap_ms=120)
        ana.press_by_info(key)
        meeting.run(0.3)
    meeting.until(lambda: meeting.is_in(ana), within_s=3.0)
    meeting.nothing_is_left()


def test_three_wrong_passcodes_end_the_call_politely(meeting: Meeting) -> None:
    """A3: the one asked for an operator has none yet, and everybody is thanked."""
    ana = meeting.caller("ana")
    for _ in range(3):
        ana.press("11112222#")
        meeting.run(4.0)
    meeting.until(lambda: ana.heard("too_many_attempts", within_s=5.0))
    meeting.until(lambda: ana.heard("goodbye", within_s=5.0))
    assert ana.state is State.TALKING, "not cut off in the middle of a word"
    meeting.until(lambda: ana.state is State.OVER, within_s=3.0)
    assert meeting.records() == []
    meeting.nothing_is_left()


def test_after_a_wrong_passcode_the_right_one_is_let_in(meeting: Meeting) -> None:
    ana = meeting.caller("ana")
    ana.press("11112222#")
    meeting.until(lambda: ana.heard("passcode_unknown", within_s=4.0))
    meeting.until(lambda: ana.heard("please_try_again", within_s=4.0))
    meeting.keys_participant(ana)
    meeting.nothing_is_left()


def test_a_moderator_with_a_wrong_counter_password_stays_outside(meeting: Meeting) -> None:
    """A5."""
    rui = meeting.caller("rui")
    rui.press(f"{MODERATOR}#1111#")
    meeting.until(lambda: rui.heard("counter_password_wrong", within_s=4.0))
    assert not meeting.is_in(rui)
    meeting.until(lambda: rui.heard("enter_counter_password", within_s=5.0))
    rui.press(f"{COUNTER_PASSWORD}#")
    meeting.until(lambda: meeting.is_in(rui))
    meeting.nothing_is_left()


def test_a_silent_line_is_not_kept_for_ever(meeting: Meeting) -> None:
    """A3: keying nothing is an attempt too."""
    ana = meeting.caller("ana")
    meeting.run(50.0)
    assert ana.state is State.OVER
    meeting.nothing_is_left()


@pytest.mark.parametrize(
    ("given", "prompt"), [("expired", "passcode_expired"), ("disabled", "passcode_disabled")]
)
def test_a_passcode_that_is_over_or_stopped_says_which(given: str, prompt: str) -> None:
    """A6, O6."""
    meeting = Meeting()
    pair = meeting.pair("73920184", "51830627", expires_in_s=-60.0 if given == "expired" else 1e7)
    if given == "disabled":
        meeting.bridge.disable(pair)
    ana = meeting.caller("ana")
    ana.press("51830627#")
    meeting.until(lambda: ana.heard(prompt, within_s=5.0))
    assert not meeting.is_in(ana)
    meeting.nothing_is_left()


def test_a_moderator_is_told_that_the_passcode_will_expire() -> None:
    """A6: its holder, not the participants."""
    meeting = Meeting()
    meeting.pair("73920184", "51830627", expires_in_s=12 * 86_400.0)
    rui, ana = meeting.caller("rui"), meeting.caller("ana")
    rui.press("73920184#")
    ana.press("51830627#")
    meeting.until(lambda: rui.heard("passcode_expiring", within_s=8.0, days=12))
    assert not ana.heard("passcode_expiring", within_s=8.0, days=12)
    meeting.nothing_is_left()


def test_level_one_at_night_says_its_hours() -> None:
    meeting = Meeting(given={"level": Level.MODERATE}, opens_at=NIGHT)
    ana = meeting.caller("ana")
    ana.press(f"{PARTICIPANT}#")
    meeting.until(lambda: ana.heard("outside_hours", within_s=8.0, start=6, end=24))
    meeting.until(lambda: ana.state is State.OVER)
    meeting.nothing_is_left()


def test_level_one_at_midnight_is_warned_and_not_cut() -> None:
    meeting = Meeting(given={"level": Level.MODERATE}, opens_at=HALF_PAST_ELEVEN + 1_785.0)
    rui, ana = meeting.moderator("rui"), meeting.participant("ana")
    meeting.run(10.0)
    meeting.until(lambda: ana.heard("hours_ending", within_s=8.0))
    meeting.run(4.0)
    assert ana.hears(rui)
    meeting.nothing_is_left()


def test_a_wrong_code_and_an_expired_and_a_short_one_are_answered_after_the_same_time() -> None:
    """G5: to the packet."""
    times = []
    for keys, prompt in (
        ("11112222#", "passcode_unknown"),
        ("51830627#", "passcode_expired"),
        ("5#", "passcode_unknown"),
    ):
        meeting = Meeting()
        meeting.pair("73920184", "51830627", expires_in_s=-60.0)
        phone = meeting.caller("ana")
        meeting.run(0.3)
        phone.press(keys)
        meeting.until(lambda phone=phone: not phone.pressing)
        keyed_at = meeting.now
        meeting.run(5.0)
        said_at = phone.ear.said_at(keyed_at - 0.5, meeting.now, prompt, {})
        assert said_at is not None
        times.append(said_at - next(at for at, key in phone.pressed_at[::-1] if key == "#"))
    assert max(times) - min(times) < 0.025, times


def test_wrong_codes_make_the_next_answer_later_and_one_slip_delays_nobody() -> None:
    """G5."""
    meeting = Meeting(config=replace(CONFIG, service=replace(CONFIG.service, attempts=6)))
    ana = meeting.caller("ana")
    waits = []
    for _ in range(5):
        ana.press("11112222#")
        meeting.run(9.0)
        pressed_at = next(at for at, key in ana.pressed_at[::-1] if key == "#")
        said_at = ana.ear.said_at(pressed_at, meeting.now, "passcode_unknown", {})
        assert said_at is not None
        waits.append(said_at - pressed_at)
    assert max(waits[:2]) < 0.5 < waits[2] < waits[3] < waits[4]
    meeting.nothing_is_left()
