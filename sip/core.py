"""The core of the user agent (RFC 3261's word for what stands above transactions): what all verbs of a call share.

It holds the tables (calls by handle, dialogs by our tag, open streams), the queues that the agent drains, and writes
what is the same in every message of ours. It decides nothing about calls; the verbs beside it do.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from sip.client_transaction import ClientTransaction, Outcome, User
from sip.dialog import Dialog
from sip.doubtful import DOUBTFUL_GIVE_UP_S, Doubtful
from sip.draft import Draft, Fields, field_lines
from sip.errors import LocalError
from sip.events import CallEnded, EndCause, Event
from sip.flow import DEFAULT_PORTS, WEB, Flow, Transmit, bracketed
from sip.gate import OPEN, Gate
from sip.message import Request, Response
from sip.oversize import UDP_MAX, Oversize, over_tcp
from sip.pending import Several
from sip.proving import proofs_of
from sip.reply import Echo
from sip.server_transaction import Key, ServerTransaction
from sip.session import Session
from sip.settings import METHODS, SUPPORTED, AgentSettings
from sip.streams import Streams
from sip.subscription import Subscriptions
from sip.timers import GIVE_UP_S, Alarm, Deadlines, Seconds
from sip.transactions import MAGIC_COOKIE, Transactions

TAG_BYTES: Final = 8
"""64 random bits in a tag or branch; RFC 3261 19.3 asks for 32 at least."""
WAYS_MAX: Final = 256
"""Prepared Via and Contact texts kept, one for each place where we are reached; when full they are dropped."""
LENT_MAX: Final = 4096
"""Connections of our own and lent ones above which none is borrowed; one of our own is opened instead."""
SUPPORTS: Final = ("Supported", ", ".join(SUPPORTED))

Acknowledgement = tuple[Flow, bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits for the answer of the agent's user."""

    transaction: ServerTransaction
    echo: Echo
    alarm: Alarm


@dataclass(slots=True)
class Awaited:
    """A REFER of ours on which the peer reports."""

    cseq: int
    alarm: Alarm
    final: bool = False
    """Its last word has been told; the reports may go on."""


class Core:
    """State and services below the verbs."""

    def __init__(self, settings: AgentSettings, entropy: Callable[[int], bytes], gate: Gate = OPEN) -> None:
        self.settings = settings
        self.entropy = entropy
        self.gate = gate
        self.draining = False
        self.counters: Counter[str] = Counter()
        self.deadlines = Deadlines()
        self.seconds = Seconds(self.deadlines)
        self.transactions = Transactions(self.deadlines, self.send, self.counters)
        self.calls: dict[int, Session] = {}
        self.forks: dict[int, Several] = {}
        """Calls to several places at once that nobody has answered, by the handle that their user knows."""
        self.dialogs: dict[str, Session] = {}
        """Sessions by the tag that is ours alone."""
        self.doubtful = Doubtful()
        self.streams = Streams(
            self.deadlines, self.counters, close=self._close, send=self.send, random_s=self.random_s
        )
        """Connections that stand."""
        self.oversize = Oversize(
            self.deadlines, self.transactions, self.counters, send=self.send, sent_by=self.sent_by
        )
        """Requests that wait for a connection because they are long."""
        self.opened: dict[Flow, Flow] = {}
        """Connections that we may use, by the flow that asks for one: those we asked for, and those a peer lent us."""
        self.queue: list[Transmit] = []
        self.happened: list[Event] = []
        self.last_call = 0
        self.last_request = 0
        self.asked: dict[int, Asked] = {}
        """Requests that the user of the agent has not answered yet."""
        self.held_back: set[Key] = set()
        """Requests whose refusal is on its way, but not in a hurry."""
        self.subscriptions = Subscriptions()
        self.awaited: dict[str, Awaited] = {}
        """REFERs of ours, by the tag of ours that names their call."""
        self.methods = (*METHODS, *settings.served)
        self.allow = ("Allow", ", ".join(self.methods))
        self.abilities = field_lines((self.allow, SUPPORTS))
        """What every 2xx to an INVITE says, as it stands there."""
        self.refresh: Callable[[Session, float], None] = _not_refreshed
        """What a session timer does when it is due; said by the agent, for the verbs stand above the timers."""
        self._secret = entropy(16)
        self._server = f"Server: {checked(settings.product)}\r\n" if settings.product else ""
        self.agent: Fields = (("User-Agent", settings.product),) if settings.product else ()
        self._ways: dict[tuple[str, str, int], tuple[str, str]] = {}

    # Bytes and events out

    def send(self, flow: Flow, data: bytes) -> bool:
        """Queue bytes; on a connection that is gone they are counted and dropped: False."""
        if flow.transport != "udp":
            flow = self.opened.get(flow, flow)
            if not self.stands(flow):
                self.counters["dropped:connection gone"] += 1
                return False
        self.queue.append(Transmit(flow, data))
        return True

    def stands(self, flow: Flow) -> bool:
        """Whether something can be sent by a flow, as far as is known."""
        return not flow.connection or flow.connection in self.streams

    def _close(self, flow: Flow) -> None:
        self.queue.append(Transmit(flow, b"", close=True))

    def tell(self, event: Event) -> None:
        """Queue an event."""
        self.happened.append(event)

    # Names

    def tag(self) -> str:
        """A fresh tag."""
        return self.entropy(TAG_BYTES).hex()

    def branch(self) -> str:
        """A fresh branch."""
        return MAGIC_COOKIE + self.entropy(TAG_BYTES).hex()

    def random_s(self, low_s: float, high_s: float) -> float:
        """A pause between two bounds, in steps of 10 ms as RFC 3261 14.1 has it."""
        steps = round((high_s - low_s) / 0.01)
        return low_s + 0.01 * (int.from_bytes(self.entropy(4)) % (steps + 1))

    def sent_by(self, flow: Flow) -> str:
        """Via of our requests, up to the branch. rport is always asked for (RFC 3581 3)."""
        return self._way(flow)[0]

    def contact(self, flow: Flow) -> tuple[str, str]:
        """Contact header of ours on a flow."""
        return ("Contact", self._way(flow)[1])

    def contact_of(self, session: Session) -> tuple[str, str]:
        """Contact header of ours in a call; as a focus it is the name of that one call (RFC 4579 5.1)."""
        way = self._way(session.dialog.flow)[1]
        if session.focus:
            user = self.settings.user
            way = f"{way.replace(f'sip:{user}@', f'sip:{user}.{session.tag}@', 1)};isfocus"
        return ("Contact", way)

    def _way(self, flow: Flow) -> tuple[str, str]:
        host, port = self.settings.reached_at(flow)
        key = (flow.transport, host, port)
        way = self._ways.get(key)
        if way is None:
            at = f"{bracketed(host)}:{port}"
            # In a URI both kinds of WebSocket are "ws" (RFC 7118 5.2).
            kind = "ws" if flow.transport in WEB else flow.transport
            transport = "" if kind == "udp" else f";transport={kind}"
            way = (
                f"SIP/2.0/{flow.transport.upper()} {at};rport",
                f"<sip:{checked(self.settings.user)}@{at}{transport}>",
            )
            if len(self._ways) >= WAYS_MAX:
                self._ways.clear()
            self._ways[key] = way
        return way

    def is_us(self, host: str, flow: Flow) -> bool:
        """Whether a host names this agent, as far as it knows its own addresses."""
        return host in (flow.local[0], self.settings.reached_at(flow)[0])

    def lent(self, request: Request, flow: Flow) -> None:
        """Take over a connection that the peer lets us use for requests of ours (RFC 5923): it says so in its Via, and its
        certificate proves that it is whom it says that it is. Elsewhere anybody could draw our calls to itself.
        """
        via = request.via
        if not flow.names or via.parameter("alias") is None or len(self.opened) >= LENT_MAX:
            return
        if via.host in flow.names or f"sip:{via.host}" in flow.names:
            place = flow.remote[0], via.port or DEFAULT_PORTS[flow.transport]
            self.opened.setdefault(Flow(flow.transport, flow.local, place), flow)

    # Responses

    def reply(
        self,
        transaction: ServerTransaction,
        echo: Echo,
        status: int,
        now: float,
        *,
        fields: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        reason: str | None = None,
        lines: str = "",
    ) -> bytes:
        """Answer a request; returns the bytes for those who must repeat them."""
        self.counters[f"sent:{status}:{transaction.flow.transport}"] += 1
        data = echo.encode(status, fields, body, reason=reason, lines=f"{lines}{self._server}")
        self.transactions.respond(transaction, status, data, now)
        return data

    def refuse(
        self,
        request: Request,
        flow: Flow,
        status: int,
        *,
        fields: Iterable[tuple[str, str]] = (),
        reason: str | None = None,
        tag: str | None = None,
    ) -> None:
        """Answer without keeping anything (RFC 3261 8.2.7): a repetition gets the same answer, To tag and all, and a
        flood of requests costs no memory. An ACK is never answered.
        """
        if request.method == "ACK":
            return
        self.counters[f"sent:{status}:{flow.transport}"] += 1
        if tag is None:
            tag = self.stateless_tag(request, flow)
        self.send(flow, Echo(request, flow, tag).encode(status, fields, reason=reason, lines=self._server))

    def stateless_tag(self, request: Request, flow: Flow) -> str:
        """To tag of an answer that nothing is kept of: by it the ACK is known, whose topmost Via is that of its INVITE (17.1.1.3).
        It is good from one host alone: it shows that who says to be there has got our answer.
        """
        of = f"{flow.remote[0]} {request.headers.get('Via') or ''}".encode("utf-8", "surrogateescape")
        return hashlib.blake2b(of, key=self._secret, digest_size=TAG_BYTES).hexdigest()

    # Requests

    def request(
        self,
        dialog: Dialog,
        method: str,
        now: float,
        *,
        user: User | None = None,
        fields: Fields = (),
        body: bytes = b"",
    ) -> ClientTransaction:
        """Send a request in a dialog."""
        flow = self.flow_of(dialog)
        prover = dialog.prover
        if prover is not None and prover.asked:
            proof = prover.repeat(method, dialog.uri, body, flow)
            return self._prove(dialog, method, now, user, fields, body, proof)
        draft = dialog.request(
            method, sent_by=self.sent_by(flow), branch=self.branch(), fields=(*fields, *self.agent), body=body
        )
        return self.start(draft, flow, user, now)

    def _prove(
        self,
        dialog: Dialog,
        method: str,
        now: float,
        user: User | None,
        fields: Fields,
        body: bytes,
        proof: Fields,
    ) -> ClientTransaction:
        """Send a request with proof of who we are, and with another where the peer asks anew."""
        flow = self.flow_of(dialog)
        draft = dialog.request(
            method,
            sent_by=self.sent_by(flow),
            branch=self.branch(),
            fields=(*fields, *proof, *self.agent),
            body=body,
        )

        def answered(transaction: ClientTransaction, outcome: Outcome, now: float) -> None:
            prover = dialog.prover
            if prover is not None and isinstance(outcome, Response):
                proof = prover.answer(outcome, transaction.draft, transaction.flow)
                if proof is not None:
                    self._prove(dialog, method, now, user, fields, body, proof)
                    return
            if user is not None:
                user(transaction, outcome, now)

        return self.start(draft, flow, answered, now)

    def start(self, draft: Draft, flow: Flow, user: User | None, now: float) -> ClientTransaction:
        """Send a request in a transaction of its own."""
        self.counters[f"sent:{draft.method}:{flow.transport}"] += 1
        long = flow.transport == "udp" and self.settings.large_over_tcp and draft.longer_than(UDP_MAX)
        if long and draft.method != "CANCEL":  # which goes where its INVITE went
            return self.oversize.request(draft, flow, self.opened.get(over_tcp(flow)), user, now)
        return self.transactions.request(draft, flow, user, now)

    def acknowledge(self, dialog: Dialog, invite: Draft) -> Acknowledgement:
        """Send the ACK of a 2xx: a request of its own, of which no transaction knows (13.2.2.4). It is returned, to be
        repeated whenever the 2xx is.
        """
        flow = self.flow_of(dialog)
        draft = dialog.request(
            "ACK",
            sent_by=self.sent_by(flow),
            branch=self.branch(),
            cseq=invite.cseq,
            fields=() if dialog.prover is None else proofs_of(invite),
        )
        data = draft.encode()
        self.counters[f"sent:ACK:{flow.transport}"] += 1
        self.send(flow, data)
        return flow, data

    def flow_of(self, dialog: Dialog) -> Flow:
        """The flow for the next request in a dialog."""
        flow = dialog.flow = self.opened.get(dialog.flow, dialog.flow)
        return dialog.next_flow(broken=bool(flow.connection) and flow.connection not in self.streams)

    # Calls

    def enter(self, session: Session) -> None:
        """A call begins."""
        self.calls[session.call] = session
        self.streams.proved(session.dialog.flow.connection)
        if session.doubtful:
            self.doubtful.came(session.doubtful)
        self.dialogs[session.tag] = session

    def ended(
        self,
        session: Session,
        cause: EndCause,
        status: int,
        reason: str,
        *,
        q850: int = 0,
        retry_after_s: int = 0,
        message: Response | None = None,
    ) -> None:
        """Tell that a call is over, once. Its dialog may still have to say goodbye."""
        if not session.told:
            session.told = True
            event = CallEnded(session.call, cause, status, reason, q850, retry_after_s, message)
            if session.fork is None:
                self.tell(event)
            else:
                session.fork.ended(event)

    def leave(self, session: Session) -> None:
        """Forget a call: what still comes for it is answered 481."""
        self.close(session)
        self.dialogs.pop(session.tag, None)
        awaited = self.awaited.pop(session.tag, None)
        if awaited is not None:
            self.deadlines.cancel(awaited.alarm)

    def close(self, session: Session) -> None:
        """A call is no more, but its dialog is: our BYE is on its way."""
        self.calls.pop(session.call, None)
        self.deadlines.cancel(session.alarm)
        session.alarm = None
        session.placement = None
        self.settled(session)
        if session.timer is not None:
            self.seconds.cancel(session.timer.alarm)
            session.timer = None
        if session.reliable is not None:
            self.deadlines.cancel(session.reliable.alarm)
            session.reliable = None
        update = session.update
        if update is not None:
            self.deadlines.cancel(update.alarm)
            session.update = None
            transaction, echo = update.transaction, update.echo
            if transaction is not None and echo is not None:
                # As with any request that is open when its dialog ends (15.1.2); at once, by the clock of `advance`.
                self.deadlines.set(0.0, partial(self._terminated, transaction, echo))

    def _terminated(self, transaction: ServerTransaction, echo: Echo, now: float) -> None:
        self.reply(transaction, echo, 487, now)

    def patience_s(self, session: Session) -> float:
        """How long an answer to the peer's INVITE is repeated that nobody acknowledges (64*T1, or less)."""
        return DOUBTFUL_GIVE_UP_S if session.doubtful else GIVE_UP_S

    def settled(self, session: Session) -> None:
        """Wait for nothing more of the peer's INVITE: it is refused or acknowledged."""
        source, session.doubtful = session.doubtful, ""
        if source:
            self.doubtful.settled(source)
        invitation, session.invitation = session.invitation, None
        if invitation is not None:
            self.deadlines.cancel(invitation.alarm)


def _not_refreshed(_session: Session, _now: float) -> None:
    """A core without an agent asks nobody anything."""


def dialog_of(session: Session, request: Request) -> Dialog:
    """The dialog of a call that a request of the peer belongs to: before the answer there may be several."""
    placement = session.placement
    early = None if placement is None else placement.early.get(request.from_.tag or "")
    return session.dialog if early is None else early.dialog


def checked(text: str) -> str:
    """A header value of ours that cannot become two headers."""
    if "\r" in text or "\n" in text:
        raise LocalError(f"line break in {text!r}")
    return text


def checked_fields(fields: Iterable[tuple[str, str]]) -> Fields:
    """Header fields that a user of the agent hands in."""
    return tuple((checked(name), checked(value)) for name, value in fields)
