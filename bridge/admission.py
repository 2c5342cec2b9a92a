"""May this call come in, and where to? A pure decision on number, source, load and `now`.

In this order: a bridge that drains takes nobody (503); a number that is none of ours, or not for this source, does not
exist (404); a bridge or a source with all the calls it may have, or calls that come faster than they may be set up, are
told when to try again (503 with Retry-After, RFC 3261 section 21.5.4).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.config.settings import AccessNumber, Limits
    from bridge.config.settings import OpenRoom as OpenRooms

RETRY_AFTER_DRAIN_S: Final = 120
"""A restart is over by then, and another bridge has been tried."""

RETRY_AFTER_FULL_S: Final = 30
"""Calls last minutes: the next free place is seldom sooner."""

STRANGERS_SHARE: Final = 0.5
"""Of `calls_per_second`, for those of whom nobody knows whether they are where they say: a flood from invented addresses leaves
the other half to trunks, accounts and whoever comes by a connection."""

RETRY_AFTER_BURST_S: Final = 2
"""A burst is over in seconds; with 1, everybody refused would come back in the same next second."""


class Refused(Enum):
    """Why a call does not come in. The value is what the log says."""

    DRAINING = "draining"
    UNKNOWN_NUMBER = "unknown number"
    FULL = "all calls in use"
    SOURCE_FULL = "all calls of this source in use"
    TOO_FAST = "set up too fast"


@dataclass(frozen=True, slots=True)
class Refusal:
    why: Refused
    status: int
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Reception:
    """To the dialogue that asks for a passcode (A3)."""

    number: AccessNumber


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """Straight into the room of this name."""

    name: str


Decision = Reception | OpenRoom | Refusal

_DRAINING: Final = Refusal(Refused.DRAINING, 503, RETRY_AFTER_DRAIN_S)
_UNKNOWN: Final = Refusal(Refused.UNKNOWN_NUMBER, 404)
_FULL: Final = Refusal(Refused.FULL, 503, RETRY_AFTER_FULL_S)
_SOURCE_FULL: Final = Refusal(Refused.SOURCE_FULL, 503, RETRY_AFTER_FULL_S)
_TOO_FAST: Final = Refusal(Refused.TOO_FAST, 503, RETRY_AFTER_BURST_S)


class Admission:
    """Counts the calls that are in, by source, and decides on the next one."""

    __slots__ = (
        "_calls",
        "_limits",
        "_numbers",
        "_open_rooms",
        "_room_from",
        "_strangers_from",
        "draining",
        "per_source",
    )

    def __init__(
        self,
        numbers: Sequence[AccessNumber],
        open_rooms: Sequence[OpenRooms],
        limits: Limits,
    ) -> None:
        self.draining = False
        self.per_source: Counter[str] = Counter()
        self._numbers = {number.number: number for number in numbers}
        self._open_rooms = tuple(open_rooms)
        self._limits = limits
        self._calls = 0
        self._room_from = float("-inf")
        """The moment up to which calls taken so far have used up the rate (a leaky bucket with one number)."""
        self._strangers_from = float("-inf")
        """The same for the strangers' share of it."""

    def decide(self, user: str, source: str, now: float, *, known: bool = True) -> Decision:
        """Decide on a call to `user` from the address `source`. One that is taken must be given back by `left`. `known`: it is
        proved, or as good as proved, that it comes from there.
        """
        if self.draining:
            return _DRAINING
        place = self._place(user, source)
        if place is None:
            return _UNKNOWN
        limits = self._limits
        if limits.calls and self._calls >= limits.calls:
            return _FULL
        if limits.calls_per_source and self.per_source[source] >= limits.calls_per_source:
            return _SOURCE_FULL
        if limits.calls_per_second and not self._in_rate(now, known=known):
            return _TOO_FAST
        self._calls += 1
        self.per_source[source] += 1
        return place

    def succeed(self, source: str) -> None:
        """Count a call that takes the place of another, whose own place will be given back."""
        self._calls += 1
        self.per_source[source] += 1

    def left(self, source: str) -> None:
        """Give back the place of a call from `source` that was taken."""
        self._calls -= 1
        remaining = self.per_source[source] - 1
        if remaining:
            self.per_source[source] = remaining
        else:
            del self.per_source[source]

    @property
    def calls(self) -> int:
        """Calls that are in."""
        return self._calls

    def knows(self, user: str, source: str) -> bool:
        """Whether `user` is a number or a room of ours, for a call from the address `source`."""
        return self._place(user, source) is not None

    def _place(self, user: str, source: str) -> Reception | OpenRoom | None:
        number = self._numbers.get(user)
        if number is not None:
            return Reception(number)
        for rooms in self._open_rooms:
            name = rooms.room(user, source)
            if name is not None:
                return OpenRoom(name)
        return None

    def _in_rate(self, now: float, *, known: bool) -> bool:
        interval_s = 1.0 / self._limits.calls_per_second
        used_up_to = max(self._room_from, now - 1.0) + interval_s
        theirs = self._strangers_from
        if not known:
            theirs = max(theirs, now - 1.0) + interval_s / STRANGERS_SHARE
        if max(used_up_to, theirs) > now + 1e-9:  # the sum of many intervals is not quite their product
            return False
        self._room_from, self._strangers_from = used_up_to, theirs
        return True
