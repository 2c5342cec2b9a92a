"""Runs one caller's dialogue: keys, ends of speech, answers and time in; requests and timers out.

Theory of operation
-------------------
A dialogue is a generator that stands at one request at a time. The runner is in one of these states, named by what it
waits for:

    IDLE --start--> SPEECH     `Say` was passed on     ends with spoken(), or with a key unless it is final
                    KEYS       `Collect`               ends with `#`, a stop, the last digit, or with timed_out()
                    SILENCE    `Pause`, `HoldBack`     ends with timed_out()
                    RECORDING  `Record` was passed on  a key asks for its end; ends with answered()
                    REPLY      anything else passed on ends with answered()
                    LASTING    the same, for `Operator` and `Hall`
                    ENDED      the dialogue returned or was closed: everything is ignored

Every way on resumes the generator, which stops at its next request. Keys that no `Collect` is waiting for are typed
ahead: they skip the `Say`s before the next `Collect` and are its first keys. Two requests forget them: a recording,
which a key meant for something else would end, and one that lasts, since after a talk with somebody nobody remembers
what they typed before. During the talk keys are not for us at all.

There is one timer. `SetTimer` replaces it; whoever keeps it calls `timed_out`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.dialogue.requests import (
    Collect,
    Dialogue,
    Hall,
    HoldBack,
    Keyed,
    KeyedBy,
    Operator,
    PassedOn,
    Pause,
    Record,
    Reply,
    Request,
    Say,
)

if TYPE_CHECKING:
    from bridge.dialogue.results import Result

TYPED_AHEAD_KEYS: Final = 64
"""A passcode, a counter-password and their `#` many times over; keys beyond are dropped, they are nobody's input."""

STANDS: Final = object()
"""Not a reply: the dialogue stands at what it asked for."""


@dataclass(frozen=True, slots=True)
class Hush:
    """Stop what is being said."""


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Call `timed_out` at `at`, instead of at any moment said before."""

    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    """No call of `timed_out` is wanted now."""


@dataclass(frozen=True, slots=True)
class StopRecording:
    """The caller has said it all: answer the `Record` with what there is."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The dialogue is over."""

    result: Result


RunnerEffect = Say | Hush | SetTimer | CancelTimer | StopRecording | PassedOn | Ended


class State(Enum):
    """What the dialogue waits for."""

    IDLE = "idle"
    SPEECH = "speech"
    KEYS = "keys"
    SILENCE = "silence"
    RECORDING = "recording"
    REPLY = "reply"
    LASTING = "lasting"
    ENDED = "ended"


class Runner:
    """One dialogue with one caller. Every method returns what is to be done, in order."""

    __slots__ = (
        "_ahead",
        "_asked_at",
        "_dialogue",
        "_digits",
        "_effects",
        "_request",
        "_star",
        "_stopping",
        "state",
    )

    def __init__(self, dialogue: Dialogue) -> None:
        self.state = State.IDLE
        self._dialogue = dialogue
        self._request: Request | None = None
        self._ahead = ""
        self._digits = ""
        self._star = ""
        """A star command that a `Collect` stops at, as far as it was keyed."""
        self._stopping = False
        """The end of the recording has been asked for."""
        self._asked_at = 0.0
        self._effects: list[RunnerEffect] = []

    def start(self, now: float) -> list[RunnerEffect]:
        """Run to the first request."""
        if self.state is State.IDLE:
            self._resume(None, now)
        return self._drain()

    def key(self, digit: str, now: float) -> list[RunnerEffect]:
        """Take a pressed key: one of 0-9, `*`, `#`, A-D. The letters mean nothing here."""
        if self.state in {State.ENDED, State.LASTING} or digit not in "0123456789*#":
            return []
        if self.state is State.RECORDING and not self._stopping:
            self._stopping = True
            return [StopRecording()]
        if len(self._ahead) < TYPED_AHEAD_KEYS:
            self._ahead += digit
        if self.state is State.KEYS:
            self._take(now)
        elif self.state is State.SPEECH and not self._says_final:
            self._effects.append(Hush())
            self._resume(None, now)
        return self._drain()

    def spoken(self, now: float) -> list[RunnerEffect]:
        """Go on: what was being said has been said."""
        if self.state is State.SPEECH:
            self._resume(None, now)
        return self._drain()

    def answered(self, reply: Reply, now: float) -> list[RunnerEffect]:
        """Go on with the answer to the request passed on last. An answer that nobody waits for is late: ignored."""
        if self.state in {State.REPLY, State.RECORDING, State.LASTING}:
            self._resume(reply, now)
        return self._drain()

    def timed_out(self, now: float) -> list[RunnerEffect]:
        """Go on: the timer ran out. A pause submits what was keyed (A3), or is over."""
        if self.state is State.KEYS:
            assert isinstance(self._request, Collect)
            self._resume(self._submit(self._request), now)
        elif self.state is State.SILENCE:
            self._resume(None, now)
        return self._drain()

    def close(self) -> None:
        """End the dialogue wherever it stands: the caller is gone. Nothing more comes out."""
        self.state = State.ENDED
        self._forget_keys()
        self._dialogue.close()

    @property
    def _says_final(self) -> bool:
        return isinstance(self._request, Say) and self._request.final

    def _drain(self) -> list[RunnerEffect]:
        effects, self._effects = self._effects, []
        return effects

    def _resume(self, reply: Reply, now: float) -> None:
        """Send `reply` and go on until the dialogue stands at something that takes time.

        A loop, not a recursion: a dialogue whose every prompt is skipped by keys typed ahead goes round many times.
        """
        while True:
            try:
                request = self._dialogue.send(reply)
            except StopIteration as stop:
                self.state = State.ENDED
                self._forget_keys()
                self._effects.append(Ended(stop.value))
                return
            self._request = request
            reply = self._begin(request, now)
            if reply is STANDS:
                return

    def _begin(self, request: Request, now: float) -> Reply:
        """Begin what is asked for. Return what to send back where it is done already, or STANDS."""
        match request:
            case Say():
                return self._speak(request)
            case Collect():
                return self._collect(request, now)
            case Pause():
                return self._wait(now + request.seconds, now)
            case HoldBack():
                return self._wait(self._asked_at + request.seconds, now)
            case Record() | Operator() | Hall():
                self.state = State.RECORDING if isinstance(request, Record) else State.LASTING
                self._stopping = False
                self._ahead = ""
            case _:
                self.state = State.REPLY
                self._asked_at = now
        self._effects.append(request)
        return STANDS

    def _speak(self, say: Say) -> Reply:
        if say.fresh:
            self._ahead = ""
        if self._ahead and not say.final:
            return None
        self.state = State.SPEECH
        self._effects.append(say)
        return STANDS

    def _wait(self, until: float, now: float) -> Reply:
        if until <= now:
            return None
        self.state = State.SILENCE
        self._effects.append(SetTimer(until))
        return STANDS

    def _collect(self, collect: Collect, now: float) -> Reply:
        self.state = State.KEYS
        self._digits = self._star = ""
        keyed = self._read(collect)
        if keyed is not None:
            return keyed
        if collect.first_digit_s <= 0 and not (self._digits or self._star):
            return Keyed("", KeyedBy.PAUSE)
        self._arm(collect, now)
        return STANDS

    def _forget_keys(self) -> None:
        self._ahead = self._digits = self._star = ""

    def _take(self, now: float) -> None:
        assert isinstance(self._request, Collect)
        keyed = self._read(self._request)
        if keyed is None:
            self._arm(self._request, now)
            return
        self._effects.append(CancelTimer())
        self._resume(keyed, now)

    def _read(self, collect: Collect) -> Keyed | None:
        """Move typed keys into the digits, up to the one that ends the entry."""
        while self._ahead:
            key, self._ahead = self._ahead[0], self._ahead[1:]
            keyed = self._read_key(collect, key)
            if keyed is not None:
                return keyed
        return None

    def _read_key(self, collect: Collect, key: str) -> Keyed | None:
        """Read one key. `*` begins anew: a caller who slipped starts the code again."""
        command = self._star + key
        stops = [stop for stop in collect.stops if stop.startswith(command)]
        if command[0] == "*" and stops:
            self._star = command
            return self._settle(collect) if all(stop == command for stop in stops) else None
        stopped = self._settle(collect)
        if stopped is not None:
            self._ahead = key + self._ahead
            return stopped
        if key == "*":
            self._digits = ""
            return None if command == "*" else self._read_key(collect, key)
        if key == "#":
            return Keyed(self._digits, KeyedBy.HASH)
        if len(self._digits) <= collect.max_digits:
            self._digits += key
        full = collect.whole and len(self._digits) >= collect.max_digits
        return Keyed(self._digits, KeyedBy.WHOLE) if full else None

    def _settle(self, collect: Collect) -> Keyed | None:
        """End a star command that does not go on: it is a stop, or an entry begun anew with the digits after the star."""
        star, self._star = self._star, ""
        if star in collect.stops:
            return Keyed("", KeyedBy.STOP, star)
        if star:
            self._digits = star.rpartition("*")[2]
        return None

    def _submit(self, collect: Collect) -> Keyed:
        return self._settle(collect) or Keyed(self._digits, KeyedBy.PAUSE)

    def _arm(self, collect: Collect, now: float) -> None:
        begun = self._digits or self._star
        self._effects.append(SetTimer(now + (collect.next_digit_s if begun else collect.first_digit_s)))
