"""The reception: from the greeting to the conference (A3, A5, A6).

    "Welcome to the conference service."
    "Please enter your passcode, followed by the pound key."          three attempts, each may be cut short by a key
    "Please enter your counter password, followed by the pound key."  where the pair has one, three attempts
    "Please note: this passcode expires in 12 days."                  to its holder, the moderator
    "You are joining as a moderator."                                 and in

It reads from top to bottom as the caller hears it. The language is the access number's until the passcode says whose
conference it is, then the pair's. `*0` for an operator comes in where `_no_passcode` says that there is none; the
caller's name (C2) is asked for in `_enter`, between the conference's yes and the door.
"""

from __future__ import annotations

from typing import Final

from bridge.conference.attendance import REFUSAL_WORDS
from bridge.conference.model import Refusal
from bridge.dialogue.requests import (
    CheckCounterPassword,
    Collect,
    Dialogue,
    HoldBack,
    Join,
    Keyed,
    LookUpPasscode,
    MayJoin,
    NotAvailable,
    Pause,
    Say,
    Step,
)
from bridge.dialogue.results import Ending
from bridge.dialogue.verdicts import Accepted, CounterVerdict, Why
from bridge.service.role import Role
from prompts.phrases import Utterance, say

LONGEST_CODE: Final = 16
"""Digits of a passcode or counter-password at most, as configuration allows; who keys more has keyed a wrong one."""

CLEARED_OUT_TRIES: Final = 10
CLEARED_OUT_EVERY_S: Final = 1.0
"""A conference that has just ended says goodbye for some seconds before a new one can begin: who calls in that moment
waits, up to ten seconds, rather than being sent away."""

SILENCE_TOLD_FROM_S: Final = 2.0
"""Who must wait so long for an answer hears that there will be one; a shorter silence is how computers are."""

GREETING: Final = Utterance("greeting")
ENTER_PASSCODE: Final = Utterance("enter_passcode")
TRY_AGAIN: Final = Utterance("please_try_again")
PASSCODE_UNKNOWN: Final = Utterance("passcode_unknown")
TOO_MANY_ATTEMPTS: Final = Utterance("too_many_attempts")
NO_OPERATOR: Final = Utterance("no_operator")
ENTER_COUNTER_PASSWORD: Final = Utterance("enter_counter_password")
COUNTER_PASSWORD_WRONG: Final = Utterance("counter_password_wrong")
ONE_MOMENT: Final = Utterance("one_moment")
SERVICE_PROBLEM: Final = Utterance("service_problem")
YOU_ARE_MODERATOR: Final = Utterance("you_are_moderator")
GOODBYE: Final = Utterance("goodbye")

DENIED_WORDS: Final = {
    Why.UNKNOWN: PASSCODE_UNKNOWN,
    Why.EXPIRED: Utterance("passcode_expired"),
    Why.DISABLED: Utterance("passcode_disabled"),
}
"""What is said to whoever may try another code."""


def reception(language: str, *, attempts: int) -> Dialogue:
    """Receive a caller who has dialled an access number with prompts in `language`."""
    yield Say(GREETING, language)
    accepted = yield from _passcode(language, attempts)
    if isinstance(accepted, Ending):
        return accepted
    language = accepted.settings.language or language
    if accepted.asks_counter_password:
        failed = yield from _counter_password(language, accepted, attempts)
        if failed is not None:
            return failed
    if accepted.expires_in_days is not None and accepted.role is Role.MODERATOR:
        yield Say(say("passcode_expiring", days=accepted.expires_in_days), language)
    return (yield from _enter(language, accepted))


def _passcode(language: str, attempts: int) -> Step[Accepted | Ending]:
    """Ask for the passcode (A3). Keying nothing is an attempt too, or a silent line would be kept for ever."""
    for attempt in range(attempts):
        if attempt:
            yield Say(TRY_AGAIN, language)
        yield Say(ENTER_PASSCODE, language)
        keyed: Keyed = yield Collect(LONGEST_CODE)
        if not keyed.digits:
            continue
        verdict = yield LookUpPasscode(keyed.digits)
        if isinstance(verdict, NotAvailable):
            return (yield from _part(language, Ending.SERVICE_PROBLEM, SERVICE_PROBLEM))
        yield from _hold_back(language, verdict.delay_s)
        if isinstance(verdict, Accepted):
            return verdict
        if verdict.why is Why.OUTSIDE_HOURS:
            hours = say("outside_hours", start=verdict.opens_hour, end=verdict.closes_hour)
            return (yield from _part(language, Ending.NOT_ALLOWED, hours))
        if verdict.why is Why.TOO_MANY_ATTEMPTS or (verdict.why is Why.UNKNOWN and attempt == attempts - 1):
            break  # the words for the end say it
        yield Say(DENIED_WORDS[verdict.why], language, fresh=True)
    return (yield from _part(language, Ending.NO_PASSCODE, TOO_MANY_ATTEMPTS, NO_OPERATOR))


def _counter_password(language: str, accepted: Accepted, attempts: int) -> Step[Ending | None]:
    """Ask for the counter-password (A5): None where it was right."""
    for attempt in range(attempts):
        if attempt:
            yield Say(TRY_AGAIN, language)
        yield Say(ENTER_COUNTER_PASSWORD, language)
        keyed: Keyed = yield Collect(LONGEST_CODE)
        if not keyed.digits:
            continue
        verdict: CounterVerdict | NotAvailable = yield CheckCounterPassword(accepted, keyed.digits)
        if isinstance(verdict, NotAvailable):
            return (yield from _part(language, Ending.SERVICE_PROBLEM, SERVICE_PROBLEM))
        yield from _hold_back(language, verdict.delay_s)
        if verdict.right:
            return None
        yield Say(COUNTER_PASSWORD_WRONG, language, fresh=True)
    return (yield from _part(language, Ending.NO_COUNTER_PASSWORD, NO_OPERATOR))


def _enter(language: str, accepted: Accepted) -> Step[Ending]:
    """Go in, or hear why not (C6, lock)."""
    refusal: Refusal | None = yield MayJoin(accepted)
    if refusal is Refusal.ENDED:
        yield Say(ONE_MOMENT, language)
    for _ in range(CLEARED_OUT_TRIES):
        if refusal is not Refusal.ENDED:
            break
        yield Pause(CLEARED_OUT_EVERY_S)
        refusal = yield MayJoin(accepted)
    if refusal is None:
        if accepted.role is Role.MODERATOR:
            yield Say(YOU_ARE_MODERATOR, language)
        refusal = yield Join(accepted)
    if refusal is None:
        return Ending.JOINED
    return (yield from _part(language, Ending.NOT_ADMITTED, REFUSAL_WORDS[refusal]))


def _hold_back(language: str, delay_s: float) -> Step[None]:
    """Wait until the answer may be given. What is heard meanwhile depends on the delay, so never on the code (G5)."""
    if delay_s >= SILENCE_TOLD_FROM_S:
        yield Say(ONE_MOMENT, language)
    yield HoldBack(delay_s)


def _part(language: str, ending: Ending, *words: Utterance) -> Step[Ending]:
    """Say why, and goodbye, to the end."""
    for utterance in (*words, GOODBYE):
        yield Say(utterance, language, fresh=True, final=True)
    return ending
