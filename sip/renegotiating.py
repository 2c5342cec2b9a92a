"""Changing a running call: INVITE inside the dialog, from the peer and from us (RFC 3261 14, glare 14.1)."""

from functools import partial
from typing import Final

from sip import answering, session_timer
from sip.answering import UNANSWERED
from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.content import sdp_of
from sip.core import SUPPORTS, Acknowledgement, Core
from sip.draft import Fields
from sip.ending import lost
from sip.errors import LocalError
from sip.events import AnswerReceived, EndCause, OfferFailed, OfferReceived
from sip.flow import Flow
from sip.gate import Pass
from sip.message import Request, Response
from sip.pending import Invitation
from sip.reply import Echo
from sip.session import Negotiation, Session, State, Turn
from sip.settings import SDP_FIELD
from sip.timers import GIVE_UP_S, RINGING_MAX_S, Alarm

OWNER_WAITS_S: Final = (2.1, 4.0)
"""Pause after a 491 of the side that owns the Call-ID (14.1)."""
OTHER_WAITS_S: Final = (0.0, 2.0)
"""Pause of the other side: one of the two always goes first."""
GLARES_MAX: Final = 8
"""491 in a row, some 20 s of them: then the offer has failed, and the session stays as it is."""
RETRY_WITHIN_S: Final = 10
"""RFC 3261 14.2: the Retry-After of a 500 for an INVITE inside an INVITE is chosen between 0 and 10 s."""


def asked(core: Core, session: Session, request: Request, flow: Flow, _let_in: Pass, now: float) -> None:
    """The peer sent an INVITE inside the dialog."""
    transaction = core.transactions.open(request, flow)
    transaction.call = session.call
    echo = Echo(request, flow, session.tag)
    invitation = session.invitation
    if session.negotiation is Negotiation.ANSWERED and invitation is not None and not invitation.late:
        # Who asks anew has our answer: its ACK was lost or overtaken, and this stands for it (RFC 5407 3.1.4).
        answering.acknowledged(core, session, invitation.cseq, None, now)
        if session.state is State.ENDED:
            core.reply(transaction, echo, 481, now)
            return
    if session.negotiation is Negotiation.ASKED or session.asked:
        core.reply(transaction, echo, 500, now, fields=soon(core))
        return
    wish = session_timer.wish_of(core, request)
    refusal = session_timer.refusal(core, wish)
    if refusal is not None:
        core.reply(transaction, echo, refusal.status, now, fields=refusal.fields)
        return
    if session.asking or not session.turn(Turn.PEER_ASKS):
        core.reply(transaction, echo, 491, now)
        return
    session.dialog.refresh(request)
    session.note_abilities(request)
    offer = sdp_of(request)
    if offer is not None:
        session.peer_sdp = offer
    session.invitation = Invitation(
        transaction,
        echo,
        request.cseq.number,
        late=offer is None,
        wish=wish,
        alarm=core.deadlines.set(now + RINGING_MAX_S, partial(reject_offer, core, session, UNANSWERED)),
    )
    core.reply(transaction, echo, 100, now)
    core.tell(OfferReceived(session.call, offer))


def soon(core: Core) -> Fields:
    """When to come again with an offer that came while another waits for our answer (14.2; RFC 3311 5.2)."""
    return (("Retry-After", str(int(core.random_s(0, RETRY_WITHIN_S)))),)


def pause_s(core: Core, session: Session) -> float:
    """How long to wait after a 491."""
    return core.random_s(*(OWNER_WAITS_S if session.ours else OTHER_WAITS_S))


def accept_offer(core: Core, session: Session, sdp: bytes, now: float) -> None:
    """200 with our answer, or with our offer where the peer made none."""
    _require_running(session)
    if session.negotiation is not Negotiation.ASKED:
        # The peer cancelled its question while we thought about it.
        core.counters["late:accept_offer"] += 1
        return
    answering.answer(core, session, sdp, now)


def reject_offer(core: Core, session: Session, status: int, now: float) -> None:
    """Refuse: the session goes on as it was (14.2)."""
    if not 300 <= status <= 699:
        raise LocalError(f"{status} rejects nothing")
    _require_running(session)
    invitation = session.invitation
    if invitation is None or session.negotiation is not Negotiation.ASKED:
        core.counters["late:reject_offer"] += 1
        return
    session.turn(Turn.WE_REFUSE)
    core.settled(session)
    core.reply(invitation.transaction, invitation.echo, status, now)
    resume(core, session, now)


def _require_running(session: Session) -> None:
    """Tell these verbs from `accept` and `reject`: the INVITE that is open must not be the call's first."""
    if session.state is not State.CONFIRMED:
        raise LocalError(f"call {session.call} is {session.state}: there is no offer to answer")


def reoffer(core: Core, session: Session, sdp: bytes, now: float) -> None:
    """Ask the peer to change the session. While another question is open this one waits; the latest wins."""
    if session.state not in (State.ACCEPTED, State.CONFIRMED):
        raise LocalError(f"call {session.call} is {session.state}: nothing to change")
    session.offer = sdp
    session.attempts = 0
    if session.negotiation is Negotiation.IDLE:
        resume(core, session, now)


def resume(core: Core, session: Session, now: float) -> None:
    """Ask what has been waiting, if nothing is open now."""
    if session.offer is None or session.state is not State.CONFIRMED:
        return
    if session.asked or session.asking or session.negotiation not in (Negotiation.IDLE, Negotiation.WAITING):
        return
    sdp, session.offer = session.offer, None
    _ask(core, session, sdp, now, refresh=False)


def repeat(core: Core, session: Session, now: float) -> None:
    """Say again what has been said last: a session timer asks for it."""
    _ask(core, session, session.sdp, now, refresh=True)


def _ask(core: Core, session: Session, sdp: bytes, now: float, *, refresh: bool) -> None:
    session.turn(Turn.WE_ASK)
    core.deadlines.cancel(session.alarm)
    session.alarm = None
    timer = session_timer.asking_again(core, session)
    fields = (core.contact_of(session), core.allow, SUPPORTS, *timer, SDP_FIELD)
    user = _Question(core, session, sdp, refresh=refresh)
    core.request(session.dialog, "INVITE", now, user=user, fields=fields, body=sdp)


class _Question:
    """Our INVITE inside the dialog, as the user of its transaction."""

    __slots__ = ("acknowledgement", "alarm", "asked", "core", "refresh", "sdp", "session")

    def __init__(self, core: Core, session: Session, sdp: bytes, *, refresh: bool) -> None:
        self.core = core
        self.session = session
        self.sdp = sdp
        self.refresh = refresh
        """Nobody asked for it, and nobody needs to know unless the peer changes something."""
        self.acknowledgement: Acknowledgement | None = None
        self.asked = 0.0
        """When the peer took note of the question."""
        self.alarm: Alarm | None = None

    def __call__(self, transaction: ClientTransaction, outcome: Outcome, now: float) -> None:
        core, session = self.core, self.session
        if isinstance(outcome, Response) and outcome.status < 200:
            if self.alarm is None:
                self.asked = now
                self._watch(transaction, now)
            return
        core.deadlines.cancel(self.alarm)
        if isinstance(outcome, Failure):
            broken = outcome is Failure.TRANSPORT
            cause, status = (EndCause.TRANSPORT, 503) if broken else (EndCause.TIMEOUT, 408)
            lost(core, session, cause, status, now)
        elif outcome.status < 300:
            self._answered(transaction, outcome, now)
        elif outcome.status in (408, 481):
            lost(core, session, EndCause.PROTOCOL, outcome.status, now)
        elif session.state is State.CONFIRMED:
            self._refused(outcome, now)

    def _watch(self, transaction: ClientTransaction, now: float) -> None:
        """No timer of the transaction runs after a 1xx (17.1.1.2), and a peer that hung up may never answer. One that thinks
        for longer than a call may ring is lost, and the call with it.
        """

        def look(now: float) -> None:
            if self.session.state is State.CONFIRMED and now < self.asked + RINGING_MAX_S:
                self._watch(transaction, now)
                return
            self.core.transactions.give_up(transaction)
            lost(self.core, self.session, EndCause.TIMEOUT, 408, now)

        self.alarm = self.core.deadlines.set(now + GIVE_UP_S, look)

    def _answered(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        core, session = self.core, self.session
        if self.acknowledgement is not None:
            core.send(*self.acknowledgement)
            return
        session.dialog.refresh(response)
        # Even a call that ended meanwhile owes this ACK.
        self.acknowledgement = core.acknowledge(session.dialog, transaction.draft)
        if session.state is not State.CONFIRMED:
            return
        session.turn(Turn.PEER_ANSWERS)
        session.attempts = 0
        session.note_abilities(response)
        session_timer.agreed(core, session, response, now)
        sdp, before = sdp_of(response), session.peer_sdp
        if sdp is not None:
            session.sdp, session.peer_sdp = self.sdp, sdp
        if self.refresh:
            if sdp is not None and sdp != before:
                core.tell(AnswerReceived(session.call, sdp))
        elif sdp is None:
            core.tell(OfferFailed(session.call, response.status))  # a 2xx without answer agrees to nothing
        else:
            core.tell(AnswerReceived(session.call, sdp))
        resume(core, session, now)

    def _refused(self, response: Response, now: float) -> None:
        core, session, status = self.core, self.session, response.status
        timer = session.timer
        if timer is not None:
            timer.asking = False
        if status == 422 and session_timer.lengthened(session, response):
            session.turn(Turn.PEER_ANSWERS)
            _ask(core, session, self.sdp, now, refresh=self.refresh)
            return
        if self.refresh:
            # The timer asks again before the session is over.
            session.turn(Turn.PEER_ANSWERS)
            if status == 491:
                session_timer.ask_again(core, session, now + pause_s(core, session))
            resume(core, session, now)
            return
        if status == 491 and session.attempts < GLARES_MAX:
            session.turn(Turn.GLARE)
            session.attempts += 1
            if session.offer is None:
                session.offer = self.sdp
            session.alarm = core.deadlines.set(now + pause_s(core, session), self._ask_again)
            return
        session.turn(Turn.PEER_ANSWERS)
        session.attempts = 0
        core.tell(OfferFailed(session.call, status))
        resume(core, session, now)

    def _ask_again(self, now: float) -> None:
        resume(self.core, self.session, now)
