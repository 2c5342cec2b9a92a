"""A round: the same request at one target after the other, until one answers (RFC 3263 4.3).

A target has `FAIL_OVER_S` to answer while another is left. The last one has as long as its transaction lives, since there is
nothing better to do, unless the round is `hasty`: a ping that is not answered in four seconds says what it was sent for.
An answer that comes after its target's turn is still an answer; `at` tells whose turn it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sip.locating import Target

FAIL_OVER_S: Final = 4.0
"""How long a server may be silent before the next one is tried: T1 + 2 T1 + 4 T1 are 3.5 s, so it was asked four times.
Interop.md 5, row 32 wants fail-over within 4 s."""

GONE: Final = frozenset({408, 503})
"""What stands for a server that is away: no answer, no way, or its own word that it cannot serve."""


@dataclass(frozen=True, slots=True)
class Find:
    """Say which servers there are: answered by `found`."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A server that did not serve."""

    target: Target


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the trunk answers, or our registration holds, and why not."""

    holds: bool
    why: str


class Round:
    """Targets in their order. Empty until `begin`, and after the last one failed."""

    __slots__ = ("_hasty", "_left", "at", "give_up_at")

    def __init__(self, *, hasty: bool = False) -> None:
        self._hasty = hasty
        self._left: list[Target] = []
        self.at: Target | None = None
        """Whose turn it is."""
        self.give_up_at: float | None = None
        """When its turn is over; None where it has all the time there is."""

    def begin(self, targets: Sequence[Target], now: float) -> Target | None:
        """The first one; None where there is none."""
        self._left = list(targets)
        return self.next(now)

    def next(self, now: float) -> Target | None:
        """The next one; None where all have been tried."""
        self.at = self._left.pop(0) if self._left else None
        waits = self.at is not None and (self._hasty or bool(self._left))
        self.give_up_at = now + FAIL_OVER_S if waits else None
        return self.at

    def is_silent(self, now: float) -> bool:
        """Whether it has been silent for too long."""
        return self.give_up_at is not None and self.give_up_at <= now

    def end(self) -> None:
        """Somebody has answered, or nobody is to be asked any more."""
        self._left, self.at, self.give_up_at = [], None, None
