"""The three levels of a passcode and what each gives (service.md, "Levels").

The table is the whole truth; the functions below only read it. Local time is an argument: which zone a customer lives
in, and what the clock says, is known at the edge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum, IntEnum
from typing import Final


class Level(IntEnum):
    """A passcode's level, as the manual numbers them."""

    MODERATE = 1
    SECURE = 2
    HIGHLY_SECURE = 3


class Right(Enum):
    """What a level may give to a moderator."""

    DIAL_OUT = "dial_out"
    """`*1`."""
    BLAST = "blast"
    """`*92`."""
    LOCK = "lock"
    """`*7`."""


class Grant(Enum):
    """How a level gives a right."""

    NEVER = "never"
    IN_ADVANCE = "in_advance"
    """Only where the customer asked for it when the passcode was made."""
    ALWAYS = "always"


END_OF_DAY_HOUR: Final = 24
"""How the midnight that ends a day is said (service.md, levels)."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Daily hours of use in local time: from `opens`, a full hour, until the midnight that ends the day."""

    opens: time


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One column of the manual's table."""

    hours: Hours | None
    """None: always."""
    rights: dict[Right, Grant]


LEVELS: Final[dict[Level, LevelRow]] = {
    Level.MODERATE: LevelRow(
        hours=Hours(opens=time(6)),
        rights={Right.DIAL_OUT: Grant.NEVER, Right.BLAST: Grant.NEVER, Right.LOCK: Grant.NEVER},
    ),
    Level.SECURE: LevelRow(
        hours=None,
        rights={
            Right.DIAL_OUT: Grant.IN_ADVANCE,
            Right.BLAST: Grant.IN_ADVANCE,
            Right.LOCK: Grant.IN_ADVANCE,
        },
    ),
    Level.HIGHLY_SECURE: LevelRow(
        hours=None,
        rights={Right.DIAL_OUT: Grant.ALWAYS, Right.BLAST: Grant.ALWAYS, Right.LOCK: Grant.ALWAYS},
    ),
}


def may(level: Level, right: Right, *, asked_in_advance: bool) -> bool:
    """Whether a moderator of this level has `right`."""
    grant = LEVELS[level].rights[right]
    return grant is Grant.ALWAYS or (grant is Grant.IN_ADVANCE and asked_in_advance)


def allowed_now(level: Level, local_time: datetime) -> bool:
    """Whether a conference of this level may be entered at `local_time` (A2).

    The time of day as a clock on the customer's wall shows it decides; `local_time` carries the customer's zone.
    """
    hours = LEVELS[level].hours
    return hours is None or local_time.time() >= hours.opens


def end_of_hours(level: Level, local_time: datetime) -> datetime | None:
    """The next moment the level's hours end, in the zone of `local_time`; None where they never do.

    Hours end at midnight: the first moment of the next day, also when nobody may call before then. Where a zone
    skips midnight (the clocks of some zones jump from 00:00 to 01:00) the answer is that same instant.
    """
    if LEVELS[level].hours is None:
        return None
    tomorrow = local_time.date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(0), tzinfo=local_time.tzinfo)
