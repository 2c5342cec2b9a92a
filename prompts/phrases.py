"""From what is to be said to the clips that say it.

The dialogues and the conference name an `Utterance`; in which words it is said, and that two participants are plural, is
the matter of the catalogue. Nothing here fails on a value: what cannot be spoken is left out by the `bare` variant.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from prompts import values
from prompts.catalogue import PAUSE, PLAIN, Catalogue, Language, Piece, Slot, Text, catalogue
from prompts.errors import PromptError
from prompts.values import Clip, Sound, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMON: Final = ("tone", "music", "pause")
"""The groups of clips that are the same in every language, and are utterances by themselves ("tone.join")."""

RECORDED: Final = "recorded"
"""The utterance that is nothing but what a caller has recorded: `say("recorded", name=clip)`."""
SHOWN: Final = "[recorded]"
"""Stands for such a recording where people read what is said."""

_COUNTED: Final = {0: "zero", 1: "one"}


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something to say: a name of the catalogue, or a common clip, and the values spoken in it."""

    name: str
    values: tuple[tuple[str, Value], ...] = ()


def say(name: str, /, **given: Value) -> Utterance:
    """Return an utterance: `say("participants_count", count=3)`."""
    return Utterance(name, tuple(sorted(given.items())))


def is_common(clip: str) -> bool:
    """Tell whether `clip` is the same in every language."""
    return clip.partition(".")[0] in COMMON


def _value(slot: Slot, given: Mapping[str, Value], language: Language) -> list[Sound]:
    value = given.get(slot.value)
    return [] if value is None else values.KINDS[slot.kind](value, language.tag)


def _spoken(text: Text, given: Mapping[str, Value], language: Language) -> list[Sound] | None:
    """Return what is heard of a text, or None where a value is missing or cannot be spoken."""
    sounds: list[Sound] = []
    for part in text.parts:
        heard = _value(part, given, language) if isinstance(part, Slot) else [part.clip]
        if not heard:
            return None
        sounds += heard
    return sounds


def _variant(variants: Mapping[str, Text], given: Mapping[str, Value]) -> str:
    """Choose by the first number that the full text counts."""
    slots: tuple[Slot, ...] = variants["other"].slots
    counts = [given.get(slot.value) for slot in slots if slot.kind.startswith("number")]
    chosen = _COUNTED.get(counts[0], "other") if counts and isinstance(counts[0], int) else "other"
    return chosen if chosen in variants else "other"


def sounds(utterance: Utterance, language: str, *, texts: Catalogue | None = None) -> list[Sound]:
    """Return what is heard of `utterance`, in order: names of clips, and callers' recordings in their places.

    An unknown language speaks English. An unknown name raises PromptError: `Catalogue.require` finds those at the start.
    """
    if is_common(utterance.name):
        return [utterance.name]
    if utterance.name == RECORDED:
        return [value for _, value in utterance.values if isinstance(value, Clip)]
    spoken_language = (texts or catalogue()).language(language)
    variants = spoken_language.texts.get(utterance.name)
    if variants is None:
        raise PromptError(f"no such prompt: {utterance.name}")
    if PLAIN in variants:
        return [part.clip for part in variants[PLAIN].parts if isinstance(part, Piece)]
    given = dict(utterance.values)
    chosen = _spoken(variants[_variant(variants, given)], given, spoken_language)
    return chosen or _spoken(variants["bare"], {}, spoken_language) or []


def clips(utterance: Utterance, language: str, *, texts: Catalogue | None = None) -> list[str]:
    """Return the names of the clips that say `utterance`, in order; a caller's recording is `SHOWN`."""
    heard = sounds(utterance, language, texts=texts)
    return [SHOWN if isinstance(sound, Clip) else sound for sound in heard]


def text(utterance: Utterance, language: str, *, texts: Catalogue | None = None) -> str:
    """Return what `clips` says, in words, for a person to read."""
    spoken = (texts or catalogue()).language(language).clips
    return " ".join(
        spoken.get(clip, clip).removesuffix(",")
        for clip in clips(utterance, language, texts=texts)
        if clip != PAUSE
    )
