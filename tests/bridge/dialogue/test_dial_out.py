"""Dialling out up to the call, step by step as the manual has it (`*1`), and all that a moderator may do wrong."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.dialogue.dial_out import LONGEST_NUMBER, NUMBER_TRIES, NUMBERS, dial_out
from bridge.dialogue.requests import FIRST_DIGIT_S, CheckNumber, NotAvailable, NumberBad, NumberGood
from bridge.dialogue.results import Confirmed, GivenUp
from tests.bridge.dialogue.caller import Caller

KEYED = "15112345678"
GOOD = NumberGood("1512345678", token="destination")
INCOMPLETE = NumberBad("dial_incomplete")


def dialling(*, carriers: bool = True, local_area: str = "", give_up_keys: str | None = "*3") -> Caller:
    return Caller(dial_out("en", carriers=carriers, local_area=local_area, give_up_keys=give_up_keys))


def read_back() -> Caller:
    """A moderator whose number was good."""
    return dialling().press(f"{KEYED}#").answers(GOOD)


def test_a_number_is_asked_for_read_back_confirmed_and_called() -> None:
    caller = dialling().listens()
    assert caller.said == ["dial_number"]
    caller.press(f"{KEYED}#")
    assert caller.last == CheckNumber(KEYED)
    caller.forget().answers(GOOD).listens()
    assert caller.said == ["dial_read_back", "dial_confirm"]
    assert dict(caller.says[0].utterance.values) == {"number": GOOD.read_back}
    assert dict(caller.says[1].utterance.values) == {"keys": "*3"}
    assert caller.press("1").result == Confirmed("destination")


@pytest.mark.parametrize(
    ("plan", "prompt", "values"),
    [
        ({}, "dial_number", {}),
        ({"local_area": "11"}, "dial_number_local", {"area": "11"}),
        ({"carriers": False}, "dial_number_plain", {}),
        ({"carriers": False, "local_area": "11"}, "dial_number_plain", {}),
    ],
)
def test_what_is_asked_for_is_what_the_dial_plan_wants(
    plan: dict[str, Any], prompt: str, values: dict[str, str]
) -> None:
    utterance = dialling(**plan).says[0].utterance
    assert (utterance.name, dict(utterance.values)) == (prompt, values)


@pytest.mark.parametrize("keys", ["1", "#", "*1", "**1"])
def test_one_or_pound_calls_also_while_the_number_is_being_read(keys: str) -> None:
    assert read_back().press(keys).result == Confirmed("destination")


def test_a_second_pound_in_impatience_calls_nobody_unheard() -> None:
    caller = dialling().press(f"{KEYED}##1").answers(GOOD)
    assert caller.result is None
    assert caller.said[-1] == "dial_read_back"


def test_two_asks_for_another_number() -> None:
    caller = read_back().forget().press("2").listens()
    assert caller.said == ["dial_number"]
    other = NumberGood("22", token="other")
    assert caller.press("22#").answers(other).press("1").result == Confirmed("other")


@pytest.mark.parametrize("keys", ["*3", "**3", "7*3"])
def test_the_keys_for_returning_return_at_the_number_and_at_the_question(keys: str) -> None:
    caller = dialling().press(keys)
    assert caller.result == GivenUp()
    assert caller.asked == []
    assert read_back().press(keys).result == GivenUp()


@pytest.mark.parametrize("text", ["dial_incomplete", "dial_emergency", "dial_premium", "dial_not_allowed"])
def test_why_a_number_is_not_called_is_said_and_another_asked_for_g3(text: str) -> None:
    caller = dialling().press("190#").forget().answers(NumberBad(text)).listens()
    assert caller.said == [text, "dial_number"]
    assert caller.press(f"{KEYED}#").answers(GOOD).press("1").result == Confirmed("destination")


def test_three_numbers_that_are_none_end_the_matter() -> None:
    caller = dialling()
    for _ in range(NUMBER_TRIES):
        caller.listens().press("15#").answers(INCOMPLETE)
    assert caller.listens().result == GivenUp()
    assert caller.said.count("dial_incomplete") == NUMBER_TRIES
    assert caller.said[-1] == "dial_incomplete"


@pytest.mark.parametrize("nothing", ["", "#", "12*#"])
def test_whoever_keys_nothing_is_asked_again_and_then_left_alone(nothing: str) -> None:
    caller = dialling()
    for _ in range(NUMBER_TRIES):
        assert caller.result is None
        caller.listens().press(nothing)
        if not nothing:
            caller.waits()
    assert caller.result == GivenUp()
    assert caller.asked == []


def test_a_pause_submits_the_number() -> None:
    assert dialling().press(KEYED).waits().last == CheckNumber(KEYED)


def test_a_star_in_the_middle_begins_the_number_anew() -> None:
    assert dialling().press(f"99*{KEYED}#").last == CheckNumber(KEYED)


def test_too_many_digits_are_never_cut_down_to_a_number() -> None:
    caller = dialling().press("1" * (LONGEST_NUMBER + 9) + "#")
    assert caller.last == CheckNumber("1" * (LONGEST_NUMBER + 1))


def test_silence_at_the_question_is_asked_about_once_and_calls_nobody() -> None:
    caller = read_back().waits()
    asked_at = caller.now
    caller.waits()
    assert caller.now >= asked_at + FIRST_DIGIT_S
    assert caller.said.count("dial_confirm") == 2
    assert caller.result == GivenUp()


@pytest.mark.parametrize("wrong", ["0", "9", "*9", "88"])
def test_a_wrong_key_at_the_question_calls_nobody(wrong: str) -> None:
    caller = read_back().listens().errs(wrong)
    assert caller.result is None
    assert caller.listens().errs(wrong).result == GivenUp()
    assert read_back().listens().errs(wrong).listens().press("1").result == Confirmed("destination")


def test_numbers_are_not_asked_for_without_end() -> None:
    caller = dialling()
    for _ in range(NUMBERS):
        assert caller.result is None
        caller.press(f"{KEYED}#").answers(GOOD).press("2")
    assert caller.result == GivenUp()


def test_where_numbers_cannot_be_checked_nothing_is_called() -> None:
    caller = dialling().press(f"{KEYED}#").answers(NotAvailable()).listens()
    assert caller.said[-1] == "service_problem"
    assert caller.result == GivenUp()


def test_a_key_map_without_keys_for_returning_names_none() -> None:
    caller = dialling(give_up_keys=None).press(f"{KEYED}#").answers(GOOD).listens()
    assert caller.says[-1].utterance.values == ()
    assert caller.press("*3").result is None


def test_a_hang_up_at_any_point_calls_nobody() -> None:
    for moment in (dialling(), dialling().press("15"), dialling().press("15#"), read_back()):
        assert moment.hangs_up().press("1#1").answers(GOOD).press("1").result is None


def test_no_digit_of_a_number_is_shown_by_what_goes_out() -> None:
    assert KEYED not in repr(dialling().press(f"{KEYED}#").asked)
    assert GOOD.read_back not in repr(GOOD)
