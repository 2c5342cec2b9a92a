"""One blast, from the first call to the last (`*92`, `*3`).

Theory of operation
-------------------
How far each entry has come is in `states`; this file is whose turn it is. Entries wait in a queue, the list's order
first; whoever is to be tried again queues behind all that have not been tried. An attempt begins when three things are
so: somebody waits, fewer than `parallel` attempts are going on, and the schedule allows it. The schedule is a moment,
`_slot`, before which no attempt begins and which each attempt moves on by 1/`calls_per_second`; so 200 numbers at 20 a
second have all been called 9.95 s after the start. An owner who comes late may catch up, but only by `CATCH_UP_S`: a
trunk is never hit by what has piled up. Within any T seconds no more than (T + `CATCH_UP_S`) * rate + 1 attempts begin.

An attempt takes a place among the `parallel` ones from `Dial` until its person has joined or its call is down. When we
hang up, that is not yet the end: the far side may answer in the same moment, and its call must not be taken for the
next attempt's. So the entry is *closing* until `Failed` or `Left` has been told; should neither come, until
`CLOSING_S` is over. An answer that nobody waits for (closing, cancelled, gone) is hung up, whoever it is: no call is
left without an owner.

Each entry waits for at most one thing at a time, so one alarm each is enough: the end of the ringing, of the message, of
the wait for a key, of the closing, or of the pause before the next attempt. Which it is follows from the state.

Nothing here is longer for a longer list than the heap of alarms is deep, but for `board` and for cancelling.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Final

from bridge.blast.effects import Changed, Dial, Effect, HangUp, Join, Over, Play
from bridge.blast.events import Answered, Cancel, Event, Failed, Left, Played, Pressed, Ringing
from bridge.blast.model import ENTRIES_MAX, BlastError, Entry, Row, Rules
from bridge.blast.states import AFTER, NEXT, State, Turn
from bridge.service.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

CATCH_UP_S: Final = 0.1
"""Of the schedule's time that an owner who comes late may make up: what an event loop is late at worst when all is
well. What is later than that is not made up."""

CONFIRM_S: Final = 10.0
"""From the end of the prompt that asks for 1: time to take the phone from the ear and find the key. Then it is taken
for a machine and hung up."""

MESSAGE_MAX_S: Final = 300.0
"""Should the message's end never be told, it is taken as heard so long after the answer: nobody is left in silence.
Longer messages are nobody's."""

CLOSING_S: Final = 35.0
"""A call that we hung up is taken as down so long after, should its end never be told: 64*T1 of RFC 3261 (32 s), after
which a SIP stack gives up the last of its transactions."""

CONFIRMING_KEY: Final = "1"
"""Any other key is a slip of the finger and changes nothing."""


class _Line:
    """An entry and how it stands."""

    __slots__ = (
        "again",
        "alarm",
        "attempts",
        "closing",
        "engaged",
        "entry",
        "on_call",
        "outcome",
        "since",
        "state",
        "unsettled",
    )

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.state = State.WAITING
        self.attempts = 0
        self.since = 0.0
        self.outcome: Outcome | None = None
        self.on_call = False
        """A call to it was asked for, and its end has not been told."""
        self.closing = False
        """We have hung that call up."""
        self.again = False
        """Another attempt follows when the call is down and the pause is over."""
        self.alarm = 0
        """The number of the alarm that counts; 0: none."""
        self.engaged = False
        """Counted among the attempts in parallel."""
        self.unsettled = True
        """Counted among those for whose sake the campaign is not over."""

    def counts(self) -> tuple[bool, bool]:
        """Whether it is engaged, and whether it is unsettled, as it stands."""
        engaged = self.on_call and self.state is not State.JOINED
        return engaged, engaged or self.again or self.state is State.WAITING


class Campaign:
    """A list being called. Tell it what happens, look at the time for it, and do what it wants."""

    __slots__ = (
        "_alarms",
        "_cancelled",
        "_counts",
        "_effects",
        "_engaged",
        "_lines",
        "_over",
        "_rules",
        "_serial",
        "_slot",
        "_started",
        "_unsettled",
        "_waiting",
    )

    def __init__(self, entries: Sequence[Entry], rules: Rules) -> None:
        """Take a list; nobody is called before `start`.

        Raises
        ------
        BlastError
            The list is longer than `ENTRIES_MAX`, or an id stands in it twice.
        """
        if len(entries) > ENTRIES_MAX:
            raise BlastError(f"the list has {len(entries)} entries: at most {ENTRIES_MAX} are called")
        self._lines = {entry.id: _Line(entry) for entry in entries}
        if len(self._lines) < len(entries):
            raise BlastError("an id stands in the list twice")
        self._rules = rules
        self._waiting = deque(self._lines)
        self._alarms: list[tuple[float, int, int]] = []
        self._serial = 0
        self._slot = 0.0
        self._engaged = 0
        self._unsettled = len(entries)
        self._counts = {**dict.fromkeys(State, 0), State.WAITING: len(entries)}
        self._started = self._cancelled = self._over = False
        self._effects: list[Effect] = []

    @property
    def over(self) -> bool:
        """Whether nobody is being called, rung or greeted any more, and nobody will be."""
        return self._over

    @property
    def summary(self) -> dict[State, int]:
        """How many entries are in each state, all states named."""
        return dict(self._counts)

    def board(self) -> tuple[Row, ...]:
        """Every entry as it stands, in the list's order."""
        return tuple(
            Row(
                line.entry.id,
                line.entry.name,
                line.entry.number,
                line.state,
                line.attempts,
                line.since,
                line.outcome,
            )
            for line in self._lines.values()
        )

    def start(self, now: float) -> None:
        """Begin to call. A campaign begins once."""
        if self._started or self._cancelled:
            return
        self._started = True
        self._slot = now
        for line in self._lines.values():
            line.since = now
        self._go_on(now)

    def receive(self, event: Event, now: float) -> None:
        """Take note of what happened. What comes too late, twice, or for nobody changes nothing, but that an answer
        which nobody waits for is hung up.
        """
        if isinstance(event, Cancel):
            self._cancel(now)
        elif (line := self._lines.get(event.id)) is not None:
            self._happened(line, event, now)
        elif isinstance(event, Answered):
            self._effects.append(HangUp(event.id))
        self._go_on(now)

    def advance(self, now: float) -> None:
        """Do what is due: give up ringing, try again, begin the attempts whose time has come."""
        while (at := self._next_alarm()) is not None and at <= now:
            line = self._lines[heappop(self._alarms)[2]]
            self._due(line, now)
            self._count(line)
        self._go_on(now)

    def next_deadline(self) -> float | None:
        """When `advance` has something to do, or None."""
        alarm = self._next_alarm()
        if not self._may_dial():
            return alarm
        return self._slot if alarm is None else min(self._slot, alarm)

    def outgoing(self) -> list[Effect]:
        """Take what is to be done, in order."""
        effects, self._effects = self._effects, []
        return effects

    def _happened(self, line: _Line, event: Event, now: float) -> None:
        match event:
            case Ringing():
                self._step(line, Turn.RANG, now)
            case Answered() if not line.on_call or line.closing:
                self._effects.append(HangUp(line.entry.id))
            case Answered():
                if self._step(line, Turn.ANSWERED, now):
                    self._effects.append(Play(line.entry.id))
                    self._set_alarm(line, now + MESSAGE_MAX_S)
            case Played() if line.state is State.GREETED:
                self._heard(line, now)
            case Pressed(digit=digit) if self._rules.press_one and digit == CONFIRMING_KEY:
                self._confirmed(line, now)
            case Failed(outcome=outcome) if line.on_call:
                self._call_over(line, outcome, now)
            case Left() if line.on_call:
                self._call_over(line, Outcome.ERROR, now)
            case _:
                return
        self._count(line)

    def _heard(self, line: _Line, now: float) -> None:
        if not self._rules.press_one:
            self._confirmed(line, now)
            return
        self._step(line, Turn.ASKED, now)
        self._set_alarm(line, now + CONFIRM_S)

    def _confirmed(self, line: _Line, now: float) -> None:
        if self._step(line, Turn.CONFIRMED, now):
            line.alarm = 0
            self._effects.append(Join(line.entry.id))

    def _call_over(self, line: _Line, outcome: Outcome, now: float) -> None:
        """The call is down. Where nobody had taken it, `outcome` says why; a call that we hung up has its outcome."""
        line.on_call = False
        line.alarm = 0
        if line.closing:
            line.closing = False
        elif line.state in {State.CALLING, State.RINGING}:
            self._not_taken(line, outcome, now)
        else:
            self._step(line, Turn.LEFT if line.state is State.JOINED else Turn.UNCONFIRMED, now)
        if line.again:
            self._set_alarm(line, now + self._rules.retry_after_s)

    def _not_taken(self, line: _Line, outcome: Outcome, now: float) -> None:
        after = AFTER[outcome]
        line.outcome = outcome
        line.again = after.again and line.attempts < self._rules.attempts
        if outcome is Outcome.REFUSED:
            line.attempts -= 1  # it never left the house
        self._step(line, after.turn, now)

    def _close(self, line: _Line, now: float) -> None:
        line.closing = True
        self._effects.append(HangUp(line.entry.id))
        self._set_alarm(line, now + CLOSING_S)

    def _due(self, line: _Line, now: float) -> None:
        """Whatever the entry waited for has not come, or its pause is over."""
        if line.closing:
            self._call_over(line, Outcome.ERROR, now)
        elif line.again:
            line.again = False
            self._step(line, Turn.RETRIED, now)
            self._waiting.append(line.entry.id)
        elif line.state is State.GREETED:
            self._heard(line, now)
        elif line.state is State.CONFIRMING:
            self._step(line, Turn.UNCONFIRMED, now)
            self._close(line, now)
        else:
            self._not_taken(line, Outcome.NO_ANSWER, now)
            self._close(line, now)

    def _cancel(self, now: float) -> None:
        self._cancelled = True
        self._waiting.clear()
        for line in self._lines.values():
            if line.again:
                # What became of the last attempt stays on the board; it is the last.
                line.again = False
                if not line.closing:
                    line.alarm = 0
            elif self._step(line, Turn.CANCELLED, now) and line.on_call:
                self._close(line, now)
            self._count(line)

    def _go_on(self, now: float) -> None:
        """Begin the attempts whose time has come; if none is left to begin or to wait for, say that it is over."""
        while self._may_dial() and self._slot <= now:
            line = self._lines[self._waiting.popleft()]
            self._slot = max(self._slot, now - CATCH_UP_S) + 1 / self._rules.calls_per_second
            line.on_call = True
            line.attempts += 1
            line.outcome = None
            self._effects.append(Dial(line.entry.id))
            self._step(line, Turn.DIALLED, now)
            self._set_alarm(line, now + self._rules.ring_s)
            self._count(line)
        if not self._over and not self._unsettled and (self._started or self._cancelled):
            self._over = True
            self._effects.append(Over())

    def _may_dial(self) -> bool:
        return self._started and bool(self._waiting) and self._engaged < self._rules.parallel

    def _step(self, line: _Line, turn: Turn, now: float) -> bool:
        """Turn the entry's state, if the table knows how."""
        state = NEXT[line.state].get(turn)
        if state is None:
            return False
        self._counts[line.state] -= 1
        self._counts[state] += 1
        line.state = state
        line.since = now
        self._effects.append(Changed(line.entry.id, state, line.outcome))
        return True

    def _count(self, line: _Line) -> None:
        """Bring the counts in line with how the entry stands."""
        engaged, unsettled = line.counts()
        self._engaged += engaged - line.engaged
        self._unsettled += unsettled - line.unsettled
        line.engaged, line.unsettled = engaged, unsettled

    def _set_alarm(self, line: _Line, at: float) -> None:
        self._serial += 1
        line.alarm = self._serial
        heappush(self._alarms, (at, self._serial, line.entry.id))

    def _next_alarm(self) -> float | None:
        """The earliest moment that still counts. Alarms set aside fall out of the heap when they come to its top; an
        entry leaves no more of them there than its attempts have steps.
        """
        while self._alarms and self._lines[self._alarms[0][2]].alarm != self._alarms[0][1]:
            heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None
