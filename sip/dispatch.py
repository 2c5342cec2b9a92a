"""What becomes of a message: two tables from method to function, and the few things that come before.

The way of a request: ACK and CANCEL go to what they belong to -> a repetition is answered by its transaction -> the gate
judges -> `inspection` -> the row of `INSIDE` if its To tag names a dialog of ours, else that of `OUTSIDE`. A new method is
a row here and a word in `settings.METHODS`; what has no row is told to the user of the agent (`asking`), if it has asked
for that in `AgentSettings.served`.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from sip import answering, asking, ending, notifying, placing, referring, renegotiating, updating
from sip.content import digit_of, sdp_of
from sip.core import SUPPORTS, Core, dialog_of
from sip.draft import Fields
from sip.events import DigitReceived, EndCause
from sip.flow import Flow
from sip.gate import Ignore, Pass, Refuse
from sip.inspection import ACCEPT_SDP, Refusal, inspect
from sip.message import REASONS, Request, Response
from sip.reason import q850_of, words_of
from sip.reply import Echo, way_back
from sip.server_transaction import ServerTransaction
from sip.server_transaction import State as ServerState
from sip.session import Input, Session, State
from sip.settings import KNOWN_METHODS

HELD_BACK_MAX: Final = 1024
"""Refusals that wait for their time at once. One more is not sent at all: who is told late anyway can ask again."""

Outside = Callable[[Core, Request, Flow, Pass, float], None]
Inside = Callable[[Core, Session, Request, Flow, Pass, float], None]


def message(core: Core, flow: Flow, arrived: Request | Response, now: float) -> None:
    """One message, whole and well formed."""
    if isinstance(arrived, Response):
        status: int | str = arrived.status if arrived.status in REASONS else "other"
        core.counters[f"received:{status}:{flow.transport}"] += 1
        if not core.transactions.receive(arrived, now):
            core.counters["dropped:stray response"] += 1
        return
    flow = way_back(arrived, flow)
    method = arrived.method
    core.counters[f"received:{method if method in KNOWN_METHODS else 'other'}:{flow.transport}"] += 1
    if method == "ACK":
        _ack(core, arrived, flow, now)
    elif (transaction := core.transactions.find(arrived, method)) is not None:
        core.transactions.repeated(transaction, now)
    elif method == "CANCEL":
        _cancel(core, arrived, flow, now)
    else:
        _new(core, arrived, flow, now)


def _new(core: Core, request: Request, flow: Flow, now: float) -> None:
    """A request that has not been seen before."""
    tag = request.to.tag
    session = None if tag is None else find(core, request)
    if session is not None and session.state is State.ENDED and request.method != "BYE":
        session = None
    if core.held_back and core.transactions.key(request) in core.held_back:
        core.counters["repeated:held back"] += 1
        return
    usage = core.subscriptions.in_dialog(request) if tag is not None and session is None else None
    judgement = core.gate.judge(request, flow, now, inside=session is not None or usage is not None)
    if not isinstance(judgement, Pass):
        _not_let_in(core, request, flow, judgement, now)
        return
    if judgement.identity or judgement.trusted:
        core.streams.proved(flow.connection)
    core.lent(request, flow)
    refusal = _refusal(core, request, flow)
    if refusal is not None:
        if refusal.status in (405, 501):
            core.gate.noticed(flow, "unknown method", now)
        core.refuse(request, flow, refusal.status, fields=refusal.fields, reason=refusal.reason)
    elif session is not None:
        _inside(core, session, request, flow, judgement, now)
    elif usage is not None:
        notifying.received_within(core, usage, request, flow, judgement, now)
    elif tag is None:
        OUTSIDE.get(request.method, asking.received)(core, request, flow, judgement, now)
    else:
        core.refuse(request, flow, 481)


def _inside(core: Core, session: Session, request: Request, flow: Flow, let_in: Pass, now: float) -> None:
    """A request of the peer in the dialog of a call."""
    dialog = session.dialog if session.placement is None else dialog_of(session, request)
    if not dialog.in_order(request.cseq.number):
        core.refuse(request, flow, 500)
        return
    dialog.flow = flow
    INSIDE.get(request.method, asking.received_inside)(core, session, request, flow, let_in, now)


def _not_let_in(core: Core, request: Request, flow: Flow, judgement: Refuse | Ignore, now: float) -> None:
    if isinstance(judgement, Ignore):
        core.counters[f"dropped:{judgement.why}"] += 1
        return
    refuse = partial(
        core.refuse, request, flow, judgement.status, fields=judgement.fields, reason=judgement.reason
    )
    if judgement.after_s <= 0:
        refuse()
        return
    if len(core.held_back) >= HELD_BACK_MAX:
        core.counters["dropped:too many held back"] += 1
        return
    key = core.transactions.key(request)
    core.held_back.add(key)

    def at_last(_: float) -> None:
        core.held_back.discard(key)
        refuse()

    core.deadlines.set(now + judgement.after_s, at_last)


def _refusal(core: Core, request: Request, flow: Flow) -> Refusal | None:
    """Why a request that was let in cannot be served, if it cannot."""
    refusal = inspect(core, request, flow)
    if refusal is not None:
        return refusal
    new_call = request.method == "INVITE" and request.to.tag is None
    if new_call and core.transactions.merged(request):
        return Refusal(482)
    if core.draining and (new_call or (request.method == "OPTIONS" and request.to.tag is None)):
        return Refusal(503, _later(core))
    if new_call and len(core.calls) >= core.settings.calls_max:
        return Refusal(503, _later(core))
    # A BYE is let in however full it is: it makes room.
    if core.transactions.full and request.method not in ("BYE", "OPTIONS"):
        return Refusal(503, _later(core))
    return None


def _later(core: Core) -> Fields:
    return (("Retry-After", str(core.settings.retry_after_s)),)


def find(core: Core, request: Request) -> Session | None:
    """The call whose dialog a request belongs to."""
    session = core.dialogs.get(request.to.tag or "")
    if session is None or session.dialog.call_id != request.call_id:
        return None
    # Before it is answered a call we placed has no dialog yet, or several.
    return session if session.placement is not None or session.dialog.matches(request) else None


def _ack(core: Core, request: Request, flow: Flow, now: float) -> None:
    transaction = core.transactions.find(request, "INVITE")
    if transaction is not None and transaction.state is not ServerState.ACCEPTED:
        core.transactions.acknowledged(transaction, now)
        if transaction.doubtful and request.to.tag == transaction.tag:
            _arrived_there(core, transaction, flow, now)
        return
    session = find(core, request)
    if session is None and transaction is not None:
        # pyVoIP makes up another tag for each ACK. That it comes in the INVITE's own transaction is enough where the caller has
        # proved itself; of anybody else the tag is the only sign that our answer has arrived where its address says.
        asked = core.calls.get(transaction.call)
        session = asked if asked is not None and asked.proved else None
    if session is None:
        # Of a refusal that nothing was kept of there is nothing to acknowledge.
        if request.to.tag == core.stateless_tag(request, flow):
            core.gate.acknowledged(flow, now)
        else:
            core.counters["dropped:ACK for nothing"] += 1
        return
    if session.doubtful and session.invitation is not None:
        _arrived_there(core, session.invitation.transaction, flow, now)
    answering.acknowledged(core, session, request.cseq.number, sdp_of(request), now)
    renegotiating.resume(core, session, now)


def _arrived_there(core: Core, transaction: ServerTransaction, flow: Flow, now: float) -> None:
    """An ACK has the tag that we answered with. Who has it may hand it to others, and say to be where they are."""
    if flow.remote[0] == transaction.flow.remote[0]:
        core.gate.acknowledged(flow, now)


def _cancel(core: Core, request: Request, flow: Flow, now: float) -> None:
    transaction = core.transactions.find(request, "INVITE")
    if transaction is None:
        core.refuse(request, flow, 481)
        return
    session = core.calls.get(transaction.call)
    core.refuse(request, flow, 200, tag=None if session is None else session.tag)
    if session is None or session.invitation is None or session.invitation.transaction is not transaction:
        return
    answering.cancelled(core, session, request, now)
    renegotiating.resume(core, session, now)


def _bye(core: Core, session: Session, request: Request, flow: Flow, _: Pass, now: float) -> None:
    transaction = core.transactions.open(request, flow)
    echo = Echo(request, flow, session.tag)
    if session.placement is None:
        ending.said_bye(core, session, transaction, echo, request, now)
    else:
        core.reply(transaction, echo, 200, now)
        placing.abandon(core, session, now, Input.BYE, EndCause.BYE, words_of(request), q850_of(request))


def _info(core: Core, session: Session, request: Request, flow: Flow, let_in: Pass, now: float) -> None:
    if not request.body:
        _options_inside(core, session, request, flow, let_in, now)
        return
    digit = digit_of(request)
    core.reply(
        core.transactions.open(request, flow),
        Echo(request, flow, session.tag),
        400 if digit is None else 200,
        now,
    )
    if digit is not None and not session.told:
        core.tell(DigitReceived(session.handle, *digit))


def _options(core: Core, request: Request, flow: Flow, _: Pass, _now: float) -> None:
    core.refuse(request, flow, 200, fields=(core.allow, ACCEPT_SDP, SUPPORTS))


def _options_inside(core: Core, session: Session, request: Request, flow: Flow, _: Pass, now: float) -> None:
    core.reply(
        core.transactions.open(request, flow),
        Echo(request, flow, session.tag),
        200,
        now,
        fields=(core.allow, ACCEPT_SDP, SUPPORTS),
    )


def _no_dialog(core: Core, request: Request, flow: Flow, _: Pass, _now: float) -> None:
    core.refuse(request, flow, 481)


OUTSIDE: Final[Mapping[str, Outside]] = {
    "INVITE": answering.arrived,
    "OPTIONS": _options,
    "SUBSCRIBE": notifying.received,
    "REFER": referring.received,
    # These live in dialogs alone.
    "BYE": _no_dialog,
    "INFO": _no_dialog,
    "PRACK": _no_dialog,
    "UPDATE": _no_dialog,
    "NOTIFY": _no_dialog,
}
"""What may open something, or stands alone."""

INSIDE: Final[Mapping[str, Inside]] = {
    "INVITE": renegotiating.asked,
    "BYE": _bye,
    "INFO": _info,
    "OPTIONS": _options_inside,
    "PRACK": updating.pracked,
    "UPDATE": updating.asked,
    "SUBSCRIBE": notifying.received_inside,
    "REFER": referring.received_inside,
    "NOTIFY": referring.notified,
}
"""What a living dialog takes. CSeq has been seen to, and the flow is the dialog's way from now on."""
