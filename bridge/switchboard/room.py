"""A conference and its place in this bridge."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from bridge.conference.model import Conference
    from prompts.values import Clip

RoomKey = int | str
"""Which conference: the pair's id (A4), or the name of an open room."""


class Line(Protocol):
    """What the records want to know of somebody's leg once it has ended."""

    cause: int
    """Of the telephone network (Q.850); 0 where it said none."""


class Person(NamedTuple):
    """One of those who are in, as the records know them."""

    line: Line
    record: str
    """Their id there."""
    call_id: str
    joined_at: float


class Room:
    """One conference and its place in this bridge."""

    __slots__ = (
        "calls_out",
        "clips",
        "conference",
        "conference_id",
        "customer",
        "expected",
        "groups",
        "joins",
        "key",
        "name",
        "names_gone",
        "number",
        "opened_at",
        "people",
        "recording",
        "records",
    )

    def __init__(self, key: RoomKey, number: int, conference: Conference) -> None:
        self.key = key
        self.number = number
        """The media plane's."""
        self.conference = conference
        self.conference_id = ""
        """The records', new each time the conference opens."""
        self.name = key if isinstance(key, str) else ""
        """What people call it: the pair's name, or the open room's."""
        self.customer = 0
        """Whose it is; 0 for an open room."""
        self.opened_at = 0.0
        self.joins = 0
        """How often somebody has come since."""
        self.people: dict[int, Person] = {}
        """Those who are in, by leg."""
        self.records: dict[int, str] = {}
        """The records of everybody who was in since it opened, by leg."""
        self.recording = 0
        """The number of the recording that runs, paused or not; 0: none."""
        self.expected = 0
        """Legs that have been promised the room and are not in the conference yet."""
        self.groups: dict[int, int] = {}
        """Sub-conferences: the media plane's numbers by ours."""
        self.clips: list[Clip] = []
        """Recorded names of those who are in."""
        self.names_gone: deque[Clip] = deque()
        """And of those who have left last: they may still be being said (C2)."""
        self.calls_out = 0
        """Calls that are being placed, or are up, on its behalf (G3)."""

    @property
    def language(self) -> str:
        """What is spoken to everybody."""
        return self.conference.settings.language

    @property
    def pair(self) -> int:
        """The passcode pair's id; 0 for an open room."""
        return self.key if isinstance(self.key, int) else 0
