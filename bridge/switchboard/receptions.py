"""Callers before the conference: each has a dialogue, and what it asks for is done here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference.events import LeaveReason
from bridge.conference.model import Refusal
from bridge.dialogue import requests, runner
from bridge.dialogue.reception import reception
from bridge.dialogue.results import Ending
from bridge.dialogue.verdicts import Accepted, CounterVerdict, Verdict
from bridge.switchboard.effects import CheckCounterPassword, Level, LookUpPasscode
from bridge.switchboard.legs import Leg, LegState, LegTimer

if TYPE_CHECKING:
    from bridge.config.settings import Service
    from bridge.dialogue.runner import RunnerEffect
    from bridge.switchboard.lines import Lines
    from bridge.switchboard.rooms import Rooms

STORE_S: Final = 5.0
"""How long a caller waits in silence for the store before being told that it does not work now."""


class Receptions:
    """Runs the dialogues of all legs in RECEPTION."""

    __slots__ = ("_lines", "_rooms", "_service")

    def __init__(self, lines: Lines, rooms: Rooms, service: Service) -> None:
        self._lines = lines
        self._rooms = rooms
        self._service = service

    def receive(self, leg: Leg, now: float) -> None:
        """Begin: the caller hears us."""
        leg.state = LegState.RECEPTION
        leg.runner = runner.Runner(reception(leg.language, attempts=self._service.attempts))
        self._do(leg, leg.runner.start(now), now)

    def key(self, leg: Leg, key: str, now: float) -> None:
        """Bring a key to the dialogue."""
        if leg.runner is not None:
            self._do(leg, leg.runner.key(key, now), now)

    def spoken(self, leg: Leg, now: float) -> None:
        """Tell the dialogue that its words have been heard."""
        if leg.runner is not None:
            self._do(leg, leg.runner.spoken(now), now)

    def timed_out(self, leg: Leg, now: float) -> None:
        """Tell the dialogue that its timer ran out."""
        if leg.runner is not None:
            self._do(leg, leg.runner.timed_out(now), now)

    def judged(self, leg: Leg, verdict: Verdict | CounterVerdict, now: float) -> None:
        """Bring the service's word on what was keyed."""
        if isinstance(verdict, CounterVerdict):
            leg.person, leg.name = verdict.person, verdict.name
            self._lines.figures[f"counter-password:{'right' if verdict.right else 'wrong'}"] += 1
            if not verdict.right:
                self._lines.log(Level.INFO, "counter-password refused", leg, source=leg.origin.source)
        elif isinstance(verdict, Accepted):
            self._lines.figures["passcode:accepted"] += 1
        else:
            self._lines.figures[f"passcode:{verdict.why.value}"] += 1
            self._lines.log(
                Level.INFO, "passcode refused", leg, why=verdict.why.value, source=leg.origin.source
            )
        self._answered(leg, verdict, now)

    def not_available(self, leg: Leg, now: float) -> None:
        """Tell the dialogue that the store gave no answer."""
        self._lines.figures["store:not available"] += 1
        self._lines.log(Level.ERROR, "store not available", leg)
        self._answered(leg, requests.NotAvailable(), now)

    def _answered(self, leg: Leg, reply: requests.Reply, now: float) -> None:
        self._lines.timers.cancel((LegTimer.STORE, leg.number))
        if leg.runner is not None:
            self._do(leg, leg.runner.answered(reply, now), now)

    def _do(self, leg: Leg, effects: list[RunnerEffect], now: float) -> None:
        """Do what the dialogue wants. An answer that is known at once brings the next wishes with it."""
        assert leg.runner is not None
        timers = self._lines.timers
        for effect in effects:
            match effect:
                case requests.Say():
                    leg.language = effect.language
                    self._lines.say_and_wait(leg, effect.utterance, effect.language, now)
                case runner.Hush():
                    self._lines.hush(leg)
                case runner.SetTimer():
                    timers.set((LegTimer.DIALOGUE, leg.number), effect.at)
                case runner.CancelTimer():
                    timers.cancel((LegTimer.DIALOGUE, leg.number))
                case requests.MayJoin():
                    self._do(leg, leg.runner.answered(self._refusal(leg, effect.accepted), now), now)
                case requests.Join():
                    self._join(leg, effect.accepted, now)
                case runner.Ended(result=Ending() as ending):
                    self._ended(leg, ending)
                case requests.LookUpPasscode() | requests.CheckCounterPassword():
                    self._ask_store(leg, effect, now)

    def _join(self, leg: Leg, accepted: Accepted, now: float) -> None:
        assert leg.runner is not None
        refusal = self._refusal(leg, accepted)
        if refusal is not None:
            self._do(leg, leg.runner.answered(refusal, now), now)
            return
        hours_s = accepted.hours_end_in_s
        hours_end_at = None if hours_s is None else now + hours_s
        self._rooms.join(leg, accepted.pair, accepted.settings, accepted.role, now, hours_end_at)
        self._do(leg, leg.runner.answered(None, now), now)

    def _refusal(self, leg: Leg, accepted: Accepted) -> Refusal | None:
        refusal = self._rooms.ask(accepted.pair, accepted.settings, accepted.role)
        if refusal not in {None, Refusal.ENDED}:  # while one ends the dialogue asks again and again
            self._lines.log(Level.INFO, "turned away", leg, pair=accepted.pair, reason=refusal.value)
        return refusal

    def _ended(self, leg: Leg, ending: Ending) -> None:
        """Leave the caller to the conference, or hang up: the dialogue has said all there was to say."""
        leg.runner = None
        if ending is Ending.JOINED:
            return
        self._lines.log(Level.INFO, "not admitted", leg, why=ending.value)
        self._lines.hang_up(leg, LeaveReason.DISCONNECTED, ending.value)

    def _ask_store(
        self, leg: Leg, request: requests.LookUpPasscode | requests.CheckCounterPassword, now: float
    ) -> None:
        self._lines.timers.set((LegTimer.STORE, leg.number), now + STORE_S)
        match request:
            case requests.LookUpPasscode():
                self._lines.effects.append(LookUpPasscode(leg.number, request.passcode, leg.origin))
            case requests.CheckCounterPassword():
                token = request.accepted.token
                self._lines.effects.append(
                    CheckCounterPassword(leg.number, token, request.password, leg.origin)
                )
