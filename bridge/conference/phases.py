"""Theory of operation: how a conference goes from empty to empty.

            BEGAN                 LAST_MODERATOR_LEFT
    EMPTY --------------> RUNNING --------------------> ENDING
      |                     ^  ^                          |
      | HELD                |  '--- MODERATOR_RETURNED ---'
      v        BEGAN        |
    WAITING ----------------'       any but EMPTY -- OVER --> ENDED

    from everywhere, once the last call is gone: EMPTIED --> EMPTY

Two rules. Every change of phase is in `NEXT`; nothing else assigns one. And a phase is about the room, never about one
person: whether somebody is heard follows from the phase, lecture mode and their own mute, and is stored nowhere else.

A conference whose maximum length is reached, whose grace time is over or which somebody ends is OVER in one step:
everybody is led out of the room and told to go in that same step, and the room then waits in ENDED for their calls to
end. ENDED lets nobody in: who calls again in those seconds is told, and the next conference starts clean.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from bridge.conference.model import Phase


class Turn(Enum):
    """What turns one phase into another."""

    HELD = "held"
    """Somebody came who must wait for a moderator (C3, C4)."""
    BEGAN = "began"
    """A moderator came, or anybody where none is needed (C4)."""
    LAST_MODERATOR_LEFT = "last_moderator_left"
    """And the setting is to end (C5)."""
    MODERATOR_RETURNED = "moderator_returned"
    """Within the grace time (C5)."""
    OVER = "over"
    """Ended by a person, the grace time or the maximum length."""
    EMPTIED = "emptied"
    """The last call is gone."""


NEXT: Final[dict[Phase, dict[Turn, Phase]]] = {
    Phase.EMPTY: {
        Turn.HELD: Phase.WAITING,
        Turn.BEGAN: Phase.RUNNING,
    },
    Phase.WAITING: {
        Turn.BEGAN: Phase.RUNNING,
        Turn.OVER: Phase.ENDED,
        Turn.EMPTIED: Phase.EMPTY,
    },
    Phase.RUNNING: {
        Turn.LAST_MODERATOR_LEFT: Phase.ENDING,
        Turn.OVER: Phase.ENDED,
        Turn.EMPTIED: Phase.EMPTY,
    },
    Phase.ENDING: {
        Turn.MODERATOR_RETURNED: Phase.RUNNING,
        Turn.OVER: Phase.ENDED,
        Turn.EMPTIED: Phase.EMPTY,
    },
    Phase.ENDED: {
        Turn.EMPTIED: Phase.EMPTY,
    },
}
