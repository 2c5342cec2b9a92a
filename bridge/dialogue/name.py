"""The caller's name, recorded for those who hear them come and go (C2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.dialogue.requests import KeptName, Say, Step
from bridge.dialogue.takes import Take, take
from prompts.phrases import Utterance, say
from prompts.values import Clip

if TYPE_CHECKING:
    from bridge.dialogue.helpline import Helpline
    from bridge.dialogue.verdicts import Accepted

NAME_LONGEST_S: Final = 5.0
"""A full name and the company, where the configuration says nothing else. A longer one is cut here: a whole room hears it."""

NAME_SILENCE_S: Final = 2.0
"""More than the breath between a name and a surname."""

NAME_NOT_RECORDED: Final = Utterance("name_not_recorded")

NAME: Final = Take(
    ask=Utterance("say_your_name"),
    unheard=Utterance("name_not_heard"),
    play=lambda clip: say("you_said", name=clip),
    silence_s=NAME_SILENCE_S,
)


def name(language: str, accepted: Accepted, helpline: Helpline, longest_s: float) -> Step[Clip | None]:
    """Find the name that was kept, or record it. None goes in without: a full disk or a dead microphone shuts nobody out."""
    if accepted.settings.keep_names:
        kept = yield KeptName(accepted)
        if isinstance(kept, Clip):
            return kept
    recorded = yield from take(language, NAME, helpline, longest_s)
    if isinstance(recorded, Clip):
        return recorded
    yield Say(NAME_NOT_RECORDED, language, fresh=True)
    return None
