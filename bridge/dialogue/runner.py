"""Runs one caller's dialogue: keys, ends of speech, answers and time in; requests and timers out.

Theory of operation
-------------------
A dialogue is a generator that stands at one request at a time. The runner is in one of five states, named by what it
waits for:

    IDLE --start--> SPEECH   `Say` was passed on     ends with spoken(), or with a key unless it is final
                    KEYS     `Collect`               ends with `#`, or with timed_out()
                    SILENCE  `Pause`, `HoldBack`     ends with timed_out()
                    REPLY    anything else passed on ends with answered()
                    ENDED    the dialogue returned or was closed: everything is ignored

Every way on resumes the generator, which stops at its next request. Keys that no `Collect` is waiting for are typed
ahead: they skip the `Say`s before the next `Collect` and are its first keys.

There is one timer. `SetTimer` replaces it; whoever keeps it calls `timed_out`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from bridge.dialogue.requests import (
    CheckCounterPassword,
    Collect,
    Dialogue,
    Ending,
    HoldBack,
    Join,
    Keyed,
    KeyedBy,
    LookUpPasscode,
    MayJoin,
    Pause,
    Reply,
    Request,
    Say,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

TYPED_AHEAD_KEYS: Final = 64
"""A passcode, a counter-password and their `#` many times over; keys beyond are dropped, they are nobody's input."""


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
class Ended:
    """The dialogue is over."""

    ending: Ending


RunnerEffect = (
    Say | Hush | SetTimer | CancelTimer | LookUpPasscode | CheckCounterPassword | MayJoin | Join | Ended
)


class State(Enum):
    """What the dialogue waits for."""

    IDLE = "idle"
    SPEECH = "speech"
    KEYS = "keys"
    SILENCE = "silence"
    REPLY = "reply"
    ENDED = "ended"


class Runner:
    """One dialogue with one caller. Every method returns what is to be done, in order."""

    __slots__ = ("_ahead", "_asked_at", "_dialogue", "_digits", "_effects", "_request", "state")

    def __init__(self, dialogue: Dialogue) -> None:
        self.state = State.IDLE
        self._dialogue = dialogue
        self._request: Request | None = None
        self._ahead = ""
        self._digits = ""
        self._asked_at = 0.0
        self._effects: list[RunnerEffect] = []

    def start(self, now: float) -> list[RunnerEffect]:
        """Run to the first request."""
        if self.state is State.IDLE:
            self._resume(None, now)
        return self._drain()

    def key(self, digit: str, now: float) -> list[RunnerEffect]:
        """Take a pressed key: one of 0-9, `*`, `#`, A-D. The letters mean nothing here."""
        if self.state is State.ENDED or digit not in "0123456789*#":
            return []
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
        if self.state is State.REPLY:
            self._resume(reply, now)
        return self._drain()

    def timed_out(self, now: float) -> list[RunnerEffect]:
        """Go on: the timer ran out. A pause submits what was keyed (A3), or is over."""
        if self.state is State.KEYS:
            self._submit(KeyedBy.PAUSE, now)
        elif self.state is State.SILENCE:
            self._resume(None, now)
        return self._drain()

    def close(self) -> None:
        """End the dialogue wherever it stands: the caller is gone. Nothing more comes out."""
        self.state = State.ENDED
        self._ahead = self._digits = ""
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
                self._ahead = self._digits = ""
                self._effects.append(Ended(stop.value))
                return
            self._request = request
            reply = None
            match request:
                case Say():
                    if request.fresh:
                        self._ahead = ""
                    if self._ahead and not request.final:
                        continue
                    self.state = State.SPEECH
                    self._effects.append(request)
                case Collect():
                    self.state = State.KEYS
                    self._digits = ""
                    keyed = self._read(request)
                    if keyed is not None:
                        reply = keyed
                        continue
                    self._arm(request, now)
                case Pause() | HoldBack():
                    until = request.seconds + (now if isinstance(request, Pause) else self._asked_at)
                    if until <= now:
                        continue
                    self.state = State.SILENCE
                    self._effects.append(SetTimer(until))
                case _:
                    self.state = State.REPLY
                    self._asked_at = now
                    self._effects.append(request)
            return

    def _keys(self) -> Iterator[str]:
        while self._ahead:
            key, self._ahead = self._ahead[0], self._ahead[1:]
            yield key

    def _read(self, collect: Collect) -> Keyed | None:
        """Move typed keys into the digits, up to a `#`. `*` begins anew: a caller who slipped starts the code again."""
        for key in self._keys():
            if key == "#":
                return Keyed(self._digits, KeyedBy.HASH)
            if key == "*":
                self._digits = ""
            elif len(self._digits) <= collect.max_digits:
                self._digits += key
        return None

    def _take(self, now: float) -> None:
        assert isinstance(self._request, Collect)
        keyed = self._read(self._request)
        if keyed is None:
            self._arm(self._request, now)
            return
        self._effects.append(CancelTimer())
        self._resume(keyed, now)

    def _submit(self, by: KeyedBy, now: float) -> None:
        self._resume(Keyed(self._digits, by), now)

    def _arm(self, collect: Collect, now: float) -> None:
        self._effects.append(
            SetTimer(now + (collect.next_digit_s if self._digits else collect.first_digit_s))
        )
