"""The desk where passcodes are judged: between the switchboard, which asks, and the store, which knows.

The answer's delay is settled before anything is looked up (G5); whether the source may have an answer at all is settled
when the answer is there, so that of a hundred look-ups that one source asks for at once no more are answered than of a
hundred in a row. What the store finds is judged by the service's rules, in the time zone of the service, and told to the
switchboard in its own words. Codes are digested here at once; neither the store nor a log ever sees one.

Who calls from a number that is known (`bridge.store.known_callers`) is recognised here as well: before any code, where
the number is good for one conference that may be entered now, or after the code, in place of its counter-password. That
the number is true is the caller's to know: the switchboard asks for trusted networks alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Final, Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from bridge.config.settings import Service
from bridge.dialogue.verdicts import Accepted, CounterVerdict, Denied, Verdict, Why
from bridge.service import pairs
from bridge.service.blast_list import BlastList
from bridge.service.digests import Digests
from bridge.service.guessing import Alert, Guesses, Scope
from bridge.service.levels import END_OF_DAY_HOUR, LEVELS, end_of_hours
from bridge.store.blast_lists import BlastLists
from bridge.store.errors import StoreError
from bridge.store.known_callers import KnownCallers
from bridge.store.passcodes import FoundPasscode, Passcodes
from bridge.switchboard.effects import CheckCounterPassword, LookUpPasscode
from bridge.switchboard.events import (
    BlastListFound,
    CallerRecognised,
    CounterPasswordChecked,
    LookUpFailed,
    PasscodeFound,
)

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


Answer = PasscodeFound | CounterPasswordChecked | LookUpFailed | CallerRecognised | BlastListFound


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
            partial(_find, digest=digest, number=asked.number),
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
        person, name = check.person, check.name
        if person is None and found.known is not None:
            person, name = found.known.person, found.known.name
        verdict = (
            CounterVerdict(right=True, person=person, name=name, delay_s=delay_s)
            if right
            else CounterVerdict(right=False, delay_s=delay_s)
        )
        self._deliver(CounterPasswordChecked(asked.leg, verdict))

    def recognise(self, leg: int, number: str, now: float) -> None:  # noqa: ARG002 - as the other questions
        """Say whether who calls from `number`, as a trusted network has it, may enter without a code.

        `CallerRecognised` brings the verdict, None where the number opens nothing now, or more than one conference: then
        a code is to be keyed, which says why not, or which. A store that fails recognises nobody.
        """

        def answered(opened: list[FoundPasscode]) -> None:
            verdicts = [self._verdict(found, 0.0) for found in opened]
            accepted = [verdict for verdict in verdicts if isinstance(verdict, Accepted)]
            self._deliver(CallerRecognised(leg, accepted[0] if len(accepted) == 1 else None))

        self._store.ask(
            partial(_opened_by, number=number),
            answered=answered,
            failed=lambda _: self._deliver(CallerRecognised(leg, None)),
        )

    def blast_list(self, request: int, pair: int, name: str = "") -> None:
        """Find the list of `pair` that is called so; without a name "default", else the only one (O5).

        `BlastListFound` brings it, with the same `request`.
        """

        def answered(found: BlastList | None) -> None:
            self._deliver(BlastListFound(request, found))

        self._store.ask(
            lambda connection: BlastLists(connection).find(pair, name),
            answered=answered,
            failed=lambda _: self._deliver(BlastListFound(request, None, failed=True)),
        )

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
        settings, known = found.pair.settings, found.known
        closes = end_of_hours(settings.level, local)
        return Accepted(
            pair=found.pair.id,
            role=found.role,
            settings=settings,
            asks_counter_password=found.asks_counter_password
            and (known is None or known.asks_counter_password),
            token=found,
            expires_in_days=pairs.days_to_warn_of(found.pair.expires_at, local),
            hours_end_in_s=None if closes is None else closes.timestamp() - local.timestamp(),
            delay_s=delay_s,
            person=None if known is None else known.person,
            name=None if known is None else known.name,
            customer=found.pair.customer_id,
            conference=found.pair.name,
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


def _find(connection: Connection, *, digest: bytes, number: str) -> FoundPasscode | None:
    """Whose code it is, and who calls where their `number` is known for that code."""
    found = Passcodes(connection).find(digest)
    if found is None or not number:
        return found
    for known in KnownCallers(connection).find(number):
        if known.pair == found.pair.id and known.role is found.role:
            return replace(found, known=known)
    return found


def _opened_by(connection: Connection, *, number: str) -> list[FoundPasscode]:
    """All that `number` opens, usable now or not."""
    opened = []
    for known in KnownCallers(connection).find(number):
        found = Passcodes(connection).of(known.pair, known.role)
        # A number that opens only together with a counter-password opens nothing where there is none.
        if found is not None and (found.asks_counter_password or not known.asks_counter_password):
            own = tuple(each for each in found.counter_passwords if each.person in {None, known.person})
            opened.append(
                replace(found, known=known, counter_passwords=own, guarded=found.asks_counter_password)
            )
    return opened
