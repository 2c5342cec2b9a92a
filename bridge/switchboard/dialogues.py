"""Dialogues on legs: one at a time on each, and what they ask for done here, or by the leg's host.

Speech, keys, silence and recordings are the same for every dialogue. Whatever else one asks for (a passcode looked up, a
number checked) is put to `leg.host`, which answers by `answered`, at once or later. While a dialogue runs it owns the
keys of its leg, in a conference too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bridge.dialogue import requests, runner
from bridge.switchboard.legs import LegTimer

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.dialogue.runner import RunnerEffect
    from bridge.switchboard.legs import Host, Leg
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.recordings import Recordings


class Dialogues:
    """All that run."""

    __slots__ = ("_lines", "_ours", "_recordings")

    def __init__(self, lines: Lines, recordings: Recordings) -> None:
        self._lines = lines
        self._recordings = recordings
        self._ours: dict[type, Callable[[Leg, Any, float], None]] = {
            requests.Say: self._say,
            runner.Hush: lambda leg, _effect, _now: lines.hush(leg),
            runner.SetTimer: self._set_timer,
            runner.CancelTimer: self._cancel_timer,
            requests.Record: self._record,
            runner.StopRecording: lambda leg, _effect, _now: recordings.stop(leg),
            runner.Ended: self._ended,
        }
        """What is the same for every dialogue."""

    def begin(self, leg: Leg, dialogue: Any, host: Host, now: float) -> None:
        """Run a dialogue on a leg for `host`, to whom its end is told by `concluded`."""
        self.end(leg)
        leg.host = host
        leg.runner = runner.Runner(dialogue)
        self._do(leg, leg.runner.start(now), now)

    def end(self, leg: Leg) -> None:
        """Break off what runs on the leg, if anything, without a word to its host."""
        if leg.runner is None:
            return
        leg.runner.close()
        leg.runner = leg.awaits = None
        if leg.number in self._lines.by_number:
            self._lines.hush(leg)
        for timer in (LegTimer.DIALOGUE, LegTimer.STORE):
            self._lines.timers.cancel((timer, leg.number))
        self._recordings.abandon(leg)

    def key(self, leg: Leg, key: str, now: float) -> None:
        """Bring a key."""
        if leg.runner is not None:
            self._do(leg, leg.runner.key(key, now), now)

    def spoken(self, leg: Leg, now: float) -> None:
        """Its words have been heard."""
        if leg.runner is not None:
            self._do(leg, leg.runner.spoken(now), now)

    def timed_out(self, leg: Leg, now: float) -> None:
        """Its timer ran out."""
        if leg.runner is not None:
            self._do(leg, leg.runner.timed_out(now), now)

    def answered(self, leg: Leg, reply: requests.Reply, now: float) -> None:
        """Bring the answer to what it asked."""
        leg.awaits = None
        self._lines.timers.cancel((LegTimer.STORE, leg.number))
        if leg.runner is not None:
            self._do(leg, leg.runner.answered(reply, now), now)

    def _do(self, leg: Leg, effects: list[RunnerEffect], now: float) -> None:
        """Do what it wants. An answer that is known at once brings the next wishes with it.

        The host may break the dialogue off, or begin another one, while it is asked: what is left is then nobody's wish.
        """
        this = leg.runner
        for effect in effects:
            if leg.runner is not this or leg.number not in self._lines.by_number:
                return
            known = self._ours.get(type(effect))
            if known is not None:
                known(leg, effect, now)
            elif leg.host is not None:
                leg.host.asked(leg, effect, now)

    def _say(self, leg: Leg, effect: requests.Say, now: float) -> None:
        leg.language = effect.language
        self._lines.say_and_wait(leg, effect.utterance, effect.language, now)

    def _set_timer(self, leg: Leg, effect: runner.SetTimer, _now: float) -> None:
        self._lines.timers.set((LegTimer.DIALOGUE, leg.number), effect.at)

    def _cancel_timer(self, leg: Leg, _effect: runner.CancelTimer, _now: float) -> None:
        self._lines.timers.cancel((LegTimer.DIALOGUE, leg.number))

    def _record(self, leg: Leg, effect: requests.Record, now: float) -> None:
        if not self._recordings.begin(leg, effect.longest_s, effect.silence_s, now):
            self.answered(leg, requests.NotAvailable(), now)

    def _ended(self, leg: Leg, effect: runner.Ended, now: float) -> None:
        host, leg.runner = leg.host, None
        if host is not None:
            host.concluded(leg, effect.result, now)
