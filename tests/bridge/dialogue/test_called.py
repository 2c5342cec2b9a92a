"""What the called hear, people and machines alike (`*92`, `*0`, O2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.dialogue.called import Errand, blast_greeting, operator_call
from bridge.dialogue.results import Confirmed, Declined
from prompts.values import Clip
from tests.bridge.dialogue.caller import Caller

if TYPE_CHECKING:
    from collections.abc import Callable

MESSAGE = Clip(0, 80_000)
NOT_ONE = ["0", "2", "#", "*2", "9"]


def guest(message: Clip | None = MESSAGE, *, press_one: bool = True) -> Caller:
    return Caller(blast_greeting("en", message, press_one=press_one))


def phone(errand: Errand | None = Errand.HELP, name: Clip | None = None) -> Caller:
    return Caller(operator_call("en", errand, name))


def test_a_guest_hears_the_message_and_presses_one() -> None:
    caller = guest().listens()
    assert caller.said == ["recorded", "blast_press_one"]
    assert dict(caller.says[0].utterance.values) == {"name": MESSAGE}
    assert caller.press("1").result == Confirmed()


def test_without_a_message_there_is_an_invitation_of_ours() -> None:
    assert guest(None).listens().said == ["blast_invitation", "blast_press_one"]


def test_where_no_key_is_wanted_whoever_answers_is_connected_after_the_message() -> None:
    caller = guest(press_one=False).listens()
    assert caller.said == ["recorded"]
    assert caller.result == Confirmed()


def test_one_may_be_pressed_before_the_message_is_over() -> None:
    assert guest().press("1").result == Confirmed()


def test_a_machine_that_talks_and_presses_nothing_is_not_connected() -> None:
    caller = guest().waits().waits().listens()
    assert caller.said == ["recorded", "blast_press_one", "blast_press_one", "blast_declined"]
    assert caller.result == Declined()


def test_after_a_silence_one_still_counts() -> None:
    assert guest().waits().press("1").result == Confirmed()


@pytest.mark.parametrize("keys", NOT_ONE)
def test_another_key_is_asked_about_once_and_then_means_no(keys: str) -> None:
    caller = guest().listens().errs(keys).listens().errs(keys)
    assert caller.result is None  # what is said last is heard to its end, whatever is pressed
    assert caller.press("1").said[-1] == "blast_declined"
    assert caller.listens().result == Declined()


@pytest.mark.parametrize("keys", NOT_ONE)
def test_after_another_key_one_still_counts(keys: str) -> None:
    assert guest().listens().errs(keys).press("1").result == Confirmed()


@pytest.mark.parametrize("caller", [guest, phone])
def test_whoever_hangs_up_in_the_middle_has_confirmed_nothing(caller: Callable[[], Caller]) -> None:
    on_the_line = caller().listens().hangs_up()
    assert on_the_line.press("1").result is None


@pytest.mark.parametrize(
    ("errand", "prompt"), [(Errand.HELP, "operator_help"), (Errand.GREET, "operator_greet")]
)
def test_an_operator_hears_why_and_accepts_by_a_key_o2(errand: Errand, prompt: str) -> None:
    caller = phone(errand).listens()
    assert caller.said == [prompt, "operator_accept"]
    assert caller.press("1").result == Confirmed()


def test_an_operator_hears_whose_call_it_is_where_a_name_was_recorded() -> None:
    assert phone(name=MESSAGE).listens().said == ["operator_help", "recorded", "operator_accept"]


def test_an_operator_who_asked_for_the_call_is_not_told_why_but_presses_the_key_all_the_same() -> None:
    caller = phone(None).listens()
    assert caller.said == ["operator_accept"]
    assert caller.press("1").result == Confirmed()
    assert phone(None).waits().waits().result == Declined()


def test_an_operator_s_voicemail_never_gets_the_caller() -> None:
    caller = phone().waits().waits()
    assert caller.said == ["operator_help", "operator_accept"] * 2
    assert caller.result == Declined()


@pytest.mark.parametrize("keys", NOT_ONE)
def test_an_operator_s_slip_is_asked_about_once(keys: str) -> None:
    assert phone().errs(keys).listens().press("1").result == Confirmed()
    assert phone().errs(keys).listens().errs(keys).result == Declined()
