"""Going by a table of states: what calls, negotiations, subscriptions and their NOTIFYs have in common.

A table has a row for each state, and in it where each input leads. What has no entry in its row cannot happen there.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from sip.errors import LocalError

State = TypeVar("State", bound=StrEnum)
Input = TypeVar("Input", bound=StrEnum)


def go(walker: object, part: str, table: Mapping[State, Mapping[Input, State]], what: Input) -> bool:
    """Move the state that a walker has as its `part` where the table leads; False where it leads nowhere."""
    after = table[getattr(walker, part)].get(what)
    if after is None:
        return False
    setattr(walker, part, after)
    return True


class Walker(Generic[State, Input]):
    """Something that is always in one state of its `table`."""

    __slots__ = ("state",)

    table: Mapping[State, Mapping[Input, State]]
    state: State

    def may(self, what: Input) -> bool:
        """Whether the table has a way from here."""
        return what in self.table[self.state]

    def step(self, what: Input) -> bool:
        """Go where the table leads; False where it leads nowhere."""
        return go(self, "state", self.table, what)

    def require(self, what: Input) -> None:
        """Go where the table leads for a verb of ours."""
        if not self.step(what):
            raise LocalError(f"{self} is {self.state}: {what} is out of place")
