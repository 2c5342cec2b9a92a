"""Placing calls (RFC 3261 13.2): INVITE, its answers and their ACKs, forks, and CANCEL (9.1)."""

from collections.abc import Sequence
from typing import Final

from sip.answering import SDP_FIELD
from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.content import sdp_of
from sip.core import SUPPORTS, Acknowledgement, Core, checked_fields, reason_field
from sip.dialog import Dialog
from sip.events import CallAnswered, CallRinging, EndCause
from sip.flow import Flow
from sip.headers import Address
from sip.message import Response
from sip.session import Input, Session, State, Turn
from sip.timers import GIVE_UP_S, RINGING_MAX_S
from sip.uri import Uri

FORKS_MAX: Final = 16
"""Answers to one INVITE that are acknowledged and hung up; further ones are dropped and counted."""


def invite(
    core: Core,
    uri: Uri,
    from_: Address,
    sdp: bytes,
    flow: Flow,
    now: float,
    headers: Sequence[tuple[str, str]],
) -> Session:
    """Send an INVITE with our offer."""
    extra = checked_fields(headers)
    core.last_call += 1
    tag = core.tag()
    target = str(uri)
    dialog = Dialog(
        call_id=core.entropy(16).hex(),
        local=str(from_.with_tag(tag)),
        local_tag=tag,
        remote=f"<{target}>",
        remote_tag="",
        target=target,
        routes=(),
        flow=flow,
        local_cseq=0,
        remote_cseq=None,
    )
    session = Session(core.last_call, tag, dialog, ours=True)
    core.enter(session)
    fields = (core.contact(flow), core.allow, SUPPORTS, *extra, SDP_FIELD)
    user = _Placement(core, session)
    session.placement = core.request(dialog, "INVITE", now, user=user, fields=fields, body=sdp)
    return session


def abandon(core: Core, session: Session, now: float, what: Input, cause: EndCause, words: str) -> None:
    """Give up a call that is not answered yet: CANCEL as soon as a provisional response allows one (9.1)."""
    placement = session.placement
    before = session.state
    session.require(what)
    core.ended(session, cause, 0, words)
    session.farewell = reason_field(words) if cause is EndCause.LOCAL else ()
    if before is State.PROGRESSING and placement is not None:
        _cancel(core, session, placement, now)


def _cancel(core: Core, session: Session, placement: ClientTransaction, now: float) -> None:
    draft = placement.draft.cancelling((*session.farewell, *core.agent))
    core.start(draft, placement.flow, None, now)
    core.deadlines.cancel(session.alarm)

    def expire(_: float) -> None:
        # No final response, not even 487: a peer of RFC 2543 (9.1). The INVITE counts as cancelled.
        session.step(Input.EXPIRED)
        core.transactions.give_up(placement)
        core.leave(session)

    session.alarm = core.deadlines.set(now + GIVE_UP_S, expire)


class _Placement:
    """Our first INVITE, as the user of its transaction."""

    __slots__ = ("acknowledgements", "core", "session")

    def __init__(self, core: Core, session: Session) -> None:
        self.core = core
        self.session = session
        self.acknowledgements: dict[str, Acknowledgement] = {}
        """By To tag: forking proxies bring several answers."""

    def __call__(self, transaction: ClientTransaction, outcome: Outcome, now: float) -> None:
        if isinstance(outcome, Failure):
            broken = outcome is Failure.TRANSPORT
            self._ended(
                Input.BROKEN,
                EndCause.TRANSPORT if broken else EndCause.TIMEOUT,
                503 if broken else 408,
                outcome,
            )
        elif outcome.status < 200:
            self._progressed(transaction, outcome, now)
        elif outcome.status < 300:
            self._answered(transaction, outcome, now)
        else:
            self._ended(Input.FAILURE, EndCause.REJECTED, outcome.status, outcome.reason)

    def _ended(self, what: Input, cause: EndCause, status: int, words: str) -> None:
        session = self.session
        if session.step(what):
            self.core.ended(session, cause, status, words)
            self.core.leave(session)

    def _progressed(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        core, session = self.core, self.session
        if not session.step(Input.PROVISIONAL):
            return
        if session.state is State.ABANDONED:
            if session.alarm is None:
                _cancel(core, session, transaction, now)
            return
        if session.alarm is None:
            session.alarm = core.deadlines.set(now + RINGING_MAX_S, self._rang_out)
        if response.status > 100:
            core.tell(CallRinging(session.call, response.status, sdp_of(response)))

    def _rang_out(self, now: float) -> None:
        self.session.alarm = None
        abandon(self.core, self.session, now, Input.EXPIRED, EndCause.TIMEOUT, "not answered")

    def _answered(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        core, session = self.core, self.session
        tag = response.to.tag or ""
        known = self.acknowledgements.get(tag)
        if known is not None:
            core.send(*known)
            return
        if len(self.acknowledgements) >= FORKS_MAX:
            core.counters["dropped:too many forks"] += 1
            return
        dialog = Dialog.of_response(response, transaction.draft, transaction.flow, session.tag)
        self.acknowledgements[tag] = core.acknowledge(dialog, transaction.draft.cseq)
        first = session.step(Input.SUCCESS)
        if first and session.state is State.CONFIRMED:
            session.dialog = dialog
            session.placement = None
            session.turn(Turn.PEER_ANSWERS)
            core.deadlines.cancel(session.alarm)
            session.alarm = None
            core.tell(CallAnswered(session.call, sdp_of(response)))
            return
        # Another fork, or an answer that crossed our CANCEL: acknowledged, and over (13.2.2.4).
        core.request(dialog, "BYE", now, fields=session.farewell)
        if first:
            core.leave(session)
