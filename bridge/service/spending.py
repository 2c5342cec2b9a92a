"""How many calls may go out, when, and for how much money (G3): what a stolen passcode can cost is bounded.

Theory of operation. Every call out counts for its passcode pair, for its customer and for the whole bridge; each of the three
has an allowance of calls at once, calls a day and money a day. Before a call, `ask` says which limit forbids it. From then on:

    begin       counts the call and pays its first minute in advance, so that many calls that start together cannot all see
                the same money
    answered    the minutes begin to run
    advance     each minute is paid shortly before it begins; where nothing is left for it, the call is to be cut (event `Cut`),
                as is one that has been up as long as any may
    ended       the call counts no more; what it paid stays spent, but for the first minute of a call that nobody answered

So the money spent is never above the allowance, as long as calls are cut when that is said. A day begins at local midnight;
a minute belongs to the day in which it is paid. At night only some destinations may be called; a call that is up goes on.

After a restart `restore` is told of the calls of today, or a crash would be a new allowance.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from math import ceil
from typing import Final

from bridge.service.dialplan import Destination

MINUTE_S: Final = 60.0
"""What carriers sell: a minute that has begun is paid whole."""

LEAD_S: Final = 8.0
"""So long before a minute begins it is paid, or the call cut: the end must reach the carrier within the minute before. Whoever
is cut off is told so first, for three seconds, or six where no worker says that they are over; and the carrier's minutes
began when its own 200 left, a little before ours."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What calls may add up to."""

    parallel: int
    """Ringing or up at once."""
    calls_per_day: int
    """Calls placed, answered or not, from local midnight."""
    spend_per_day: Decimal
    """In the currency of the prices."""


@dataclass(frozen=True, slots=True)
class Night:
    """Full hours of local time from and until which it is night; the same twice: never."""

    from_hour: int
    until_hour: int

    def holds(self, local: datetime) -> bool:
        if self.from_hour <= self.until_hour:
            return self.from_hour <= local.hour < self.until_hour
        return local.hour >= self.from_hour or local.hour < self.until_hour


class Scope(Enum):
    """For whom calls are counted."""

    PAIR = "pair"
    CUSTOMER = "customer"
    OVERALL = "overall"


class Limit(Enum):
    """Which limit is reached. The value is what the log says."""

    PAIR_PARALLEL = "calls at once of the pair"
    PAIR_CALLS = "calls today of the pair"
    PAIR_SPEND = "money today of the pair"
    CUSTOMER_PARALLEL = "calls at once of the customer"
    CUSTOMER_CALLS = "calls today of the customer"
    CUSTOMER_SPEND = "money today of the customer"
    OVERALL_PARALLEL = "calls at once"
    OVERALL_CALLS = "calls today"
    OVERALL_SPEND = "money today"
    NIGHT = "night"
    LENGTH = "length of the call"
    TRUNK = "calls of the trunk"
    """Every trunk that takes the number has as many as it may: not a matter of money, and over soon."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A call must end now."""

    call: int
    limit: Limit


@dataclass(frozen=True, slots=True)
class Placed:
    """A call of earlier today, as the records have it."""

    pair: int | None
    customer: int | None
    price_per_minute: Decimal
    talked_s: float | None
    """From the answer to the end; None where nobody answered."""


def minutes_begun(talked_s: float) -> int:
    """How many minutes a call of `talked_s` is paid for: at least one, since it was answered."""
    return max(1, ceil(talked_s / MINUTE_S))


@dataclass(slots=True)
class _Tally:
    """What was counted today, and the calls there are."""

    scope: Scope
    allowance: Allowance
    parallel: int = 0
    calls: int = 0
    spent: Decimal = Decimal(0)

    def too_much(self, price: Decimal) -> Limit | None:
        """Which limit forbids a call more."""
        if self.parallel >= self.allowance.parallel:
            return Limit[f"{self.scope.name}_PARALLEL"]
        if self.calls >= self.allowance.calls_per_day:
            return Limit[f"{self.scope.name}_CALLS"]
        return self.too_dear(price)

    def too_dear(self, price: Decimal) -> Limit | None:
        """Which limit forbids a minute more. What costs nothing goes on when nothing is left."""
        if price and self.spent + price > self.allowance.spend_per_day:
            return Limit[f"{self.scope.name}_SPEND"]
        return None


@dataclass(slots=True)
class _Call:
    price: Decimal
    tallies: tuple[_Tally, ...]
    answered_at: float | None = None
    minutes: int = 1
    """Paid, the first in advance."""

    def pay(self, minutes: int) -> None:
        for tally in self.tallies:
            tally.spent += minutes * self.price


class Spending:
    """What calls out have cost today and may cost still. Not thread-safe; one per bridge.

    Bounded by the allowance of the whole bridge: as many calls as may be at once, and no more pairs and customers than calls
    in a day; at midnight those without a call are forgotten.
    """

    __slots__ = (
        "_calls",
        "_customers",
        "_day",
        "_due",
        "_events",
        "_maximum_call_s",
        "_night",
        "_overall",
        "_pairs",
        "_per_customer",
        "_per_pair",
    )

    def __init__(
        self,
        *,
        per_pair: Allowance,
        per_customer: Allowance,
        overall: Allowance,
        night: Night,
        maximum_call_s: float,
    ) -> None:
        self._per_pair = per_pair
        self._per_customer = per_customer
        self._night = night
        self._maximum_call_s = maximum_call_s
        self._overall = _Tally(Scope.OVERALL, overall)
        self._pairs: dict[int, _Tally] = {}
        self._customers: dict[int, _Tally] = {}
        self._calls: dict[int, _Call] = {}
        self._due: list[tuple[float, int]] = []
        """When which call must be looked at; that of a call that has ended falls out when its time comes."""
        self._events: list[Cut] = []
        self._day = date.min

    @property
    def spent_today(self) -> Decimal:
        """By all, the minutes paid in advance included."""
        return self._overall.spent

    def ask(
        self, pair: int | None, customer: int | None, destination: Destination, local: datetime
    ) -> Limit | None:
        """Which limit forbids this call at the time of day `local`; None where it may be placed.

        Without a pair or a customer (calls of the operators' own) the others count alone.
        """
        self._turn(local)
        if self._night.holds(local) and not destination.at_night:
            return Limit.NIGHT
        found = (tally.too_much(destination.price_per_minute) for tally in self._tallies(pair, customer))
        return next((limit for limit in found if limit is not None), None)

    def begin(
        self, call: int, pair: int | None, customer: int | None, destination: Destination, local: datetime
    ) -> None:
        """The call `call` is placed, whether or not it was asked for."""
        self._turn(local)
        if call in self._calls:
            return
        placed = _Call(destination.price_per_minute, self._tallies(pair, customer, keep=True))
        for tally in placed.tallies:
            tally.parallel += 1
            tally.calls += 1
        placed.pay(1)
        self._calls[call] = placed

    def answered(self, call: int, now: float) -> None:
        """Somebody has picked up: from here on minutes count."""
        found = self._calls.get(call)
        if found is not None and found.answered_at is None:
            found.answered_at = now
            heapq.heappush(self._due, (self._next(found, now), call))

    def ended(self, call: int, now: float) -> None:
        """The call is over, or came to nothing."""
        found = self._calls.pop(call, None)
        if found is None:
            return
        if found.answered_at is None:
            found.pay(-1)
        else:
            # More than was paid only where the end came late after a cut, or `advance` did.
            found.pay(max(0, minutes_begun(now - found.answered_at) - found.minutes))
        for tally in found.tallies:
            tally.parallel -= 1

    def advance(self, now: float, local: datetime) -> None:
        """Pay the minutes that begin by `now`; what cannot go on is told by `events`."""
        self._turn(local)
        while self._due and self._due[0][0] <= now:
            due, number = heapq.heappop(self._due)
            call = self._calls.get(number)
            if call is None or call.answered_at is None:
                continue
            longest = due >= call.answered_at + self._maximum_call_s
            limit = Limit.LENGTH if longest else _too_dear(call)
            if limit is not None:
                self._events.append(Cut(number, limit))
                continue
            call.pay(1)
            call.minutes += 1
            heapq.heappush(self._due, (self._next(call, call.answered_at), number))

    def next_deadline(self) -> float | None:
        """When `advance` must be called at the latest."""
        while self._due and self._due[0][1] not in self._calls:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def events(self) -> list[Cut]:
        """The calls to be ended since the last time, each told once."""
        events, self._events = self._events, []
        return events

    def cut_at(self, call: int) -> float | None:
        """When an answered call ends if all goes on as it is: after its longest time, or sooner where the money for its next
        minute is gone already. Other calls may spend that money meanwhile: to be told then, use `advance`.
        """
        found = self._calls.get(call)
        if found is None or found.answered_at is None:
            return None
        if _too_dear(found) is None:
            return found.answered_at + self._maximum_call_s
        return self._next(found, found.answered_at)

    def restore(self, placed: Iterable[Placed], local: datetime) -> None:
        """Count the calls of today that were over before the start."""
        self._turn(local)
        for row in placed:
            minutes = 0 if row.talked_s is None else minutes_begun(row.talked_s)
            for tally in self._tallies(row.pair, row.customer, keep=True):
                tally.calls += 1
                tally.spent += minutes * row.price_per_minute

    def _next(self, call: _Call, answered_at: float) -> float:
        """When the call's next minute must be paid, or its longest time is over."""
        return answered_at + min(call.minutes * MINUTE_S - LEAD_S, self._maximum_call_s)

    def _tallies(self, pair: int | None, customer: int | None, *, keep: bool = False) -> tuple[_Tally, ...]:
        """Those that a call counts for; where there was no call yet fresh ones, remembered only to `keep` them."""
        found = []
        for key, kept, scope, allowance in (
            (pair, self._pairs, Scope.PAIR, self._per_pair),
            (customer, self._customers, Scope.CUSTOMER, self._per_customer),
        ):
            if key is not None:
                tally = kept.get(key) or _Tally(scope, allowance)
                found.append(tally)
                if keep:
                    kept[key] = tally
        return (*found, self._overall)

    def _turn(self, local: datetime) -> None:
        """Begin a new day where `local` is in one. A clock that is set back begins none: it would be an allowance more."""
        if local.date() <= self._day:
            return
        self._day = local.date()
        for tallies in (self._pairs, self._customers):
            for key in [key for key, tally in tallies.items() if not tally.parallel]:
                del tallies[key]
        for tally in (self._overall, *self._pairs.values(), *self._customers.values()):
            tally.calls, tally.spent = 0, Decimal(0)
        for call in self._calls.values():
            if call.answered_at is None:
                call.pay(1)


def _too_dear(call: _Call) -> Limit | None:
    found = (tally.too_dear(call.price) for tally in call.tallies)
    return next((limit for limit in found if limit is not None), None)
