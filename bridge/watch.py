"""How pressed the machine is, told to the guard several times a second; and what the guard did, told to the operator.

Lines that programs such as fail2ban read are told by these words and no others:

    event="source banned" source=203.0.113.9 why="scanner" for_s=60
    event="source spared" source=198.51.100.4 why="wrong password"          vouched for: not banned, somebody should look
    event="more sources banned" count=312                                  too many at once for a line each
    event="pressed" state=wary pressure=0.8
    event="under attack" dropped=51234                                     at most once a minute
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from sip.bans import Ban
from sip.guard import Pressed, Spared, Told
from sip.shedding import Load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from media.streams import Streams
    from sip.guard import Guard

EVERY_S: Final = 0.25
"""Between two looks: a flood that fills the machine takes about a second, and who is turned away is so by then."""
MINUTE_S: Final = 60.0
LINES_AT_ONCE: Final = 20
"""Lines of one look; a botnet's thousand bans are told by their number then."""

_log = structlog.get_logger("guard")

Ticks = tuple[str, int, int]
"""A worker's name, its ticks that were due so far, and those of them that came late by a tick or were given up."""


def ticks_of(worker: str, header: Streams) -> Ticks:
    """What a worker's header says."""
    given_up = int(header.skipped[0])
    return worker, int(header.ticks[0]) + given_up, int(header.caught_up[0]) + given_up


class Lateness:
    """How often the media is late, from one look to the next.

    What is given up counts as due, too. Held against the ticks that were done, a single pause of a worker's (0.25 s: ten given
    up, two done) would be many times all of them, and refuse everybody for seconds after it is over.
    """

    def __init__(self) -> None:
        self._before: dict[str, tuple[int, int]] = {}

    def share(self, ticks: Iterable[Ticks]) -> float:
        """The share of ticks that came late since the last look, in the worker that has most."""
        worst = 0.0
        for worker, due, late in ticks:
            due_before, late_before = self._before.get(worker, (due, late))
            self._before[worker] = due, late
            if due > due_before:
                worst = max(worst, (late - late_before) / (due - due_before))
        return worst


class Watch:
    """Runs while the service does.

    Parameters
    ----------
    transactions : callable
        How many the agent has.
    ticks : callable
        What the media workers have done so far.
    alert_per_minute : int
        Messages dropped in a minute from which on it is an attack; 0: never.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        transactions: Callable[[], int],
        ticks: Callable[[], Iterable[Ticks]],
        alert_per_minute: int,
    ) -> None:
        self._guard = guard
        self._transactions = transactions
        self._ticks = ticks
        self._alert_per_minute = alert_per_minute
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._lateness = Lateness()
        self._minute_ends = 0.0
        self._dropped = 0

    def start(self) -> None:
        """Look from now on."""
        self._minute_ends = self._loop.time() + MINUTE_S
        self._plan(self._loop.time() + EVERY_S)

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _plan(self, at: float) -> None:
        self._timer = self._loop.call_at(at, self._look, at)

    def _look(self, due: float) -> None:
        now = self._loop.time()
        late_share = self._lateness.share(self._ticks())
        self._guard.measure(Load(self._transactions(), now - due, late_share), now)
        told = self._guard.events()
        for each in told[:LINES_AT_ONCE]:
            _tell(each, now)
        if len(told) > LINES_AT_ONCE:
            _log.warning("more sources banned", count=len(told) - LINES_AT_ONCE)
        if now >= self._minute_ends:
            self._minute_ends = now + MINUTE_S
            dropped, self._dropped = self._guard.dropped - self._dropped, self._guard.dropped
            if 0 < self._alert_per_minute <= dropped:
                _log.error("under attack", dropped=dropped)
        self._plan(now + EVERY_S)


def _tell(told: Told, now: float) -> None:
    match told:
        case Ban(source, why, until=until):
            _log.warning("source banned", source=source, why=why, for_s=round(until - now))
        case Spared(source, why):
            _log.warning("source spared", source=source, why=why)
        case Pressed(level, pressure):
            _log.warning("pressed", state=level.value, pressure=round(pressure, 2))
