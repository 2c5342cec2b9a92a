"""People with a script: what each does, one step after another, as a generator that reads as the call is heard.

    def latecomer(code):
        yield Call("1000")                     # until it is answered
        yield Press(code + "#")                # until the last key goes down
        yield Listen(1000, packets=8)          # until it was heard; says since when
        yield Say(clip)                        # until it is said

A core without sockets: `begin`, `done`, `advance(now)`, `next_deadline()`, `wishes()`. Each step is answered with the moment
it was done, in seconds, or with None where that moment never came; a script that ends or is given up needs no more.
"""

from __future__ import annotations

import heapq
from collections.abc import Generator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """Call `user`; answered with the moment of the answer."""

    user: str


@dataclass(frozen=True, slots=True)
class PickUp:
    """Answer the call that rings here; answered with the moment the caller has confirmed it."""


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys; answered with the moment the last of them goes down. What is pressed next waits until it is up."""

    keys: str


@dataclass(frozen=True, slots=True)
class Say:
    """Say a clip; what has no end is answered at once."""

    clip: int


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for `hz` in so many packets on end, at most `within_s`; answered with the moment the first of them came."""

    hz: int
    packets: int = 3
    pure: bool = False
    within_s: float = 60.0


Step = Wait | Call | PickUp | Press | Say | Listen
Script = Generator[Step, float | None, None]


class Actors:
    """All scripts of a scene, by row."""

    def __init__(self) -> None:
        self._scripts: dict[int, Script] = {}
        self._step: dict[int, Step] = {}
        self._number: dict[int, int] = {}
        self._deadlines: list[tuple[float, int, int]] = []
        self._wishes: list[tuple[int, Step]] = []

    @property
    def playing(self) -> int:
        """How many have not come to their end."""
        return len(self._scripts)

    def begin(self, row: int, script: Script, now: float) -> None:
        """Let `row` play `script` from now on."""
        self._scripts[row] = script
        self._number[row] = 0
        self._go_on(row, None, now)

    def step(self, row: int) -> Step | None:
        """Return what `row` is about."""
        return self._step.get(row)

    def done(self, row: int, at: float | None, now: float) -> None:
        """Tell `row` that its step was done `at` that moment."""
        if row in self._step:
            self._go_on(row, at, now)

    def give_up(self, row: int) -> None:
        """End the script of somebody whose call is over."""
        self._step.pop(row, None)
        script = self._scripts.pop(row, None)
        if script is not None:
            script.close()

    def advance(self, now: float) -> None:
        """Go on with whoever has waited long enough."""
        while self._deadlines and self._deadlines[0][0] <= now:
            due, row, number = heapq.heappop(self._deadlines)
            step = self._step.get(row)
            if step is not None and self._number[row] == number:
                self._go_on(row, due if isinstance(step, Wait) else None, now)

    def next_deadline(self) -> float | None:
        """Return when `advance` is due (or a little earlier), None for never."""
        return self._deadlines[0][0] if self._deadlines else None

    def wishes(self) -> list[tuple[int, Step]]:
        """Hand over the steps that somebody else must do, in order; a step that could not be done is over at once."""
        wishes, self._wishes = self._wishes, []
        return wishes

    def _go_on(self, row: int, at: float | None, now: float) -> None:
        script = self._scripts[row]
        try:
            step = script.send(at) if self._number[row] else next(script)
        except StopIteration:
            self._scripts.pop(row, None)
            self._step.pop(row, None)
            return
        self._number[row] += 1
        self._step[row] = step
        if isinstance(step, Wait | Listen):
            wait_s = step.seconds if isinstance(step, Wait) else step.within_s
            heapq.heappush(self._deadlines, (now + wait_s, row, self._number[row]))
        if not isinstance(step, Wait):
            self._wishes.append((row, step))
