"""What a caller hears from the greeting to the conference, word by word (A3, A5, A6, level 1 hours, G5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.conference.attendance import REFUSAL_WORDS
from bridge.conference.model import Refusal
from bridge.dialogue import reception as reception_texts
from bridge.dialogue.reception import CLEARED_OUT_TRIES, LONGEST_CODE, ONE_MOMENT, reception
from bridge.dialogue.requests import (
    CheckCounterPassword,
    Collect,
    HoldBack,
    Join,
    Keyed,
    KeyedBy,
    LookUpPasscode,
    MayJoin,
    NotAvailable,
    Pause,
    Say,
)
from bridge.dialogue.results import Ending
from bridge.dialogue.verdicts import CounterVerdict, Denied, Why
from bridge.service.role import Role
from prompts.catalogue import catalogue
from prompts.phrases import Utterance, say
from tests.support.builders import accepted

if TYPE_CHECKING:
    from bridge.dialogue.requests import Request

UNKNOWN = Denied(why=Why.UNKNOWN)
WRONG = CounterVerdict(right=False)
RIGHT = CounterVerdict(right=True)
GOODBYE = ["no_operator", "goodbye"]


def hear(
    *verdicts: object,
    keys: tuple[str, ...] = ("1234",) * 9,
    refusals: tuple[Refusal | None, ...] = (None,) * 20,
) -> tuple[list[str], Ending, list[Request]]:
    """What is said, how it ends, and all that was asked for, if the service answers so and the caller keys so."""
    dialogue = reception("en", attempts=3)
    said, asked = [], []
    answers, entries, doors = iter(verdicts), iter(keys), iter(refusals)
    reply: object = None
    while True:
        try:
            request = dialogue.send(reply)
        except StopIteration as stop:
            return said, stop.value, asked
        asked.append(request)
        reply = None
        match request:
            case Say():
                said.append(request.utterance.name)
            case Collect():
                reply = Keyed(next(entries), KeyedBy.HASH)
            case LookUpPasscode() | CheckCounterPassword():
                reply = next(answers)
            case MayJoin() | Join():
                reply = next(doors)


def test_a_caller_with_a_passcode_is_greeted_asked_and_let_in_a3() -> None:
    said, ending, asked = hear(accepted(Role.PARTICIPANT))
    assert said == ["greeting", "enter_passcode"]
    assert ending is Ending.JOINED
    assert LookUpPasscode("1234") in asked


def test_a_moderator_is_told_so_before_the_door_opens() -> None:
    said, _, asked = hear(accepted(Role.MODERATOR))
    assert said[-1] == "you_are_moderator"
    assert isinstance(asked[-1], Join)


def test_three_wrong_passcodes_end_politely_a3() -> None:
    said, ending, asked = hear(UNKNOWN, UNKNOWN, UNKNOWN)
    again = ["passcode_unknown", "please_try_again", "enter_passcode"]
    assert said == [
        "greeting",
        "enter_passcode",
        *again,
        *again,
        "too_many_attempts",
        *GOODBYE,
    ]
    assert ending is Ending.NO_PASSCODE
    assert sum(isinstance(request, LookUpPasscode) for request in asked) == 3


def test_the_third_attempt_is_as_good_as_the_first_a3() -> None:
    assert hear(UNKNOWN, UNKNOWN, accepted())[1] is Ending.JOINED


def test_a_silent_line_is_not_kept_for_ever_a3() -> None:
    said, ending, asked = hear(keys=("", "", ""))
    assert ending is Ending.NO_PASSCODE
    assert said.count("enter_passcode") == 3
    assert not any(isinstance(request, LookUpPasscode) for request in asked)


@pytest.mark.parametrize(
    ("why", "prompt"), [(Why.EXPIRED, "passcode_expired"), (Why.DISABLED, "passcode_disabled")]
)
def test_an_expired_or_disabled_code_has_its_own_prompt_and_another_may_be_keyed_a6(
    why: Why, prompt: str
) -> None:
    said, ending, _ = hear(Denied(why=why), accepted())
    assert prompt in said
    assert "passcode_unknown" not in said
    assert ending is Ending.JOINED


def test_level_1_outside_its_hours_says_the_hours() -> None:
    said, ending, asked = hear(Denied(why=Why.OUTSIDE_HOURS, opens_hour=6, closes_hour=24))
    assert said == ["greeting", "enter_passcode", "outside_hours", "goodbye"]
    assert ending is Ending.NOT_ALLOWED
    spoken = next(request for request in asked if isinstance(request, Say) and request.utterance.values)
    assert dict(spoken.utterance.values) == {"start": 6, "end": 24}


def test_who_guesses_too_much_is_not_asked_again_g5() -> None:
    said, ending, _ = hear(Denied(why=Why.TOO_MANY_ATTEMPTS))
    assert said == ["greeting", "enter_passcode", "too_many_attempts", *GOODBYE]
    assert ending is Ending.NO_PASSCODE


@pytest.mark.parametrize("verdict", [Denied(why=Why.UNKNOWN, delay_s=3.0), accepted(delay_s=3.0)])
def test_right_and_wrong_answers_are_given_after_the_same_delay_and_words_g5(verdict: object) -> None:
    asked = hear(verdict, accepted())[2]
    looked_up = next(index for index, request in enumerate(asked) if isinstance(request, LookUpPasscode))
    assert asked[looked_up + 1 : looked_up + 3] == [Say(ONE_MOMENT, "en"), HoldBack(3.0)]


def test_a_short_wait_is_silent() -> None:
    said, _, asked = hear(Denied(why=Why.UNKNOWN, delay_s=1.0), accepted())
    assert HoldBack(1.0) in asked
    assert "one_moment" not in said


def test_a_counter_password_is_asked_for_where_there_is_one_a5() -> None:
    verdict = accepted(asks_counter_password=True)
    said, ending, asked = hear(verdict, RIGHT)
    assert said == ["greeting", "enter_passcode", "enter_counter_password", "you_are_moderator"]
    assert ending is Ending.JOINED
    assert CheckCounterPassword(verdict, "1234") in asked


def test_three_wrong_counter_passwords_end_politely_a5() -> None:
    said, ending, _ = hear(accepted(asks_counter_password=True), WRONG, WRONG, WRONG)
    assert ending is Ending.NO_COUNTER_PASSWORD
    assert said.count("counter_password_wrong") == 3
    assert said[-2:] == GOODBYE


def test_a_counter_password_nobody_keys_is_a_wrong_one_a5() -> None:
    ending = hear(accepted(asks_counter_password=True), keys=("1234", "", "", ""))[1]
    assert ending is Ending.NO_COUNTER_PASSWORD


def test_the_holder_is_warned_before_the_passcode_expires_a6() -> None:
    said, _, asked = hear(accepted(Role.MODERATOR, expires_in_days=12))
    assert said[-2:] == ["passcode_expiring", "you_are_moderator"]
    assert ("days", 12) in [
        value for request in asked if isinstance(request, Say) for value in request.utterance.values
    ]


def test_the_end_of_the_passcode_is_no_matter_of_the_participants_a6() -> None:
    assert "passcode_expiring" not in hear(accepted(Role.PARTICIPANT, expires_in_days=12))[0]


@pytest.mark.parametrize(
    "verdicts", [(NotAvailable(),), (accepted(asks_counter_password=True), NotAvailable())]
)
def test_a_store_that_is_away_is_said_and_the_call_ends_politely(verdicts: tuple[object, ...]) -> None:
    said, ending, _ = hear(*verdicts)
    assert ending is Ending.SERVICE_PROBLEM
    assert said[-1] == "goodbye"


@pytest.mark.parametrize(
    ("refusal", "prompt"), [(Refusal.LOCKED, "conference_locked"), (Refusal.FULL, "conference_full")]
)
def test_a_locked_or_full_conference_is_told_at_the_door(refusal: Refusal, prompt: str) -> None:
    said, ending, _ = hear(accepted(), refusals=(refusal,))
    assert said[-2:] == [prompt, "goodbye"]
    assert "you_are_moderator" not in said
    assert ending is Ending.NOT_ADMITTED


def test_a_door_that_closes_at_the_last_moment_is_told_too() -> None:
    said, ending, _ = hear(accepted(), refusals=(None, Refusal.LOCKED))
    assert said[-3:] == ["you_are_moderator", "conference_locked", "goodbye"]
    assert ending is Ending.NOT_ADMITTED


def test_who_calls_while_the_last_conference_says_goodbye_waits_for_the_next() -> None:
    said, ending, asked = hear(accepted(), refusals=(Refusal.ENDED, Refusal.ENDED, None, None))
    assert ending is Ending.JOINED
    assert said.count("one_moment") == 1
    assert sum(isinstance(request, Pause) and request.seconds > 0 for request in asked) == 2


def test_a_conference_that_never_clears_out_is_not_waited_for_without_end() -> None:
    said, ending, _ = hear(accepted(), refusals=(Refusal.ENDED,) * (CLEARED_OUT_TRIES + 1))
    assert ending is Ending.NOT_ADMITTED
    assert said[-2:] == ["conference_ended", "goodbye"]


def test_the_language_is_the_access_number_s_then_the_pair_s() -> None:
    asked = hear(accepted(language="pt-BR"))[2]
    languages = [request.language for request in asked if isinstance(request, Say)]
    assert languages == ["en", "en", "pt-BR"]


def test_last_words_are_heard_to_their_end() -> None:
    asked = hear(UNKNOWN, UNKNOWN, UNKNOWN)[2]
    assert [request.final for request in asked if isinstance(request, Say)][-3:] == [True, True, True]


def test_a_wrong_code_s_message_forgets_what_was_typed_ahead() -> None:
    asked = hear(UNKNOWN, accepted())[2]
    message = next(
        each for each in asked if isinstance(each, Say) and each.utterance.name == "passcode_unknown"
    )
    assert message.fresh


def test_no_digit_is_ever_shown() -> None:
    shown = repr(hear(accepted(asks_counter_password=True), RIGHT)[2]) + repr(Keyed("1234", KeyedBy.HASH))
    assert "1234" not in shown


def test_all_that_is_said_is_in_the_catalogue() -> None:
    said = [value for value in vars(reception_texts).values() if isinstance(value, Utterance)]
    said += [*reception_texts.DENIED_WORDS.values(), *REFUSAL_WORDS.values()]
    said += [say("passcode_expiring", days=3), say("outside_hours", start=6, end=24)]
    catalogue().require(each.name for each in said)


def test_no_code_is_longer_than_may_be_keyed() -> None:
    assert all(each.max_digits == LONGEST_CODE for each in hear(accepted())[2] if isinstance(each, Collect))
