"""What a passcode pair is worth now: whether a code may be used, how long it lives, who is behind a counter-password.

The pairs themselves are kept by the store; these rules ask of them no more than `Pair` and `Passcode` say.
"""

from __future__ import annotations

import hmac
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from bridge.service.levels import allowed_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bridge.service.role import Role
    from bridge.service.settings import Settings

LIFE_MONTHS: Final = 12
"""A6: a passcode lives so long unless it is made for another time."""

WARNING_DAYS: Final = 30
"""A6: from so many days before the end the holder is told at each call."""


class Pair(Protocol):
    """A passcode pair, as far as the rules look at it."""

    @property
    def settings(self) -> Settings: ...
    @property
    def expires_at(self) -> float:
        """In seconds since 1970, UTC."""

    @property
    def enabled(self) -> bool:
        """Neither the pair nor who holds it has been stopped (O6)."""


class CounterPassword(Protocol):
    """A5: one of those that may be keyed after a code."""

    @property
    def digest(self) -> bytes: ...
    @property
    def person(self) -> int | None:
        """Whose it is; None where all share it."""

    @property
    def name(self) -> str | None:
        """That person's."""


class Passcode(Protocol):
    """One code of a pair: the moderators' or the participants'."""

    @property
    def pair(self) -> Pair: ...
    @property
    def role(self) -> Role: ...
    @property
    def counter_passwords(self) -> Sequence[CounterPassword]:
        """A5: those of this role. None: none is asked for. One without a person: for all. Else one for each."""


class Verdict(Enum):
    """What becomes of somebody who keyed a code."""

    FOUND = "found"
    """It may be used now (A2)."""
    UNKNOWN = "unknown"
    """Nobody has this code."""
    DISABLED = "disabled"
    """Stopped (O6, A7)."""
    EXPIRED = "expired"
    """Over its time (A6)."""
    OUTSIDE_HOURS = "outside_hours"
    """Level 1, at night."""


def judge(passcode: Passcode | None, local_time: datetime) -> Verdict:
    """What becomes of a caller whose code was looked up, with that outcome, at `local_time` (which has a zone).

    A stopped code is told as such even when it has expired as well: asking for a new one would not help its holder.
    """
    if passcode is None:
        return Verdict.UNKNOWN
    if not passcode.pair.enabled:
        return Verdict.DISABLED
    if local_time.timestamp() >= passcode.pair.expires_at:
        return Verdict.EXPIRED
    if not allowed_now(passcode.pair.settings.level, local_time):
        return Verdict.OUTSIDE_HOURS
    return Verdict.FOUND


def end_of_life(made: datetime, *, months: int = LIFE_MONTHS) -> datetime:
    """So many months after `made`, at the same time of day (A6).

    Where that month has no such day, on its last: what was made on 29 February ends on 28 February.
    """
    month0 = made.month - 1 + months
    year, month = made.year + month0 // 12, month0 % 12 + 1
    return made.replace(year=year, month=month, day=min(made.day, monthrange(year, month)[1]))


def days_to_warn_of(expires_at: float, local_time: datetime) -> int | None:
    """In how many days the code ends, as people count days (0 is today); None where it is no time to speak of it."""
    if local_time.timestamp() >= expires_at:
        return None
    last_day = datetime.fromtimestamp(expires_at, local_time.tzinfo).date()
    days = (last_day - local_time.date()).days
    return days if days <= WARNING_DAYS else None


@dataclass(frozen=True, slots=True)
class CounterCheck:
    """Whether a counter-password was right, and whose it was (A5)."""

    right: bool
    person: int | None = None
    """None where it was wrong, is everybody's, or two people have the same one."""
    name: str | None = None
    """The person's."""


def check_counter_password(keyed: bytes, counter_passwords: Iterable[CounterPassword]) -> CounterCheck:
    """Compare the digest of what was keyed with all that may be: all of them, in a time that tells nothing (G5)."""
    matching = [each for each in counter_passwords if hmac.compare_digest(each.digest, keyed)]
    people = {(each.person, each.name) for each in matching}
    person, name = people.pop() if len(people) == 1 else (None, None)
    return CounterCheck(right=bool(matching), person=person, name=name)
