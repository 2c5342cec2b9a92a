"""Choosing one of those in the room, to hand the moderator's role on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.dialogue.requests import Collect, Dialogue, KeyedBy, Say
from bridge.dialogue.results import Chosen, GivenUp
from prompts.phrases import Utterance, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prompts.values import Clip

CHOOSING_TRIES: Final = 3
"""So many times the list is read. Nobody's number three times over is nobody."""

MOST_CHOICES: Final = 99
"""People who are read out, two digits' worth and some five minutes; in a larger room the console is the place to choose."""

CHOOSE: Final = Utterance("role_choose")
NOBODY: Final = Utterance("role_nobody")


def choose_person(
    language: str, people: Sequence[tuple[int, Clip | None]], *, give_up_keys: str | None = None
) -> Dialogue:
    """Read out who there is, legs with their recorded names, and let one be keyed by number: Chosen or GivenUp.

    Whoever is chosen may have left meanwhile.
    """
    if not people:
        yield Say(NOBODY, language)
        return GivenUp()
    stops = (give_up_keys,) if give_up_keys else ()
    read_out = people[:MOST_CHOICES]
    for time in range(CHOOSING_TRIES):
        yield Say(CHOOSE, language, fresh=time > 0)
        for number, (_, name) in enumerate(read_out, 1):
            yield Say(_choice(number, name), language)
        keyed = yield Collect(len(str(MOST_CHOICES)), stops=stops)
        if keyed.by is KeyedBy.STOP:
            break
        if keyed.digits and 1 <= int(keyed.digits) <= len(read_out):
            return Chosen(read_out[int(keyed.digits) - 1][0])
    return GivenUp()


def _choice(number: int, name: Clip | None) -> Utterance:
    if name is None:
        return say("role_choice_unnamed", number=number)
    return say("role_choice", number=number, name=name)
