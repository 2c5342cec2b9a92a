"""Who is in a conference and how they stand, for those who look at it from outside: consoles, the API.

A locked conference shows its roster like any other: what a lock keeps out is ears, not eyes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from bridge.conference.model import MAIN, Phase, standing
from bridge.service.role import Role
from bridge.service.settings import MuteMode

if TYPE_CHECKING:
    from bridge.conference.model import Conference, Participant

_NUMBER: Final = re.compile(r"\+?[0-9]+")
SHOWN_FIRST: Final = 5
"""Of a masked number so many characters are shown: `+5511`, where a call comes from."""
SHOWN_LAST: Final = 4
"""And so many at its end, by which people know their own."""
LEAST_HIDDEN: Final = 3
"""A number too short to hide so many digits between them shows none."""
MASK: Final = "****"


class Row(msgspec.Struct, frozen=True):
    """One who is in."""

    leg: int
    role: Role
    name: str
    caller: str
    """The number, masked where it was asked for."""
    came_by: str
    joined_at: float
    """On the clock of `now`."""
    muted: bool
    """Their own line."""
    silenced: bool
    """Heard by nobody, for whatever reason."""
    hand: int
    """Place in the queue of those who want to ask, from 1 on; 0 for a hand that is down."""
    asking: bool
    place: int
    """`model.MAIN`, `model.ALONE`, a sub-conference, or a private talk."""
    gain_db: float
    suppressed: bool
    """Noise is taken out."""
    trouble: str
    """What the line disturbs by (`trouble.Trouble`), or nothing."""
    lowered: bool
    """It is softer for that."""


class Summary(msgspec.Struct, frozen=True):
    """How the conference stands as a whole."""

    phase: Phase
    people: int
    """Operators are not counted."""
    moderators: int
    operators: int
    monitors: int
    locked: bool
    mode: MuteMode
    levelling: bool
    suppressing: bool
    troubled: int
    """Lines that disturb."""
    hands: int
    apart: int
    """How many are in sub-conferences or private talks."""
    began_at: float | None


def roster(conference: Conference, *, masked: bool) -> tuple[Row, ...]:
    """Return everybody who has not been told to go, in the order they came."""
    hands = {leg: position for position, leg in enumerate(conference.hands, 1)}
    return tuple(
        Row(
            leg=each.leg,
            role=each.role,
            name=each.name or "",
            caller=mask(each.caller) if masked else each.caller,
            came_by=each.came_by,
            joined_at=each.joined_at,
            muted=each.muted,
            silenced=standing(conference, each).silenced,
            hand=hands.get(each.leg, 0),
            asking=each.leg == conference.asking,
            place=each.place,
            gain_db=each.gain_db,
            suppressed=each.suppressed,
            trouble="" if each.trouble is None else each.trouble.value,
            lowered=each.lowered,
        )
        for each in _present(conference)
    )


def summary(conference: Conference) -> Summary:
    """Return the conference in a few figures."""
    people = _present(conference)
    operators = sum(each.role is Role.OPERATOR for each in people)
    return Summary(
        phase=conference.phase,
        people=len(people) - operators,
        moderators=conference.moderators,
        operators=operators,
        monitors=len(conference.monitors),
        locked=conference.locked,
        mode=conference.mode,
        levelling=conference.levelling,
        suppressing=conference.suppressing,
        troubled=sum(each.trouble is not None for each in people),
        hands=len(conference.hands),
        apart=sum(each.place != MAIN for each in people),
        began_at=conference.began_at,
    )


def mask(caller: str) -> str:
    """Return enough of a number to know one's own by: `+5511****1234`. What is no number is hidden whole."""
    if not caller:
        return ""
    if not _NUMBER.fullmatch(caller) or len(caller) < SHOWN_FIRST + LEAST_HIDDEN + SHOWN_LAST:
        return MASK
    return caller[:SHOWN_FIRST] + MASK + caller[-SHOWN_LAST:]


def _present(conference: Conference) -> list[Participant]:
    return [each for each in conference.participants.values() if each.dismissed is None]
