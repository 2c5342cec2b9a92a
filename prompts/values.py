"""What can stand between braces in a text: the kinds of spoken values, each with its clips in every language.

    {count:number}     a whole number, standing alone
    {count:number.m}   before a masculine noun; .f before a feminine one
    {code:digits}      one digit after another
    {keys:keys}        keys of the telephone, star and pound by name
    {start:hour}       a full hour, 0 to 24: "six in the morning", "midnight"
    {start:hour_from}  the same where it cannot be told apart from the word before it: "das seis horas", "do meio-dia"
    {end:hour_to}      "às seis horas", "ao meio-dia"
    {name:clip}        what a caller has recorded: a name, a message

Values come from callers' and customers' data, so one that cannot be spoken is no error: it has no clips, and the text
falls back to its variant without values.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from prompts import numbers
from prompts.numbers import Form

if TYPE_CHECKING:
    from collections.abc import Callable, Collection


class Clip(NamedTuple):
    """What a caller has recorded, by its place in the array that workers share; in samples at 8 kHz."""

    offset: int
    length: int


Value: TypeAlias = int | str | Clip
Sound: TypeAlias = str | Clip
"""A recording of the catalogue, by its name, or a caller's own, by its place."""

_MIDNIGHT, _NOON, _END_OF_DAY = 0, 12, 24

_KEY_NAMES: Final[dict[str, dict[str, str]]] = {
    "en": {"*": "star", "#": "pound"},
    "es": {"*": "asterisco", "#": "numeral"},
    "pt-BR": {"*": "asterisco", "#": "jogo da velha"},
}
_KEY_CLIPS: Final = {
    **{str(digit): f"digit.{digit}" for digit in range(10)},
    "*": "key.star",
    "#": "key.pound",
    "A": "key.a",
    "B": "key.b",
    "C": "key.c",
    "D": "key.d",
}


def _hour_english(hour: int) -> str:
    if hour % _END_OF_DAY == _MIDNIGHT:
        return "midnight"
    if hour == _NOON:
        return "noon"
    if hour < _NOON:
        part = "in the morning"
    elif hour < 18:
        part = "in the afternoon"
    else:
        part = "in the evening" if hour < 21 else "at night"
    return f"{numbers.words((hour - 1) % 12 + 1, 'en')} {part}"


def _hour_spanish(hour: int) -> str:
    if hour % _END_OF_DAY == _MIDNIGHT:
        return "la medianoche"
    if hour == _NOON:
        return "el mediodía"
    if hour < _NOON:
        part = "de la madrugada" if hour < 6 else "de la mañana"
    else:
        part = "de la tarde" if hour < 20 else "de la noche"
    hour = (hour - 1) % 12 + 1
    article = "la" if hour == 1 else "las"
    return f"{article} {numbers.words(hour, 'es', Form.FEMININE)} {part}"


def _hour_portuguese(hour: int, *, before_noon: str, before_feminine: str) -> str:
    if hour % _END_OF_DAY == _MIDNIGHT:
        return f"{before_feminine} meia-noite"
    if hour == _NOON:
        return f"{before_noon} meio-dia"
    plural = "" if hour == 1 else "s"
    return f"{before_feminine}{plural} {numbers.words(hour, 'pt-BR', Form.FEMININE)} hora{plural}"


_HOURS: Final[dict[str, dict[str, Callable[[int], str]]]] = {
    "en": {"hour": _hour_english},
    "es": {"hour": _hour_spanish},
    "pt-BR": {
        "hour_from": partial(_hour_portuguese, before_noon="do", before_feminine="da"),
        "hour_to": partial(_hour_portuguese, before_noon="ao", before_feminine="à"),
    },
}
"""Language -> kind -> the words of an hour."""
_FORMS: Final = {"number": Form.ALONE, "number.m": Form.MASCULINE, "number.f": Form.FEMININE}


def _number(form: Form) -> Callable[[Value, str], list[Sound]]:
    def clips(value: Value, language: str) -> list[Sound]:
        if not isinstance(value, int) or value < 0:
            return []
        if value > numbers.LARGEST:
            return _keys(str(value), language)
        return list(numbers.clips(value, language, form))

    return clips


def _keys(value: Value, _language: str) -> list[Sound]:
    clips: list[Sound] = [_KEY_CLIPS.get(key, "") for key in str(value)]
    return clips if all(clips) else []


def _digits(value: Value, language: str) -> list[Sound]:
    return _keys(value, language) if str(value).isdecimal() else []


def _recording(value: Value, _language: str) -> list[Sound]:
    return [value] if isinstance(value, Clip) and value.offset >= 0 and value.length > 0 else []


def _hours(kind: str) -> Callable[[Value, str], list[Sound]]:
    def clips(value: Value, _language: str) -> list[Sound]:
        return [f"{kind}.{value}"] if isinstance(value, int) and 0 <= value <= _END_OF_DAY else []

    return clips


KINDS: Final[dict[str, Callable[[Value, str], list[Sound]]]] = {
    **{kind: _number(form) for kind, form in _FORMS.items()},
    "digits": _digits,
    "keys": _keys,
    "clip": _recording,
    **{kind: _hours(kind) for kind in ("hour", "hour_from", "hour_to")},
}
"""Kind -> (value, language) -> what is heard, nothing where the value cannot be spoken."""


def recorded(language: str, kinds: Collection[str]) -> dict[str, str]:
    """Return every clip that a value of one of `kinds` needs, with its words. Digits and keys are always there."""
    digits = {str(digit): numbers.words(digit, language) for digit in range(10)}
    names = {**digits, **_KEY_NAMES[language]}
    keys = {clip: names.get(key, key) for key, clip in _KEY_CLIPS.items()}
    hours = {
        f"{kind}.{hour}": in_words(hour)
        for kind, in_words in _HOURS[language].items()
        if kind in kinds
        for hour in range(_END_OF_DAY + 1)
    }
    return {**keys, **numbers.recorded(language, [_FORMS[kind] for kind in kinds if kind in _FORMS]), **hours}


def known(language: str, kind: str) -> bool:
    """Tell whether `language` can speak values of `kind`."""
    return kind in KINDS and (not kind.startswith("hour") or kind in _HOURS[language])
