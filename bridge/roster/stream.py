"""All that one subscriber is sent: whole rosters and changes, numbered without a gap (RFC 4575 section 4.4).

Theory of operation. A change is told as the difference to what this subscriber was told last, so whatever happens while
they cannot be told is folded into one document, and none is ever lost between. They cannot be told while their last NOTIFY is unanswered (a partial
that is lost would spoil all after it), nor before `next_at`: one a second, and slower where the roster is long. The whole
roster is owed at the beginning and with each refresh, and is not made to wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.roster import document
from bridge.roster.difference import difference

if TYPE_CHECKING:
    from bridge.roster.model import Roster

INTERVAL_S: Final = 1.0
"""Between two changes told to one subscriber: soon enough for eyes, slow enough for telephones."""
LONG: Final = 50
"""A roster of more people than this changes all the time, and each document is long."""
LONG_INTERVAL_S: Final = 5.0
"""Between two changes of a long one: what RFC 4575 section 3.9 recommends for all."""


class Stream:
    """One subscriber's."""

    __slots__ = ("_entity", "_known", "_version", "next_at", "unanswered")

    def __init__(self, entity: str) -> None:
        self._entity = entity
        """The URI by which this subscriber knows the conference."""
        self._version = 0
        self._known: Roster | None = None
        """What they have been told last; None: the whole roster is owed."""
        self.unanswered = False
        self.next_at = 0.0
        """Not before then."""

    def refresh(self) -> None:
        """They want to know all of it."""
        self._known = None

    def answered(self) -> None:
        """They have got what was sent."""
        self.unanswered = False

    def behind(self, roster: Roster) -> bool:
        """Whether there is something they do not know."""
        return self._known is None or self._known != roster

    def tell(self, roster: Roster, now: float) -> bytes | None:
        """Write what they are to be sent now; None where there is nothing to say, or it is too soon to say it.

        A whole roster may follow an unanswered document: it makes good whatever of that is lost.
        """
        known = self._known
        if known is None:
            inner = document.full(roster)
        else:
            if self.unanswered or now < self.next_at:
                return None
            change = difference(known, roster)
            if change is None:
                return None
            inner = document.partial(change)
        self._known = roster
        self._version += 1
        self.unanswered = True
        self.next_at = now + (LONG_INTERVAL_S if len(roster.users) > LONG else INTERVAL_S)
        return document.wrap(inner, entity=self._entity, version=self._version, whole=known is None)
