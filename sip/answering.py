"""Answering calls (RFC 3261 13.3): ring, progress, accept, reject; the 2xx repeated until its ACK comes.

The 2xx and its ACK are the same for the first INVITE and for every later one, so `renegotiating` uses them too.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from sip import reliable, session_timer
from sip.content import sdp_of
from sip.core import Core, checked, checked_fields
from sip.dialog import Dialog
from sip.draft import Fields
from sip.ending import not_acknowledged, part, settle
from sip.errors import LocalError
from sip.events import AnswerReceived, CallConfirmed, EndCause, IncomingCall, OfferFailed
from sip.flow import Flow
from sip.gate import Pass
from sip.inspection import Refusal
from sip.message import REASONS, Request
from sip.pending import Invitation
from sip.reason import q850_of, words_of
from sip.replacing import replaced
from sip.reply import Echo
from sip.session import Input, Negotiation, Session, State, Turn
from sip.settings import SDP_FIELD
from sip.sources import source_of
from sip.timers import RINGING_MAX_S, T2_S

UNANSWERED: Final = 480
"""To an INVITE that the user of the agent has left without an answer: nobody is there (RFC 3261 21.4.18)."""


def arrived(core: Core, request: Request, flow: Flow, let_in: Pass, now: float) -> None:
    """A new call: 100 at once, so that the caller stops repeating, and the event."""
    doubtful = "" if let_in.real else source_of(flow.remote[0])
    if doubtful and not core.doubtful.takes(doubtful):
        core.counters["dropped:calls without ACK"] += 1
        return
    wish = session_timer.wish_of(core, request)
    other = replaced(core, request)
    refusal = other if isinstance(other, Refusal) else session_timer.refusal(core, wish)
    if refusal is not None:
        core.refuse(request, flow, refusal.status, fields=refusal.fields, reason=refusal.reason)
        return
    core.last_call += 1
    tag = core.tag()
    session = Session(core.last_call, tag, Dialog.of_request(request, flow, tag), ours=False)
    transaction = core.transactions.open(request, flow)
    transaction.call = session.call
    transaction.tag = tag
    session.doubtful = doubtful
    transaction.doubtful = bool(doubtful)
    offer = sdp_of(request)
    session.peer_sdp = offer or b""
    session.note_abilities(request)
    session.proved = bool(let_in.identity) and not let_in.trusted
    echo = Echo(request, flow, tag)
    invitation = session.invitation = Invitation(
        transaction,
        echo,
        request.cseq.number,
        late=offer is None,
        wish=wish,
        alarm=core.deadlines.set(now + RINGING_MAX_S, partial(_unanswered, core, session)),
    )
    invitation.reliable = reliable.wanted(core, request)
    core.enter(session)
    core.reply(transaction, echo, 100, now)
    core.tell(
        IncomingCall(
            call=session.call,
            flow=flow,
            request_uri=request.uri,
            from_=request.from_,
            to=request.to,
            offer=offer,
            call_id=request.call_id,
            request=request,
            identity=let_in.identity,
            trusted=let_in.trusted,
            real=let_in.real,
            replaces=other.handle if isinstance(other, Session) else 0,
        )
    )


def ring(core: Core, session: Session, now: float) -> None:
    """180."""
    _provisional(core, session, 180, b"", now)


def progress(core: Core, session: Session, sdp: bytes, now: float) -> None:
    """183 with early media."""
    _provisional(core, session, 183, sdp, now)


def _provisional(core: Core, session: Session, status: int, sdp: bytes, now: float) -> None:
    invitation = session.invitation
    if session.state is not State.OFFERED or invitation is None:
        raise LocalError(f"call {session.call} is {session.state}: no {status} any more")
    if invitation.reliable:
        reliable.send(core, session, status, sdp, now)
        return
    fields: Fields = (core.contact_of(session), core.allow)
    if sdp:
        fields = (*fields, SDP_FIELD)
    echo = invitation.echo
    core.reply(invitation.transaction, echo, status, now, fields=fields, body=sdp, lines=echo.record_routes)


def accept(
    core: Core,
    session: Session,
    sdp: bytes,
    now: float,
    *,
    focus: bool = False,
    headers: Sequence[tuple[str, str]] = (),
) -> None:
    """200, and again until its ACK; but first the PRACK of what we answered provisionally (RFC 3262 3)."""
    fields = checked_fields(headers)
    early = session.reliable
    waits = early is not None and (early.awaited or session.asked)
    session.require(Input.ACCEPT_LATER if waits else Input.ACCEPT)
    session.focus = focus
    if session.invitation is not None:
        session.invitation.fields = fields
    if early is not None and waits:
        early.accepting = sdp
    else:
        answer(core, session, sdp, now)


def go_on(core: Core, session: Session, now: float) -> None:
    """A PRACK came, or what it asked is answered: say what had to wait for it."""
    early = session.reliable
    if early is None or early.data or session.asked:
        return
    sdp, early.accepting = early.accepting, None
    if sdp is not None:
        if session.step(Input.PRACK):
            answer(core, session, sdp, now)
    elif early.waiting and session.state is State.OFFERED:
        status = next(iter(early.waiting))
        reliable.send(core, session, status, early.waiting.pop(status), now)


def reject(
    core: Core,
    session: Session,
    status: int,
    now: float,
    headers: Sequence[tuple[str, str]],
    reason: str | None,
) -> None:
    """3xx-6xx."""
    if not 300 <= status <= 699:
        raise LocalError(f"{status} rejects nothing")
    fields, phrase = checked_fields(headers), None if reason is None else checked(reason)
    session.require(Input.REJECT)
    invitation = session.invitation
    if invitation is not None:
        core.reply(invitation.transaction, invitation.echo, status, now, fields=fields, reason=phrase)
    core.ended(session, EndCause.LOCAL, status, phrase or REASONS.get(status, ""))
    core.leave(session)


def _unanswered(core: Core, session: Session, now: float) -> None:
    """None of our verbs came."""
    invitation = session.invitation
    if invitation is not None and session.step(Input.EXPIRED):
        core.reply(invitation.transaction, invitation.echo, UNANSWERED, now)
        core.ended(session, EndCause.TIMEOUT, UNANSWERED, "not answered")
        core.leave(session)


def cancelled(core: Core, session: Session, request: Request, now: float) -> None:
    """A CANCEL came for an INVITE of this call; after our final answer it changes nothing (9.2)."""
    if session.negotiation is not Negotiation.ASKED:
        return
    settle(core, session, now)
    session.turn(Turn.WE_REFUSE)
    if session.step(Input.CANCEL):
        core.ended(session, EndCause.CANCELLED, 487, words_of(request), q850=q850_of(request))
        core.leave(session)
    else:
        core.settled(session)


def answer(core: Core, session: Session, sdp: bytes, now: float) -> None:
    """Send the 2xx of the open INVITE and keep sending it."""
    invitation = session.invitation
    if invitation is None or not session.turn(Turn.WE_ANSWER):
        raise LocalError(f"call {session.call} has no open INVITE")
    core.deadlines.cancel(invitation.alarm)
    invitation.started = now
    timer = session_timer.agree(core, session, invitation.wish, now)
    said = (core.contact_of(session), *timer, *invitation.fields)
    early = session.reliable
    if early is not None:
        reliable.silence(core, session)
        if early.agreed and session.state is State.ACCEPTED:
            # The session is agreed, and is not said again (RFC 6337 3.1); what differs by now is the next question.
            session.offer = sdp if sdp != session.sdp else session.offer
            sdp = b""
    if sdp:
        session.sdp = sdp
        said = (*said, SDP_FIELD)
    invitation.data = core.reply(
        invitation.transaction,
        invitation.echo,
        200,
        now,
        fields=said,
        body=sdp,
        lines=f"{invitation.echo.record_routes}{core.abilities}",
    )
    _repeat_later(core, session, invitation, now)


def _repeat_later(core: Core, session: Session, invitation: Invitation, now: float) -> None:
    at = min(now + invitation.interval_s, invitation.started + core.patience_s(session))
    invitation.interval_s = min(2 * invitation.interval_s, T2_S)
    invitation.alarm = core.deadlines.set(at, partial(_repeat, core, session, invitation))


def _repeat(core: Core, session: Session, invitation: Invitation, now: float) -> None:
    """T1, doubling to T2, over every transport: a proxy on the way may speak UDP behind it (13.3.1.4)."""
    if now >= invitation.started + core.patience_s(session):
        not_acknowledged(core, session, now)
        return
    if not core.stands(invitation.transaction.flow):
        # The way is gone, and another to the same peer, too. Its ACK may have set out already, by one of its own.
        if invitation.gone:
            not_acknowledged(core, session, now)
            return
        invitation.gone = True
    core.counters["retransmitted"] += 1
    core.transactions.respond(invitation.transaction, 200, invitation.data, now)
    _repeat_later(core, session, invitation, now)


def acknowledged(core: Core, session: Session, cseq: int, sdp: bytes | None, now: float) -> None:
    """The ACK of our 2xx came, the first of perhaps many."""
    invitation = session.invitation
    if invitation is None or invitation.cseq != cseq or not session.turn(Turn.ACK):
        core.counters["dropped:ACK for nothing"] += 1
        return
    core.settled(session)
    late = invitation.late
    if late and sdp is not None:
        session.peer_sdp = sdp
    if session.step(Input.ACK):
        early, session.reliable = session.reliable, None
        if late and early is not None and early.agreed:
            sdp = early.answer
        if session.state is State.ENDED:
            part(core, session, now, session.farewell)
        else:
            core.tell(CallConfirmed(session.call, sdp if late else None))
    elif late:
        # Our offer went out in the 2xx of a re-INVITE. An ACK that forgot the answer leaves all as it was.
        core.tell(OfferFailed(session.call, 488) if sdp is None else AnswerReceived(session.call, sdp))
