"""Subscriptions of peers (RFC 6665): SUBSCRIBE taken, and NOTIFY sent until one of both has had enough.

Whoever subscribes is told as SubscribeReceived; `accept`, `reject`, `notify` and `end` are the user's verbs. A NOTIFY always
follows a SUBSCRIBE (4.2.1.2): the user's, or, where it has none to give, one without body at the next moment. A NOTIFY that
fails ends the subscription and nothing else (RFC 5057 would have some failures end the call, too; it has ways of its own
to find out that it is dead). No challenge is ever answered here: see digest leaks.
"""

import re
from collections.abc import Sequence
from functools import partial
from typing import Final

from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.core import Core, checked_fields
from sip.dialog import Dialog
from sip.draft import Fields
from sip.errors import LocalError, ParseError
from sip.events import NotifyAnswered, SubscribeReceived, SubscriptionEnded, SubscriptionRefreshed
from sip.flow import Flow
from sip.gate import Pass
from sip.inspection import ROUTES_MAX, Refusal
from sip.message import Request
from sip.reply import Echo
from sip.session import Session
from sip.session import State as CallState
from sip.settings import PACKAGES
from sip.subscription import (
    EXPIRES_MAX_S,
    EXPIRES_MIN_S,
    REFER,
    RETRIES_MAX,
    RETRY_AFTER_MAX_S,
    UNANSWERED_S,
    Input,
    Note,
    Package,
    State,
    Subscription,
    Turn,
    parse_event,
    parse_expires,
)
from sip.uri import Uri

EVENTS: Final = ("Allow-Events", ", ".join((*PACKAGES, REFER)))
_SECONDS: Final = re.compile(r"[ \t]*+([0-9]{1,6})")


# SUBSCRIBE in


def received(core: Core, request: Request, flow: Flow, let_in: Pass, now: float) -> None:
    """A SUBSCRIBE outside dialogs: it makes one of its own."""
    place = opened(core, request, flow)
    if place is not None:
        _asked(core, request, flow, let_in, *place, now)


def received_inside(
    core: Core, session: Session, request: Request, flow: Flow, let_in: Pass, now: float
) -> None:
    """A SUBSCRIBE in the dialog of a call: a new usage beside it, or a refresh."""
    if runs(core, session, request, flow):
        _asked(core, request, flow, let_in, session.dialog, session.call, now)


def received_within(
    core: Core, usage: Subscription, request: Request, flow: Flow, let_in: Pass, now: float
) -> None:
    """A request in a dialog that lives by its subscriptions alone. CSeq and flow have not been seen to."""
    if not usage.dialog.in_order(request.cseq.number):
        core.refuse(request, flow, 500)
        return
    usage.dialog.flow = flow
    if request.method == "SUBSCRIBE":
        _asked(core, request, flow, let_in, usage.dialog, usage.call, now)
    else:
        core.refuse(request, flow, 481)  # there is no call in it (RFC 5057 4.2)


def opened(core: Core, request: Request, flow: Flow) -> tuple[Dialog, int] | None:
    """The dialog that a SUBSCRIBE or REFER outside dialogs makes, and the call that it is about, 0 for none; None where it
    can make no dialog, and was refused.
    """
    refusal = _not_a_dialog(core, request)
    if refusal is None:
        return Dialog.of_request(request, flow, core.tag()), focus_of(core, request.uri)
    refuse(core, request, flow, refusal)
    return None


def runs(core: Core, session: Session, request: Request, flow: Flow) -> bool:
    """Whether a call takes a SUBSCRIBE or REFER in its dialog: it is answered. Else that was refused."""
    if session.state in (CallState.ACCEPTED, CallState.CONFIRMED):
        return True
    refuse(core, request, flow, Refusal(480))
    return False


def focus_of(core: Core, uri: Uri) -> int:
    """The call whose name as a focus (RFC 4579 5.1) a URI has, `sip:USER.TAG@here`; 0 for none. The tag is known to nobody
    but that call's peer, so who asks by it is as good as in its dialog.
    """
    session = core.dialogs.get((uri.user or "").rpartition(".")[2])
    running = session is not None and session.state in (CallState.ACCEPTED, CallState.CONFIRMED)
    return session.call if session is not None and running else 0


def _not_a_dialog(core: Core, request: Request) -> Refusal | None:
    """Why a SUBSCRIBE or REFER cannot make a dialog, if it cannot."""
    if request.headers.get("Contact") is None:
        return Refusal(400, reason="Missing Contact")
    if len(request.headers.values("Record-Route")) > ROUTES_MAX:
        return Refusal(400, reason="Too Many Record-Routes")
    if core.transactions.merged(request):
        return Refusal(482)
    return None


def no_room(core: Core, dialog: Dialog) -> Refusal | None:
    """Why there cannot be another subscription, if so."""
    if core.subscriptions.crowded(dialog.local_tag):
        return Refusal(403, reason="Too Many Subscriptions")
    if core.subscriptions.full:
        return Refusal(503, (("Retry-After", str(core.settings.retry_after_s)),))
    return None


def refuse(core: Core, request: Request, flow: Flow, refusal: Refusal) -> None:
    """Answer without keeping anything."""
    core.refuse(request, flow, refusal.status, fields=refusal.fields, reason=refusal.reason)


def _asked(
    core: Core, request: Request, flow: Flow, let_in: Pass, dialog: Dialog, call: int, now: float
) -> None:
    package = parse_event(request.headers.get("Event"))
    if package is None or package.name not in (*PACKAGES, REFER):
        refuse(core, request, flow, Refusal(489, (EVENTS,)))
        return
    try:
        wanted_s = parse_expires(request.headers.get("Expires"))
    except ParseError as error:
        refuse(core, request, flow, Refusal(error.status))
        return
    if 0 < wanted_s < EXPIRES_MIN_S:
        refuse(core, request, flow, Refusal(423, (("Min-Expires", str(EXPIRES_MIN_S)),)))
        return
    known = core.subscriptions.meant(dialog.local_tag, package)
    if known is not None:
        _again(core, known, request, flow, wanted_s, now)
        return
    refusal = _refusal(request, package) or no_room(core, dialog)
    if refusal is not None:
        refuse(core, request, flow, refusal)
        return
    subscription = begin(core, request, flow, package, dialog, call, now)
    subscription.wanted_s = min(wanted_s, EXPIRES_MAX_S)
    core.tell(
        SubscribeReceived(
            subscription=subscription.number,
            flow=flow,
            message=request,
            package=package.name,
            expires_s=subscription.wanted_s,
            call=call,
            identity=let_in.identity,
            trusted=let_in.trusted,
        )
    )


def _refusal(request: Request, package: Package) -> Refusal | None:
    """Why a new one cannot be had, if it cannot."""
    if package.name == REFER:  # made by a REFER, and by nothing else (RFC 3515 3.3)
        return Refusal(403)
    kind = PACKAGES[package.name]
    accepted = [value.partition(";")[0].strip().lower() for value in request.headers.values("Accept")]
    if accepted and not {kind, "application/*", "*/*"}.intersection(accepted):
        return Refusal(406, (("Accept", kind),))
    return None


def begin(
    core: Core, request: Request, flow: Flow, package: Package, dialog: Dialog, call: int, now: float
) -> Subscription:
    """A subscription that waits for the user's word."""
    dialog.refresh(request)
    subscription = core.subscriptions.new(package, dialog, call=call)
    subscription.transaction = core.transactions.open(request, flow)
    subscription.echo = Echo(request, flow, dialog.local_tag)
    subscription.cseq = request.cseq.number
    subscription.alarm = core.deadlines.set(now + UNANSWERED_S, partial(_unanswered, core, subscription))
    return subscription


def _unanswered(core: Core, subscription: Subscription, now: float) -> None:
    """None of our verbs came."""
    if subscription.step(Input.EXPIRED):
        answer(core, subscription, 500, now)
        _over(core, subscription, "not answered")


def _again(
    core: Core, subscription: Subscription, request: Request, flow: Flow, wanted_s: int, now: float
) -> None:
    """A SUBSCRIBE for what is subscribed already: for longer, or no longer."""
    if not subscription.step(Input.REFRESH if wanted_s else Input.UNSUBSCRIBE):
        # Asked twice before we answered, or in the moment in which it ended.
        core.refuse(request, flow, 500 if subscription.state is State.ASKED else 481)
        return
    subscription.dialog.refresh(request)
    subscription.transaction = core.transactions.open(request, flow)
    subscription.echo = Echo(request, flow, subscription.tag)
    granted_s = min(wanted_s, EXPIRES_MAX_S)
    grant(core, subscription, granted_s, now)
    answer(core, subscription, 200, now, fields=_granted(core, subscription, granted_s))
    owe(core, subscription, now)
    if subscription.package.name != REFER:
        core.tell(SubscriptionRefreshed(subscription.number, granted_s))


# The user's verbs


def accept(
    core: Core, subscription: Subscription, now: float, expires_s: int | None, *, pending: bool
) -> None:
    """200: it stands from now on, or (`pending`) until we decide; once more: we have decided. State is owed at once."""
    if subscription.state is State.ASKED:
        wanted_s = subscription.wanted_s
        granted_s = wanted_s if expires_s is None else min(wanted_s, max(1, expires_s))
        subscription.require(Input.FETCH if not wanted_s else Input.HOLD if pending else Input.ACCEPT)
        grant(core, subscription, granted_s, now)
        answer(core, subscription, 200, now, fields=_granted(core, subscription, granted_s))
    else:
        subscription.require(Input.ACCEPT)
    owe(core, subscription, now)


def reject(
    core: Core, subscription: Subscription, status: int, now: float, headers: Sequence[tuple[str, str]] = ()
) -> None:
    """3xx-6xx."""
    if not 300 <= status <= 699:
        raise LocalError(f"{status} rejects nothing")
    fields = checked_fields(headers)
    subscription.require(Input.REJECT)
    answer(core, subscription, status, now, fields=fields)
    forget(core, subscription)


def notify(core: Core, subscription: Subscription, note: Note, now: float) -> None:
    """Tell the state. While a NOTIFY is open this one waits; the latest wins."""
    if subscription.state is State.ASKED:
        raise LocalError(f"subscription {subscription.number} is not accepted")
    if subscription.state is State.LAST:
        end(core, subscription, Input.CLOSE, "timeout", now, note=note)
    elif subscription.state is not State.TERMINATED:
        subscription.waiting = note
        _deliver(core, subscription, now)


def end(
    core: Core,
    subscription: Subscription,
    what: Input,
    reason: str,
    now: float,
    *,
    note: Note | None = None,
    retry_after_s: int = 0,
) -> None:
    """Say the last NOTIFY, with what waits to be told. One that has ended already is ended enough."""
    if subscription.state is State.ASKED:
        raise LocalError(f"subscription {subscription.number} is not accepted")
    if not subscription.step(what):
        return
    core.deadlines.cancel(subscription.alarm)
    subscription.reason = reason
    subscription.retry_after_s = retry_after_s
    subscription.waiting = note or subscription.waiting or Note()
    _tell_end(core, subscription, reason)
    _deliver(core, subscription, now)


def answer(core: Core, subscription: Subscription, status: int, now: float, *, fields: Fields = ()) -> None:
    """Answer the request that made or refreshed it."""
    transaction, echo = subscription.transaction, subscription.echo
    subscription.transaction = subscription.echo = None
    if transaction is not None and echo is not None:
        lines = echo.record_routes if status < 300 else ""
        core.reply(transaction, echo, status, now, fields=fields, lines=lines)


def owe(core: Core, subscription: Subscription, now: float) -> None:
    """A NOTIFY must go out, whatever the user has to say: at the next moment, unless it says something before."""
    if subscription.owed is None:
        subscription.owed = core.deadlines.set(now, partial(_owed, core, subscription))


def forget(core: Core, subscription: Subscription) -> None:
    """Nothing more goes out, nothing more is waited for."""
    for alarm in (subscription.alarm, subscription.owed, subscription.pause):
        core.deadlines.cancel(alarm)
    core.subscriptions.drop(subscription)


# Time


def grant(core: Core, subscription: Subscription, lasts_s: int, now: float) -> None:
    """From now on it stands for so long; 0: until its next NOTIFY. Who may be told may keep the connection open."""
    core.streams.proved(subscription.dialog.flow.connection)
    core.deadlines.cancel(subscription.alarm)
    subscription.expires_at = now + lasts_s
    if lasts_s:
        subscription.alarm = core.deadlines.set(
            subscription.expires_at, partial(_expired, core, subscription)
        )


def _granted(core: Core, subscription: Subscription, lasts_s: int) -> Fields:
    return (contact(core, subscription), ("Expires", str(lasts_s)), EVENTS)


def _expired(core: Core, subscription: Subscription, now: float) -> None:
    end(core, subscription, Input.EXPIRED, "timeout", now, note=subscription.waiting or subscription.standing)


def _owed(core: Core, subscription: Subscription, now: float) -> None:
    subscription.owed = None
    notify(core, subscription, subscription.waiting or subscription.standing or Note(), now)


# NOTIFY out


def contact(core: Core, subscription: Subscription) -> tuple[str, str]:
    """How we are reached in its dialog: in one about a call by the name of that, which may be a focus."""
    session = core.calls.get(subscription.call)
    return core.contact(subscription.dialog.flow) if session is None else core.contact_of(session)


def _deliver(core: Core, subscription: Subscription, now: float) -> None:
    """Send what waits, unless one is open."""
    note = subscription.waiting
    if note is None or not subscription.turn(Turn.SEND):
        return
    core.deadlines.cancel(subscription.owed)
    subscription.owed = subscription.waiting = None
    subscription.open = note
    fields: Fields = (
        contact(core, subscription),
        ("Event", str(subscription.package)),
        ("Subscription-State", subscription.state_field(now)),
    )
    if note.body:
        fields = (*fields, ("Content-Type", note.content_type))
    user = partial(_answered, core, subscription)
    core.request(subscription.dialog, "NOTIFY", now, user=user, fields=checked_fields(fields), body=note.body)


def _answered(
    core: Core, subscription: Subscription, _: ClientTransaction, outcome: Outcome, now: float
) -> None:
    if isinstance(outcome, Failure):
        _failed(core, subscription, outcome.value)
        return
    if outcome.status < 200:
        return
    if outcome.status >= 300:
        wait_s = _seconds(outcome.headers.get("Retry-After"))
        if wait_s is None or subscription.attempts >= RETRIES_MAX:
            _failed(core, subscription, str(outcome.status))
        else:
            _put_off(core, subscription, wait_s, now)
        return
    subscription.dialog.refresh(outcome)
    subscription.turn(Turn.ANSWERED)
    subscription.attempts = 0
    subscription.open = None
    if subscription.waiting is not None:
        _deliver(core, subscription, now)
    elif subscription.state is State.TERMINATED:
        forget(core, subscription)
    elif subscription.package.name != REFER:
        core.tell(NotifyAnswered(subscription.number))


def _seconds(text: str | None) -> float | None:
    """A Retry-After that is worth waiting for."""
    match = None if text is None else _SECONDS.match(text)
    wait_s = None if match is None else float(match[1])
    return wait_s if wait_s is not None and wait_s <= RETRY_AFTER_MAX_S else None


def _put_off(core: Core, subscription: Subscription, wait_s: float, now: float) -> None:
    """The same again, or by then something newer (RFC 6665 4.2.2)."""
    subscription.turn(Turn.RETRY)
    subscription.attempts += 1
    subscription.waiting = subscription.waiting or subscription.open

    def again(now: float) -> None:
        subscription.turn(Turn.RESUME)
        _deliver(core, subscription, now)

    subscription.pause = core.deadlines.set(now + wait_s, again)


def _failed(core: Core, subscription: Subscription, why: str) -> None:
    """The peer does not want it, does not know it, or is gone: 481, 408, 404 and all others."""
    if subscription.step(Input.FAILED):
        _over(core, subscription, why)
    else:
        forget(core, subscription)


def _over(core: Core, subscription: Subscription, why: str) -> None:
    _tell_end(core, subscription, why)
    forget(core, subscription)


def _tell_end(core: Core, subscription: Subscription, why: str) -> None:
    if subscription.package.name != REFER:
        core.tell(SubscriptionEnded(subscription.number, why))
