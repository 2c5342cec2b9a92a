"""How many calls may go out, and for how much money (G3)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Allowance:
    """What calls may add up to."""

    parallel: int
    """Ringing or up at once."""
    calls_per_day: int
    """Calls placed, answered or not, from local midnight."""
    spend_per_day: Decimal
    """In the currency of the prices."""
