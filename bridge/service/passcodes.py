"""Making passcodes that nobody guesses (A4).

The arithmetic. Of 8 digits with no leading zero there are 90 million, of which the rules below leave seven in ten:
63 million. A service with 10,000 codes in use then has one good code in 6,300. `guessing` lets one source try 10 an
hour, so a guesser needs a month of hours to find any code at all, and is blocked and reported at the first ten. The
600 tries an hour that `guessing` lets through from everywhere together would take ten hours to find one: long after
the alert. Seven digits divide these times by ten, six by a hundred; with few codes in use six are still sound, and a
counter-password (A5) multiplies any of it by its own ten thousand. Four digits are for closed networks alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST_DIGITS: Final = 4
"""A code has at least so many digits; fewer are refused with `PasscodeError`."""
LONGEST_DIGITS: Final = 16
"""And at most so many: nobody keys more without a slip."""
DEFAULT_DIGITS: Final = 8
"""See the arithmetic above."""

FEWEST_DIFFERENT_DIGITS: Final = 4
"""A code has so many different digits, or one fewer than its length where that is less."""

FEWEST_DIFFERENCES: Final = 2
"""The two codes of a pair differ in so many places at least: one slip of a participant's finger is no moderator."""

MOST_TRIES: Final = 1000
"""Draws for one code. Seven in ten are good, so that many bad ones mean that nearly all codes of this length are
taken: `PasscodeError`, and a longer code is the remedy."""

_DRAW_BYTES: Final = 16
"""128 bits for at most 10**16 codes: the bias of the remainder is under 2**-74."""

_LINES: Final = (
    "012", "123", "234", "345", "456", "567", "678", "789", "890", "901",
    "147", "258", "369", "580", "159", "357", "246", "468", "680", "135", "579",
)  # fmt: skip
_LINES_BOTH_WAYS: Final = frozenset(_LINES) | {line[::-1] for line in _LINES}
"""Three keys that follow one another: in counting, by twos, or in a line on the keypad."""


class PasscodeError(ValueError):
    """No such code can be made."""


@dataclass(frozen=True, slots=True)
class Codes:
    """The two codes of a new pair, in clear: to be told to the holder once and kept only as digests."""

    moderator: str = field(repr=False)
    participant: str = field(repr=False)


def guessable(code: str) -> bool:
    """Whether somebody who knows people would try `code` early (A4): runs, repetitions, mirrors, dates, too few
    different digits.
    """
    return (
        len(set(code)) < min(FEWEST_DIFFERENT_DIGITS, len(code) - 1)
        or any(code[i : i + 3] in _LINES_BOTH_WAYS for i in range(len(code) - 2))
        or any(code[i] == code[i + 1] == code[i + 2] for i in range(len(code) - 2))
        or code == code[::-1]
        or _repeats(code)
        or _dated(code)
    )


def _repeats(code: str) -> bool:
    """A block said again to the end: 274274, 27412741, 2742742."""
    return any(code == (code[:size] * len(code))[: len(code)] for size in range(1, len(code) // 2 + 1))


def _dated(code: str) -> bool:
    """Readable as a date: a year, a day and month, or all three in any of the usual orders."""
    match len(code):
        case 4:
            day_months = [(code[:2], code[2:]), (code[2:], code[:2])]
            return code[:2] in {"19", "20"} or any(_is_date("2000", month, day) for day, month in day_months)
        case 6:
            a, b, c = code[:2], code[2:4], code[4:]
            return any(_is_date("20" + y, m, d) for y, m, d in [(c, b, a), (c, a, b), (a, b, c)])
        case 8:
            orders = [
                (code[4:], code[2:4], code[:2]),
                (code[4:], code[:2], code[2:4]),
                (code[:4], code[4:6], code[6:]),
            ]
            return any(y[:2] in {"19", "20"} and _is_date(y, m, d) for y, m, d in orders)
    return False


def _is_date(year: str, month: str, day: str) -> bool:
    try:
        date(int(year), int(month), int(day))
    except ValueError:
        # 29 February is a date to people in every year.
        return (month, day) == ("02", "29")
    return True


def draw(digits: int, entropy: Callable[[int], bytes], *, taken: Callable[[str], bool]) -> str:
    """A code of so many digits that is hard to guess and not `taken`.

    The first digit is never 0: tables and people lose leading zeros. `entropy(n)` gives n random bytes.
    """
    if not SHORTEST_DIGITS <= digits <= LONGEST_DIGITS:
        raise PasscodeError(f"a code of {digits} digits: it must have {SHORTEST_DIGITS} to {LONGEST_DIGITS}")
    lowest = 10 ** (digits - 1)
    for _ in range(MOST_TRIES):
        code = str(lowest + int.from_bytes(entropy(_DRAW_BYTES), "big") % (9 * lowest))
        if not guessable(code) and not taken(code):
            return code
    raise PasscodeError(f"no code of {digits} digits is free: make them longer")


def draw_pair(
    digits: int,
    entropy: Callable[[int], bytes],
    *,
    taken: Callable[[str], bool],
    moderator: str | None = None,
) -> Codes:
    """Both codes of a pair; `moderator` where only the participants' is to be new (A7)."""
    moderator = moderator or draw(digits, entropy, taken=taken)

    def too_near(code: str) -> bool:
        return near(code, moderator) or taken(code)

    return Codes(moderator, draw(digits, entropy, taken=too_near))


def near(one: str, other: str) -> bool:
    """Whether a slip of the finger turns one into the other."""
    return len(one) == len(other) and (
        sum(a != b for a, b in zip(one, other, strict=True)) < FEWEST_DIFFERENCES
    )
