"""How telephone numbers are written in one country, and what they are to the rest of the world (ITU-T E.164).

What a person keys and what a program says are read into one form, "+" with country code and number, and everything else is
decided on that form: there is one spelling to check, and it is the one that is dialled.

A number as keyed, each part optional where the country has none:

    local           subscriber                                  40028922, 987654321
    national        [trunk] carrier [trunk] area subscriber     15 11 40028922, 0 21 11 40028922
    international   prefix carrier country number               00 15 1 2125550123

Brazil chooses a carrier with each long-distance call (the manual: 15 and 21); nearly everywhere else there is none, and
`carriers` is empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

E164_DIGITS: Final = 15
"""The most a number has, its country code included (ITU-T E.164 section 6)."""

FOREIGN_DIGITS: Final = 7
"""The least that a number abroad has, its country code included: that of Saint Helena, +290 and four or five digits. Codes of
emergency and service are shorter."""


@dataclass(frozen=True, slots=True)
class Numbering:
    """The rules of one country. All texts are digits."""

    country_code: str
    international_prefix: str
    trunk_prefix: str
    """What is keyed within the country before carrier or area code, and left out from abroad; tolerated, never needed."""
    carriers: tuple[str, ...]
    """The codes one of which must be keyed for all but local numbers; empty: none is keyed."""
    local_area: str
    """The area whose numbers may be keyed without it; empty: none."""
    patterns: tuple[str, ...]
    """National numbers, area code included: a place each, of a digit, X (0 to 9), Z (1 to 9), N (2 to 9) or [2-5]."""


BRAZIL: Final = Numbering(
    country_code="55",
    international_prefix="00",
    trunk_prefix="0",
    carriers=("15", "21"),
    local_area="11",
    # Area codes have no zero. Mobile numbers have nine digits, a 9 first; fixed ones eight, from 2 to 5.
    patterns=("ZZ9XXXXXXXX", "ZZ[2-5]XXXXXXX"),
)
"""Of São Paulo, as the manual has it."""

EMERGENCY: Final = ("112", "128", "185", "190", "191", "192", "193", "194", "197", "198", "199", "911", "999")
"""Police, ambulance, fire brigade, coast guard and civil defence in Brazil, and what visitors key out of habit."""

PREMIUM: Final = ("0300", "0500", "0900", "+1900", "+870", "+881", "+882", "+883", "+979")
"""Numbers of Brazil whose owner shares in the price, and abroad: satellites, worldwide networks, premium rate."""


class Misread(Enum):
    """Why digits are no number."""

    INCOMPLETE = "incomplete"
    NOT_A_NUMBER = "not a number"
    CARRIER = "carrier"
    """A number, but for a carrier that is missing or not one of ours."""


@dataclass(frozen=True, slots=True)
class Number:
    """A telephone number, whole."""

    e164: str
    """With "+"."""
    national: str
    """Area and subscriber; "" where it is of another country."""
    carrier: str
    """The one that was keyed, or ""."""


@lru_cache(maxsize=256)
def places(pattern: str) -> tuple[frozenset[str], ...]:
    """The digits that each place of `pattern` may have."""
    found: list[frozenset[str]] = []
    at = 0
    while at < len(pattern):
        if pattern[at] == "[":
            end = pattern.index("]", at)
            found.append(_choice(pattern[at + 1 : end]))
            at = end
        else:
            found.append(frozenset(_PLACES.get(pattern[at], pattern[at])))
        at += 1
    return tuple(found)


_PLACES: Final = {"X": "0123456789", "Z": "123456789", "N": "23456789"}


def _choice(text: str) -> frozenset[str]:
    """The digits of "2-57"."""
    found = set(text) - {"-"}
    for at in range(1, len(text) - 1):
        if text[at] == "-":
            found |= {digit for digit in _PLACES["X"] if text[at - 1] <= digit <= text[at + 1]}
    return frozenset(found)


def is_national(rules: Numbering, digits: str) -> bool:
    """Whether `digits` are a whole number of the country, area code included."""
    return any(_begins(pattern, digits) and len(places(pattern)) == len(digits) for pattern in rules.patterns)


def _may_become_national(rules: Numbering, digits: str) -> bool:
    return any(_begins(pattern, digits) and len(places(pattern)) > len(digits) for pattern in rules.patterns)


def _begins(pattern: str, digits: str) -> bool:
    return all(digit in place for digit, place in zip(digits, places(pattern), strict=False))


def read_keyed(rules: Numbering, digits: str) -> Number | Misread:
    """The number that a caller means who keyed `digits` (only digits)."""
    abroad = rules.international_prefix
    if abroad and digits.startswith(abroad):
        return _read_keyed_abroad(rules, digits[len(abroad) :])
    # No trunk prefix before a local number: with it 0900 123456 would be a mobile telephone around the corner.
    if rules.local_area and is_national(rules, rules.local_area + digits):
        return _of_country(rules, rules.local_area + digits)
    for rest, carrier in _without_carrier(rules, digits):
        if is_national(rules, rest):
            return _of_country(rules, rest, carrier)
    return _misread_keyed(rules, digits)


def _read_keyed_abroad(rules: Numbering, digits: str) -> Number | Misread:
    if not rules.carriers:
        return read_international(rules, digits)
    for carrier in rules.carriers:
        if digits.startswith(carrier):
            return read_international(rules, digits[len(carrier) :], carrier)
    return Misread.INCOMPLETE if _may_become_carrier(rules, digits) else Misread.CARRIER


def _misread_keyed(rules: Numbering, digits: str) -> Misread:
    """Which of the ways to go wrong this is, so that the caller is told what to do about it."""
    for rest in _without_trunk(rules, digits):
        if rules.carriers and any(is_national(rules, rest[skipped:]) for skipped in _carrier_lengths(rules)):
            return Misread.CARRIER
    local = bool(rules.local_area) and _may_become_national(rules, rules.local_area + digits)
    if local or any(_may_become_carrier(rules, rest) for rest in _without_trunk(rules, digits)):
        return Misread.INCOMPLETE
    if any(_may_become_national(rules, rest) for rest, _ in _without_carrier(rules, digits)):
        return Misread.INCOMPLETE
    return Misread.NOT_A_NUMBER


def _carrier_lengths(rules: Numbering) -> set[int]:
    """How much may stand where a carrier should: nothing, or a wrong one."""
    return {0, *map(len, rules.carriers)}


def _may_become_carrier(rules: Numbering, digits: str) -> bool:
    return any(carrier.startswith(digits) for carrier in rules.carriers)


def _without_trunk(rules: Numbering, digits: str) -> list[str]:
    """`digits`, and `digits` without the trunk prefix where they have it."""
    prefix = rules.trunk_prefix
    return [digits, digits[len(prefix) :]] if prefix and digits.startswith(prefix) else [digits]


def _without_carrier(rules: Numbering, digits: str) -> list[tuple[str, str]]:
    """What follows the carrier, and the carrier; where the country has none, all of it."""
    if not rules.carriers:
        return [(rest, "") for rest in _without_trunk(rules, digits)]
    return [
        (after, carrier)
        for rest in _without_trunk(rules, digits)
        for carrier in rules.carriers
        if rest.startswith(carrier)
        for after in _without_trunk(rules, rest[len(carrier) :])
    ]


def read_international(rules: Numbering, digits: str, carrier: str = "") -> Number | Misread:
    """The number that `digits` are, which begin with a country code ("+" left off)."""
    if digits.startswith(rules.country_code):
        # "+55 (0)11 4002-8922" is written everywhere and dialled nowhere.
        rests = _without_trunk(rules, digits[len(rules.country_code) :])
        for rest in rests:
            if is_national(rules, rest):
                return _of_country(rules, rest, carrier)
        incomplete = any(_may_become_national(rules, rest) for rest in rests)
        return Misread.INCOMPLETE if incomplete else Misread.NOT_A_NUMBER
    if digits.startswith("0") or len(digits) > E164_DIGITS:
        return Misread.NOT_A_NUMBER
    if len(digits) < FOREIGN_DIGITS:
        return Misread.INCOMPLETE
    return Number("+" + digits, "", carrier)


def _of_country(rules: Numbering, national: str, carrier: str = "") -> Number:
    return Number(f"+{rules.country_code}{national}", national, carrier)


def tails(rules: Numbering, digits: str) -> set[str]:
    """`digits` without what may stand before a number: to find a short code however it was dressed up.

    In this order, each of them there or not: international prefix, trunk prefix, carrier, trunk prefix, country code, trunk
    prefix.
    """
    plain, placed = _tails(rules, digits)
    return plain | placed


def tails_without_area(rules: Numbering, digits: str) -> set[str]:
    """The same, with an area code off where one may stand: the local one, or any behind a carrier or the country code."""
    plain, placed = _tails(rules, digits)
    behind = placed if rules.carriers else plain | placed
    area = rules.local_area
    return _stripped(plain, (area,)) | {tail[len(area) :] for tail in behind}


def _tails(rules: Numbering, digits: str) -> tuple[set[str], set[str]]:
    """Those that no carrier and no country code was taken off, and those that one was."""
    trunk = (rules.trunk_prefix,)
    plain = {digits}
    plain |= _stripped(plain, (rules.international_prefix,))
    plain |= _stripped(plain, trunk)
    placed = _stripped(plain, rules.carriers)
    placed |= _stripped(placed, trunk)
    placed |= _stripped(plain | placed, (rules.country_code,))
    placed |= _stripped(placed, trunk)
    return plain, placed


def _stripped(tails: set[str], prefixes: tuple[str, ...]) -> set[str]:
    return {
        tail[len(prefix) :] for tail in tails for prefix in prefixes if prefix and tail.startswith(prefix)
    }


def of_caller(rules: Numbering, caller: str) -> str:
    """The number of somebody who calls, in E.164, from what a trunk writes in From; "" where it is none.

    Trunks write it with "+", with the country but without "+", or as it would be dialled in the country.
    """
    digits = caller.removeprefix("+")
    if not (digits.isdecimal() and digits.isascii()):
        return ""
    if is_national(rules, digits) and not caller.startswith("+"):
        return f"+{rules.country_code}{digits}"
    found = read_international(rules, digits)
    written_whole = caller.startswith("+") or digits.startswith(rules.country_code)
    return found.e164 if isinstance(found, Number) and written_whole else ""


class Writing(Enum):
    """How a trunk writes the numbers of those who call. The value is the configuration's word."""

    AUTO = "auto"
    """With "+", with the country but without "+", or as dialled in the country: `of_caller` guesses."""
    E164 = "e164"
    """Whole, country code first, with "+" or without."""
    NATIONAL = "national"
    """As dialled in the country: area first, maybe behind the trunk prefix; foreign ones behind the international prefix."""
    INTERNATIONAL = "international"
    """Behind the international prefix, whole."""
    AS_IS = "asis"
    """The numbers of a PBX, which say nothing outside of it."""


def of_trunk(rules: Numbering, written: str, how: Writing) -> str:
    """The number of somebody who calls by a trunk that writes them like `how`, in E.164; "" where it is none.

    A number with "+" is whole, whatever the trunk says it writes. Of numbers that are kept as they are no other is one.
    """
    if how is Writing.AUTO:
        return of_caller(rules, written)
    digits = written.removeprefix("+")
    if not (digits.isdecimal() and digits.isascii()):
        return ""
    whole = _whole(rules, written, digits, how)
    if whole:
        found = read_international(rules, whole)
        return found.e164 if isinstance(found, Number) else ""
    if how is not Writing.NATIONAL:
        return ""
    rests = _without_trunk(rules, digits)
    return next((_of_country(rules, rest).e164 for rest in rests if is_national(rules, rest)), "")


def _whole(rules: Numbering, written: str, digits: str, how: Writing) -> str:
    """The digits from the country code on; "" where the number does not begin with one."""
    if written.startswith("+") or how is Writing.E164:
        return digits
    prefix = rules.international_prefix
    behind = how in {Writing.NATIONAL, Writing.INTERNATIONAL} and bool(prefix) and digits.startswith(prefix)
    return digits[len(prefix) :] if behind else ""


def known_as(rules: Numbering, caller: str) -> str:
    """By what somebody is known who calls from a trusted network: their number in E.164, or the digits by which the
    telephones of a PBX call each other; "" where it is neither.
    """
    extension = caller.isascii() and caller.isdecimal() and len(caller) <= E164_DIGITS
    return of_caller(rules, caller) or (caller if extension else "")
