"""What somebody hears whom we have called: the guests of a blast (`*92`), and operators on their own telephones (`*0`, O2).

Both may be machines that talk and record: only a key that was asked for says that a person is there, and wants in.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.dialogue.questions import one_key
from bridge.dialogue.requests import Dialogue, Say
from bridge.dialogue.results import Confirmed, Declined
from prompts.phrases import RECORDED, Utterance, say

if TYPE_CHECKING:
    from prompts.values import Clip

YES: Final = "1"

BLAST_INVITATION: Final = Utterance("blast_invitation")
BLAST_PRESS_ONE: Final = Utterance("blast_press_one")
BLAST_DECLINED: Final = Utterance("blast_declined")
OPERATOR_ACCEPT: Final = Utterance("operator_accept")


def blast_greeting(language: str, message: Clip | None, *, press_one: bool) -> Dialogue:
    """Greet a guest: the conference's message, or ours. Confirmed: connect them. Declined: they have heard goodbye."""
    yield Say(BLAST_INVITATION if message is None else say(RECORDED, name=message), language)
    if not press_one or (yield from one_key(language, (BLAST_PRESS_ONE,), YES)):
        return Confirmed()
    yield Say(BLAST_DECLINED, language, fresh=True, final=True)
    return Declined()


class Errand(Enum):
    """Why an operator is called. The value is the prompt that says it."""

    HELP = "operator_help"
    """`*0`."""
    GREET = "operator_greet"
    """O2: somebody is in the hall."""


def operator_call(language: str, errand: Errand | None, name: Clip | None = None) -> Dialogue:
    """Offer an operator a caller, by their recorded name where there is one; None: what the operator asked for at a console.

    Confirmed: connect them; Declined: the next.
    """
    whose = () if name is None else (say(RECORDED, name=name),)
    why = () if errand is None else (Utterance(errand.value),)
    question = (*why, *whose, OPERATOR_ACCEPT)
    accepted = yield from one_key(language, question, YES)
    return Confirmed() if accepted else Declined()
