"""What a campaign wants done, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.blast.states import State
    from bridge.service.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Dial:
    """Check the number against dial plan and limits and call it; or tell `Failed` with REFUSED."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the entry's call, however far it is. One that is gone already is left alone."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Play:
    """Play the conference's message, then, where the rules say press 1, the prompt that asks for it."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Join:
    """Stop what still plays and bring them into the conference. Where that cannot be, tell them, hang up, tell `Left`."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Changed:
    """For the log and the live board: the entry is in this state now."""

    entry_id: int
    state: State
    outcome: Outcome | None = None
    """Why the last attempt came to nothing, where it did."""


@dataclass(frozen=True, slots=True)
class Over:
    """Nobody is being called, rung or greeted any more, and nobody will be. Told once; who joined talks on."""


Effect = Dial | HangUp | Play | Join | Changed | Over
