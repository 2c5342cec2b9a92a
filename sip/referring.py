"""REFER (RFC 3515), both ways: somebody asks us to contact somebody, or we ask them; and the word of how it goes.

In: the user is told by ReferReceived and answers with `accept`, `progress` and `reject`. An accepted REFER is a
subscription of the package "refer" (`notifying` keeps it): 100 at once, what comes, and a last NOTIFY with the final
status, unless no word is wanted (RFC 4488). Nothing is followed here; what is done, and whether, is the user's to say.

Out: in the dialog of a call, one at a time. Its answer is told by ReferAnswered, what the peer then reports by
ReferProgress; a final status, or the end of the reports, is the last of them. The call goes on meanwhile and after.
"""

from functools import partial
from typing import Final

from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.content import content_type
from sip.core import Awaited, Core, checked
from sip.dialog import Dialog
from sip.draft import Fields
from sip.ending import lost
from sip.errors import LocalError, ParseError
from sip.events import EndCause, ReferAnswered, ReferProgress, ReferReceived
from sip.flow import Flow
from sip.gate import Pass
from sip.headers import Address
from sip.inspection import Refusal
from sip.message import Request
from sip.notifying import (
    EVENTS,
    answer,
    begin,
    contact,
    end,
    forget,
    grant,
    no_room,
    notify,
    opened,
    refuse,
    runs,
)
from sip.refer_to import NO_SUBSCRIPTION, format_refer_to, parse_referral
from sip.replacing import own
from sip.reply import Echo
from sip.session import Session
from sip.session import State as CallState
from sip.sipfrag import SIPFRAG, SIPFRAG_TYPE, fragment, status_of
from sip.subscription import REFER, REFER_EXPIRES_S, Input, Note, Package, State, Subscription, parse_event

ACCEPT_SIPFRAG: Final = ("Accept", SIPFRAG)
NO_WORD: Final = 0
"""The status of a ReferProgress that says: the peer reports no more, and has not said how it ended."""
ENDS: Final = {Failure.TIMEOUT: 408, Failure.TRANSPORT: 503}


# REFER in


def received(core: Core, request: Request, flow: Flow, let_in: Pass, now: float) -> None:
    """A REFER outside dialogs: to a call by its name as a focus (RFC 4579 5.5), or to nobody in particular."""
    place = opened(core, request, flow)
    if place is not None:
        _asked(core, request, flow, let_in, *place, now)


def received_inside(
    core: Core, session: Session, request: Request, flow: Flow, let_in: Pass, now: float
) -> None:
    """A REFER in the dialog of a call."""
    if runs(core, session, request, flow):
        _asked(core, request, flow, let_in, session.dialog, session.call, now)


def _asked(
    core: Core, request: Request, flow: Flow, let_in: Pass, dialog: Dialog, call: int, now: float
) -> None:
    try:
        referral = parse_referral(request)
    except ParseError as error:
        refuse(core, request, flow, Refusal(error.status, reason="Bad Refer-To"))
        return
    refusal = no_room(core, dialog)
    if refusal is not None:
        refuse(core, request, flow, refusal)
        return
    # The id is asked for from a dialog's second REFER on, and allowed in the first (RFC 3515 2.4.6).
    package = Package(REFER, str(request.cseq.number))
    subscription = begin(core, request, flow, package, dialog, call, now)
    subscription.wanted_s = 0 if referral.quiet else REFER_EXPIRES_S
    core.tell(
        ReferReceived(
            refer=subscription.number,
            call=call,
            flow=flow,
            message=request,
            to=referral.to,
            method=referral.method,
            replaces=referral.replaces,
            referred_by=referral.referred_by,
            identity=let_in.identity,
            trusted=let_in.trusted,
            own=own(core, referral.replaces),
        )
    )


def accept(core: Core, refer: Subscription, now: float) -> None:
    """202 and the word that it is tried; or 200 and no word, where none is wanted."""
    refer.require(Input.ACCEPT)
    if refer.wanted_s:
        grant(core, refer, refer.wanted_s, now)
        answer(core, refer, 202, now, fields=(contact(core, refer),))
        _report(core, refer, 100, "", now)
    else:
        answer(core, refer, 200, now, fields=(contact(core, refer), *NO_SUBSCRIPTION))
        forget(core, refer)


def progress(core: Core, refer: Subscription, status: int, reason: str, now: float) -> None:
    """Report how it goes; a final status ends the reports."""
    if not 100 <= status <= 699:
        raise LocalError(f"{status} is no status")
    if refer.state is State.ASKED:
        raise LocalError(f"REFER {refer.number} is not accepted")
    _report(core, refer, status, reason, now)


def _report(core: Core, refer: Subscription, status: int, reason: str, now: float) -> None:
    note = refer.standing = Note(fragment(status, reason), SIPFRAG_TYPE)
    if status >= 200:
        end(core, refer, Input.END, "noresource", now, note=note)
    else:
        notify(core, refer, note, now)


# REFER out


def refer(core: Core, session: Session, to: Address, now: float, replaces: str) -> None:
    """Ask the peer of a call to call somebody: a transfer. Its word for it is ours (Referred-By, RFC 3892)."""
    if session.state not in (CallState.ACCEPTED, CallState.CONFIRMED):
        raise LocalError(f"call {session.call} is {session.state}: nobody to refer")
    before = core.awaited.get(session.tag)
    if before is not None:
        if not before.final:
            raise LocalError(f"call {session.call} is being referred already")
        _forget(core, session)
    dialog = session.dialog
    by = Address.parse(dialog.local).uri
    fields: Fields = (
        core.contact_of(session),
        ("Refer-To", checked(format_refer_to(to, replaces))),
        ("Referred-By", f"<{by}>"),
        ACCEPT_SIPFRAG,
    )
    alarm = core.deadlines.set(now + REFER_EXPIRES_S, partial(_no_word, core, session))
    awaited = core.awaited[session.tag] = Awaited(dialog.local_cseq + 1, alarm)
    core.request(dialog, "REFER", now, user=partial(_answered, core, session, awaited), fields=fields)


def _answered(
    core: Core, session: Session, awaited: Awaited, _: ClientTransaction, outcome: Outcome, now: float
) -> None:
    status = ENDS[outcome] if isinstance(outcome, Failure) else outcome.status
    if status < 200 or session.told:
        return
    core.tell(ReferAnswered(session.call, status))
    if status >= 300:
        if core.awaited.get(session.tag) is awaited:
            _forget(core, session)
        if status in (408, 481):
            lost(core, session, EndCause.PROTOCOL, status, now)


def _no_word(core: Core, session: Session, _: float) -> None:
    awaited = core.awaited.pop(session.tag)
    if not awaited.final and not session.told:
        core.tell(ReferProgress(session.call, NO_WORD))


def _forget(core: Core, session: Session) -> None:
    awaited = core.awaited.pop(session.tag)
    core.deadlines.cancel(awaited.alarm)


def _is_about(awaited: Awaited, number: str, last: int) -> bool:
    """Whether a report's id, if it has one, is of our REFER: it may have had to be sent again, to prove who we are, and its
    first report may come before its answer.
    """
    return not number or number in {str(each) for each in range(awaited.cseq, last + 1)}


def notified(core: Core, session: Session, request: Request, flow: Flow, _: Pass, now: float) -> None:
    """A NOTIFY in the dialog of a call: the peer's word on our REFER, or it is about nothing that we asked for."""
    package = parse_event(request.headers.get("Event"))
    awaited = core.awaited.get(session.tag)
    if package is None or package.name != REFER:
        refuse(core, request, flow, Refusal(489, (EVENTS,)))
        return
    if awaited is None or not _is_about(awaited, package.id, session.dialog.local_cseq):
        refuse(core, request, flow, Refusal(481))
        return
    if request.body and content_type(request) != SIPFRAG:
        refuse(core, request, flow, Refusal(415, (ACCEPT_SIPFRAG,)))
        return
    core.reply(core.transactions.open(request, flow), Echo(request, flow, session.tag), 200, now)
    status = status_of(request.body)
    state = (request.headers.get("Subscription-State") or "").partition(";")[0].strip().lower()
    over = state == "terminated"
    said = NO_WORD if status is None else status[0]
    if over and said < 200:
        said = NO_WORD
    if (status is not None or over) and not awaited.final and not session.told:
        core.tell(ReferProgress(session.call, said))
        awaited.final = said == NO_WORD or said >= 200
    if over:
        _forget(core, session)
