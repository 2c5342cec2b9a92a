"""Calls to accounts: which registered telephone is rung, and which one after it.

An account may have registered several telephones, each by its own transport and version of IP, and what is offered to a
telephone depends on both. So each is called for itself, with an offer of its own: the one that the account likes best (its q)
first, the next where that one is away, busy, or does not want it. Where they are is asked anew each time, since a telephone that
lost its connection while it rang may be back by another.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from sip.flow import is_ipv6
from sip.pending import Way

if TYPE_CHECKING:
    from sip.flow import Flow

ACCOUNT: Final = "account:"
"""What the address of a registered telephone begins with; the account's name follows."""

EVERYWHERE: Final = 600
"""From this status on the answer is for all telephones of the account (RFC 3261 section 21.6)."""

FindPhones = Callable[[str, float], Sequence[Way]]
"""Where the telephones of an account are at a `now`, in the order to try them."""


def no_phones(_account: str, _now: float) -> Sequence[Way]:
    """Where nobody can register."""
    return ()


class _Search:
    """One call's."""

    __slots__ = ("account", "tried", "way")

    def __init__(self, account: str) -> None:
        self.account = account
        self.tried: list[tuple[Flow, str]] = []
        self.way: Way | None = None


class Registered:
    """The telephones that are being called, by leg."""

    __slots__ = ("_by_leg", "_find")

    def __init__(self, find: FindPhones = no_phones) -> None:
        self._find = find
        self._by_leg: dict[int, _Search] = {}

    def begin(self, leg: int, uri: str, now: float) -> Way | None:
        """Choose the first telephone for a leg; None where `uri` is no account, or nothing of it is registered."""
        if not uri.startswith(ACCOUNT):
            return None
        search = self._by_leg[leg] = _Search(uri.removeprefix(ACCOUNT))
        return self._take(search, self._left(search, now))

    def goes_on(self, leg: int, now: float, *, status: int, ours: str) -> Way | None:
        """Choose the next one, after the one before has answered with `status`; of those that take audio at our address `ours`."""
        search = self._by_leg.get(leg)
        if search is None or status >= EVERYWHERE:
            return None
        fits = [each for each in self._left(search, now) if is_ipv6(each.flow.local[0]) == is_ipv6(ours)]
        return self._take(search, fits)

    def has_more(self, leg: int, now: float) -> bool:
        """Whether there are telephones that have not been tried."""
        search = self._by_leg.get(leg)
        return search is not None and bool(self._left(search, now))

    def of(self, leg: int) -> Way | None:
        """The telephone that is called now."""
        search = self._by_leg.get(leg)
        return None if search is None else search.way

    def end(self, leg: int) -> None:
        """The call is over."""
        self._by_leg.pop(leg, None)

    def _left(self, search: _Search, now: float) -> list[Way]:
        return [each for each in self._find(search.account, now) if _name(each) not in search.tried]

    def _take(self, search: _Search, left: Sequence[Way]) -> Way | None:
        search.way = left[0] if left else None
        if search.way is not None:
            search.tried.append(_name(search.way))
        return search.way


def _name(way: Way) -> tuple[Flow, str]:
    return way.flow, str(way.uri)
