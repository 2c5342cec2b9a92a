"""Our registration at a trunk (RFC 3261 10.2): asked for, refreshed in time, asked for again ever later where it fails.

Theory of operation. A `Registration` wants one binding at one registrar. It never sees a message: `outgoing()` says `Find`
(say which servers there are: `found`), `Register` (send it: `answered`), `Failed` (this server is to be tried last), and
`events()` tells `Standing` whenever it changes whether the binding holds. All that may happen is in `TABLE`:

    OFF        not wanted
    ASKING     a REGISTER is out, and no binding holds
    HELD       it holds; refreshed at a random moment between 50 and 90 % of its time, so that a thousand bridges that
               started together do not come together for ever
    RENEWING   the refresh is out, and the old binding holds meanwhile
    WAITING    refused, or nobody answered: tried again after 30 to 60 s, then ever later up to half an hour, each time a
               random share of it (RFC 5626 4.5). The old binding may hold still
    LEAVING    taking it back (Expires: 0)

A server that is silent for four seconds, breaks the connection or says 503 or another 5xx is left for the next one; any other
refusal is the registrar's word, and the next server would say the same. 423 is obeyed once per round. Where nobody answered
and our pings say that the trunk is back (`is_back`), the long wait is over at once: back within a minute of an outage of any
length (interop.md 5, row 32).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.trunks.trying import GONE, Failed, Find, Round, Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sip.locating import Target

BASE_S: Final = 30.0
"""RFC 5626 4.5, base-time: half of what the first wait is drawn below."""
LONGEST_S: Final = 1800.0
"""The same, max-time."""
EARLIEST, LATEST = 0.5, 0.9
"""At which share of its time a binding is refreshed (interop.md 3, P0-8)."""
EXPIRES_MAX_S: Final = 86_400
"""The most that a Min-Expires may make us ask for, a day; a registrar that wants more gets nothing."""
NO_TIME_S: Final = 30.0
"""What a binding is taken to hold for that was granted for less: no registrar wants to be asked every second."""
AT_ONCE_S: Final = 5.0
"""Within so many seconds of its return a trunk is asked again: not by all its customers in the same moment."""
GOODBYE_S: Final = 2.0
"""How long the end of the service waits for the answer to our taking it back."""


class State(Enum):
    OFF = "off"
    ASKING = "asking"
    HELD = "held"
    RENEWING = "renewing"
    WAITING = "waiting"
    LEAVING = "leaving"


class Input(Enum):
    START = "start"
    ACCEPTED = "accepted"
    FAILED = "failed"
    DUE = "due"
    STOP = "stop"


TABLE: Final[dict[State, dict[Input, State]]] = {
    State.OFF: {Input.START: State.ASKING},
    State.ASKING: {Input.ACCEPTED: State.HELD, Input.FAILED: State.WAITING, Input.STOP: State.OFF},
    State.HELD: {Input.ACCEPTED: State.HELD, Input.DUE: State.RENEWING, Input.STOP: State.LEAVING},
    State.RENEWING: {Input.ACCEPTED: State.HELD, Input.FAILED: State.WAITING, Input.STOP: State.LEAVING},
    State.WAITING: {Input.ACCEPTED: State.HELD, Input.DUE: State.ASKING, Input.STOP: State.OFF},
    State.LEAVING: {Input.ACCEPTED: State.OFF, Input.FAILED: State.OFF, Input.DUE: State.OFF},
}
"""What is not here changes nothing."""


@dataclass(frozen=True, slots=True)
class Register:
    """Send REGISTER to this server: answered by `answered`. `expires_s` 0 takes the binding back."""

    target: Target
    expires_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a final response to REGISTER says."""

    status: int
    """408 or 503 where there is none."""
    reason: str = ""
    granted_s: int | None = None
    """Of a 2xx: for how long; None where it does not say."""
    min_expires_s: int | None = None
    retry_after_s: int = 0


Wanted = Find | Register | Failed


class Registration:
    """One binding. Drain `outgoing` and `events` after each verb; `advance` when `next_deadline` has come."""

    __slots__ = (
        "_asked_s",
        "_away",
        "_due_at",
        "_entropy",
        "_events",
        "_failures",
        "_held_until",
        "_holds",
        "_obeyed",
        "_outgoing",
        "_round",
        "_server",
        "state",
        "why",
    )

    def __init__(self, *, expires_s: int, entropy: Callable[[int], bytes]) -> None:
        self.state = State.OFF
        self.why = "not asked for yet"
        """Why it does not hold, or did not the last time it was asked for."""
        self._asked_s = expires_s
        self._entropy = entropy
        self._round = Round()
        self._server: Target | None = None
        """Who accepted last: asked first the next time."""
        self._obeyed = False
        """A 423 in this round."""
        self._away = False
        """The last failure was that nobody answered, and not a refusal."""
        self._failures = 0
        self._due_at: float | None = None
        self._held_until: float | None = None
        self._holds = False
        self._outgoing: list[Wanted] = []
        self._events: list[Standing] = []

    # The verbs

    def start(self, _now: float) -> None:
        """Have it from now on."""
        if self._step(Input.START):
            self._ask()

    def found(self, targets: Sequence[Target], why: str, now: float) -> None:
        """Which servers there are; none: `why`."""
        if self.state not in {State.ASKING, State.RENEWING, State.LEAVING} or self._round.at is not None:
            return
        target = self._round.begin(sorted(targets, key=lambda each: each != self._server), now)
        if target is None:
            self._failed(why, 0, now, away=True)
        else:
            self._register(target)

    def answered(self, target: Target, answer: Answer, now: float) -> None:
        """A final response of `target`, or that none will come."""
        current = target == self._round.at
        if 200 <= answer.status < 300:
            self._accepted(target, answer, now)
        elif not current:
            pass  # it was too late, and is a no
        elif answer.status in GONE or 500 <= answer.status < 600:
            self._next(f"{answer.status} {answer.reason}".rstrip(), answer.retry_after_s, now)
        elif answer.status == 423 and self._obey(answer):
            self._register(target)
        else:
            self._failed(f"{answer.status} {answer.reason}".rstrip(), answer.retry_after_s, now)

    def is_back(self, now: float) -> None:
        """The trunk answers again: ask it soon, if all that was wrong was that it did not."""
        if self.state is State.WAITING and self._away and self._due_at is not None:
            self._due_at = min(self._due_at, now + AT_ONCE_S * self._share())

    def stop(self, now: float) -> None:
        """Take it back."""
        holds = self._holds
        if not self._step(Input.STOP):
            return
        self._round.end()
        self._due_at = None
        if self.state is State.LEAVING and holds and self._server is not None:
            self._round.begin([self._server], now)
            self._outgoing.append(Register(self._server, 0))
            self._due_at = now + GOODBYE_S
        else:
            self.state = State.OFF
        self._stands(holds=False, why="taken back")

    def advance(self, now: float) -> None:
        """Do what is due."""
        if self._held_until is not None and self._held_until <= now:
            self._stands(holds=False, why=self.why or "it has run out")
        if self._round.is_silent(now):
            self._next("no answer", 0, now)
        if self._due_at is not None and self._due_at <= now:
            self._due_at = None
            before = self.state
            if self._step(Input.DUE) and before is not State.LEAVING:
                self._ask()

    def next_deadline(self) -> float | None:
        times = (self._due_at, self._held_until, self._round.give_up_at)
        return min((at for at in times if at is not None), default=None)

    def outgoing(self) -> list[Wanted]:
        """What is to be done; each is given once."""
        wanted, self._outgoing = self._outgoing, []
        return wanted

    def events(self) -> list[Standing]:
        """What has changed; each is told once."""
        happened, self._events = self._events, []
        return happened

    @property
    def holds(self) -> bool:
        return self._holds

    # How it goes

    def _step(self, what: Input) -> bool:
        after = TABLE[self.state].get(what)
        if after is None:
            return False
        self.state = after
        return True

    def _ask(self) -> None:
        self._obeyed = False
        self._round.end()
        self._outgoing.append(Find())

    def _register(self, target: Target) -> None:
        self._outgoing.append(Register(target, 0 if self.state is State.LEAVING else self._asked_s))

    def _accepted(self, target: Target, answer: Answer, now: float) -> None:
        leaving = self.state is State.LEAVING
        if not self._step(Input.ACCEPTED):
            return
        self._round.end()
        self._due_at = None
        if leaving:
            return
        granted_s = float(self._asked_s if answer.granted_s is None else answer.granted_s)
        granted_s = min(max(granted_s, NO_TIME_S), EXPIRES_MAX_S)
        self._server = target
        self._failures = 0
        self._held_until = now + granted_s
        self._due_at = now + granted_s * (EARLIEST + (LATEST - EARLIEST) * self._share())
        self._stands(holds=True, why="")

    def _obey(self, answer: Answer) -> bool:
        """Ask for as long as the registrar wants (RFC 3261 10.2.8), once."""
        wanted = answer.min_expires_s or 0
        if self._obeyed or not self._asked_s < wanted <= EXPIRES_MAX_S:
            return False
        self._obeyed, self._asked_s = True, wanted
        return True

    def _next(self, why: str, retry_after_s: int, now: float) -> None:
        failed = self._round.at
        if failed is not None:
            self._outgoing.append(Failed(failed))
        target = self._round.next(now)
        if target is None:
            self._failed(why, retry_after_s, now, away=not retry_after_s)
        else:
            self._register(target)

    def _failed(self, why: str, retry_after_s: int, now: float, *, away: bool = False) -> None:
        self._away = away
        self._round.end()
        if not self._step(Input.FAILED):
            return
        self.why = why
        if self.state is not State.WAITING:
            return
        self._failures += 1
        upper = min(LONGEST_S, BASE_S * 2.0 ** min(self._failures, 10))
        wait_s = upper * (0.5 + 0.5 * self._share())
        self._due_at = now + max(wait_s, min(float(retry_after_s), LONGEST_S))
        self._stands(holds=self._holds, why=why, told=True)

    def _stands(self, *, holds: bool, why: str, told: bool = False) -> None:
        """Tell whether it holds, where that has changed or is to be `told` again."""
        if not holds:
            self._held_until = None
        self.why = why
        if told or holds != self._holds:
            self._events.append(Standing(holds, why))
        self._holds = holds

    def _share(self) -> float:
        """A random number from 0 to 1."""
        return int.from_bytes(self._entropy(2), "big") / 0xFFFF
