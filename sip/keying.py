"""Keys of ours, by INFO in the dialog of a call, for peers that take them no other way.

No standard says how; what all gateways read is `application/dtmf-relay`, the lines of `content.digit_of`. Two keys in flight
may overtake each other, so whoever sends several waits for the DigitSent of one before the next. A key that is refused, or
whose answer does not come, leaves the call as it is.
"""

from functools import partial
from typing import Final

from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.content import DIGITS, DURATION_MAX_MS
from sip.core import Core
from sip.errors import LocalError
from sip.events import DigitSent
from sip.message import Response
from sip.session import Session, State
from sip.settings import DIGIT_TYPES

RELAY: Final = ("Content-Type", DIGIT_TYPES[0])
KEYS: Final = frozenset(DIGITS.values())
ENDS: Final = {Failure.TIMEOUT: 408, Failure.TRANSPORT: 503}
"""The status that stands for an INFO without a response (RFC 3261 8.1.3.1)."""


def send(core: Core, session: Session, digit: str, duration_ms: int, now: float) -> None:
    """Press a key; DigitSent tells what the peer says to it."""
    if digit not in KEYS or not 0 < duration_ms <= DURATION_MAX_MS:
        raise LocalError("no key of a telephone, or no time to press it for")
    if session.state not in (State.ACCEPTED, State.CONFIRMED):
        raise LocalError("no keys are sent before the call is answered")
    body = f"Signal={digit}\r\nDuration={duration_ms}\r\n".encode()
    core.request(
        session.dialog, "INFO", now, user=partial(_answered, core, session), fields=(RELAY,), body=body
    )


def _answered(
    core: Core, session: Session, _transaction: ClientTransaction, outcome: Outcome, _now: float
) -> None:
    """Outcomes that are final come once; of a call that is over nobody wants to know."""
    if isinstance(outcome, Response):
        if outcome.status < 200:
            return
        status = outcome.status
    else:
        status = ENDS[outcome]
    core.counters[f"keys:{'taken' if status < 300 else 'refused'}"] += 1
    if session.state is not State.ENDED:
        core.tell(DigitSent(session.call, status))
