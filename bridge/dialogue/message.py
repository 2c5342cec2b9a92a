"""The message that a blast plays first, recorded by phone (O5)."""

from __future__ import annotations

from typing import Final

from bridge.dialogue.helpline import Helpline
from bridge.dialogue.requests import Dialogue, Saved, SaveMessage, Say
from bridge.dialogue.results import GivenUp, MessageKept
from bridge.dialogue.takes import Take, take
from prompts.phrases import RECORDED, Utterance, say
from prompts.values import Clip

MESSAGE_LONGEST_S: Final = 60.0
"""Whoever is called hears all of it before they may press 1: nobody listens for longer."""

MESSAGE_SILENCE_S: Final = 5.0
"""Time to turn the page."""

MESSAGE_SAVED: Final = Utterance("message_saved")
MESSAGE_NOT_SAVED: Final = Utterance("message_not_saved")

MESSAGE: Final = Take(
    ask=Utterance("message_record"),
    unheard=Utterance("please_try_again"),
    play=lambda clip: say(RECORDED, name=clip),
    silence_s=MESSAGE_SILENCE_S,
)


def record_message(language: str) -> Dialogue:
    """Record and keep a message. GivenUp where nothing was said, or it could not be kept; the caller has heard so."""
    clip = yield from take(language, MESSAGE, Helpline(), MESSAGE_LONGEST_S)
    if isinstance(clip, Clip) and isinstance((yield SaveMessage(clip)), Saved):
        yield Say(MESSAGE_SAVED, language)
        return MessageKept(clip)
    yield Say(MESSAGE_NOT_SAVED, language, fresh=True)
    return GivenUp()
