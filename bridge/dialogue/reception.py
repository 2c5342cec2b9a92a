"""The reception: from the greeting to the conference (A3, A5, A6, C2, O2).

    "Welcome to the conference service."
    "We recognized your telephone number."                            and no passcode is asked for, unless one is keyed
    "Please enter your passcode, followed by the pound key."          three attempts, each may be cut short by a key
    "To speak with an operator, press star, zero."                    after the third
    "Please enter your counter password, followed by the pound key."  where the pair has one, three attempts
    "Please note: this passcode expires in 12 days."                  to its holder, the moderator
    "After the tone, please say your name, then press the pound key." where names are announced
    "An operator will be with you shortly. Please hold."              where an operator admits participants
    "You are joining as a moderator."                                 and in

It reads from top to bottom as the caller hears it. The language is the access number's until the passcode says whose
conference it is, then the pair's. `*0` calls an operator at every question (`helpline`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.attendance import REFUSAL_WORDS
from bridge.conference.model import Refusal
from bridge.dialogue.helpline import NONE_FREE, Helpline
from bridge.dialogue.name import NAME_LONGEST_S, name
from bridge.dialogue.requests import (
    CheckCounterPassword,
    Collect,
    Dialogue,
    Hall,
    HallAdmitted,
    HallRefused,
    HoldBack,
    Join,
    Keyed,
    KeyedBy,
    LookUpPasscode,
    MayJoin,
    NotAvailable,
    Pause,
    Recognise,
    Say,
    Step,
)
from bridge.dialogue.results import Ending
from bridge.dialogue.verdicts import Accepted, CounterVerdict, Denied, Verdict, Why
from bridge.service.role import Role
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from prompts.values import Clip

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
CALLER_KNOWN: Final = Utterance("caller_known")
HALL_WAIT: Final = Utterance("hall_wait")
HALL_REFUSED: Final = Utterance("hall_refused")
GOODBYE: Final = Utterance("goodbye")

DENIED_WORDS: Final = {
    Why.UNKNOWN: PASSCODE_UNKNOWN,
    Why.EXPIRED: Utterance("passcode_expired"),
    Why.DISABLED: Utterance("passcode_disabled"),
}
"""What is said to whoever may try another code."""


def reception(
    language: str,
    *,
    attempts: int,
    help_keys: str | None = None,
    recognises: bool = False,
    name_longest_s: float = NAME_LONGEST_S,
) -> Dialogue:
    """Receive a caller who has dialled an access number with prompts in `language`.

    `help_keys`: what the key map has for an operator; None where there is none to call. `recognises`: callers' numbers may
    say who they are, so it is asked.
    """
    helpline = Helpline(help_keys)
    yield Say(GREETING, language)
    accepted = yield from _identify(language, attempts, helpline, recognises=recognises)
    if isinstance(accepted, Ending):
        return accepted
    language = accepted.settings.language or language
    if accepted.expires_in_days is not None and accepted.role is Role.MODERATOR:
        yield Say(say("passcode_expiring", days=accepted.expires_in_days), language)
    refusal: Refusal | None = yield from _at_the_door(language, accepted)
    recorded: Clip | None = None
    if refusal is None and (accepted.settings.announce_names or _is_greeted(accepted)):
        if accepted.settings.announce_names:
            recorded = yield from name(language, accepted, helpline, name_longest_s)
        if _is_greeted(accepted):
            turned_away = yield from _hall(language, accepted, recorded)
            if turned_away is not None:
                return turned_away
        refusal = yield from _at_the_door(language, accepted)  # minutes may have passed
    if refusal is None:
        if accepted.role is Role.MODERATOR:
            yield Say(YOU_ARE_MODERATOR, language)
        refusal = yield Join(accepted, recorded)
    if refusal is None:
        return Ending.JOINED
    return (yield from _part(language, Ending.NOT_ADMITTED, REFUSAL_WORDS[refusal]))


def _identify(
    language: str, attempts: int, helpline: Helpline, *, recognises: bool
) -> Step[Accepted | Ending]:
    """Find out whose conference it is, and that the caller may say so: by number, passcode, counter-password (A3, A5)."""
    accepted, keyed = (yield from _recognise(language, helpline)) if recognises else (None, None)
    while True:
        if accepted is None:
            verdict = yield from _passcode(language, attempts, helpline, keyed)
            if isinstance(verdict, Ending):
                return verdict
            accepted = verdict
        if not accepted.asks_counter_password:
            return accepted
        proof = yield from _counter_password(accepted, language, attempts, helpline)
        if proof is not None:
            return proof
        accepted = keyed = None  # after an operator it may be another conference


def _recognise(language: str, helpline: Helpline) -> Step[tuple[Accepted | None, Keyed | None]]:
    """Ask whose number it is. Whoever keys a passcode all the same means another conference than their own."""
    accepted = yield Recognise()
    if not isinstance(accepted, Accepted):
        return None, None
    yield Say(CALLER_KNOWN, accepted.settings.language or language)
    if accepted.asks_counter_password:
        return accepted, None
    keyed: Keyed = yield Collect(LONGEST_CODE, first_digit_s=0.0, stops=helpline.keys)
    return (None, keyed) if keyed.digits or keyed.stop else (accepted, None)


def _passcode(
    language: str, attempts: int, helpline: Helpline, keyed: Keyed | None = None
) -> Step[Accepted | Ending]:
    """Ask for the passcode (A3), unless it is keyed already. Keying nothing is an attempt too, or a silent line would be
    kept for ever; after an operator the attempts are counted anew.
    """
    attempt = 0
    while attempt < attempts:
        entry = keyed or (yield from _code(language, ENTER_PASSCODE, helpline, again=attempt > 0))
        keyed = None
        if entry.by is KeyedBy.STOP:
            attempt = 0 if (yield from helpline.call(language)) else attempt
            continue
        attempt += 1
        if not entry.digits:
            continue
        verdict = yield from _look_up(language, entry.digits)
        if not isinstance(verdict, Denied):
            return verdict
        if verdict.why is Why.TOO_MANY_ATTEMPTS or (verdict.why is Why.UNKNOWN and attempt == attempts):
            break  # the words for the end say it
        yield Say(DENIED_WORDS[verdict.why], language, fresh=True)
    ending = yield from _came_no_further(language, Ending.NO_PASSCODE, helpline, TOO_MANY_ATTEMPTS)
    return ending or (yield from _passcode(language, attempts, helpline))


def _look_up(language: str, passcode: str) -> Step[Verdict | Ending]:
    """Look a passcode up. Where the caller can do nothing about the answer, they hear it and the call ends."""
    verdict: Verdict | NotAvailable = yield LookUpPasscode(passcode)
    if isinstance(verdict, NotAvailable):
        return (yield from _part(language, Ending.SERVICE_PROBLEM, SERVICE_PROBLEM))
    yield from _hold_back(language, verdict.delay_s)
    if isinstance(verdict, Denied) and verdict.why is Why.OUTSIDE_HOURS:
        hours = say("outside_hours", start=verdict.opens_hour, end=verdict.closes_hour)
        return (yield from _part(language, Ending.NOT_ALLOWED, hours))
    return verdict


def _counter_password(
    accepted: Accepted, language: str, attempts: int, helpline: Helpline
) -> Step[Accepted | Ending | None]:
    """Ask for the counter-password (A5). None where an operator has been with the caller."""
    language = accepted.settings.language or language
    attempt = 0
    while attempt < attempts:
        keyed = yield from _code(language, ENTER_COUNTER_PASSWORD, helpline, again=attempt > 0)
        if keyed.by is KeyedBy.STOP:
            if (yield from helpline.call(language)):
                return None
            continue
        attempt += 1
        if not keyed.digits:
            continue
        verdict: CounterVerdict | NotAvailable = yield CheckCounterPassword(accepted, keyed.digits)
        if isinstance(verdict, NotAvailable):
            return (yield from _part(language, Ending.SERVICE_PROBLEM, SERVICE_PROBLEM))
        yield from _hold_back(language, verdict.delay_s)
        if verdict.right:
            return accepted
        yield Say(COUNTER_PASSWORD_WRONG, language, fresh=True)
    return (yield from _came_no_further(language, Ending.NO_COUNTER_PASSWORD, helpline))


def _code(language: str, question: Utterance, helpline: Helpline, *, again: bool) -> Step[Keyed]:
    if again:
        yield Say(TRY_AGAIN, language)
    yield Say(question, language)
    keyed: Keyed = yield Collect(LONGEST_CODE, stops=helpline.keys)
    return keyed


def _at_the_door(language: str, accepted: Accepted) -> Step[Refusal | None]:
    """Ask the conference whether it would have the caller (C6, lock); wait for one that is clearing out."""
    refusal: Refusal | None = yield MayJoin(accepted)
    if refusal is Refusal.ENDED:
        yield Say(ONE_MOMENT, language)
    for _ in range(CLEARED_OUT_TRIES):
        if refusal is not Refusal.ENDED:
            break
        yield Pause(CLEARED_OUT_EVERY_S)
        refusal = yield MayJoin(accepted)
    return refusal


def _is_greeted(accepted: Accepted) -> bool:
    return accepted.settings.assisted and accepted.role is Role.PARTICIPANT


def _hall(language: str, accepted: Accepted, recorded: Clip | None) -> Step[Ending | None]:
    """Wait for an operator, who admits the caller or does not (O2, G4). None where admitted."""
    yield Say(HALL_WAIT, language, fresh=True)
    answer = yield Hall(accepted, recorded)
    if isinstance(answer, HallAdmitted):
        return None
    if isinstance(answer, HallRefused):
        return (yield from _part(language, Ending.REFUSED_BY_OPERATOR, HALL_REFUSED))
    return (yield from _part(language, Ending.NOBODY_TO_ADMIT, NONE_FREE))


def _hold_back(language: str, delay_s: float) -> Step[None]:
    """Wait until the answer may be given. What is heard meanwhile depends on the delay, so never on the code (G5)."""
    if delay_s >= SILENCE_TOLD_FROM_S:
        yield Say(ONE_MOMENT, language)
    yield HoldBack(delay_s)


def _came_no_further(
    language: str, ending: Ending, helpline: Helpline, *words: Utterance
) -> Step[Ending | None]:
    """Offer an operator to whoever failed at a code (A3), and part. None where one has been with the caller."""
    if not helpline.keys:
        return (yield from _part(language, ending, *words, NO_OPERATOR))
    for utterance in words:
        yield Say(utterance, language, fresh=True, final=True)
    if (yield from helpline.offer(language)):
        return None
    return (yield from _part(language, ending))


def _part(language: str, ending: Ending, *words: Utterance) -> Step[Ending]:
    """Say why, and goodbye, to the end."""
    for utterance in (*words, GOODBYE):
        yield Say(utterance, language, fresh=True, final=True)
    return ending
