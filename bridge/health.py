"""Which servers failed a moment ago: those are tried last, so that a call does not wait for the dead (RFC 3263 4.3).

A server that did not answer, broke the connection or said 503 is kept in mind for a minute, or until it is heard to work.
It is never left out: where all have failed lately, all are tried, the one whose failure is longest ago first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sip.locating import Target

LAST_FOR_S: Final = 60.0
"""How long a server that failed is tried last. Longer, and one that is back stands idle; shorter, and one in so many calls
pays for the dead one with four seconds."""
FAILURES_MAX: Final = 1024
"""Servers kept in mind; above it the oldest failure is forgotten, which costs that server's next caller four seconds."""


class Health:
    """Failures by server, the oldest first."""

    __slots__ = ("_failed_at",)

    def __init__(self) -> None:
        self._failed_at: dict[tuple[str, str, int], float] = {}

    def failed(self, target: Target, now: float) -> None:
        key = _key(target)
        self._failed_at.pop(key, None)
        self._failed_at[key] = now
        if len(self._failed_at) > FAILURES_MAX:
            del self._failed_at[next(iter(self._failed_at))]

    def works(self, target: Target) -> None:
        """It has answered."""
        self._failed_at.pop(_key(target), None)

    def in_order(self, targets: Iterable[Target], now: float) -> list[Target]:
        """`targets` with those that failed lately at the end."""
        return sorted(targets, key=lambda target: self._rank(target, now))

    def _rank(self, target: Target, now: float) -> float:
        at = self._failed_at.get(_key(target))
        return 0.0 if at is None or at + LAST_FOR_S <= now else 1.0 + max(0.0, at + LAST_FOR_S - now)


def _key(target: Target) -> tuple[str, str, int]:
    return target.transport, target.host, target.port
