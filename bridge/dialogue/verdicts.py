"""What a dialogue hears of the service about a passcode: enough to speak and to let in, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.service.role import Role
    from bridge.service.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The passcode may be used now (A2)."""

    pair: int
    role: Role
    settings: Settings
    asks_counter_password: bool = False
    """A5."""
    token: Any = None
    """Whatever the service needs to check the counter-password; nobody else looks into it."""
    expires_in_days: int | None = None
    """A6: where the holder is to be warned."""
    hours_end_in_s: float | None = None
    """Level 1: until the end of today's hours."""
    delay_s: float = 0.0
    """G5: the answer is given so long after the passcode was keyed, at the earliest."""
    person: int | None = None
    """Who calls, where their number says so; a counter-password may say it later (`CounterVerdict`)."""
    name: str | None = None
    """The person's."""
    customer: int = 0
    conference: str = ""
    """What the pair is called."""
    """Who pays, and whose limits of calls out count (G3); 0 where nobody does."""


class Why(Enum):
    """Why a passcode may not be used."""

    UNKNOWN = "unknown"
    EXPIRED = "expired"
    DISABLED = "disabled"
    OUTSIDE_HOURS = "outside_hours"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    """G5: this source has guessed enough, whatever it keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied:
    """The passcode may not be used now. Wrong and unknown ones differ in nothing, delay included (G5)."""

    why: Why
    opens_hour: int = 0
    closes_hour: int = 24
    """OUTSIDE_HOURS: the hours, 0 to 24."""
    delay_s: float = 0.0


Verdict = Accepted | Denied


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterVerdict:
    """A5: right or wrong, and who it is where the counter-password is a person's own."""

    right: bool
    person: int | None = None
    name: str | None = None
    delay_s: float = 0.0
