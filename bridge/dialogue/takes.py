"""Something said after a tone, heard again, and kept or said anew: a name (C2), a message (O5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.dialogue.questions import one_key
from bridge.dialogue.requests import NotAvailable, Record, Recorded, Say, Step
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.dialogue.helpline import Helpline
    from prompts.values import Clip

MOST_TAKES: Final = 5
"""Whoever is not content with the fifth recording has it kept: each costs the caller a quarter of a minute, and somebody
else may be waiting for them."""

UNHEARD_TAKES: Final = 2
"""Silence after the tone so often is somebody who will not speak, or cannot be heard."""

HEARD_TIMES: Final = 5
"""A recording is played so often before it is kept."""

TONE: Final = Utterance("tone.record")
CHOICE: Final = Utterance("name_choice")
KEEP, AGAIN, HEAR_AGAIN = "1", "2", "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """What is to be recorded."""

    ask: Utterance
    unheard: Utterance
    """Said before it is asked for once more, where nothing was heard."""
    play: Callable[[Clip], Utterance]
    """How the recording is said back."""
    silence_s: float
    """So much of it after the last word is the end."""


def take(
    language: str, wanted: Take, helpline: Helpline, longest_s: float
) -> Step[Clip | NotAvailable | None]:
    """Record until the caller is content. None where nobody spoke."""
    unheard = 0
    clip: Clip | None = None
    for number in range(MOST_TAKES):
        # A key typed too early would cut the question short and leave the caller with a tone that nobody has explained.
        yield Say(wanted.ask, language, fresh=True)
        yield Say(TONE, language, fresh=True, final=True)
        reply: Recorded | NotAvailable = yield Record(longest_s, wanted.silence_s)
        if isinstance(reply, NotAvailable):
            return reply
        clip = reply.clip
        if clip is None:
            unheard += 1
            if unheard == UNHEARD_TAKES:
                break
            yield Say(wanted.unheard, language)
        elif (yield from _keeps(language, wanted.play(clip), helpline, last=number == MOST_TAKES - 1)):
            break
    return clip


def _keeps(language: str, played: Utterance, helpline: Helpline, *, last: bool) -> Step[bool]:
    """Play the recording and ask what becomes of it. Whoever says nothing, or `#`, keeps it."""
    for _ in range(HEARD_TIMES):
        yield Say(played, language)
        if last:
            break
        choice = yield from one_key(
            language, (CHOICE,), KEEP + AGAIN + HEAR_AGAIN + "#", stops=helpline.keys, insists=False
        )
        if choice in helpline.keys:
            yield from helpline.call(language)
        elif choice != HEAR_AGAIN:
            return choice != AGAIN
    return True
