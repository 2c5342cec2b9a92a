"""The texts of all languages, read from `prompts/texts/*.toml` and checked: one place that knows every clip there is."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prompts import numbers, values
from prompts.errors import PromptError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FALLBACK: Final = "en"
"""The language of a caller whose language we do not speak."""

PLAIN: Final = ""
"""The variant of a text that has only one."""
VARIANTS: Final = ("zero", "one", "other", "bare")

_TEXTS: Final = Path(__file__).parent / "texts"
_VALUE: Final = re.compile(r"\{(\w+):([\w.]+)\}")
_JOINTS: Final = " ,;:."
"""What may stand between a piece and a value, and is not spoken."""
_STOPS: Final = frozenset(";:.")
"""Of these, those after which a speaker takes a breath before going on."""

PAUSE: Final = "pause.short"
"""The common clip that is such a breath."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a text that are one clip."""

    clip: str
    text: str


BREATH: Final = Piece(PAUSE, "")


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a spoken value in a text."""

    value: str
    kind: str


@dataclass(frozen=True, slots=True)
class Text:
    """One variant of what an utterance says in one language."""

    written: str
    parts: tuple[Piece | Slot, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        return tuple(part for part in self.parts if isinstance(part, Slot))


@dataclass(frozen=True, slots=True)
class Language:
    """All that is said in one language, and how its voice is made (for `render`)."""

    tag: str
    texts: Mapping[str, Mapping[str, Text]]
    """Utterance -> variant -> text."""
    clips: Mapping[str, str]
    """Every clip of the language, sorted by name -> what is said in it."""
    voice: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All languages, by tag."""

    languages: Mapping[str, Language]

    def language(self, tag: str) -> Language:
        """Return the language of `tag`, the nearest to it ("pt" and "pt_PT" speak Brazilian), or the fallback."""
        wanted = tag.replace("_", "-").casefold()
        for known in (wanted, wanted.partition("-")[0]):
            for language in self.languages.values():
                if known in (language.tag.casefold(), language.tag.casefold().partition("-")[0]):
                    return language
        return self.languages[FALLBACK]

    def require(self, names: Iterable[str]) -> None:
        """Raise PromptError, naming them, if there are utterances among `names` that are in no catalogue."""
        missing = sorted(set(names) - set(self.languages[FALLBACK].texts))
        if missing:
            raise PromptError(f"no such prompt: {', '.join(missing)}")


def _breath(after_value: str) -> tuple[Piece, ...]:
    """Return a pause where a value ends a sentence and another begins: "press star two. To return alone, press ..."."""
    joint = after_value[: len(after_value) - len(after_value.lstrip(_JOINTS))]
    return (BREATH,) if _STOPS & set(joint) else ()


def _split(written: str, clip: str, said: dict[str, str]) -> tuple[Piece | Slot, ...]:
    """Take a text apart at its values. Pieces are numbered from 1 where there is more than one clip's worth of text.

    said : words -> the clip that says them; what is said already becomes no second clip
    """

    def piece(name: str, words: str) -> Piece:
        return Piece(said.setdefault(words, name), words)

    if not _VALUE.search(written):
        return (piece(clip, written),)
    parts: list[Piece | Slot] = []
    serial = count(1)
    end = 0
    for match in _VALUE.finditer(written):
        parts += _breath(written[end : match.start()])
        if words := written[end : match.start()].strip(_JOINTS):
            parts.append(piece(f"{clip}.{next(serial)}", f"{words},"))  # the comma keeps the voice up
        parts.append(Slot(match[1], match[2]))
        end = match.end()
    if words := written[end:].lstrip(_JOINTS):
        parts += _breath(written[end:])
        parts.append(piece(f"{clip}.{next(serial)}", words))
    return tuple(parts)


def _text(written: str, name: str, variant: str, language: str, said: dict[str, str]) -> Text:
    parts = _split(written, f"{name}.{variant}" if variant else name, said)
    unknown = [
        part.kind for part in parts if isinstance(part, Slot) and not values.known(language, part.kind)
    ]
    if unknown or "{" in _VALUE.sub("", written):
        raise PromptError(
            f"{name}: a value is written {{name:kind}}, of a kind that {language} has: {written}"
        )
    return Text(written, parts)


def _variants(name: str, entry: object, language: str, said: dict[str, str]) -> dict[str, Text]:
    written = entry if isinstance(entry, dict) else {PLAIN: entry}
    texts = {variant: _text(str(text), name, variant, language, said) for variant, text in written.items()}
    if isinstance(entry, dict) and not {"other", "bare"} <= texts.keys() <= set(VARIANTS):
        raise PromptError(f"{name}: variants are {', '.join(VARIANTS)}; other and bare must be there")
    simple = texts.get("bare", texts.get(PLAIN))
    if simple is None or simple.slots:
        raise PromptError(f"{name}: a text with values needs a variant 'bare' without")
    return texts


def parse(source: str) -> Language:
    """Return the language that a TOML text describes."""
    try:
        table = tomllib.loads(source)
        tag, voice, say = str(table["language"]), dict(table["voice"]), dict(table["say"])
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise PromptError(f"not a catalogue of prompts: {fault}") from fault
    if tag not in numbers.NUMERALS:
        raise PromptError(f"{tag}: no number words for this language in prompts/numbers.py")
    said: dict[str, str] = {}
    texts = {name: _variants(name, entry, tag, said) for name, entry in say.items()}
    parts = [part for entry in texts.values() for text in entry.values() for part in text.parts]
    pieces = {part.clip: part.text for part in parts if isinstance(part, Piece) and part is not BREATH}
    kinds = {part.kind for part in parts if isinstance(part, Slot)}
    spoken = {name: f"{text}," for name, text in values.recorded(tag, sorted(kinds)).items()}
    return Language(tag=tag, texts=texts, clips=dict(sorted({**spoken, **pieces}.items())), voice=voice)


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that comes with the package: constant, read once."""
    languages = [parse(path.read_text(encoding="utf-8")) for path in sorted(_TEXTS.glob("*.toml"))]
    return Catalogue({language.tag: language for language in languages})
