"""Whom a blast calls (O5, `*92`): people and numbers in the order they were written down, and what they hear first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_NAME: Final = "default"
"""What the list is called that `*92` means where a conference has several."""

MOST_ENTRIES: Final = 1000
"""More would be a call centre's campaign, not a meeting: the list is refused."""


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
