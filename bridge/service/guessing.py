"""Making it hopeless to guess codes (G5).

Theory of operation. Every wrong code adds one to three scores: of its source, of the trunk it came through, and of the
whole service. A score leaks away with time. As it grows, answers come later; above a limit they come not at all until
the score has leaked to half. Three things make this hold:

- The delay is known before the code is looked up, and is never less than `SHORTEST_DELAY_S`. It depends on what was
  keyed before, never on this code, so that a wrong, an unknown and a right one take the same time.
- Delays alone would not slow somebody who guesses on a hundred lines at once; the scores of trunk and service do.
- The scores of trunk and service would let a guesser shut out everybody; so a source that keyed a right code not long
  ago answers for itself alone. Its own score is not forgiven by it, or one good code would buy endless guesses.

What a source and a trunk are, `origin` says.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv6Address, ip_address
from typing import Final

SHORTEST_DELAY_S: Final = 0.25
"""Every answer comes at least so late: longer than any look-up takes, so that its time cannot be measured."""

LONGEST_DELAY_S: Final = 8.0
"""No answer comes later: whoever waits longer hangs up, and a held line costs us more than a guesser."""

MOST_SOURCES: Final = 10_000
"""Sources remembered, some 2 MB; the one that was quiet longest is forgotten for a new one. To be forgotten that way
takes 10,000 other sources with a wrong code each, which the service's own score stops long before."""

MOST_TRUNKS: Final = 256
"""The same for trunks, which are few."""

KNOWN_FOR_S: Final = 12 * 3600.0
"""A right code speaks for its source so long: a working day."""

ALERT_EVERY_S: Final = 600.0
"""The operators are told of the same source, trunk or service no more often."""


_ROUNDING: Final = 0.5
"""Scores leak between one wrong code and the next: ten in a row are a little under 10, and count as ten."""


class Scope(Enum):
    """Whose score."""

    SOURCE = "source"
    TRUNK = "trunk"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is too much."""

    leak_per_hour: float
    """Wrong codes an hour that never add up to anything."""
    delayed_from: float
    """From this score on answers come later."""
    doubled_every: float
    """So much more score doubles the delay, from 1 s on."""
    blocked_from: float
    """At this score nothing is answered any more, until half of it has leaked."""


LIMITS: Final[dict[Scope, Limits]] = {
    # A person who mistypes all three attempts of two calls is still served; ten in a row is nobody's mistake. One slip
    # delays nobody: colleagues may call from the same address. It is the block that stops a guesser, not the delay.
    Scope.SOURCE: Limits(leak_per_hour=10, delayed_from=2, doubled_every=2, blocked_from=10),
    # One trunk may carry everybody: a thousand calls an hour with one in five mistyped is an ordinary day.
    Scope.TRUNK: Limits(leak_per_hour=300, delayed_from=150, doubled_every=75, blocked_from=600),
    # 600 an hour is what `passcodes` counts with.
    Scope.SERVICE: Limits(leak_per_hour=600, delayed_from=300, doubled_every=150, blocked_from=1200),
}


@dataclass(frozen=True, slots=True)
class Alert:
    """For the operators: somebody is guessing. `blocked` where nothing of theirs is answered any more."""

    scope: Scope
    name: str
    score: int
    blocked: bool


@dataclass(slots=True)
class _Score:
    """A leaking bucket."""

    limits: Limits
    value: float = 0.0
    at: float = 0.0
    blocked: bool = False
    alerted_at: float | None = None
    alerted_blocked: bool = False

    def leak(self, now: float) -> None:
        passed_s = max(0.0, now - self.at)
        self.value = max(0.0, self.value - passed_s * self.limits.leak_per_hour / 3600)
        self.at = max(self.at, now)
        if self.value <= self.limits.blocked_from / 2:
            self.blocked = False

    def add(self) -> None:
        # No more than half as much again as blocks: what came while blocked must leak away in bounded time.
        self.value = min(self.value + 1, self.limits.blocked_from * 1.5)
        if self.value > self.limits.blocked_from - _ROUNDING:
            self.blocked = True

    def delay_s(self) -> float:
        over = self.value - self.limits.delayed_from
        if over < -_ROUNDING:
            return 0.0
        doublings = min(max(over, 0.0) / self.limits.doubled_every, 10.0)
        return float(2**doublings)


class Guesses:
    """What is remembered of wrong codes. Not thread-safe; one per service."""

    __slots__ = ("_known", "_service", "_sources", "_trunks")

    def __init__(self) -> None:
        self._sources: OrderedDict[str, _Score] = OrderedDict()
        self._trunks: OrderedDict[str, _Score] = OrderedDict()
        self._service = _Score(LIMITS[Scope.SERVICE])
        self._known: OrderedDict[str, float] = OrderedDict()

    def delay_before_answer(self, source: str, trunk: str, now: float) -> float:
        """How long from now the answer to a code just keyed must wait, whatever the code."""
        longest_s = max(score.delay_s() for _, _, score in self._scores(source, trunk, now))
        return min(max(longest_s, SHORTEST_DELAY_S), LONGEST_DELAY_S)

    def blocked(self, source: str, trunk: str, now: float) -> Scope | None:
        """Which score forbids to look at a code from here at all; None where none does."""
        for scope, _, score in self._scores(source, trunk, now):
            if score.blocked:
                return scope
        return None

    def record_failure(self, source: str, trunk: str, now: float) -> list[Alert]:
        """A code or counter-password was wrong; what the operators are to hear of it, if anything."""
        source = source_name(source)
        scores = [
            (Scope.SOURCE, source, _remembered(self._sources, source, Scope.SOURCE, MOST_SOURCES)),
            (Scope.TRUNK, trunk, _remembered(self._trunks, trunk, Scope.TRUNK, MOST_TRUNKS)),
            (Scope.SERVICE, "", self._service),
        ]
        alerts = []
        for scope, name, score in scores:
            score.leak(now)
            score.add()
            alert = _alert(scope, name, score, now)
            if alert is not None:
                alerts.append(alert)
        return alerts

    def record_success(self, source: str, now: float) -> None:
        """A code was right, and its counter-password too where it has one."""
        source = source_name(source)
        self._known[source] = now
        self._known.move_to_end(source)
        if len(self._known) > MOST_SOURCES:
            self._known.popitem(last=False)

    def _scores(self, source: str, trunk: str, now: float) -> list[tuple[Scope, str, _Score]]:
        """Those that count for this source now."""
        source = source_name(source)
        known_at = self._known.get(source)
        known = known_at is not None and now - known_at < KNOWN_FOR_S
        found = [(Scope.SOURCE, source, self._sources.get(source))]
        if not known:
            found += [(Scope.TRUNK, trunk, self._trunks.get(trunk)), (Scope.SERVICE, "", self._service)]
        scores = [(scope, name, score or _Score(LIMITS[scope])) for scope, name, score in found]
        for _, _, score in scores:
            score.leak(now)
        return scores


def source_name(source: str) -> str:
    """What counts as one source: of an IPv6 address its /64, which is what one customer has to itself."""
    try:
        address = ip_address(source)
    except ValueError:
        return source
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64)) + "/64"
    return str(address)


def _remembered(scores: OrderedDict[str, _Score], name: str, scope: Scope, most: int) -> _Score:
    score = scores.get(name)
    if score is None:
        score = scores[name] = _Score(LIMITS[scope])
        if len(scores) > most:
            scores.popitem(last=False)
    scores.move_to_end(name)
    return score


def _alert(scope: Scope, name: str, score: _Score, now: float) -> Alert | None:
    """At half the way to the block and at the block itself; the block is told even soon after the half."""
    if score.value < score.limits.blocked_from / 2 - _ROUNDING:
        return None
    told = score.alerted_at is not None and now - score.alerted_at < ALERT_EVERY_S
    if told and (score.alerted_blocked or not score.blocked):
        return None
    score.alerted_at, score.alerted_blocked = now, score.blocked
    return Alert(scope, name, round(score.value), score.blocked)
