"""Questions of one key, answered well, badly and not at all."""

from __future__ import annotations

import pytest

from bridge.dialogue.questions import ASKED_TIMES, one_key
from bridge.dialogue.requests import Dialogue
from bridge.dialogue.results import Confirmed
from prompts.phrases import Utterance
from tests.bridge.dialogue.caller import Caller

QUESTION = (Utterance("this"), Utterance("or that"))
READ = ["this", "or that"]


def asking(keys: str = "12#", *, insists: bool = True) -> Caller:
    def whole() -> Dialogue:
        answer = yield from one_key("en", QUESTION, keys, stops=("*0",), first_digit_s=6.0, insists=insists)
        return Confirmed(answer)

    return Caller(whole())


@pytest.mark.parametrize(("keys", "answer"), [("1", "1"), ("2", "2"), ("#", "#"), ("*0", "*0"), ("*2", "2")])
def test_a_key_that_was_asked_for_is_the_answer(keys: str, answer: str) -> None:
    assert asking().press(keys).result == Confirmed(answer)
    assert asking().listens().press(keys).result == Confirmed(answer)


def test_what_is_typed_ahead_of_the_question_answers_it() -> None:
    caller = asking().press("2")
    assert caller.said == ["this"]


def test_a_wrong_key_has_the_question_read_once_more() -> None:
    caller = asking().listens().errs("7").listens()
    assert caller.said == READ * ASKED_TIMES
    assert caller.press("1").result == Confirmed("1")


def test_a_whole_number_where_one_key_was_asked_for_is_one_mistake() -> None:
    assert asking().errs("7891").said == ["this", "this"]


def test_the_keys_that_stop_count_among_wrong_ones_too() -> None:
    assert asking().press("78*0").result == Confirmed("*0")


def test_a_key_right_after_a_silence_is_no_part_of_any_mistake() -> None:
    assert asking().waits().press("1").result == Confirmed("1")


def test_pound_is_a_wrong_key_where_it_was_not_asked_for() -> None:
    assert asking("12").press("#").result is None
    assert asking("12").listens().waits().press("#").waits().result == Confirmed("")


def test_silence_is_an_answer_unless_the_question_insists() -> None:
    assert asking(insists=False).waits().result == Confirmed("")
    caller = asking().waits()
    assert caller.result is None
    assert caller.waits().result == Confirmed("")
    assert caller.said == READ * ASKED_TIMES


def test_two_wrong_keys_are_no_answer() -> None:
    assert asking().errs("7").errs("8").result == Confirmed("")
