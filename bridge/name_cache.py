"""What the DNS has answered, for as long as it said, and a while longer where it says nothing more.

An answer is *fresh* for its time to live. Afterwards it is *stale*: still better than nothing where the name servers do not
answer (RFC 8767), and kept an hour for that. That there are no such records is an answer, too (RFC 2308), and kept for a
minute at most: whoever has just put a name into the DNS does not wait longer than that. A question that nobody answered
is not asked again for some seconds, so that a dead server delays one call and not all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sip.locating import Question, Record

ENTRIES_MAX: Final = 4096
"""Answers kept, some 500 bytes each. The one that was used longest ago makes room; the names of all trunks and hosts that
may be called are far fewer."""
FRESH_MIN_S: Final = 1.0
"""A time to live of 0 means: for this call alone. One second is that, and lets a burst of calls ask once."""
FRESH_MAX_S: Final = 86_400.0
"""A day (RFC 8767 section 4 wants a bound of days): longer is a slip of somebody's pen."""
NOTHING_MAX_S: Final = 60.0
STALE_S: Final = 3600.0
"""How long an answer may be used beyond its time where nobody says anything newer."""
SILENCE_S: Final = 10.0
"""So long after a question that nobody answered it is not asked again."""


@dataclass(slots=True)
class _Entry:
    records: tuple[Record, ...]
    until: float


class NameCache:
    """Answers by their question. Not thread-safe; one per resolver."""

    __slots__ = ("_entries", "_silent_until")

    def __init__(self) -> None:
        self._entries: dict[Question, _Entry] = {}
        self._silent_until: dict[Question, float] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def keep(self, question: Question, records: Sequence[Record], ttl_s: float, now: float) -> None:
        """Keep an answer; no records: that there are none."""
        longest = FRESH_MAX_S if records else NOTHING_MAX_S
        self._entries.pop(question, None)
        self._silent_until.pop(question, None)
        self._entries[question] = _Entry(tuple(records), now + min(max(ttl_s, FRESH_MIN_S), longest))
        if len(self._entries) > ENTRIES_MAX:
            del self._entries[next(iter(self._entries))]

    def unanswered(self, question: Question, now: float) -> None:
        """Nobody answered."""
        if len(self._silent_until) >= ENTRIES_MAX:
            self._silent_until.clear()
        self._silent_until[question] = now + SILENCE_S

    def fresh(self, question: Question, now: float) -> tuple[Record, ...] | None:
        """The answer, if it may still be used; None where it is to be asked for."""
        entry = self._entries.get(question)
        if entry is None or entry.until <= now:
            return None
        self._entries[question] = self._entries.pop(question)  # used last
        return entry.records

    def stale(self, question: Question, now: float) -> tuple[Record, ...] | None:
        """The last answer, where it is not too old to be better than none."""
        entry = self._entries.get(question)
        return None if entry is None or entry.until + STALE_S <= now else entry.records

    def is_silent(self, question: Question, now: float) -> bool:
        """Whether nobody answered a moment ago, so that it is no use to ask."""
        return self._silent_until.get(question, now) > now
