"""Questions that one key answers: "to call, press one; to enter another number, press two"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.dialogue.requests import FIRST_DIGIT_S, Collect, KeyedBy, Say, Step

if TYPE_CHECKING:
    from prompts.phrases import Utterance

ASKED_TIMES: Final = 2
"""A question is asked once more when the answer was none of its keys: often a finger slipped. Then it goes on without."""

SLIP_S: Final = 0.8
"""Keys that follow a wrong one so soon belong to the same mistake: a whole number keyed where one key was asked for. Only
`stops` count among them."""

_SLIP: Final = 24
"""Its keys are not looked at, so it does not matter how many there are."""


def one_key(
    language: str,
    question: tuple[Utterance, ...],
    keys: str,
    *,
    stops: tuple[str, ...] = (),
    first_digit_s: float = FIRST_DIGIT_S,
    insists: bool = True,
) -> Step[str]:
    """Ask for one of `keys`, which may include `#`, or for one of `stops`. Return it; empty where none came.

    Keys may be pressed while the question is read; what was typed ahead of the second time is forgotten. A question that
    insists takes no silence for an answer the first time.
    """
    for time in range(ASKED_TIMES):
        for number, utterance in enumerate(question):
            yield Say(utterance, language, fresh=time > 0 and number == 0)
        keyed = yield Collect(1, first_digit_s=first_digit_s, stops=stops, whole=True)
        if keyed.by is KeyedBy.STOP:
            return str(keyed.stop)
        pressed = keyed.digits or ("#" if keyed.by is KeyedBy.HASH else "")
        if pressed and pressed in keys:
            return str(pressed)
        if pressed:
            slip = yield Collect(_SLIP, first_digit_s=SLIP_S, next_digit_s=SLIP_S, stops=stops)
            if slip.by is KeyedBy.STOP:
                return str(slip.stop)
        elif not insists:
            break
    return ""
