"""Changing a session without an INVITE: UPDATE (RFC 3311), and offers in a PRACK (RFC 3262 5).

Before a call is answered there is no other way, and the session must be agreed already. Both are answered at once, so
there is no ringing and no ACK. An UPDATE without a session description says only where the peer is now, and that it is
there at all: that refreshes the session timer.
"""

from functools import partial
from typing import Final

from sip import answering, reliable, renegotiating, session_timer
from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.content import sdp_of
from sip.core import SUPPORTS, Core, dialog_of
from sip.dialog import Dialog
from sip.draft import Fields
from sip.ending import lost
from sip.errors import LocalError
from sip.events import AnswerReceived, EndCause, OfferFailed, OfferReceived
from sip.flow import Flow
from sip.gate import Pass
from sip.message import Request, Response
from sip.pending import Exchange, Update
from sip.reason import retry_after_s
from sip.reply import Echo
from sip.server_transaction import ServerTransaction
from sip.session import Negotiation, Owes, Session, State, Turn
from sip.settings import SDP_FIELD

ANSWER_S: Final = 5.0
"""The user's answer to an offer that has come by UPDATE must be there by then; its sender waits for 32 s at most. Then 500,
and the session stays as it is."""
ASK_AGAIN_MAX_S: Final = 10
"""Retry-After of a peer that is busy with another offer is believed up to this (RFC 3311 5.2: it is between 0 and 10)."""


# The peer asks


def asked(core: Core, session: Session, request: Request, flow: Flow, _let_in: Pass, now: float) -> None:
    """UPDATE of the peer."""
    transaction = core.transactions.open(request, flow)
    echo = Echo(request, flow, session.tag)
    wish = session_timer.wish_of(core, request)
    refusal = session_timer.refusal(core, wish)
    offer = sdp_of(request)
    if refusal is not None:
        core.reply(transaction, echo, refusal.status, now, fields=refusal.fields)
    elif offer is not None and not _may_ask(core, session, transaction, echo, now):
        return
    else:
        dialog = dialog_of(session, request)
        dialog.refresh(request)
        session.note_abilities(request)
        if offer is not None:
            _think(core, session, transaction, echo, now, offer).wish = wish
        else:
            core.reply(
                transaction,
                echo,
                200,
                now,
                fields=_fields(core, session, session_timer.agree(core, session, wish, now)),
            )


def pracked(core: Core, session: Session, request: Request, flow: Flow, _let_in: Pass, now: float) -> None:
    """PRACK of the peer: what was open arrived, and it may hold the next step of offer and answer."""
    if not reliable.acknowledges(session, request):
        core.refuse(request, flow, 481, tag=session.tag)
        return
    transaction = core.transactions.open(request, flow)
    echo = Echo(request, flow, session.tag)
    open_, sdp = session.reliable, sdp_of(request)
    invitation = session.invitation
    core.deadlines.cancel(None if open_ is None else open_.alarm)
    if open_ is not None:
        open_.data = b""
        if invitation is not None and invitation.late and open_.carries:
            open_.agreed = True
            open_.answer, sdp = sdp, None
            if open_.answer is not None:
                session.peer_sdp = open_.answer
                core.tell(AnswerReceived(session.call, open_.answer))
    if sdp is None:
        core.reply(transaction, echo, 200, now)
        answering.go_on(core, session, now)
    elif _may_ask(core, session, transaction, echo, now):
        _think(core, session, transaction, echo, now, sdp)


def _may_ask(core: Core, session: Session, transaction: ServerTransaction, echo: Echo, now: float) -> bool:
    """Whether the peer may make an offer now; else it has been refused (RFC 3311 5.2). One of several places that ring may ask
    again once it has answered: before, our user would not know whose session is to change.
    """
    owes = session.owes()
    if session.told:  # it is over, and only its farewell is still to come
        core.reply(transaction, echo, 487, now)
        return False
    if owes is Owes.NOBODY and session.fork is None:
        return True
    if owes is Owes.PEER:
        core.reply(transaction, echo, 491, now)
    else:
        core.reply(transaction, echo, 500, now, fields=renegotiating.soon(core))
    return False


def _think(
    core: Core, session: Session, transaction: ServerTransaction, echo: Echo, now: float, offer: bytes
) -> Update:
    """Let the user answer."""
    session.exchange(Turn.PEER_ASKS)
    update = session.update = session.update or Update()
    core.deadlines.cancel(update.alarm)
    update.transaction, update.echo, update.wish = transaction, echo, None
    update.alarm = core.deadlines.set(now + ANSWER_S, partial(_unanswered, core, session))
    session.peer_sdp = offer
    core.tell(OfferReceived(session.call, offer))
    return update


def _unanswered(core: Core, session: Session, now: float) -> None:
    _answer(core, session, 500, now, renegotiating.soon(core))


def accept_offer(core: Core, session: Session, sdp: bytes, now: float) -> None:
    """200 with our answer."""
    update = session.update
    timer: Fields = ()
    if update is not None and update.echo is not None and update.echo.method == "UPDATE":
        timer = session_timer.agree(core, session, update.wish, now)
        timer = _fields(core, session, timer)
    session.sdp = sdp
    _answer(core, session, 200, now, (*timer, SDP_FIELD), sdp)


def reject_offer(core: Core, session: Session, status: int, now: float) -> None:
    """Refuse: the session goes on as it was."""
    if not 300 <= status <= 699:
        raise LocalError(f"{status} rejects nothing")
    _answer(core, session, status, now)


def _answer(
    core: Core, session: Session, status: int, now: float, fields: Fields = (), sdp: bytes = b""
) -> None:
    update = session.update
    if update is None or update.transaction is None or update.echo is None:
        return
    session.exchange(Turn.WE_ANSWER)
    core.deadlines.cancel(update.alarm)
    core.reply(update.transaction, update.echo, status, now, fields=fields, body=sdp)
    update.transaction = update.echo = update.alarm = None
    answering.go_on(core, session, now)
    resume(core, session, now)


def _fields(core: Core, session: Session, timer: Fields) -> Fields:
    return (core.contact_of(session), core.allow, SUPPORTS, *timer)


# We ask


def reoffer(core: Core, session: Session, sdp: bytes, now: float) -> None:
    """Change a session that is agreed before the call is answered, where the peer takes UPDATE; else once it is."""
    if not _agreed_early(session):
        raise LocalError(f"call {session.call} is {session.state}: nothing to change")
    session.offer = sdp
    resume(core, session, now)


def _agreed_early(session: Session) -> bool:
    early, placement = session.reliable, session.placement
    return (early is not None and early.agreed) or (placement is not None and placement.agreed is not None)


def resume(core: Core, session: Session, now: float) -> None:
    """Ask what has been waiting, if nothing is open now."""
    if session.state is State.CONFIRMED:
        renegotiating.resume(core, session, now)
        return
    dialog = _early_dialog(session)
    if (
        session.offer is None
        or dialog is None
        or not session.peer_updates
        or session.owes() is not Owes.NOBODY
    ):
        return
    if not session.exchange(Turn.WE_ASK):
        return
    sdp, session.offer = session.offer, None
    fields = (*_fields(core, session, ()), SDP_FIELD)
    core.request(dialog, "UPDATE", now, user=partial(_answered, core, session, sdp), fields=fields, body=sdp)


def _early_dialog(session: Session) -> Dialog | None:
    """The dialog in which the session is agreed before the call is answered."""
    if session.state is State.PROGRESSING:
        agreed = None if session.placement is None else session.placement.agreed
        return None if agreed is None else agreed.dialog
    early = session.reliable
    if (
        session.state in (State.OFFERED, State.ACCEPTING)
        and early is not None
        and early.agreed
        and not early.data
    ):
        return session.dialog
    return None


def _answered(
    core: Core, session: Session, sdp: bytes, _: ClientTransaction, outcome: Outcome, now: float
) -> None:
    update = session.update
    if update is None or update.state is not Exchange.ASKING or session.state is State.ENDED:
        return
    if isinstance(outcome, Failure):
        _came_to_nothing(core, session, 408 if outcome is Failure.TIMEOUT else 503, now)
    elif outcome.status < 200:
        return
    elif outcome.status < 300:
        _agreed(core, session, sdp, outcome, now)
    elif outcome.status in (491, 500) and update.attempts < renegotiating.GLARES_MAX:
        session.exchange(Turn.GLARE)
        update.attempts += 1
        if session.offer is None:
            session.offer = sdp
        wait_s = renegotiating.pause_s(core, session)
        if outcome.status == 500:
            wait_s = min(retry_after_s(outcome), ASK_AGAIN_MAX_S)
        update.alarm = core.deadlines.set(now + wait_s, partial(resume, core, session))
    else:
        _came_to_nothing(core, session, outcome.status, now)


def _agreed(core: Core, session: Session, sdp: bytes, response: Response, now: float) -> None:
    session.exchange(Turn.PEER_ANSWERS)
    answer = sdp_of(response)
    if session.update is not None:
        session.update.attempts = 0
    if answer is None:
        core.tell(OfferFailed(session.call, response.status))
    else:
        session.sdp, session.peer_sdp = sdp, answer
        core.tell(AnswerReceived(session.call, answer))
    resume(core, session, now)


def _came_to_nothing(core: Core, session: Session, status: int, now: float) -> None:
    session.exchange(Turn.PEER_ANSWERS)
    if session.state is State.CONFIRMED and status in (408, 481):
        lost(core, session, EndCause.PROTOCOL if status == 481 else EndCause.TIMEOUT, status, now)
        return
    core.tell(OfferFailed(session.call, status))
    resume(core, session, now)


# Refreshing


def refresh(core: Core, session: Session, now: float) -> None:
    """Show that we are there, and ask whether the peer is (RFC 4028 7.4): by UPDATE, or by an INVITE that changes nothing."""
    timer, update = session.timer, session.update
    idle = session.negotiation is Negotiation.IDLE and (update is None or update.state is Exchange.IDLE)
    if timer is None or timer.asking or not idle or session.offer is not None:
        return  # whatever else is being asked refreshes as well
    timer.asking = True
    if session.peer_updates:
        fields = _fields(core, session, session_timer.asking_again(core, session))
        core.request(session.dialog, "UPDATE", now, user=partial(_refreshed, core, session), fields=fields)
    else:
        renegotiating.repeat(core, session, now)


def _refreshed(core: Core, session: Session, _: ClientTransaction, outcome: Outcome, now: float) -> None:
    timer = session.timer
    if session.state is not State.CONFIRMED or (isinstance(outcome, Response) and outcome.status < 200):
        return
    if timer is not None:
        timer.asking = False
    if isinstance(outcome, Failure):
        broken = outcome is Failure.TRANSPORT
        lost(core, session, EndCause.TRANSPORT if broken else EndCause.TIMEOUT, 503 if broken else 408, now)
    elif outcome.status < 300:
        session.dialog.refresh(outcome)
        session_timer.agreed(core, session, outcome, now)
    elif outcome.status in (408, 481):
        lost(core, session, EndCause.PROTOCOL, outcome.status, now)
    elif outcome.status in (405, 501):
        session.peer_updates = False
        refresh(core, session, now)
    elif outcome.status == 422 and session_timer.lengthened(session, outcome):
        refresh(core, session, now)
