"""What a caller hears from the greeting to the conference, word by word (A3, A5, A6, C2, O2, level 1 hours, G5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bridge.conference.attendance import REFUSAL_WORDS
from bridge.conference.model import Refusal
from bridge.dialogue import reception as reception_texts
from bridge.dialogue.helpline import CALLS
from bridge.dialogue.name import NAME_SILENCE_S
from bridge.dialogue.reception import CLEARED_OUT_TRIES, LONGEST_CODE, ONE_MOMENT, reception
from bridge.dialogue.requests import (
    CheckCounterPassword,
    Collect,
    Hall,
    HallAdmitted,
    HallRefused,
    HoldBack,
    Join,
    Keyed,
    KeyedBy,
    LookUpPasscode,
    MayJoin,
    NobodyFree,
    NotAvailable,
    Operator,
    OperatorEnded,
    Pause,
    Recognise,
    Record,
    Recorded,
    Say,
)
from bridge.dialogue.results import Ending
from bridge.dialogue.runner import State
from bridge.dialogue.verdicts import CounterVerdict, Denied, Why
from bridge.service.role import Role
from prompts.catalogue import catalogue
from prompts.phrases import Utterance, say
from prompts.values import Clip
from tests.bridge.dialogue.caller import Caller
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


# An operator (`*0`, A3) ------------------------------------------------------------------------------------------


def received(*, help_keys: str | None = "*0", **given: Any) -> Caller:
    return Caller(reception("en", attempts=3, help_keys=help_keys, **given))


def inside(verdict: object, **given: Any) -> Caller:
    """A caller whose passcode was looked up."""
    return received(**given).press("1234#").answers(verdict)


def refused(attempts: int = 3) -> Caller:
    caller = received()
    for _ in range(attempts):
        caller.press("1#").answers(UNKNOWN).listens()
    return caller


@pytest.mark.parametrize("keys", ["*0", "12*0", "**0", "9*5*0"])
def test_an_operator_is_called_from_the_passcode_s_question_a3(keys: str) -> None:
    caller = received().press(keys).listens()
    assert caller.said == ["greeting", "hall_wait"]
    assert caller.asked == [Operator()]
    caller.forget().answers(OperatorEnded()).listens()
    assert caller.said == ["enter_passcode"]


def test_after_an_operator_there_are_three_attempts_again_a3() -> None:
    caller = refused(2).press("*0").is_told(OperatorEnded())
    for _ in range(2):
        caller.listens().press("1#").answers(UNKNOWN)
    assert caller.listens().press("1#").answers(accepted()).result is None
    assert caller.listens().last == MayJoin(accepted())


def test_where_nobody_is_free_the_question_is_asked_again_and_no_attempt_is_lost() -> None:
    caller = refused(2).forget().press("*0").is_told(NobodyFree()).listens()
    assert caller.said == ["hall_wait", "help_none_free", "please_try_again", "enter_passcode"]
    caller.press("1#").answers(UNKNOWN)
    assert "too_many_attempts" in caller.said


def test_keys_during_the_talk_with_an_operator_are_nobody_s_passcode() -> None:
    caller = received().press("*0").listens().press("1234#").answers(OperatorEnded()).listens()
    assert caller.asked == [Operator()]
    assert caller.runner.state is State.KEYS


def test_after_the_third_wrong_code_an_operator_is_offered_a3() -> None:
    caller = refused()
    assert caller.said[-2:] == ["too_many_attempts", "offer_operator"]
    assert caller.press("*0").listens().last == Operator()
    caller.forget().answers(OperatorEnded()).listens()
    assert caller.said == ["enter_passcode"]
    assert caller.press("1234#").last == LookUpPasscode("1234")


def test_the_offer_that_nobody_takes_is_followed_by_goodbye_a3() -> None:
    caller = refused().waits().listens()
    assert caller.said[-2:] == ["offer_operator", "goodbye"]
    assert caller.result is Ending.NO_PASSCODE


def test_where_nobody_takes_the_call_it_ends_politely_a3() -> None:
    caller = refused().press("0").is_told(NobodyFree()).listens()
    assert caller.said[-3:] == ["hall_wait", "help_none_free", "goodbye"]
    assert caller.result is Ending.NO_PASSCODE


def test_a_code_keyed_once_more_instead_of_an_answer_calls_nobody() -> None:
    caller = refused().press("1234").passes_time().listens().waits().listens()
    assert caller.result is Ending.NO_PASSCODE
    assert Operator() not in caller.asked


def test_who_guesses_too_much_is_offered_an_operator_and_no_other_attempt_g5() -> None:
    caller = inside(Denied(why=Why.TOO_MANY_ATTEMPTS)).listens()
    assert caller.said[-2:] == ["too_many_attempts", "offer_operator"]


def test_an_operator_is_called_from_the_counter_password_s_question_and_it_begins_with_the_passcode_again() -> (
    None
):
    caller = inside(accepted(asks_counter_password=True)).listens().press("*0").listens()
    assert caller.last == Operator()
    assert caller.forget().answers(OperatorEnded()).listens().said == ["enter_passcode"]


def test_where_nobody_is_free_the_counter_password_is_asked_for_again_a5() -> None:
    caller = inside(accepted(asks_counter_password=True)).listens().press("*0").listens().forget()
    assert caller.answers(NobodyFree()).listens().said == ["help_none_free", "enter_counter_password"]


def test_after_three_wrong_counter_passwords_an_operator_is_offered_a3_a5() -> None:
    caller = inside(accepted(asks_counter_password=True))
    for _ in range(3):
        caller.listens().press("9#").answers(WRONG)
    assert caller.listens().said[-2:] == ["counter_password_wrong", "offer_operator"]
    assert caller.waits().listens().result is Ending.NO_COUNTER_PASSWORD


def test_an_operator_comes_only_so_often_before_the_conference() -> None:
    caller = received()
    for _ in range(CALLS):
        caller.press("*0").is_told(OperatorEnded()).listens()
    caller.press("*0#")
    assert caller.last == LookUpPasscode("0")


# A number that is known ------------------------------------------------------------------------------------------


def known(verdict: object, **given: Any) -> Caller:
    return received(recognises=True, **given).listens().answers(verdict)


def test_a_known_caller_keys_no_passcode() -> None:
    caller = known(accepted()).listens()
    assert caller.asked == [Recognise(), MayJoin(accepted())]
    assert caller.said == ["greeting", "caller_known"]


def test_a_known_caller_keys_the_counter_password_where_there_is_one_a5() -> None:
    verdict = accepted(asks_counter_password=True)
    caller = known(verdict).listens()
    assert caller.said == ["greeting", "caller_known", "enter_counter_password"]
    assert caller.press("55#").last == CheckCounterPassword(verdict, "55")
    assert caller.answers(RIGHT).last == MayJoin(verdict)


@pytest.mark.parametrize("reply", [None, NotAvailable()])
def test_who_is_not_known_is_asked_like_everybody(reply: object) -> None:
    assert known(reply).listens().said == ["greeting", "enter_passcode"]


def test_a_known_caller_who_keys_a_code_means_another_conference() -> None:
    other = accepted(Role.PARTICIPANT, pair=8)
    caller = known(accepted()).press("99#")
    assert caller.last == LookUpPasscode("99")
    assert caller.answers(other).last == MayJoin(other)
    early = received(recognises=True).press("99#").answers(accepted())
    assert early.last == LookUpPasscode("99")


def test_a_known_caller_s_wrong_code_is_an_attempt_like_others_a3() -> None:
    caller = known(accepted()).press("99#").answers(UNKNOWN).listens()
    assert caller.said[-3:] == ["passcode_unknown", "please_try_again", "enter_passcode"]


@pytest.mark.parametrize("keys", ["#", "**#"])
def test_a_known_caller_who_only_cuts_the_words_short_goes_in(keys: str) -> None:
    assert known(accepted()).press(keys).last == MayJoin(accepted())


def test_a_known_caller_may_want_an_operator() -> None:
    assert known(accepted()).press("*0").listens().last == Operator()


def test_callers_are_recognised_only_where_numbers_can_say_so() -> None:
    assert Recognise() not in received().listens().asked


# The name and the hall (C2, O2, G4) ------------------------------------------------------------------------------

ANA = Clip(0, 8000)
ASSISTED = accepted(Role.PARTICIPANT, assisted=True)
NAMED = accepted(Role.PARTICIPANT, announce_names=True)


def test_the_name_is_recorded_after_the_conference_s_yes_and_goes_with_the_caller_c2() -> None:
    caller = inside(NAMED, name_longest_s=4.0).listens()
    assert caller.last == MayJoin(NAMED)
    caller.answers(None).listens()
    assert caller.last == Record(4.0, NAME_SILENCE_S)
    caller.press("#").answers(Recorded(ANA)).listens().press("1")
    assert caller.last == MayJoin(NAMED)  # somebody may have locked meanwhile
    assert caller.answers(None).last == Join(NAMED, ANA)
    assert caller.answers(None).result is Ending.JOINED


def test_nobody_records_a_name_for_a_conference_that_is_locked() -> None:
    caller = inside(NAMED).listens().answers(Refusal.LOCKED).listens()
    assert "say_your_name" not in caller.said
    assert caller.result is Ending.NOT_ADMITTED


def test_a_conference_that_was_locked_while_the_name_was_recorded_says_so() -> None:
    caller = inside(NAMED).listens().answers(None).is_told(NotAvailable()).listens()
    caller.answers(Refusal.LOCKED).listens()
    assert caller.said[-3:] == ["name_not_recorded", "conference_locked", "goodbye"]


def test_a_moderator_s_name_is_recorded_before_the_last_word_c2() -> None:
    verdict = accepted(Role.MODERATOR, announce_names=True)
    caller = inside(verdict).listens().answers(None).is_told(Recorded(ANA)).press("#").answers(None).listens()
    assert caller.said[-1] == "you_are_moderator"
    assert caller.last == Join(verdict, ANA)


def test_an_operator_greets_and_admits_whoever_comes_to_an_assisted_conference_o2() -> None:
    caller = inside(ASSISTED).listens().forget().answers(None).listens()
    assert caller.said == ["hall_wait"]
    assert caller.last == Hall(ASSISTED)
    assert caller.runner.state is State.LASTING
    assert caller.answers(HallAdmitted()).last == MayJoin(ASSISTED)
    assert caller.answers(None).last == Join(ASSISTED)


def test_the_operator_gets_the_recorded_name_g4() -> None:
    verdict = accepted(Role.PARTICIPANT, assisted=True, announce_names=True)
    caller = inside(verdict).listens().answers(None).is_told(Recorded(ANA)).press("1").listens()
    assert caller.last == Hall(verdict, ANA)
    assert caller.answers(HallAdmitted()).answers(None).last == Join(verdict, ANA)


@pytest.mark.parametrize(
    ("reply", "prompt", "ending"),
    [
        (HallRefused(), "hall_refused", Ending.REFUSED_BY_OPERATOR),
        (NobodyFree(), "help_none_free", Ending.NOBODY_TO_ADMIT),
        (NotAvailable(), "help_none_free", Ending.NOBODY_TO_ADMIT),
    ],
)
def test_who_is_not_admitted_hears_why_and_goodbye_o2(reply: object, prompt: str, ending: Ending) -> None:
    caller = inside(ASSISTED).listens().answers(None).is_told(reply).listens()
    assert caller.said[-2:] == [prompt, "goodbye"]
    assert caller.result is ending
    assert not any(isinstance(each, Join) for each in caller.asked)


def test_moderators_need_no_operator_to_come_in_o2() -> None:
    caller = inside(accepted(Role.MODERATOR, assisted=True)).listens().answers(None).listens()
    assert isinstance(caller.last, Join)


def test_keys_in_the_hall_are_not_typed_ahead() -> None:
    caller = inside(ASSISTED).listens().answers(None).listens().press("5#*0").answers(HallRefused())
    assert caller.said[-1] == "hall_refused"
    assert caller.listens().said[-1] == "goodbye"


@pytest.mark.parametrize("wrong", ["5" * 40 + "#", "*#", "**#", "1*#", "#", "*"])
def test_whatever_is_keyed_wrong_leaves_the_next_attempt_whole_a3(wrong: str) -> None:
    caller = received().listens().press(wrong)
    if caller.runner.state is State.KEYS:
        caller.passes_time()
    if caller.runner.state is State.REPLY:
        caller.answers(UNKNOWN)
    assert caller.listens().said[-2:] == ["please_try_again", "enter_passcode"]
    assert caller.press("1234#").last == LookUpPasscode("1234")
