"""How fast somebody may do something: a bucket that drains steadily, kept as one number.

The number is the moment up to which the allowance is used up. Each thing done moves it on by what one thing costs in
time; as long as it lies no further ahead of `now` than a burst lasts, more may be done. A moment in the past means an
empty bucket, so a source that is not heard of needs no timer, and 0 is the number to begin with.
"""

from __future__ import annotations

from typing import Final

ROUNDING_S: Final = 1e-9
"""The sum of many small times is not quite their product."""


class Allowance:
    """`per_s` things a second, `burst` of them at once; 0 a second is no limit."""

    __slots__ = ("_cost_s", "_room_s")

    def __init__(self, per_s: float, burst: float) -> None:
        self._cost_s = 1.0 / per_s if per_s else 0.0
        self._room_s = burst * self._cost_s + ROUNDING_S

    def take(self, used_up_to: float, now: float, amount: float = 1.0) -> float | None:
        """The number after `amount` things more, or None where they are too many; then nothing is used."""
        after = max(used_up_to, now) + amount * self._cost_s
        return None if after > now + self._room_s else after
