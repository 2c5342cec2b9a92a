"""A roster: the words of RFC 4575 section 5 that we use, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Standing(StrEnum):
    """How somebody is in the conference (`status`, section 5.7.3)."""

    CONNECTED = "connected"
    MUTED = "muted-via-focus"
    """In, and not heard, by whomever's wish."""
    ON_HOLD = "on-hold"
    """Neither hears nor is heard: waits for the moderator, or is in a private talk."""
    DISCONNECTED = "disconnected"


class Audio(StrEnum):
    """Which way sound goes, seen from them (`media`, section 5.8.5)."""

    BOTH_WAYS = "sendrecv"
    LISTENS = "recvonly"
    NONE = "inactive"


class CameBy(StrEnum):
    """`joining-method` (section 5.7.4)."""

    DIALED_IN = "dialed-in"
    DIALED_OUT = "dialed-out"


class LeftBy(StrEnum):
    """`disconnection-method` (section 5.7.6)."""

    DEPARTED = "departed"
    BOOTED = "booted"
    FAILED = "failed"


class Part(StrEnum):
    """`roles` (section 5.6.3)."""

    MODERATOR = "moderator"
    PARTICIPANT = "participant"


@dataclass(frozen=True, slots=True)
class User:
    """One who is in, or has just left."""

    entity: str
    """A URI that is theirs alone as long as the conference lasts. By it a REFER names whom to remove."""
    display: str
    """As everybody may see it."""
    part: Part
    standing: Standing
    audio: Audio
    came_by: CameBy
    joined_at: datetime
    """With its zone."""
    left_by: LeftBy | None = None
    trouble: str = ""
    """What their line disturbs the others by, in words."""


@dataclass(frozen=True, slots=True)
class Roster:
    """A conference at one moment."""

    conference: str
    """Its id in the records."""
    subject: str
    """What people call it; may be empty."""
    users: tuple[User, ...]
    """Those who are shown, in the order they came."""
    user_count: int
    """How many are in, shown or not."""
    active: bool
    """People hear each other."""
    locked: bool
