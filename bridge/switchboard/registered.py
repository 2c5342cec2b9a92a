"""Calls to accounts: which registered telephones are rung, and which ones after them.

An account may have registered several telephones, each by its own transport, and what is offered to a telephone depends on that.
So each is called for itself, with an offer of its own. Those that the account likes equally (their q, and most say none) ring at
once, and who answers first has the call (`sip.forking`). Those that it likes less ring where all of the former are away, busy, or do not
want it. Where they are is asked anew each time, since a telephone that lost its connection while it rang may be back by another.

Not at once, but one after another, ring what is the same telephone by several ways (RFC 5626 section 5.3: it would ring, and answer,
against itself), and those that reach us at another address of ours: the audio of the call is taken at one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sip.flow import is_ipv6
from sip.forking import BRANCHES_MAX

if TYPE_CHECKING:
    from sip.flow import Flow
    from sip.pending import Way

ACCOUNT: Final = "account:"
"""What the address of a registered telephone begins with; the account's name follows."""

WAY_LOST: Final = frozenset({0, 408, 430, 503})
"""Ends that say nothing of the telephone, which may be reached by another of its ways (RFC 5626 section 5.3.1); 0 is ours. Any
other status is its own word: it would ring a second time for whoever has just refused the call there."""

EVERYWHERE: Final = 600
"""From this status on the answer is for all telephones of the account (RFC 3261 section 21.6)."""


class Reached(NamedTuple):
    """A telephone that is registered, and how it is reached."""

    way: Way
    q: float = 1.0
    """How much the account likes to be rung there: 1 before 0."""
    device: str = ""
    """Which it is, if it says so: it may be reached by several ways (RFC 5626)."""
    audio_at: str = ""
    """The address of ours that it is told to send audio to, on its side of a router; "" is that of the call."""


FindPhones = Callable[[str, float], Sequence[Reached]]
"""Where the telephones of an account are at a `now`, in the order to try them."""


def no_phones(_account: str, _now: float) -> Sequence[Reached]:
    """Where nobody can register."""
    return ()


class _Search:
    """One call's."""

    __slots__ = ("account", "answered", "local", "rung", "tried")

    def __init__(self, account: str) -> None:
        self.account = account
        self.tried: list[tuple[Flow, str]] = []
        self.rung: tuple[Reached, ...] = ()
        self.answered: set[str] = set()
        """Telephones that have been rung, by whatever way, and have answered for themselves."""
        self.local = ""
        """Our address by which the first one is reached: where the audio of the call is taken."""


class Registered:
    """The telephones that are being called, by leg."""

    __slots__ = ("_by_leg", "_find")

    def __init__(self, find: FindPhones = no_phones) -> None:
        self._find = find
        self._by_leg: dict[int, _Search] = {}

    def begin(self, leg: int, uri: str, now: float) -> tuple[Reached, ...]:
        """Choose the first telephones for a leg; none where `uri` is no account, or nothing of it is registered."""
        if not uri.startswith(ACCOUNT):
            return ()
        search = self._by_leg[leg] = _Search(uri.removeprefix(ACCOUNT))
        return self._take(search, self._left(search, now))

    def goes_on(
        self, leg: int, now: float, *, status: int, ours: str, each: Sequence[int] = ()
    ) -> tuple[Reached, ...]:
        """Choose the next ones, after the best answer of those before was `status`, and that of `each` of them, if several rang;
        of those that take audio at our address `ours`.
        """
        search = self._by_leg.get(leg)
        if search is None or status >= EVERYWHERE:
            return ()
        for phone, said in zip(search.rung, each or (status,), strict=False):
            if phone.device and said not in WAY_LOST:
                search.answered.add(phone.device)
        fits = [phone for phone in self._left(search, now) if is_ipv6(_local(phone)) == is_ipv6(ours)]
        return self._take(search, fits)

    def has_more(self, leg: int, now: float) -> bool:
        """Whether there are telephones that have not been tried."""
        search = self._by_leg.get(leg)
        return search is not None and bool(self._left(search, now))

    def of(self, leg: int) -> tuple[Reached, ...]:
        """The telephones that are called now."""
        search = self._by_leg.get(leg)
        return () if search is None else search.rung

    def end(self, leg: int) -> None:
        """The call is over."""
        self._by_leg.pop(leg, None)

    def _left(self, search: _Search, now: float) -> list[Reached]:
        found = self._find(search.account, now)
        return [
            each
            for each in found
            if _name(each.way) not in search.tried and each.device not in search.answered
        ]

    def _take(self, search: _Search, left: Sequence[Reached]) -> tuple[Reached, ...]:
        rung = _at_once(left)
        if rung and not search.local:
            search.local = _local(rung[0])
        if rung and _local(rung[0]) != search.local:  # what it would be told is not where the audio is taken
            rung = [each._replace(audio_at="") for each in rung]
        search.tried += [_name(each.way) for each in rung]
        search.rung = tuple(rung)
        return search.rung


def _at_once(left: Sequence[Reached]) -> list[Reached]:
    """Of those that have not been tried, the best liked that can ring at once."""
    rung: list[Reached] = []
    devices: set[str] = set()
    for each in left:
        fits = not rung or (each.q == rung[0].q and _local(each) == _local(rung[0]))
        if fits and each.device not in devices and len(rung) < BRANCHES_MAX:
            rung.append(each)
            devices.update([each.device] if each.device else [])
    return rung


def _local(reached: Reached) -> str:
    return reached.way.flow.local[0]


def _name(way: Way) -> tuple[Flow, str]:
    return way.flow, str(way.uri)
