"""Ending calls: BYE both ways, and the ends that nobody said (RFC 3261 15)."""

from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.core import Core
from sip.draft import Fields
from sip.events import EndCause
from sip.message import REASONS, Request
from sip.reason import q850_of, reason_fields, words_of
from sip.reply import Echo
from sip.server_transaction import ServerTransaction
from sip.session import Input, Negotiation, Session, State


def part(core: Core, session: Session, now: float, fields: Fields = ()) -> None:
    """Say BYE. Whatever comes back, the dialog is over (15.1.1), and a challenge is never answered; but until then a BYE of
    the peer may be under way, too, and finds its dialog (RFC 5407 3.2.1). It is said once to who may never have called.
    """

    def parted(_: ClientTransaction, outcome: Outcome, _now: float) -> None:
        if isinstance(outcome, Failure) or outcome.status >= 200:
            core.leave(session)

    doubtful = bool(session.doubtful)
    core.close(session)
    goodbye = core.request(session.dialog, "BYE", now, user=parted, fields=fields)
    if doubtful:
        core.transactions.hush(goodbye)


def hang_up(core: Core, session: Session, now: float, reason: str | None, q850: int = 0) -> None:
    """Hang up a call that was placed to us, or one that is confirmed."""
    before = session.state
    session.require(Input.HANG_UP)
    farewell = reason_fields(reason, cause=q850)
    if before is State.ACCEPTED:
        session.farewell = farewell
    elif before is State.CONFIRMED:
        settle(core, session, now)
        part(core, session, now, farewell)
    else:
        settle(core, session, now, fields=farewell)
        core.leave(session)
    core.ended(
        session, EndCause.LOCAL, 487 if before in (State.OFFERED, State.ACCEPTING) else 0, reason or ""
    )


def said_bye(
    core: Core, session: Session, transaction: ServerTransaction, echo: Echo, request: Request, now: float
) -> None:
    """The peer hung up."""
    core.reply(transaction, echo, 200, now)
    session.step(Input.BYE)
    settle(core, session, now)
    core.ended(session, EndCause.BYE, 0, words_of(request), q850=q850_of(request))
    core.leave(session)


def not_acknowledged(core: Core, session: Session, now: float) -> None:
    """64*T1 without an ACK, or less where the caller may be invented: the dialog stands, but the session is ended by BYE (13.3.1.4, 14.2)."""
    session.step(Input.NO_ACK)
    part(core, session, now, session.farewell)
    core.ended(session, EndCause.NO_ACK, 0, "no ACK")


def lost(core: Core, session: Session, cause: EndCause, status: int, now: float) -> None:
    """The peer does not know the call any more, or is silent: BYE, in case it only lost its mind half (12.2.1.2)."""
    if session.step(Input.LOST):
        settle(core, session, now)
        part(core, session, now)
        core.ended(session, cause, status, REASONS.get(status, ""))


def settle(core: Core, session: Session, now: float, fields: Fields = ()) -> None:
    """Answer 487 to an INVITE that is still open when its call ends."""
    invitation = session.invitation
    if invitation is not None and session.negotiation is Negotiation.ASKED:
        core.reply(invitation.transaction, invitation.echo, 487, now, fields=fields)
