"""Whom a blast calls (O5, `*92`): people and numbers in the order they were written down, and what they hear first."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from typing import Final

from bridge.service import post_dial

DEFAULT_NAME: Final = "default"
"""What the list is called that `*92` means where a conference has several."""

MOST_ENTRIES: Final = 1000
"""More would be a call centre's campaign, not a meeting: the list is refused."""

_NUMBER: Final = re.compile(rf"\+?[0-9]{{2,20}}(?:{post_dial.PATTERN})?|(sip:)?[^\s@]+@[^\s@]+")
"""A telephone number, with what is keyed there after a comma, or the SIP address of a telephone."""

_PUNCTUATION: Final = str.maketrans("", "", " -.()/\u00a0")
"""What people write between the digits of a number."""


class BlastListError(ValueError):
    """What was given is no list; the message says the line."""


@dataclass(frozen=True, slots=True)
class BlastEntry:
    """One who is to be called."""

    name: str
    number: str
    """As the dial plan understands it: E.164, or as one dials it where the bridge is."""
    person: int | None = None
    """The directory's (I4)."""


@dataclass(frozen=True, slots=True)
class BlastList:
    """A list that was prepared for a conference."""

    id: int
    pair: int
    name: str
    message: str
    """The file of the recorded message in `messages/` of the state directory; empty: there is none."""
    press_one: bool | None
    """Whoever answers has to press 1 before they are connected; None leaves it to the service."""
    entries: tuple[BlastEntry, ...] = ()


def chosen(names: tuple[str, ...], asked: str = "") -> str | None:
    """Which of a conference's lists is meant: the one asked for, else "default", else the only one."""
    if asked:
        return asked if asked in names else None
    if DEFAULT_NAME in names:
        return DEFAULT_NAME
    return names[0] if len(names) == 1 else None


def read_csv(text: str) -> tuple[BlastEntry, ...]:
    """The entries of a table of names and numbers, as spreadsheets write it with commas, semicolons or tabs.

    A first line without a number in it is a heading. Raises `BlastListError`.
    """
    separator = max(",;\t", key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=separator))
    except csv.Error as error:
        raise BlastListError(f"this is no table of names and numbers: {error}") from error
    entries: list[BlastEntry] = []
    lines: dict[str, int] = {}
    for line, row in enumerate(rows, 1):
        if not any(cell.strip() for cell in row):
            continue
        name, number = (row[0].strip(), _number(row[1])) if len(row) > 1 else ("", _number(row[0]))
        if not _NUMBER.fullmatch(number):
            if line == 1 and not any(map(str.isdigit, number)):
                continue
            raise BlastListError(f"line {line}: {number!r} is no number; a line is a name, a comma, a number")
        if number in lines:
            raise BlastListError(f"line {line}: {number} is on line {lines[number]} already")
        lines[number] = line
        entries.append(BlastEntry(name, number))
    if len(entries) > MOST_ENTRIES:
        raise BlastListError(f"there are {len(entries)} entries: a list has at most {MOST_ENTRIES}")
    return tuple(entries)


def entry_of(name: str, number: str) -> BlastEntry:
    """One entry, its number without what people write between digits; raises `BlastListError`."""
    plain = _number(number)
    if not _NUMBER.fullmatch(plain):
        raise BlastListError(f'"{number}" is no number: write it as +5511999990000')
    return BlastEntry(name.strip(), plain)


def _number(cell: str) -> str:
    text = cell.strip()
    return text if "@" in text else text.translate(_PUNCTUATION)
