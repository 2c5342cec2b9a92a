"""OPTIONS at a trunk, and whether it is up (RFC 3261 11, as trunks use it): any answer will do that a living server gives.

Theory of operation. Every `ping_s`, more or less a tenth so that many bridges do not come at once, one round: the servers
of the trunk are asked one after the other until one answers. Any final response says that somebody lives there, a 404 as
good as a 200, but for 408 and 503, by which a proxy says that the server behind it is away. A trunk that has been up is
down after two rounds without an answer, and one that is down is up after two with; in doubt it is asked every ten
seconds, so both take less than half a minute. One lost packet changes nothing, and one lucky one neither.

    UNKNOWN   not asked yet: calls may go there
    UP        the last two rounds were not both in vain
    DOWN      calls go there last
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.trunks.trying import GONE, Failed, Find, Round, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sip.locating import Target

IN_DOUBT_S: Final = 10.0
"""How soon it is asked again after a failure, and while it is down; sooner still where `ping_s` is less."""
JITTER: Final = 0.1
"""By which share of itself a pause is shorter or longer."""
FIRST_S: Final = 2.0
"""The first round begins within so many seconds of the start: not all trunks in the same moment."""
IN_A_ROW: Final = 2
"""Rounds that say the same before it is believed."""


class State(Enum):
    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


class Input(Enum):
    ANSWERED = "answered"
    """A round with an answer."""
    ANSWERED_AGAIN = "answered again"
    """Enough of them in a row."""
    SILENT = "silent"
    SILENT_AGAIN = "silent again"


TABLE: Final[dict[State, dict[Input, State]]] = {
    State.UNKNOWN: {
        Input.ANSWERED: State.UP,
        Input.ANSWERED_AGAIN: State.UP,
        Input.SILENT_AGAIN: State.DOWN,
    },
    State.UP: {Input.SILENT_AGAIN: State.DOWN},
    State.DOWN: {Input.ANSWERED_AGAIN: State.UP},
}
"""What is not here changes nothing."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Send OPTIONS to this server: answered by `answered`."""

    target: Target


Wanted = Find | Ping | Failed


class Pinging:
    """The pings of one trunk. Drain `outgoing` and `events` after each verb; `advance` when `next_deadline` has come."""

    __slots__ = (
        "_due_at",
        "_entropy",
        "_events",
        "_finding",
        "_in_a_row",
        "_last",
        "_outgoing",
        "_ping_s",
        "_round",
        "state",
    )

    def __init__(self, *, ping_s: float, entropy: Callable[[int], bytes]) -> None:
        self.state = State.UNKNOWN
        self._ping_s = ping_s
        self._entropy = entropy
        self._round = Round(hasty=True)
        self._finding = False
        self._last: bool | None = None
        """Whether the last round had an answer."""
        self._in_a_row = 0
        self._due_at: float | None = None
        self._outgoing: list[Wanted] = []
        self._events: list[Standing] = []

    def start(self, now: float) -> None:
        """Ask from now on; never, where `ping_s` is 0."""
        if self._ping_s:
            self._due_at = now + FIRST_S * self._share()

    def found(self, targets: Sequence[Target], why: str, now: float) -> None:
        """Which servers there are; none: `why`."""
        if not self._finding:
            return
        self._finding = False
        target = self._round.begin(targets, now)
        if target is None:
            self._over(why, now)
        else:
            self._outgoing.append(Ping(target))

    def answered(self, target: Target, status: int, reason: str, now: float) -> None:
        """A final response of `target`, or that none will come (408, 503)."""
        if self._round.at is None:
            return  # the round is over
        if status not in GONE:
            self._over("", now)
        elif target == self._round.at:
            self._next(f"{status} {reason}".rstrip(), now)

    def stop(self) -> None:
        """Ask nothing more."""
        self._round.end()
        self._due_at, self._finding = None, False

    def advance(self, now: float) -> None:
        """Do what is due."""
        if self._round.is_silent(now):
            self._next("no answer", now)
        if self._due_at is not None and self._due_at <= now:
            self._due_at = None
            self._finding = True
            self._outgoing.append(Find())

    def next_deadline(self) -> float | None:
        times = (self._due_at, self._round.give_up_at)
        return min((at for at in times if at is not None), default=None)

    def outgoing(self) -> list[Wanted]:
        """What is to be done; each is given once."""
        wanted, self._outgoing = self._outgoing, []
        return wanted

    def events(self) -> list[Standing]:
        """What has changed; each is told once."""
        happened, self._events = self._events, []
        return happened

    def _next(self, why: str, now: float) -> None:
        failed = self._round.at
        if failed is not None:
            self._outgoing.append(Failed(failed))
        target = self._round.next(now)
        if target is None:
            self._over(why, now)
        else:
            self._outgoing.append(Ping(target))

    def _over(self, why: str, now: float) -> None:
        """A round has ended, in vain where there is a `why`."""
        self._round.end()
        answered = not why
        self._in_a_row = self._in_a_row + 1 if answered is self._last else 1
        self._last = answered
        again = self._in_a_row >= IN_A_ROW
        if answered:
            what = Input.ANSWERED_AGAIN if again else Input.ANSWERED
        else:
            what = Input.SILENT_AGAIN if again else Input.SILENT
        before, self.state = self.state, TABLE[self.state].get(what, self.state)
        if before is not self.state or not answered:
            self._events.append(Standing(self.state is not State.DOWN, why))
        doubt = not answered or self.state is State.DOWN
        pause_s = min(self._ping_s, IN_DOUBT_S) if doubt else self._ping_s
        self._due_at = now + pause_s * (1 - JITTER + 2 * JITTER * self._share())

    def _share(self) -> float:
        """A random number from 0 to 1."""
        return int.from_bytes(self._entropy(2), "big") / 0xFFFF
