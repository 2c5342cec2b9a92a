"""How numbers are spoken: which words, in which form, and which clips they are made of.

Zero to ninety-nine are one clip each, because a number put together from "twenty" and "one" never sounds like
"twenty-one". Hundreds and thousands stand before them, with the language's *and* where it has one. A number takes the
form of what is counted: Portuguese has *duas* for feminine nouns, Spanish *veintiún* before masculine nouns, *veintiuna*
before feminine ones and *veintiuno* where it stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

LARGEST: Final = 9_999
"""Numbers above this are spoken digit by digit: no conference, and no waiting time in seconds, needs more."""


class Form(Enum):
    """What the number counts; the value is the suffix of the clip's name."""

    ALONE = ""
    MASCULINE = ".m"
    FEMININE = ".f"


@dataclass(frozen=True, slots=True)
class Numerals:
    """The number words of one language, as far as they are not put together by rule."""

    first: tuple[str, ...]
    """Zero up to where the rule begins."""
    tens: tuple[str, ...]
    """Zero (unused), ten, twenty ... ninety."""
    joint: str
    """Between tens and units."""
    endings: dict[Form, tuple[tuple[str, str], ...]]
    """How the last words of a number change in a form that is not ALONE: longest first."""
    hundreds: tuple[str, ...]
    """Nothing, one hundred, two hundred ...: standing alone."""
    hundred_before: str
    """One hundred, with more to follow."""
    hundred_joint: str
    """Between hundreds and the rest."""
    thousand: str
    """One thousand."""
    thousands: str
    """More than one, after the unit."""


_ENGLISH: Final = Numerals(
    first=(
        *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
        *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen"),
        *("seventeen", "eighteen", "nineteen"),
    ),
    tens=("", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
    joint=" ",
    endings={},
    hundreds=(
        *("", "one hundred", "two hundred", "three hundred", "four hundred", "five hundred", "six hundred"),
        *("seven hundred", "eight hundred", "nine hundred"),
    ),
    hundred_before="one hundred",
    hundred_joint="",
    thousand="one thousand",
    thousands="thousand",
)

_PORTUGUESE: Final = Numerals(
    first=(
        *("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove"),
        *("dez", "onze", "doze", "treze", "catorze", "quinze", "dezesseis"),
        *("dezessete", "dezoito", "dezenove"),
    ),
    tens=(
        *("", "dez", "vinte", "trinta", "quarenta"),
        *("cinquenta", "sessenta", "setenta", "oitenta", "noventa"),
    ),
    joint=" e ",
    endings={Form.FEMININE: (("entos", "entas"), ("dois", "duas"), ("um", "uma"))},
    hundreds=(
        *("", "cem", "duzentos", "trezentos", "quatrocentos", "quinhentos", "seiscentos"),
        *("setecentos", "oitocentos", "novecentos"),
    ),
    hundred_before="cento",
    hundred_joint=" e",
    thousand="mil",
    thousands="mil",
)

_SPANISH: Final = Numerals(
    first=(
        *("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
        *("diez", "once", "doce", "trece", "catorce", "quince", "dieciséis"),
        *("diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidós", "veintitrés"),
        *("veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve"),
    ),
    tens=(
        *("", "diez", "veinte", "treinta", "cuarenta"),
        *("cincuenta", "sesenta", "setenta", "ochenta", "noventa"),
    ),
    joint=" y ",
    endings={
        Form.MASCULINE: (("veintiuno", "veintiún"), ("uno", "un")),
        Form.FEMININE: (("ientos", "ientas"), ("uno", "una")),
    },
    hundreds=(
        *("", "cien", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos"),
        *("setecientos", "ochocientos", "novecientos"),
    ),
    hundred_before="ciento",
    hundred_joint="",
    thousand="mil",
    thousands="mil",
)

NUMERALS: Final[dict[str, Numerals]] = {"en": _ENGLISH, "es": _SPANISH, "pt-BR": _PORTUGUESE}


def _inflected(numerals: Numerals, text: str, form: Form) -> str:
    for ending, other in numerals.endings.get(form, ()):
        if text.endswith(ending):
            return text.removesuffix(ending) + other
    return text


def _below_hundred(numerals: Numerals, number: int) -> str:
    if number < len(numerals.first):
        return numerals.first[number]
    tens, unit = divmod(number, 10)
    return numerals.tens[tens] + (numerals.joint + numerals.first[unit] if unit else "")


def words(number: int, language: str, form: Form = Form.ALONE) -> str:
    """Return `number` (0 to 99) in words, as it is said before what it counts."""
    numerals = NUMERALS[language]
    return _inflected(numerals, _below_hundred(numerals, number), form)


def _stem(text: str, alone: str, name: str, form: Form) -> str:
    """The clip's name: the form is named only where it sounds different."""
    return name if text == alone else name + form.value


def _small(number: int, language: str, form: Form) -> tuple[str, str]:
    text = words(number, language, form)
    return _stem(text, words(number, language), f"number.{number}", form), text


def _hundreds(hundreds: int, language: str, form: Form, *, more: bool) -> tuple[str, str]:
    numerals = NUMERALS[language]
    alone = numerals.hundreds[hundreds]
    name, text = f"hundred.{hundreds}", _inflected(numerals, alone, form)
    name = _stem(text, alone, name, form)
    if more:
        before = (numerals.hundred_before if hundreds == 1 else text) + numerals.hundred_joint
        return (name, text) if before == text else (f"{name}.and", before)
    return name, text


def _thousands(thousands: int, language: str, form: Form, *, joined: bool) -> tuple[str, str]:
    numerals = NUMERALS[language]
    if thousands == 1:
        name, text = "thousand.1", numerals.thousand
    else:
        counted = Form.MASCULINE if form is Form.ALONE else form
        unit, alone = words(thousands, language, counted), words(thousands, language)
        name, text = _stem(unit, alone, f"thousand.{thousands}", counted), f"{unit} {numerals.thousands}"
    return (
        (f"{name}.and", text + numerals.hundred_joint) if joined and numerals.hundred_joint else (name, text)
    )


def spoken(number: int, language: str, form: Form = Form.ALONE) -> list[tuple[str, str]]:
    """Return the clips that say `number` (0 to `LARGEST`), in order, each with its words.

    Portuguese joins the thousands by *e* only to a rest that is below a hundred or full hundreds: *mil e quinhentos*,
    *mil quinhentos e vinte*.
    """
    thousands, below_thousand = divmod(number, 1_000)
    hundreds, rest = divmod(below_thousand, 100)
    parts: list[tuple[str, str]] = []
    if thousands:
        joined = below_thousand > 0 and (hundreds == 0 or rest == 0)
        parts.append(_thousands(thousands, language, form, joined=joined))
    if hundreds:
        parts.append(_hundreds(hundreds, language, form, more=rest > 0))
    if rest or not parts:
        parts.append(_small(rest, language, form))
    return parts


def clips(number: int, language: str, form: Form = Form.ALONE) -> list[str]:
    """Return the names of the clips that say `number` (0 to `LARGEST`), in order."""
    return [name for name, _ in spoken(number, language, form)]


def recorded(language: str, forms: Iterable[Form] = Form) -> dict[str, str]:
    """Return every clip that any number in one of `forms` needs, with its words."""
    rounds = (*range(100, LARGEST, 100), *range(101, 1_000, 100), *range(1_001, LARGEST, 1_000))
    return {
        name: text
        for form in forms
        for number in (*range(100), *rounds)
        for name, text in spoken(number, language, form)
    }
