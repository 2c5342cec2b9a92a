"""The timers of RFC 3261 (table 4) and RFC 6026, and the one heap of deadlines that all of SIP waits on.

Nothing here reads a clock. `Deadlines.set` says when something is due, `Deadlines.next` tells the edge how long it may
sleep, and `Deadlines.advance(now)` does everything that has come due, in order. An alarm that is no longer wanted is
emptied where it lies and falls out of the heap later, so cancelling costs next to nothing: most alarms are cancelled.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import partial
from heapq import heapify, heappop, heappush
from math import ceil
from typing import Final

T1_S: Final = 0.5
"""Estimate of a round trip (RFC 3261 17.1.1.1). Everything below is derived from it."""
T2_S: Final = 4.0
"""Longest pause between retransmissions of anything but an INVITE."""
T4_S: Final = 5.0
"""Longest time a message may linger in the network."""
GIVE_UP_S: Final = 64 * T1_S
"""Timers B, F, H, J, L and M: what has not been answered by now never will be."""
RINGING_MAX_S: Final = 180.0
"""An INVITE, ours or a peer's, waits so long for its final response once a provisional one is there: timer C of the
proxies (16.6) would end it about now. Then it is cancelled or refused."""


class Timer(StrEnum):
    """The letters of RFC 3261 table 4, and L and M of RFC 6026. In a table a timer is an input (it fired) or an effect
    (start it).
    """

    A = "A"  # INVITE client: send the request again
    B = "B"  # INVITE client: nobody answered
    D = "D"  # INVITE client: wait for retransmitted failures
    E = "E"  # other client: send the request again
    F = "F"  # other client: nobody answered
    G = "G"  # INVITE server: send the failure again
    H = "H"  # INVITE server: no ACK came
    I = "I"  # INVITE server: wait for retransmitted ACKs  # noqa: E741 - the RFC's letter
    J = "J"  # other server: wait for retransmitted requests
    K = "K"  # other client: wait for retransmitted responses
    L = "L"  # INVITE server: wait for retransmitted INVITEs after a 2xx
    M = "M"  # INVITE client: wait for retransmitted and forked 2xx


RETRANSMISSION: Final = frozenset({Timer.A, Timer.E, Timer.G})
"""Timers that double; the others end a state. Over a reliable transport nothing is ever sent twice (17.1.1.2)."""

_OVER_UDP: Final = {
    Timer.A: T1_S,
    Timer.B: GIVE_UP_S,
    Timer.D: GIVE_UP_S,
    Timer.E: T1_S,
    Timer.F: GIVE_UP_S,
    Timer.G: T1_S,
    Timer.H: GIVE_UP_S,
    Timer.I: T4_S,
    Timer.J: GIVE_UP_S,
    Timer.K: T4_S,
    Timer.L: GIVE_UP_S,
    Timer.M: GIVE_UP_S,
}
_LINGERING: Final = frozenset({Timer.D, Timer.I, Timer.J, Timer.K})
"""These wait for repetitions by the network or the peer, which a reliable transport does not have."""


def duration_s(timer: Timer, *, reliable: bool) -> float:
    """First duration of a timer; 0 means that the state it would end is passed through at once."""
    return 0.0 if reliable and timer in _LINGERING else _OVER_UDP[timer]


def next_interval_s(timer: Timer, interval_s: float) -> float:
    """Pause after the pause `interval_s`: an INVITE doubles for ever (until timer B), all else doubles up to T2."""
    doubled = 2 * interval_s
    return doubled if timer is Timer.A else min(doubled, T2_S)


class Alarm:
    """Something to do at a time. It is done once, or emptied before."""

    __slots__ = ("action", "at")

    def __init__(self, at: float, action: Callable[[float], None]) -> None:
        self.at = at
        self.action: Callable[[float], None] | None = action


class Deadlines:
    """All alarms of an agent, soonest first."""

    __slots__ = ("_dead", "_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._serial = 0
        self._dead = 0

    def __len__(self) -> int:
        return len(self._heap) - self._dead

    def set(self, at: float, action: Callable[[float], None]) -> Alarm:
        """Do `action(now)` when `advance` passes `at`. Equal times keep their order."""
        alarm = Alarm(at, action)
        self._serial += 1
        heappush(self._heap, (at, self._serial, alarm))
        return alarm

    def cancel(self, alarm: Alarm | None) -> None:
        """Empty an alarm; one that is done, cancelled or None already is fine."""
        if alarm is None or alarm.action is None:
            return
        alarm.action = None
        self._dead += 1
        # More corpses than living: sweep, so that a flood of short transactions does not hold 32 s of memory.
        if self._dead > 64 and 2 * self._dead > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapify(self._heap)
            self._dead = 0

    def next(self) -> float | None:
        """Time of the soonest alarm that is still wanted."""
        heap = self._heap
        while heap:
            at, _, alarm = heap[0]
            if alarm.action is not None:
                return at
            heappop(heap)
            self._dead -= 1
        return None

    def advance(self, now: float) -> None:
        """Do all that is due. What an action sets for now or earlier is done in the same call."""
        while (at := self.next()) is not None and at <= now:
            alarm = heappop(self._heap)[2]
            action, alarm.action = alarm.action, None
            if action is not None:
                action(now)


Ticket = tuple[int, int]
"""What an alarm of `Seconds` is cancelled by: the second it is due in, and its number."""


class Seconds:
    """Alarms that may be a second late. For what is set for nearly every call and hardly ever comes due: all of one second
    share one alarm, so that setting and cancelling cost next to nothing and leave nothing behind.
    """

    __slots__ = ("_deadlines", "_due", "_serial")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._serial = 0
        self._due: dict[int, tuple[Alarm, dict[int, Callable[[float], None]]]] = {}

    def __len__(self) -> int:
        return sum(len(actions) for _, actions in self._due.values())

    def set(self, at: float, action: Callable[[float], None]) -> Ticket:
        """Do `action(now)` at `at`, or within the second after it."""
        second = ceil(at)
        self._serial += 1
        entry = self._due.get(second)
        if entry is None:
            entry = self._due[second] = self._deadlines.set(second, partial(self._fire, second)), {}
        entry[1][self._serial] = action
        return second, self._serial

    def cancel(self, ticket: Ticket | None) -> None:
        """Forget an alarm; one that is done, cancelled or None already is fine."""
        entry = None if ticket is None else self._due.get(ticket[0])
        if ticket is None or entry is None:
            return
        alarm, actions = entry
        actions.pop(ticket[1], None)
        if not actions:
            self._deadlines.cancel(alarm)
            del self._due[ticket[0]]

    def _fire(self, second: int, now: float) -> None:
        actions = self._due[second][1]
        # One of them may cancel another of the same second.
        while actions:
            actions.pop(next(iter(actions)))(now)
        self._due.pop(second, None)
