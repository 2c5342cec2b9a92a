"""Dialling out, up to the call (`*1`): which number, is it right, shall we?

"Please enter the carrier code, the area code and the telephone number, then press the pound key."
"The number is one, five, one, one ..."
"To call, press one. To enter another number, press two. To return to the conference, press star three."
"""

from __future__ import annotations

from typing import Final

from bridge.dialogue.questions import one_key
from bridge.dialogue.requests import (
    CheckNumber,
    Collect,
    Dialogue,
    KeyedBy,
    NotAvailable,
    NumberGood,
    Say,
    Step,
)
from bridge.dialogue.results import Confirmed, GivenUp
from prompts.phrases import Utterance, say

LONGEST_NUMBER: Final = 24
"""Digits: E.164 has 15, carrier, trunk and international prefixes come before. More are passed on one too long, and are
no number to the dial plan."""

NUMBER_TRIES: Final = 3
"""So many wrong numbers, or silences, end the matter: the room waits for its moderator."""

NUMBERS: Final = 5
"""How often another number may be asked for. After that the paper has to be put in order first."""

CALL, ANOTHER = "1", "2"

WITH_CARRIER: Final = Utterance("dial_number")
PLAIN: Final = Utterance("dial_number_plain")
SERVICE_PROBLEM: Final = Utterance("service_problem")


def dial_out(language: str, *, carriers: bool, local_area: str, give_up_keys: str | None) -> Dialogue:
    """Ask a moderator whom to call: Confirmed with the token of the number, or GivenUp.

    `carriers`: the dial plan wants a carrier's code first. `local_area`: the area that takes the number alone; empty where
    there is none. `give_up_keys`: what the key map has for returning alone.
    """
    asks = _asks(carriers=carriers, local_area=local_area)
    confirm = say("dial_confirm", keys=give_up_keys) if give_up_keys else Utterance("dial_confirm")
    stops = (give_up_keys,) if give_up_keys else ()
    for _ in range(NUMBERS):
        number = yield from _number(language, asks, stops)
        if number is None:
            break
        # Fresh: a second `#`, pressed in impatience, calls nobody before the number has been heard.
        yield Say(say("dial_read_back", number=number.read_back), language, fresh=True)
        choice = yield from one_key(language, (confirm,), CALL + "#" + ANOTHER, stops=stops)
        if choice in {CALL, "#"}:
            return Confirmed(number.token)
        if choice != ANOTHER:
            break
    return GivenUp()


def _asks(*, carriers: bool, local_area: str) -> Utterance:
    if not carriers:
        return PLAIN
    return say("dial_number_local", area=local_area) if local_area else WITH_CARRIER


def _number(language: str, asks: Utterance, stops: tuple[str, ...]) -> Step[NumberGood | None]:
    """Ask for a number until it is one that may be called. What is wrong with it is said."""
    for _ in range(NUMBER_TRIES):
        yield Say(asks, language)
        keyed = yield Collect(LONGEST_NUMBER, stops=stops)
        if keyed.by is KeyedBy.STOP:
            break
        if not keyed.digits:
            continue
        answer = yield CheckNumber(keyed.digits)
        if isinstance(answer, NumberGood):
            return answer
        if isinstance(answer, NotAvailable):
            yield Say(SERVICE_PROBLEM, language, fresh=True)
            break
        yield Say(Utterance(answer.text), language, fresh=True)
    return None
