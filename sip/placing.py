"""Placing calls (RFC 3261 13.2): one call, asked for by one way after another until somebody answers.

A way is left for the next when it breaks, says 503, or says nothing for `FAIL_OVER_S` (RFC 3263 4.3), and WayFailed tells it. It is not forgotten:
`sip.leaving` sees off what still comes by it. By the same way it is asked again where the peer wants proof (401, 407), and
by others, that the user names, after a redirection. Each time it is a new INVITE with the next CSeq, in one call with one
Call-ID and one tag of ours.
"""

from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Final

from sip import reliable, renegotiating, session_timer
from sip.asking import ENDS
from sip.client_transaction import ClientTransaction, Failure, Outcome
from sip.content import sdp_of
from sip.core import SUPPORTS, Acknowledgement, Core, checked, checked_fields
from sip.dialog import Dialog
from sip.digest import Credentials
from sip.draft import Fields
from sip.errors import LocalError, ParseError
from sip.events import CallAnswered, CallRedirected, CallRinging, EndCause, WayFailed
from sip.headers import Address
from sip.leaving import FORKS_MAX, leave, send_cancel
from sip.message import Response
from sip.pending import Early, Placement, Several, Way
from sip.proving import CHALLENGES, Prover
from sip.reason import q850_of, reason_fields, retry_after_s
from sip.session import Input, Session, State, Turn
from sip.settings import SDP_FIELD
from sip.timers import GIVE_UP_S, RINGING_MAX_S
from sip.uri import Uri

FAIL_OVER_S: Final = 4.0
"""A way without any response by then is left, while there are others, or (`hurry`) the user has others: as long as a server
that lives ever takes, and a caller does not hang up yet."""
WAYS_MAX: Final = 16
"""Ways of one call, redirections and all: more servers than a carrier has. Further ones are not tried."""
REDIRECT_S: Final = 10.0
"""How long a redirected call waits to be told where to; the one who asks the DNS has 5 s. Then it ends as refused."""
REDIRECTS_MAX: Final = 5
"""Redirections of one call; more is a loop. The next one ends the call as refused."""
TARGETS_MAX: Final = 8
"""Contacts of a redirection that are told, the likeliest first."""


def invite(
    core: Core,
    uri: Uri,
    *,
    from_: Address,
    sdp: bytes,
    ways: Sequence[Way],
    now: float,
    headers: Sequence[tuple[str, str]] = (),
    credentials: Credentials | None = None,
    redirects: bool = False,
    replaces: str = "",
    hurry: bool = False,
    fork: Several | None = None,
) -> Session:
    """Send an INVITE with our offer."""
    if not ways:
        raise LocalError("a call that is to be placed needs a way")
    extra = checked_fields(headers)
    if replaces:
        extra = (*extra, ("Replaces", checked(replaces)), ("Require", "replaces"))
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
        flow=ways[0].flow,
        local_cseq=0,
        remote_cseq=None,
    )
    session = Session(core.last_call, tag, dialog, ours=True)
    placement = Placement(
        target, sdp, extra, credentials, deque(ways[:WAYS_MAX]), redirects=redirects, hurry=hurry
    )
    session.placement = placement
    session.fork = fork
    core.enter(session)
    _next_way(core, session, placement, now)
    return session


def redirect(core: Core, session: Session, ways: Sequence[Way], now: float) -> None:
    """Go on after a CallRedirected; without a way it ends as refused."""
    placement = session.placement
    if session.state is not State.REDIRECTED or placement is None:
        core.counters["late:redirect"] += 1
        return
    placement.ways = deque(ways[: WAYS_MAX - placement.tried])
    if placement.ways:
        session.step(Input.RETRY)
        _next_way(core, session, placement, now)
    else:
        _redirected_too_late(core, session, placement, now)


def _next_way(core: Core, session: Session, placement: Placement, now: float) -> None:
    placement.way = placement.ways.popleft()
    placement.tried += 1
    credentials = placement.credentials
    placement.prover = None if credentials is None else Prover(credentials, core.entropy)
    _send(core, session, placement, now)


def _send(core: Core, session: Session, placement: Placement, now: float, proof: Fields = ()) -> None:
    """Send the INVITE by the way that is being tried."""
    way, dialog, prover = placement.way, session.dialog, placement.prover
    dialog.flow = flow = core.opened.get(way.flow, way.flow)
    dialog.target = placement.target if way.uri is None else str(way.uri)
    dialog.routes = tuple([checked(route) for route in way.routes])
    if not proof and prover is not None:
        proof = prover.repeat("INVITE", dialog.uri, placement.sdp, flow)
    timer = session_timer.asking(core, placement.min_se_s)
    fields = (core.contact(flow), core.allow, SUPPORTS, *timer, *placement.fields, *proof, SDP_FIELD)
    draft = dialog.request(
        "INVITE",
        sent_by=core.sent_by(flow),
        branch=core.branch(),
        fields=(*fields, *core.agent),
        body=placement.sdp,
    )
    placement.early.clear()
    placement.agreed = None
    core.deadlines.cancel(session.alarm)
    session.alarm = None
    if placement.ways or placement.hurry:
        session.alarm = core.deadlines.set(now + FAIL_OVER_S, partial(_silent, core, session, placement))
    placement.transaction = core.start(draft, flow, _Attempt(core, session, placement), now)


def _silent(core: Core, session: Session, placement: Placement, now: float) -> None:
    """No response at all: the next way."""
    session.alarm = None
    transaction = placement.transaction
    if transaction is not None and session.state is State.PLACED:
        core.counters["left:silent way"] += 1
        leave(core, transaction, session.tag)
        if placement.ways:
            core.tell(WayFailed(session.call, placement.way.flow))
            session.step(Input.RETRY)
            _next_way(core, session, placement, now)
        elif session.step(Input.BROKEN):
            core.ended(session, EndCause.TIMEOUT, 408, "no response")
            core.leave(session)


def abandon(
    core: Core, session: Session, now: float, what: Input, cause: EndCause, words: str, q850: int = 0
) -> None:
    """Give up a call that is not answered yet: CANCEL as soon as a provisional response allows one (9.1)."""
    placement = session.placement
    before = session.state
    session.require(what)
    if before is State.ABANDONED:
        return  # a BYE behind our CANCEL: the end of the INVITE is still awaited
    core.deadlines.cancel(session.alarm)
    session.alarm = None
    ours = cause is EndCause.LOCAL
    core.ended(session, cause, 0, words, q850=0 if ours else q850)
    session.farewell = reason_fields(words, cause=q850) if ours else ()
    if session.state is State.ENDED:  # nothing of it is on the way
        core.leave(session)
    elif before is State.PROGRESSING and placement is not None and placement.transaction is not None:
        _cancel(core, session, placement.transaction, now)


def _cancel(core: Core, session: Session, transaction: ClientTransaction, now: float) -> None:
    send_cancel(core, transaction, session.farewell, now)

    def expire(_: float) -> None:
        # No final response, not even 487: a peer of RFC 2543 (9.1). The INVITE counts as cancelled.
        session.step(Input.EXPIRED)
        core.transactions.give_up(transaction)
        core.leave(session)

    session.alarm = core.deadlines.set(now + GIVE_UP_S, expire)


def _redirected_too_late(core: Core, session: Session, placement: Placement, now: float) -> None:
    """Nobody said where to: it ends as it would have without asking."""
    refusal = placement.refusal
    if refusal is not None and session.step(Input.EXPIRED):
        _tell_refused(core, session, refusal, now)


def _tell_refused(core: Core, session: Session, response: Response, now: float) -> None:
    core.ended(
        session,
        EndCause.REJECTED,
        response.status,
        response.reason,
        q850=q850_of(response),
        retry_after_s=retry_after_s(response),
        message=response,
    )
    core.leave(session)
    if session.fork is not None:
        session.fork.refused(response.status, now)


class _Attempt:
    """One INVITE of the way that is being tried, as the user of its transaction."""

    __slots__ = ("acknowledgements", "core", "placement", "session")

    def __init__(self, core: Core, session: Session, placement: Placement) -> None:
        self.core = core
        self.session = session
        self.placement = placement
        self.acknowledgements: dict[str, Acknowledgement] = {}
        """By To tag: forking proxies bring several answers."""

    def __call__(self, transaction: ClientTransaction, outcome: Outcome, now: float) -> None:
        if isinstance(outcome, Failure):
            self._failed(outcome, now)
        elif outcome.status < 200:
            self._progressed(transaction, outcome, now)
        elif outcome.status < 300:
            self._answered(transaction, outcome, now)
        else:
            self._refused(transaction, outcome, now)

    # No answer

    def _failed(self, failure: Failure, now: float) -> None:
        session = self.session
        if self._go_on(now):
            return
        if session.step(Input.BROKEN):
            cause = EndCause.TRANSPORT if failure is Failure.TRANSPORT else EndCause.TIMEOUT
            self.core.ended(session, cause, ENDS[failure], failure)
            self.core.leave(session)

    def _go_on(self, now: float) -> bool:
        """Try the next way, if there is one and it is still wanted."""
        if not self.placement.ways or not self.session.step(Input.RETRY):
            return False
        self.core.counters["left:broken way"] += 1
        self.core.tell(WayFailed(self.session.call, self.placement.way.flow))
        _next_way(self.core, self.session, self.placement, now)
        return True

    def _refused(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        session = self.session
        if (
            (response.status == 503 and self._go_on(now))
            or (response.status in CHALLENGES and self._proved(transaction, response, now))
            or (response.status == 422 and self._lengthened(response, now))
            or (response.status < 400 and self._redirected(response, now))
        ):
            return
        if session.step(Input.FAILURE):
            _tell_refused(self.core, session, response, now)

    def _proved(self, transaction: ClientTransaction, response: Response, now: float) -> bool:
        """Ask again with proof of who we are."""
        prover = self.placement.prover
        if prover is None or not self.session.may(Input.RETRY):
            return False
        proof = prover.answer(response, transaction.draft, transaction.flow)
        if proof is None:
            return False
        self.session.step(Input.RETRY)
        _send(self.core, self.session, self.placement, now, proof)
        return True

    def _lengthened(self, response: Response, now: float) -> bool:
        """Ask again for a session as long as somebody on the way wants it (RFC 4028 7.3)."""
        least_s, session = session_timer.least_of(response), self.session
        asked_s = max(self.placement.min_se_s, self.core.settings.min_se_s)
        if least_s <= asked_s or not session.step(Input.RETRY):
            return False
        self.placement.min_se_s = least_s
        _send(self.core, session, self.placement, now)
        return True

    def _redirected(self, response: Response, now: float) -> bool:
        """Let the user decide where a redirection leads."""
        core, session, placement = self.core, self.session, self.placement
        targets = _targets(response)
        if not placement.redirects or not targets or placement.redirected >= REDIRECTS_MAX:
            return False
        if not session.step(Input.REDIRECTED):
            return False
        placement.redirected += 1
        placement.refusal = response
        core.deadlines.cancel(session.alarm)
        session.alarm = core.deadlines.set(
            now + REDIRECT_S, partial(_redirected_too_late, core, session, placement)
        )
        core.tell(CallRedirected(session.call, response.status, targets))
        return True

    # On its way

    def _progressed(self, transaction: ClientTransaction, response: Response, now: float) -> None:
        core, session = self.core, self.session
        before = session.state
        if not session.step(Input.PROVISIONAL):
            return
        if session.state is State.ABANDONED:
            if session.alarm is None:
                _cancel(core, session, transaction, now)
            return
        if before is State.PLACED:
            core.deadlines.cancel(session.alarm)
            session.alarm = core.deadlines.set(now + RINGING_MAX_S, self._rang_out)
        if response.status == 100:
            return
        early = self._early(transaction, response)
        if early is None or reliable.heard(core, early, response, transaction.draft.cseq, now):
            if early is not None and early.sdp is not None:
                self.placement.agreed = early
            rings = CallRinging(session.call, response.status, sdp_of(response))
            if session.fork is None:
                core.tell(rings)
            else:
                session.fork.rings(rings)

    def _early(self, transaction: ClientTransaction, response: Response) -> Early | None:
        """The dialog that a provisional response opens or continues (12.1); a response without To tag opens none."""
        tag, dialogs = response.to.tag, self.placement.early
        early = dialogs.get(tag or "")
        if early is None and tag and len(dialogs) < FORKS_MAX:
            dialog = Dialog.of_response(response, transaction.draft, transaction.flow, self.session.tag)
            dialog.prover = self.placement.prover
            early = dialogs[tag] = Early(dialog)
            self.session.note_abilities(response)
        return early

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
        dialog.prover = self.placement.prover
        early = self.placement.early.get(tag)
        if early is not None:  # the numbers go on (13.2.2.4)
            dialog.local_cseq, dialog.remote_cseq = early.dialog.local_cseq, early.dialog.remote_cseq
        self.acknowledgements[tag] = core.acknowledge(dialog, transaction.draft)
        first = session.step(Input.SUCCESS)
        if first and session.state is State.CONFIRMED:
            session.dialog = dialog
            session.placement = None
            session.turn(Turn.PEER_ANSWERS)
            core.deadlines.cancel(session.alarm)
            session.alarm = None
            sdp = sdp_of(response)
            if early is not None and early.sdp is not None:
                sdp = (
                    session.peer_sdp or early.sdp
                )  # agreed already; what a 2xx says is no answer (RFC 6337 3.1)
                # Unless an UPDATE has changed it, the session is as it was agreed: a refresh says it again.
                session.sdp, session.peer_sdp = session.sdp or self.placement.sdp, sdp
            else:
                session.sdp, session.peer_sdp = self.placement.sdp, sdp or b""
            session.note_abilities(response)
            session_timer.agreed(core, session, response, now)
            answered = CallAnswered(session.call, sdp)
            if session.fork is None:
                core.tell(answered)
            else:
                session.fork.answered(answered, now)
            renegotiating.resume(core, session, now)
            return
        # Another fork, or an answer that crossed our CANCEL: acknowledged, and over (13.2.2.4).
        core.request(dialog, "BYE", now, fields=session.farewell)
        if first:
            core.leave(session)


def _targets(response: Response) -> tuple[Address, ...]:
    """Where a redirection leads, the likeliest first (RFC 3261 8.1.3.4); nothing where that cannot be read."""
    try:
        contacts = response.contacts
    except ParseError:
        return ()
    return tuple(sorted(contacts, key=_likelihood, reverse=True)[:TARGETS_MAX])


def _likelihood(contact: Address) -> float:
    try:
        return float(contact.parameter("q") or "1")
    except ValueError:
        return 0.0
