"""Somebody on the line: hears a dialogue through its runner, presses keys, waits, and has questions answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.dialogue.questions import SLIP_S
from bridge.dialogue.requests import Say
from bridge.dialogue.runner import CancelTimer, Ended, Hush, Runner, SetTimer, State

if TYPE_CHECKING:
    from bridge.dialogue.requests import Dialogue, Reply
    from bridge.dialogue.results import Result
    from bridge.dialogue.runner import RunnerEffect

WAITS_FOR_KEYS_OR_TIME = frozenset({State.KEYS, State.SILENCE})


class Caller:
    """One dialogue, from its first word on. Methods that make it move return the caller, for the next."""

    def __init__(self, dialogue: Dialogue) -> None:
        self.runner = Runner(dialogue)
        self.now = 0.0
        self.says: list[Say] = []
        self.asked: list[object] = []
        """What was passed on, `Say` left out."""
        self.result: Result | None = None
        self.ends = 0
        self.timer: float | None = None
        self._do(self.runner.start(self.now))

    @property
    def said(self) -> list[str]:
        return [each.utterance.name for each in self.says]

    @property
    def last(self) -> object:
        """What was asked for last."""
        return self.asked[-1]

    def forget(self) -> Caller:
        """Hear the rest as if it were the beginning."""
        self.says, self.asked = [], []
        return self

    def press(self, keys: str) -> Caller:
        for key in keys:
            self._do(self.runner.key(key, self.now))
        return self

    def listens(self) -> Caller:
        """Hears all that is said, to the end."""
        while self.runner.state is State.SPEECH:
            self.hears()
        return self

    def hears(self) -> Caller:
        """Hears the end of what is being said."""
        self.now += 1.0
        self._do(self.runner.spoken(self.now))
        return self

    def waits(self) -> Caller:
        """Hears all that is said and does nothing until the dialogue has waited long enough."""
        self.listens()
        assert self.timer is not None
        return self.passes_time()

    def passes_time(self) -> Caller:
        if self.timer is not None:
            self.now, self.timer = max(self.now, self.timer), None
        self._do(self.runner.timed_out(self.now))
        return self

    def errs(self, keys: str) -> Caller:
        """Presses keys that answer nothing, one after another, and waits for what is said to that."""
        self.press(keys)
        assert self.runner.state is State.KEYS
        assert self.timer == self.now + SLIP_S
        return self.passes_time()

    def hangs_up(self) -> Caller:
        self.runner.close()
        self.timer = None
        return self

    def is_told(self, reply: Reply) -> Caller:
        """What was asked for is answered, after all that is said has been heard."""
        self.listens()
        return self.answers(reply)

    def answers(self, reply: Reply) -> Caller:
        self.now += 0.1
        self._do(self.runner.answered(reply, self.now))
        return self

    def _do(self, effects: list[RunnerEffect]) -> None:
        for effect in effects:
            match effect:
                case Say():
                    self.says.append(effect)
                case SetTimer():
                    self.timer = effect.at
                case CancelTimer():
                    self.timer = None
                case Ended():
                    self.result = effect.result
                    self.ends += 1
                case Hush():
                    pass
                case _:
                    self.asked.append(effect)
        assert (self.timer is not None) == (self.runner.state in WAITS_FOR_KEYS_OR_TIME)
