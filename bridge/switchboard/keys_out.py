"""Keys that we press on somebody's line: an extension once they have answered, a code that a console types.

Theory of operation. One run of keys at a time for each leg, sent by the first way that its trunk names and the call has:

    telephone-events, tones     the media plane presses what stands before the next pause, and takes its time
    INFO                        key by key, each once the peer has answered the one before, so that none overtakes another

A pause waits. Where the peer refuses a key the rest is dropped: half a code is of no use to anybody.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from bridge.service.post_dial import KEYS_MAX, PAUSE, PAUSE_S
from bridge.switchboard.effects import Level, SendDigit
from bridge.switchboard.legs import LegTimer
from media.control import SendDigits

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.config.settings import Config
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from sip.events import DigitSent

    Then = Callable[[Leg, float], None]

KEYS: Final = re.compile(rf"[0-9*#A-D,]{{1,{KEYS_MAX}}}")
"""What can be pressed, pauses included."""
PRESS_MS: Final = 100
GAP_MS: Final = 60
"""Both longer than any receiver needs (ITU-T Q.24: 40 ms), and as fast as a quick finger."""
EACH_S: Final = (PRESS_MS + GAP_MS) / 1000
ANSWER_S: Final = 35.0
"""A key by INFO that has been given up by then (64*T1, 32 s) and of which nothing was told: the rest is dropped."""
WAYS: Final = ("rtp", "inband")
"""Of whom no trunk says how they want keys."""


class _Run:
    """Keys that are being pressed."""

    __slots__ = ("awaits_answer", "by_info", "keys", "then")

    def __init__(self, keys: str, then: Then | None, *, by_info: bool) -> None:
        self.keys = keys
        """Those that are left."""
        self.then = then
        self.by_info = by_info
        self.awaits_answer = False


class KeysOut:
    """All runs, by leg."""

    __slots__ = ("_by_leg", "_lines", "_ways")

    def __init__(self, lines: Lines, config: Config) -> None:
        self._lines = lines
        self._ways = {trunk.name: trunk.dtmf for trunk in config.trunks}
        self._by_leg: dict[int, _Run] = {}

    def press(self, leg: Leg, keys: str, now: float, then: Then | None = None) -> bool:
        """Press `keys` one after another, and do `then`; False where others are still being pressed, or these are none."""
        if leg.number in self._by_leg or not leg.call or not KEYS.fullmatch(keys):
            return False
        way = self._way(leg)
        self._by_leg[leg.number] = run = _Run(keys, then, by_info=way == "info")
        self._lines.log(Level.INFO, "keys sent", leg, count=len(keys.replace(PAUSE, "")), way=way)
        self._go_on(leg, run, now)
        return True

    def due(self, leg: Leg, now: float) -> None:
        """The pause is over, or what was pressed has sounded."""
        run = self._by_leg.get(leg.number)
        if run is not None:
            if run.awaits_answer:
                run.keys = ""
            self._go_on(leg, run, now)

    def answered(self, event: DigitSent, now: float) -> None:
        """The peer has a key, or does not want it."""
        leg = self._lines.by_call.get(event.call)
        run = None if leg is None else self._by_leg.get(leg.number)
        if leg is None or run is None or not run.awaits_answer:
            return
        run.awaits_answer = False
        if event.status >= 300:
            self._lines.log(Level.WARNING, "keys refused", leg, status=event.status)
            run.keys = ""
        self._wait(leg, EACH_S, now)

    def left(self, leg: Leg) -> None:
        """The call is over."""
        self._by_leg.pop(leg.number, None)

    def _way(self, leg: Leg) -> str:
        """The first of its trunk's ways that the call has. Where none is said, tones are understood by most."""
        has_events = leg.negotiation.format.telephone_event >= 0
        ways = self._ways.get(leg.trunk, WAYS)
        return next((way for way in ways if way != "rtp" or has_events), WAYS[-1])

    def _go_on(self, leg: Leg, run: _Run, now: float) -> None:
        keys = run.keys
        if not keys:
            del self._by_leg[leg.number]
            if run.then is not None:
                run.then(leg, now)
        elif keys[0] == PAUSE:
            run.keys = keys[1:]
            self._wait(leg, PAUSE_S, now)
        elif run.by_info:
            run.keys, run.awaits_answer = keys[1:], True
            self._lines.effects.append(SendDigit(leg.call, keys[0], PRESS_MS))
            self._wait(leg, ANSWER_S, now)
        else:
            now_pressed = keys.partition(PAUSE)[0]
            run.keys = keys[len(now_pressed) :]
            self._lines.command(SendDigits(leg.number, now_pressed, PRESS_MS, GAP_MS))
            self._wait(leg, len(now_pressed) * EACH_S, now)

    def _wait(self, leg: Leg, seconds: float, now: float) -> None:
        self._lines.timers.set((LegTimer.KEYS_OUT, leg.number), now + seconds)
