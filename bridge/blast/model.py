"""A list to be called, and how it is to be called."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.blast.states import State
    from bridge.service.outcome import Outcome

ENTRIES_MAX: Final = 10_000
"""Lines of one list. At the ten calls a second that a trunk usually stands, a quarter of an hour; a longer list is
refused, since it is a mistake or an abuse."""


class BlastError(ValueError):
    """A list or a rule that cannot be carried out; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. `id` is the caller's own and tells the entries of one campaign apart."""

    id: int
    name: str
    number: str


@dataclass(frozen=True, slots=True)
class Rules:
    """How the list is called: the conference's settings."""

    calls_per_second: float = 20.0
    """Attempts begun in a second: what the trunk stands."""
    parallel: int = 100
    """Attempts at once that have not come into the conference yet. Who is in takes no place here."""
    attempts: int = 3
    """Calls to one entry, the first included."""
    retry_after_s: float = 60.0
    """From the end of an attempt to the next one of the same entry, at the least."""
    ring_s: float = 40.0
    """From the start of an attempt until we give up. Voicemail answers after 20 to 30 s where it is."""
    press_one: bool = False
    """Who answers must press 1 to be let in: a machine does not."""

    def __post_init__(self) -> None:
        if not 0 < self.calls_per_second < inf:
            raise BlastError(
                f"calls_per_second is {self.calls_per_second}: it must be more than 0, and finite"
            )
        if self.parallel < 1:
            raise BlastError(f"parallel is {self.parallel}: it must be at least 1")
        if self.attempts < 1:
            raise BlastError(f"attempts is {self.attempts}: it must be at least 1")
        if not 0 <= self.retry_after_s < inf:
            raise BlastError(f"retry_after_s is {self.retry_after_s}: it must be 0 or more, and finite")
        if not 0 < self.ring_s < inf:
            raise BlastError(f"ring_s is {self.ring_s}: it must be more than 0, and finite")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry as the board shows it."""

    id: int
    name: str
    number: str
    state: State
    attempts: int
    """Calls made so far."""
    since: float
    """When it came into this state, on the clock of `now`."""
    outcome: Outcome | None
    """Why the last attempt came to nothing, where it did."""
