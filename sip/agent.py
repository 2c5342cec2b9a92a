"""The one public face of SIP: bytes in, bytes and events out, and the verbs of a call.

One mutation, then drain: after `receive`, `advance` or a verb, send what `outgoing()` gives, look at `events()`, and
come back no later than `next_deadline()`. Nothing that a peer sends raises: it is answered, or dropped and counted in
`counters` by reason. A verb raises `LocalError` where it is out of place; for a call that has ended meanwhile it does
nothing, since its CallEnded is already on the way.

The way of a request: parse -> ACK and CANCEL to what they belong to -> a repetition is answered by its transaction ->
`inspection` -> the dialog its To tag names, or a new call.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from sip import answering, ending, placing, renegotiating, stun
from sip.content import digit_of, sdp_of
from sip.core import ALLOW, SUPPORTS, Core
from sip.errors import LocalError, ParseError
from sip.events import DigitReceived, EndCause, Event
from sip.flow import Flow, Transmit
from sip.framing import KeepAlive
from sip.headers import Address
from sip.inspection import ACCEPT_SDP, Refusal, inspect
from sip.message import Request, Response
from sip.parser import parse
from sip.reply import Echo, way_back
from sip.server_transaction import State as ServerState
from sip.session import Input, Session, State
from sip.settings import KNOWN_METHODS, AgentSettings
from sip.stun import is_stun
from sip.uri import Uri

__all__ = ["Agent", "AgentSettings", "Flow", "Transmit"]

PONG: Final = b"\r\n"
"""Answer to the double CRLF of RFC 5626 3.5.1."""
SHORTEST: Final = 16
"""Bytes below which a datagram is a keep-alive of some kind (CRLF, zeros, one byte), not a message."""


class Agent:
    """A user agent for any number of calls."""

    def __init__(self, *, settings: AgentSettings, entropy: Callable[[int], bytes]) -> None:
        self._core = Core(settings, entropy)
        self.draining = False
        """No new calls: OPTIONS and INVITE outside dialogs are answered 503."""

    # The five verbs of a core

    def receive(self, flow: Flow, data: bytes, now: float) -> None:
        """A datagram, or a piece of a stream."""
        if flow.transport == "udp":
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
        self._core.streams.opened(flow, now, ours=ours)
        if ours:
            self._core.opened[requested] = flow
            self._core.transactions.flow_opened(requested, flow)

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A connection ended, or could not be opened. Calls live on: a dialog is not bound to its connection."""
        core = self._core
        core.streams.closed(flow.connection)
        for requested in [asked for asked, opened in core.opened.items() if opened == flow]:
            del core.opened[requested]
        core.transactions.flow_closed(flow, now)

    # Verbs of a call

    def ring(self, call: int, now: float) -> None:
        """180."""
        if (session := self._session(call, "ring")) is not None:
            answering.ring(self._core, session, now)

    def progress(self, call: int, sdp: bytes, now: float) -> None:
        """183 with early media."""
        if (session := self._session(call, "progress")) is not None:
            answering.progress(self._core, session, sdp, now)

    def accept(self, call: int, sdp: bytes, now: float) -> None:
        """200 with our answer, or with our offer where the INVITE had none."""
        if (session := self._session(call, "accept")) is not None:
            answering.accept(self._core, session, sdp, now)

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

    def hang_up(self, call: int, now: float, *, reason: str | None = None) -> None:
        """CANCEL, BYE or 487 as the state demands; `reason` goes into a Reason header (RFC 3326)."""
        session = self._session(call, "hang_up")
        if session is None:
            return
        if session.placement is not None:
            placing.abandon(self._core, session, now, Input.HANG_UP, EndCause.LOCAL, reason or "")
        else:
            ending.hang_up(self._core, session, now, reason)

    def invite(
        self,
        uri: Uri,
        *,
        from_: Address,
        sdp: bytes,
        flow: Flow,
        now: float,
        headers: Sequence[tuple[str, str]] = (),
    ) -> int:
        """Place a call through `flow`; returns its handle."""
        return placing.invite(self._core, uri, from_, sdp, flow, now, headers).call

    def call_id(self, call: int) -> str:
        """Call-ID of a call that is not over; empty for one that is."""
        session = self._core.calls.get(call)
        return "" if session is None else session.dialog.call_id

    def reoffer(self, call: int, sdp: bytes, now: float) -> None:
        """Ask to change a running call. While another change is open this one waits; the latest wins."""
        if (session := self._session(call, "reoffer")) is not None:
            renegotiating.reoffer(self._core, session, sdp, now)

    def accept_offer(self, call: int, sdp: bytes, now: float) -> None:
        """Answer an OfferReceived."""
        if (session := self._session(call, "accept_offer")) is not None:
            renegotiating.accept_offer(self._core, session, sdp, now)

    def reject_offer(self, call: int, status: int, now: float) -> None:
        """Refuse an OfferReceived; the session goes on as it was."""
        if (session := self._session(call, "reject_offer")) is not None:
            renegotiating.reject_offer(self._core, session, status, now)

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
        try:
            message = parse(data)
        except ParseError as error:
            self._malformed(flow, error)
            return
        self._message(flow, message, now)

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
                self._malformed(flow, arrival)
            else:
                self._message(flow, arrival, now)

    def _malformed(self, flow: Flow, error: ParseError) -> None:
        self._core.counters["dropped:malformed"] += 1
        if error.status and error.partial is not None:
            self._core.refuse(error.partial, way_back(error.partial, flow), error.status)

    def _message(self, flow: Flow, message: Request | Response, now: float) -> None:
        core = self._core
        if isinstance(message, Response):
            core.counters["received:response"] += 1
            if not core.transactions.receive(message, now):
                core.counters["dropped:stray response"] += 1
            return
        flow = way_back(message, flow)
        method = message.method
        core.counters[f"received:{method if method in KNOWN_METHODS else 'other'}"] += 1
        if method == "ACK":
            self._ack(message, now)
        elif (transaction := core.transactions.find(message, method)) is not None:
            core.transactions.repeated(transaction, now)
        elif method == "CANCEL":
            self._cancel(message, flow, now)
        elif (refusal := self._refusal(message, flow)) is not None:
            core.refuse(message, flow, refusal.status, fields=refusal.fields, reason=refusal.reason)
        elif (tag := message.to.tag) is not None:
            self._in_dialog(message, flow, tag, now)
        elif method == "INVITE":
            answering.arrived(core, message, flow, now)
        elif method == "OPTIONS":
            core.refuse(message, flow, 200, fields=(ALLOW, ACCEPT_SDP, SUPPORTS))
        else:
            core.refuse(message, flow, 481)  # BYE and INFO live in dialogs alone

    # Requests in

    def _refusal(self, request: Request, flow: Flow) -> Refusal | None:
        core = self._core
        refusal = inspect(core, request, flow)
        if refusal is not None:
            return refusal
        busy = Refusal(503, (("Retry-After", str(core.settings.retry_after_s)),))
        new_call = request.method == "INVITE" and request.to.tag is None
        if new_call and core.transactions.merged(request):
            return Refusal(482)
        if self.draining and (new_call or (request.method == "OPTIONS" and request.to.tag is None)):
            return busy
        if new_call and len(core.calls) >= core.settings.calls_max:
            return busy
        # A BYE is let in however full it is: it makes room.
        if core.transactions.full and request.method not in ("BYE", "OPTIONS"):
            return busy
        return None

    def _ack(self, request: Request, now: float) -> None:
        core = self._core
        transaction = core.transactions.find(request, "INVITE")
        if transaction is not None and transaction.state is not ServerState.ACCEPTED:
            core.transactions.acknowledged(transaction, now)
            return
        session = self._find(request)
        if session is None:
            core.counters["dropped:ACK for nothing"] += 1
            return
        answering.acknowledged(core, session, request.cseq.number, sdp_of(request), now)
        renegotiating.resume(core, session, now)

    def _cancel(self, request: Request, flow: Flow, now: float) -> None:
        core = self._core
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

    def _find(self, request: Request) -> Session | None:
        """The call whose dialog a request belongs to."""
        session = self._core.dialogs.get(request.to.tag or "")
        if session is None or session.dialog.call_id != request.call_id:
            return None
        # Before it is answered a call we placed has no dialog yet, or several.
        return session if session.placement is not None or session.dialog.matches(request) else None

    def _in_dialog(self, request: Request, flow: Flow, tag: str, now: float) -> None:
        core = self._core
        session = self._find(request)
        if session is None or (session.state is State.ENDED and request.method != "BYE"):
            core.refuse(request, flow, 481)
            return
        if not session.dialog.in_order(request.cseq.number):
            core.refuse(request, flow, 500)
            return
        session.dialog.flow = flow
        if request.method == "INVITE":
            renegotiating.asked(core, session, request, flow, now)
            return
        transaction = core.transactions.open(request, flow)
        echo = Echo(request, flow, tag)
        if request.method == "BYE" and session.placement is None:
            ending.said_bye(core, session, transaction, echo, request, now)
        elif request.method == "BYE":
            core.reply(transaction, echo, 200, now)
            placing.abandon(core, session, now, Input.BYE, EndCause.BYE, ending.words_of(request))
        elif request.method == "INFO" and request.body:
            digit = digit_of(request)
            core.reply(transaction, echo, 400 if digit is None else 200, now)
            if digit is not None and not session.told:
                core.tell(DigitReceived(session.call, *digit))
        else:
            core.reply(transaction, echo, 200, now, fields=(ALLOW, ACCEPT_SDP, SUPPORTS))
