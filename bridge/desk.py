"""The desk where passcodes are judged: between the switchboard, which asks, and the store, which knows.

The answer's delay is settled before anything is looked up (G5); whether the source may have an answer at all is settled
when the answer is there, so that of a hundred look-ups that one source asks for at once no more are answered than of a
hundred in a row. What the store finds is judged by the service's rules, in the time zone of the service, and told to the
switchboard in its own words. Codes are digested here at once; neither the store nor a log ever sees one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from bridge.config.settings import Service
from bridge.dialogue.verdicts import Accepted, CounterVerdict, Denied, Verdict, Why
from bridge.service import pairs
from bridge.service.digests import Digests
from bridge.service.guessing import Alert, Guesses, Scope
from bridge.service.levels import END_OF_DAY_HOUR, LEVELS, end_of_hours
from bridge.store.errors import StoreError
from bridge.store.passcodes import FoundPasscode, Passcodes
from bridge.switchboard.effects import CheckCounterPassword, LookUpPasscode
from bridge.switchboard.events import CounterPasswordChecked, LookUpFailed, PasscodeFound

T = TypeVar("T")

_log = structlog.get_logger("desk")

_HINT: Final = "a carrier or PBX? name its address in server.trusted_networks"
"""For the operator whose PBX is taken for one person."""

_DENIED: Final = {
    pairs.Verdict.UNKNOWN: Why.UNKNOWN,
    pairs.Verdict.DISABLED: Why.DISABLED,
    pairs.Verdict.EXPIRED: Why.EXPIRED,
    pairs.Verdict.OUTSIDE_HOURS: Why.OUTSIDE_HOURS,
}


class Store(Protocol):
    """What the desk asks of `bridge.store.worker.StoreWorker`."""

    def ask(
        self,
        question: Callable[[Connection], T],
        *,
        answered: Callable[[T], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        """Run `question` elsewhere; exactly one of the callbacks is called later, in the asker's own thread."""


Answer = PasscodeFound | CounterPasswordChecked | LookUpFailed


class Desk:
    """One per bridge.

    Parameters
    ----------
    wall : callable
        Seconds since 1970.
    deliver : callable
        Takes each answer to the switchboard.
    """

    def __init__(
        self,
        store: Store,
        key: bytes,
        service: Service,
        *,
        wall: Callable[[], float],
        deliver: Callable[[Answer], None],
    ) -> None:
        self._store = store
        self._digests = Digests(key)
        self._service = service
        self._wall = wall
        self._deliver = deliver
        self._guesses = Guesses()

    def look_up(self, asked: LookUpPasscode, now: float) -> None:
        """Judge a keyed passcode; the answer comes later, whatever it is."""
        source, trunk = asked.origin.source, asked.origin.trunk
        delay_s = self._guesses.delay_before_answer(source, trunk, now)
        digest = self._digests.passcode(asked.passcode)

        def answered(found: FoundPasscode | None) -> None:
            verdict = (
                self._verdict(found, delay_s)
                if self._guesses.blocked(source, trunk, now) is None
                else Denied(why=Why.TOO_MANY_ATTEMPTS, delay_s=delay_s)
            )
            if isinstance(verdict, Accepted):
                if not verdict.asks_counter_password:
                    self._guesses.record_success(source, now)
            elif verdict.why is Why.UNKNOWN:
                self._alert(self._guesses.record_failure(source, trunk, now))
            self._deliver(PasscodeFound(asked.leg, verdict))

        self._store.ask(
            lambda connection: Passcodes(connection).find(digest),
            answered=answered,
            failed=partial(self._failed, asked.leg),
        )

    def check_counter_password(self, asked: CheckCounterPassword, now: float) -> None:
        """Judge a keyed counter-password (A5) against what the passcode's look-up brought."""
        found: FoundPasscode = asked.token
        source, trunk = asked.origin.source, asked.origin.trunk
        delay_s = self._guesses.delay_before_answer(source, trunk, now)
        keyed = self._digests.counter_password(found.pair.id, found.role, asked.password)
        check = pairs.check_counter_password(keyed, found.counter_passwords)
        right = check.right and self._guesses.blocked(source, trunk, now) is None
        if right:
            self._guesses.record_success(source, now)
        else:
            self._alert(self._guesses.record_failure(source, trunk, now))
        verdict = (
            CounterVerdict(right=True, person=check.person, name=check.name, delay_s=delay_s)
            if right
            else CounterVerdict(right=False, delay_s=delay_s)
        )
        self._deliver(CounterPasswordChecked(asked.leg, verdict))

    def _verdict(self, found: FoundPasscode | None, delay_s: float) -> Verdict:
        local = datetime.fromtimestamp(self._wall(), self._service.time_zone)
        judged = pairs.judge(found, local)
        if found is None or judged is not pairs.Verdict.FOUND:
            hours = None if found is None else LEVELS[found.pair.settings.level].hours
            return Denied(
                why=_DENIED[judged],
                opens_hour=0 if hours is None else hours.opens.hour,
                closes_hour=END_OF_DAY_HOUR,
                delay_s=delay_s,
            )
        settings = found.pair.settings
        closes = end_of_hours(settings.level, local)
        return Accepted(
            pair=found.pair.id,
            role=found.role,
            settings=settings,
            asks_counter_password=bool(found.counter_passwords),
            token=found,
            expires_in_days=pairs.days_to_warn_of(found.pair.expires_at, local),
            hours_end_in_s=None if closes is None else closes.timestamp() - local.timestamp(),
            delay_s=delay_s,
        )

    def _failed(self, leg: int, _error: StoreError) -> None:
        self._deliver(LookUpFailed(leg))  # why, the store has said

    @staticmethod
    def _alert(alerts: list[Alert]) -> None:
        for alert in alerts:
            _log.warning(
                "somebody is guessing",
                scope=alert.scope.value,
                name=alert.name,
                score=alert.score,
                blocked=alert.blocked,
                **({"hint": _HINT} if alert.scope is Scope.SOURCE and "@" not in alert.name else {}),
            )
