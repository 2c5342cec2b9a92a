"""The one public face of SIP: bytes in, bytes and events out, and the verbs of a call.

One mutation, then drain: after `receive`, `advance` or a verb, send what `outgoing()` gives, look at `events()`, and
come back no later than `next_deadline()`. Nothing that a peer sends raises: it is answered, or dropped and counted in
`counters` by reason. A verb raises `LocalError` where it is out of place; for a call that has ended meanwhile it does
nothing, since its CallEnded is already on the way.

The way of what arrives: the gate admits it -> `parser` -> `dispatch`, where the tables of methods are.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from sip import (
    answering,
    asking,
    dispatch,
    ending,
    forking,
    keying,
    notifying,
    placing,
    referring,
    renegotiating,
    stun,
    updating,
)
from sip.core import Core
from sip.digest import Credentials
from sip.errors import LocalError, ParseError
from sip.events import EndCause, Event, FlowClosed
from sip.flow import Flow, Transmit
from sip.forking import Branch
from sip.framing import KeepAlive
from sip.gate import OPEN, Gate
from sip.headers import Address
from sip.parser import parse
from sip.pending import Way
from sip.reply import way_back
from sip.session import Input, Session
from sip.settings import AgentSettings
from sip.stun import is_stun
from sip.subscription import Input as Wish
from sip.subscription import Note, Subscription
from sip.trace import Trace
from sip.uri import Uri

__all__ = ["Agent", "AgentSettings", "Branch", "Credentials", "Flow", "Transmit", "Way"]

PONG: Final = b"\r\n"
"""Answer to the double CRLF of RFC 5626 3.5.1."""
SHORTEST: Final = 16
"""Bytes below which a datagram is a keep-alive of some kind (CRLF, zeros, one byte), not a message."""


class Agent:
    """A user agent for any number of calls."""

    def __init__(
        self, *, settings: AgentSettings, entropy: Callable[[int], bytes], gate: Gate = OPEN
    ) -> None:
        self._core = Core(settings, entropy, gate)
        self._core.refresh = partial(updating.refresh, self._core)
        self.trace = Trace()
        """Messages in are told to it here; messages out by the driver, which knows when they leave."""

    @property
    def draining(self) -> bool:
        """No new calls: OPTIONS and INVITE outside dialogs are answered 503."""
        return self._core.draining

    @draining.setter
    def draining(self, draining: bool) -> None:
        self._core.draining = draining

    # The five verbs of a core

    def receive(self, flow: Flow, data: bytes, now: float) -> None:
        """A datagram, or a piece of a stream."""
        core = self._core
        if not core.gate.admits(flow, data, now):
            core.counters["dropped:not admitted"] += 1
            if flow.reliable:
                core.streams.refuse(flow)  # a stream with a hole in it is none
        elif flow.transport == "udp":
            self._datagram(flow, data, now)
        else:
            self._piece(flow, data, now)

    def advance(self, now: float) -> None:
        """Do what has come due."""
        self._core.deadlines.advance(now)

    def next_deadline(self) -> float | None:
        """When `advance` should be called at the latest."""
        return self._core.deadlines.next()

    def outgoing(self) -> list[Transmit]:
        """What to send, oldest first; each is given once."""
        queue, self._core.queue = self._core.queue, []
        return queue

    def events(self) -> list[Event]:
        """What happened, oldest first; each is told once."""
        happened, self._core.happened = self._core.happened, []
        return happened

    # Connections

    def flow_opened(self, requested: Flow, flow: Flow, now: float) -> None:
        """A connection stands: one we asked for, or (`requested` equal to `flow`) one a peer opened."""
        ours = requested != flow
        if not ours and not self._core.gate.admits(flow, b"", now):
            # Before it costs us a handshake.
            self._core.counters["dropped:not admitted"] += 1
            self._core.streams.refuse(flow)
            return
        self._core.streams.opened(flow, now, ours=ours)
        if ours:
            self._core.opened[requested] = flow
            self._core.transactions.flow_opened(requested, flow)
            self._core.oversize.flow_opened(requested, flow, now)

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A connection ended, or could not be opened. Calls live on: a dialog is not bound to its connection."""
        core = self._core
        core.streams.closed(flow.connection)
        for requested in [asked for asked, opened in core.opened.items() if opened == flow]:
            del core.opened[requested]
            # A call whose Contact leads nowhere (a name) asks for a connection to the same place again.
            for session in core.dialogs.values():
                dialog = session.dialog
                if dialog.flow == flow == dialog.next_flow(broken=True):
                    dialog.flow = requested
        core.transactions.flow_closed(flow, now)
        core.oversize.flow_closed(flow, now)
        core.tell(FlowClosed(flow))

    # Verbs of a call

    def ring(self, call: int, now: float) -> None:
        """180."""
        if (session := self._session(call, "ring")) is not None:
            answering.ring(self._core, session, now)

    def progress(self, call: int, sdp: bytes, now: float) -> None:
        """183 with early media."""
        if (session := self._session(call, "progress")) is not None:
            answering.progress(self._core, session, sdp, now)

    def accept(
        self,
        call: int,
        sdp: bytes,
        now: float,
        *,
        focus: bool = False,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """200 with our answer, or with our offer where the INVITE had none. As a `focus` the call has a name of its own, by
        which peers subscribe to its conference or refer others to it (RFC 4579).
        """
        if (session := self._session(call, "accept")) is not None:
            answering.accept(self._core, session, sdp, now, focus=focus, headers=headers)

    def reject(
        self,
        call: int,
        status: int,
        now: float,
        *,
        headers: Sequence[tuple[str, str]] = (),
        reason: str | None = None,
    ) -> None:
        """3xx to 6xx; `reason` replaces the usual reason phrase."""
        if (session := self._session(call, "reject")) is not None:
            answering.reject(self._core, session, status, now, headers, reason)

    def hang_up(self, call: int, now: float, *, reason: str | None = None, cause: int = 0) -> None:
        """CANCEL, BYE or 487 as the state demands; `reason` and `cause` (of Q.850) go into Reason headers (RFC 3326)."""
        fork = self._core.forks.get(call)
        if fork is not None:
            fork.hang_up(reason or "", cause, now)
            return
        session = self._session(call, "hang_up")
        if session is None:
            return
        if session.placement is not None:
            placing.abandon(self._core, session, now, Input.HANG_UP, EndCause.LOCAL, reason or "", cause)
        else:
            ending.hang_up(self._core, session, now, reason, cause)

    def invite(
        self,
        uri: Uri,
        *,
        from_: Address,
        sdp: bytes,
        now: float,
        ways: Sequence[Way],
        headers: Sequence[tuple[str, str]] = (),
        credentials: Credentials | None = None,
        redirects: bool = False,
        replaces: str = "",
        hurry: bool = False,
        beside: Sequence[Branch] = (),
    ) -> int:
        """Place a call by the first of `ways` that answers; returns its handle.

        `credentials` answer who asks for proof; with `redirects` a 3xx becomes a CallRedirected; `replaces` names a call of
        the peer's that this one is to take the place of (RFC 3891). In a `hurry` no way is waited for that says nothing
        for four seconds, not even the last: the user knows another.

        Places `beside` the first way are called at once with it, each with an offer of its own, and who answers first has the
        call: CallAnswered says which, counted from the first way on. Credentials, redirections and further ways are not for those.
        """
        if beside:
            return forking.invite(
                self._core, uri, (Branch(ways[0], sdp), *beside), from_=from_, now=now,
                headers=headers, replaces=replaces, hurry=hurry,
            ).call  # fmt: skip
        return placing.invite(
            self._core, uri, from_=from_, sdp=sdp, ways=ways, now=now,
            headers=headers, credentials=credentials, redirects=redirects, replaces=replaces,
            hurry=hurry,
        ).call  # fmt: skip

    def redirect(self, call: int, ways: Sequence[Way], now: float) -> None:
        """Go on after a CallRedirected, by these ways; without any it ends as refused."""
        if (session := self._session(call, "redirect")) is not None:
            placing.redirect(self._core, session, ways, now)

    def call_id(self, call: int) -> str:
        """Call-ID of a call that is not over; empty for one that is."""
        found = self._core.forks.get(call)
        if found is not None:
            return found.call_id
        session = self._core.calls.get(call)
        return "" if session is None else session.dialog.call_id

    def reoffer(self, call: int, sdp: bytes, now: float) -> None:
        """Ask to change a running call. While another change is open this one waits; the latest wins."""
        if (session := self._session(call, "reoffer")) is not None:
            (updating if session.early else renegotiating).reoffer(self._core, session, sdp, now)

    def accept_offer(self, call: int, sdp: bytes, now: float) -> None:
        """Answer an OfferReceived."""
        if (session := self._session(call, "accept_offer")) is not None:
            (updating if session.asked else renegotiating).accept_offer(self._core, session, sdp, now)

    def reject_offer(self, call: int, status: int, now: float) -> None:
        """Refuse an OfferReceived; the session goes on as it was."""
        if (session := self._session(call, "reject_offer")) is not None:
            (updating if session.asked else renegotiating).reject_offer(self._core, session, status, now)

    def send_digit(self, call: int, digit: str, duration_ms: int, now: float) -> None:
        """Press a key on a call that is up, by INFO; DigitSent answers. Wait for it before the next one."""
        if (session := self._session(call, "send_digit")) is not None:
            keying.send(self._core, session, digit, duration_ms, now)

    # Requests outside calls

    def request(
        self,
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
        """REGISTER, OPTIONS, MESSAGE: RequestAnswered tells what became of it; returns its handle."""
        return asking.request(
            self._core, method, uri, from_=from_, to=to, flow=flow, now=now, headers=headers, body=body,
            routes=routes, credentials=credentials, call_id=call_id, cseq=cseq,
        )  # fmt: skip

    def respond(
        self,
        request: int,
        status: int,
        now: float,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        reason: str | None = None,
    ) -> None:
        """Answer a RequestReceived."""
        asking.respond(self._core, request, status, now, headers=headers, body=body, reason=reason)

    def contact(self, flow: Flow) -> str:
        """Our Contact on a flow, in angle brackets: what a REGISTER of ours binds."""
        return self._core.contact(flow)[1]

    # Subscriptions, and REFER

    def accept_subscription(
        self, subscription: int, now: float, *, expires_s: int | None = None, pending: bool = False
    ) -> None:
        """200; notify the state at once. A `pending` one is told so, and accepted once more when that is decided."""
        if (known := self._subscription(subscription, "accept_subscription")) is not None:
            notifying.accept(self._core, known, now, expires_s, pending=pending)

    def reject_subscription(
        self, subscription: int, status: int, now: float, *, headers: Sequence[tuple[str, str]] = ()
    ) -> None:
        """3xx to 6xx."""
        if (known := self._subscription(subscription, "reject_subscription")) is not None:
            notifying.reject(self._core, known, status, now, headers)

    def notify(self, subscription: int, body: bytes, content_type: str, now: float) -> None:
        """Tell the state. While a NOTIFY is unanswered this one waits; the latest wins."""
        if (known := self._subscription(subscription, "notify")) is not None:
            notifying.notify(self._core, known, Note(body, content_type), now)

    def end_subscription(self, subscription: int, reason: str, now: float, *, retry_after_s: int = 0) -> None:
        """Notify for the last time, and why: a word of RFC 6665 4.1.3, such as noresource or deactivated."""
        if (known := self._subscription(subscription, "end_subscription")) is not None:
            notifying.end(self._core, known, Wish.END, reason, now, retry_after_s=retry_after_s)

    def accept_refer(self, refer: int, now: float) -> None:
        """202, and 100 by NOTIFY."""
        if (known := self._subscription(refer, "accept_refer")) is not None:
            referring.accept(self._core, known, now)

    def refer_progress(self, refer: int, status: int, reason: str, now: float) -> None:
        """Report how it goes; from 200 on it is the last word. "" stands for the usual phrase."""
        if (known := self._subscription(refer, "refer_progress")) is not None:
            referring.progress(self._core, known, status, reason, now)

    def reject_refer(self, refer: int, status: int, now: float) -> None:
        """3xx to 6xx."""
        if (known := self._subscription(refer, "reject_refer")) is not None:
            notifying.reject(self._core, known, status, now)

    def refer(self, call: int, to: Address, now: float, *, replaces: str = "") -> None:
        """Ask the peer of a call to call `to` instead, in the place of the dialog that `replaces` names."""
        if (session := self._session(call, "refer")) is not None:
            referring.refer(self._core, session, to, now, replaces)

    # Figures

    @property
    def counters(self) -> Counter[str]:
        """What was received, sent, repeated and dropped."""
        return self._core.counters

    @property
    def calls(self) -> int:
        """Calls that are not over, or wait for the ACK that must come before our BYE."""
        return len(self._core.calls)

    @property
    def dialogs(self) -> int:
        """Dialogs alive: a call that is over keeps its own until its BYE is answered."""
        return len(self._core.dialogs)

    @property
    def transactions(self) -> int:
        """Transactions alive."""
        return len(self._core.transactions)

    @property
    def subscriptions(self) -> int:
        """Subscriptions alive, those of REFERs among them."""
        return len(self._core.subscriptions)

    def _subscription(self, number: int, verb: str) -> Subscription | None:
        subscription = self._core.subscriptions.by_number.get(number)
        if subscription is None:
            if not 0 < number <= self._core.subscriptions.last:
                raise LocalError(f"there never was a subscription {number}")
            self._core.counters[f"late:{verb}"] += 1
        return subscription

    def _session(self, call: int, verb: str) -> Session | None:
        session = self._core.calls.get(call)
        if session is not None and not session.told:
            return session
        if not 0 < call <= self._core.last_call:
            raise LocalError(f"there never was a call {call}")
        self._core.counters[f"late:{verb}"] += 1
        return None

    # Bytes in

    def _datagram(self, flow: Flow, data: bytes, now: float) -> None:
        if len(data) < SHORTEST:
            self._core.counters["received:keep-alive"] += 1
            return
        if is_stun(data):
            self._asked_where(flow, data)
            return
        if self.trace.on:
            self.trace.arrived(flow, data, now)
        try:
            message = parse(data)
        except ParseError as error:
            self._malformed(flow, error, now)
            return
        dispatch.message(self._core, flow, message, now)

    def _asked_where(self, flow: Flow, data: bytes) -> None:
        told = stun.answer(data, flow.remote)
        if told is None:
            self._core.counters["dropped:malformed"] += 1
        else:
            self._core.counters["received:keep-alive"] += 1
            self._core.send(flow, told)

    def _piece(self, flow: Flow, data: bytes, now: float) -> None:
        core = self._core
        for arrival in core.streams.receive(flow, data, now):
            if isinstance(arrival, KeepAlive):
                core.counters["received:keep-alive"] += 1
                core.send(flow, PONG)
            elif isinstance(arrival, ParseError):
                self._malformed(flow, arrival, now)
            else:
                if self.trace.on:
                    self.trace.arrived(flow, arrival.encode(), now)
                dispatch.message(core, flow, arrival, now)

    def _malformed(self, flow: Flow, error: ParseError, now: float) -> None:
        self._core.counters["dropped:malformed"] += 1
        self._core.gate.noticed(flow, "malformed", now)
        if error.status and error.partial is not None:
            self._core.refuse(error.partial, way_back(error.partial, flow), error.status)
