"""Requests outside calls: those of ours (REGISTER, OPTIONS, MESSAGE), and those that the user of the agent answers.

A request that is told goes to the user as RequestReceived with a handle, and `respond` answers it; the transaction keeps
the answer for repetitions. One of ours is told once, when its final response is there or none will come.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.core import Asked, Core, checked, checked_fields
from sip.digest import Credentials
from sip.draft import Draft
from sip.errors import LocalError
from sip.events import RequestAnswered, RequestReceived
from sip.flow import Flow
from sip.gate import Pass
from sip.headers import Address
from sip.message import REASONS, Request, Response
from sip.proving import Prover
from sip.reply import Echo
from sip.session import Session
from sip.uri import Uri

UNANSWERED_S: Final = 5.0
"""A request told must be answered by then: its sender repeats it for 32 s and has nothing from it. Then: 500."""
FIRST_CSEQ: Final = 1

ENDS: Final = {Failure.TIMEOUT: 408, Failure.TRANSPORT: 503}
"""The status that stands for a request without a response (RFC 3261 8.1.3.1)."""


def received(core: Core, request: Request, flow: Flow, let_in: Pass, now: float) -> None:
    """A request outside dialogs that the user answers."""
    _tell(core, request, flow, let_in, 0, core.tag(), now)


def received_inside(
    core: Core, session: Session, request: Request, flow: Flow, let_in: Pass, now: float
) -> None:
    """The same inside the dialog of a call."""
    _tell(core, request, flow, let_in, session.handle, session.tag, now)


def _tell(core: Core, request: Request, flow: Flow, let_in: Pass, call: int, tag: str, now: float) -> None:
    core.last_request += 1
    handle = core.last_request
    transaction = core.transactions.open(request, flow)
    alarm = core.deadlines.set(now + UNANSWERED_S, partial(_forgotten, core, handle))
    core.asked[handle] = Asked(transaction, Echo(request, flow, tag), alarm)
    core.tell(RequestReceived(handle, flow, request, call, let_in.identity, let_in.trusted))


def respond(
    core: Core,
    handle: int,
    status: int,
    now: float,
    *,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    reason: str | None = None,
) -> None:
    """Answer a RequestReceived; too late is counted and does nothing, as with calls."""
    if not 200 <= status <= 699:
        raise LocalError(f"{status} answers nothing")
    fields, phrase = checked_fields(headers), None if reason is None else checked(reason)
    asked = core.asked.pop(handle, None)
    if asked is None:
        if not 0 < handle <= core.last_request:
            raise LocalError(f"there never was a request {handle}")
        core.counters["late:respond"] += 1
        return
    core.deadlines.cancel(asked.alarm)
    core.reply(asked.transaction, asked.echo, status, now, fields=fields, body=body, reason=phrase)


def _forgotten(core: Core, handle: int, now: float) -> None:
    asked = core.asked.pop(handle)
    core.reply(asked.transaction, asked.echo, 500, now)


def request(
    core: Core,
    method: str,
    uri: Uri,
    *,
    from_: Address,
    to: Address,
    flow: Flow,
    now: float,
    headers: Sequence[tuple[str, str]] = (),
    body: bytes = b"",
    routes: tuple[str, ...] = (),
    credentials: Credentials | None = None,
    call_id: str = "",
    cseq: int = 0,
) -> int:
    """Send a request of ours. `call_id` and `cseq` keep the registrations of one binding in order (10.2); `credentials` are
    for a peer that wants proof, and each proof takes the next CSeq.
    """
    core.last_request += 1
    draft = Draft(
        checked(method),
        str(uri),
        core.sent_by(flow),
        core.branch(),
        tuple(checked(route) for route in routes),
        str(from_.with_tag(core.tag())),
        str(to),
        checked(call_id) or core.entropy(16).hex(),
        cseq or FIRST_CSEQ,
        (*checked_fields(headers), *core.agent),
        body,
    )
    core.start(draft, flow, _Question(core, core.last_request, draft, credentials), now)
    return core.last_request


class _Question:
    """A request of ours, as the user of its transactions: it is asked again where the peer wants proof (22.2)."""

    __slots__ = ("core", "fields", "handle", "prover")

    def __init__(self, core: Core, handle: int, draft: Draft, credentials: Credentials | None) -> None:
        self.core = core
        self.handle = handle
        self.fields = draft.fields
        self.prover = None if credentials is None else Prover(credentials, core.entropy)

    def __call__(self, transaction: ClientTransaction, outcome: Outcome, now: float) -> None:
        if isinstance(outcome, Failure):
            status = ENDS[outcome]
            self.core.tell(RequestAnswered(self.handle, status, REASONS[status], None))
        elif outcome.status >= 200 and not self._proved(transaction, outcome, now):
            self.core.tell(RequestAnswered(self.handle, outcome.status, outcome.reason, outcome))

    def _proved(self, transaction: ClientTransaction, response: Response, now: float) -> bool:
        draft = transaction.draft
        proof = None if self.prover is None else self.prover.answer(response, draft, transaction.flow)
        if proof is None:
            return False
        again = replace(draft, branch=self.core.branch(), cseq=draft.cseq + 1, fields=(*self.fields, *proof))
        self.core.start(again, transaction.flow, self, now)
        return True
