"""All transactions of an agent: which message belongs to which (RFC 3261 17.1.3, 17.2.3), and what their tables order.

The machines themselves are the tables in `client_transaction` and `server_transaction`; here their effects are done.
A transaction is in one dictionary as long as it lives and nowhere after.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final

from sip import client_transaction as client
from sip import server_transaction as server
from sip.client_transaction import ClientTransaction, Failure, Outcome, User, heard
from sip.doubtful import DOUBTFUL_G_S
from sip.draft import Draft
from sip.flow import DEFAULT_PORTS, Flow
from sip.message import Request, Response
from sip.server_transaction import Key, Merge, ServerTransaction, told
from sip.timers import RETRANSMISSION, T2_S, Deadlines, Timer, duration_s, next_interval_s

TRANSACTIONS_MAX: Final = 32_768
"""Transactions alive at once, some 40 MB at worst: 450 calls a second for the 37 s they linger. Above it `full` says so
and the agent answers new requests 503 with Retry-After, without state."""
REOPENING_MAX: Final = 64
"""Connections asked for at once because a peer's was gone before its answer. Beyond: the answer is dropped."""
REOPENED: Final = frozenset({"tcp", "tls"})
MAGIC_COOKIE: Final = "z9hG4bK"
"""A branch that begins so is unique (RFC 3261 8.1.1.7)."""


class Transactions:
    """The transaction layer: below it flows and bytes, above it requests and responses."""

    def __init__(
        self, deadlines: Deadlines, send: Callable[[Flow, bytes], bool], counters: Counter[str]
    ) -> None:
        self._deadlines = deadlines
        self._send = send
        self._counters = counters
        self._clients: dict[tuple[str, str], ClientTransaction] = {}
        self._servers: dict[Key, ServerTransaction] = {}
        self._merges: dict[Merge, ServerTransaction] = {}
        self._waiting_on: dict[Flow, set[ClientTransaction]] = {}
        """Client transactions by stream flow: what must hear of a connection that breaks."""
        self._sought: tuple[Request | None, Key] = None, ("", "", None, "", "")
        """The key last sought: nearly always `open` wants it next."""
        self._reopening: dict[Flow, dict[ServerTransaction, Flow]] = {}
        """Answers whose connection is gone, by the flow that asks for another; and the one that is gone."""

    def __len__(self) -> int:
        return len(self._clients) + len(self._servers)

    @property
    def full(self) -> bool:
        """No room for another request of a peer. Our own (a BYE above all) are never refused."""
        return len(self) >= TRANSACTIONS_MAX

    # Requests of peers

    def find(self, request: Request, method: str) -> ServerTransaction | None:
        """The transaction that this request repeats, acknowledges or cancels."""
        key = _key(request, method)
        self._sought = request, key
        return self._servers.get(key)

    def key(self, request: Request) -> Key:
        """What a repetition of this request is known by."""
        return _key(request, request.method)

    def merged(self, request: Request) -> bool:
        """Whether the same request has come by another way and is being answered there (8.2.2.2)."""
        return _merge(request) in self._merges

    def open(self, request: Request, flow: Flow) -> ServerTransaction:
        """A transaction for a request that `find` did not know."""
        # Only requests outside dialogs can be merged; inside, CSeq already tells the second from the first.
        merge = None if request.to.tag else _merge(request)
        sought, key = self._sought
        if sought is not request or key[-1] != request.method:
            key = _key(request, request.method)
        transaction = ServerTransaction(key, merge, flow)
        if flow.transport in REOPENED:
            # Where the peer listens (18.2.2); WebSockets cannot be opened by us.
            place = (flow.remote[0], request.via.port or DEFAULT_PORTS[flow.transport])
            transaction.reopen = Flow(flow.transport, flow.local, place)
        self._servers[transaction.key] = transaction
        if merge is not None:
            self._merges[merge] = transaction
        return transaction

    def repeated(self, transaction: ServerTransaction, now: float) -> None:
        """The peer sent the request again."""
        self._step_server(transaction, server.Told.REQUEST, now)

    def acknowledged(self, transaction: ServerTransaction, now: float) -> None:
        """The ACK of a failure came."""
        self._step_server(transaction, server.Told.ACK, now)

    def respond(self, transaction: ServerTransaction, status: int, data: bytes, now: float) -> None:
        """Send a response; after a final one of another class nothing more goes out."""
        self._step_server(transaction, told(status), now, data)

    # Requests of ours

    def request(self, draft: Draft, flow: Flow, user: User | None, now: float) -> ClientTransaction:
        """Send a request and repeat it as long as its table says. `user` hears of every response, or of the failure."""
        transaction = ClientTransaction(draft, flow, user)
        self._clients[transaction.key] = transaction
        self._begin(transaction, now)
        return transaction

    def hold(self, draft: Draft, flow: Flow, user: User | None) -> ClientTransaction:
        """Keep a request back; `begin` sends it."""
        transaction = ClientTransaction(draft, flow, user)
        self._clients[transaction.key] = transaction
        return transaction

    def begin(self, transaction: ClientTransaction, draft: Draft, flow: Flow, now: float) -> None:
        """Send a request that was held, by the flow that was found for it; one given up meanwhile stays so."""
        if transaction.state is client.State.TERMINATED:
            return
        if draft is not transaction.draft:
            transaction.draft, transaction.data = draft, draft.encode()
        transaction.flow = flow
        self._begin(transaction, now)

    def _begin(self, transaction: ClientTransaction, now: float) -> None:
        flow, invite = transaction.flow, transaction.draft.method == "INVITE"
        sent = self._send(flow, transaction.data)
        if flow.reliable:
            self._waiting_on.setdefault(flow, set()).add(transaction)
        else:
            self._start(transaction, Timer.A if invite else Timer.E, now)
        self._start(transaction, Timer.B if invite else Timer.F, now)
        if not sent:
            # Not at once: whoever asks does not expect to be told anything before the verb returns.
            transaction.alarm_retry = self._deadlines.set(
                now, lambda now: self._step_client(transaction, client.Heard.BROKEN, now)
            )

    def receive(self, response: Response, now: float) -> bool:
        """A response arrived; False if it belongs to nothing of ours."""
        transaction = self._clients.get((response.via.branch or "", response.cseq.method))
        if transaction is None:
            return False
        self._step_client(transaction, heard(response.status), now, response)
        return True

    def give_up(self, transaction: ClientTransaction) -> None:
        """Forget a request whose response we no longer wait for."""
        if transaction.state is not client.State.TERMINATED:
            transaction.state = client.State.TERMINATED
            self._drop_client(transaction)

    def hush(self, transaction: ClientTransaction) -> None:
        """Repeat a request no more, but wait for what it may bring yet. One that was held brings nothing."""
        if transaction.alarm_end is None:
            self.give_up(transaction)
        self._deadlines.cancel(transaction.alarm_retry)

    def flow_opened(self, requested: Flow, flow: Flow) -> None:
        """The connection asked for stands: what waits for it waits on its real flow now."""
        for answering in self._reopening.pop(requested, ()):
            answering.flow = flow
        waiting = self._waiting_on.pop(requested, set())
        for transaction in waiting:
            transaction.flow = flow
        if waiting:
            self._waiting_on.setdefault(flow, set()).update(waiting)

    def flow_closed(self, flow: Flow, now: float) -> None:
        """A connection broke, or never came up."""
        for answering, gone in self._reopening.pop(flow, {}).items():
            answering.flow = gone
        for transaction in self._waiting_on.pop(flow, set()):
            self._step_client(transaction, client.Heard.BROKEN, now)

    # Doing what the tables say

    def _step_server(
        self, transaction: ServerTransaction, what: server.Input, now: float, data: bytes = b""
    ) -> None:
        transaction.state, effects = transaction.table[transaction.state][what]
        for effect in effects:
            if isinstance(effect, Timer):
                self._start(transaction, effect, now)
            else:
                self._do_server(transaction, effect, data)
        if transaction.state is server.State.TERMINATED:
            self._drop_server(transaction)

    def _do_server(self, transaction: ServerTransaction, effect: server.Do, data: bytes) -> None:
        match effect:
            case server.Do.SEND:
                transaction.response = data
                self._answer(transaction, data)
            case server.Do.RELAY:
                self._answer(transaction, data)
            case server.Do.REPEAT:
                self._counters["retransmitted"] += 1
                self._answer(transaction, transaction.response)
            case server.Do.STOP:
                self._stop(transaction)
            case server.Do.FORGET:
                transaction.response = b""

    def _answer(self, transaction: ServerTransaction, data: bytes) -> None:
        """Send a response, by a connection of ours where the peer's is gone (18.2.2): once for each request."""
        asked = transaction.reopen
        if self._send(transaction.flow, data) or asked is None or len(self._reopening) >= REOPENING_MAX:
            return
        transaction.reopen = None
        self._reopening.setdefault(asked, {})[transaction] = transaction.flow
        transaction.flow = asked
        self._counters["reopened"] += 1
        self._send(asked, data)

    def _drop_server(self, transaction: ServerTransaction) -> None:
        self._stop(transaction)
        del self._servers[transaction.key]
        if transaction.merge is not None:
            self._merges.pop(transaction.merge, None)

    def _step_client(
        self, transaction: ClientTransaction, what: client.Input, now: float, response: Response | None = None
    ) -> None:
        transaction.state, effects = transaction.table[transaction.state][what]
        outcome: Outcome | None = None
        for effect in effects:
            if isinstance(effect, Timer):
                self._start(transaction, effect, now)
            elif effect is client.Do.TELL:
                outcome = response
            elif effect is client.Do.TELL_TIMEOUT:
                outcome = Failure.TIMEOUT
            elif effect is client.Do.TELL_BROKEN:
                outcome = Failure.TRANSPORT
            else:
                self._do_client(transaction, effect, response)
        if transaction.state is client.State.TERMINATED:
            self._drop_client(transaction)
        # Told last: whatever the user does now finds this transaction in its new state.
        if outcome is not None and transaction.user is not None:
            transaction.user(transaction, outcome, now)

    def _do_client(
        self, transaction: ClientTransaction, effect: client.Do, response: Response | None
    ) -> None:
        if effect is client.Do.SEND:
            self._counters["retransmitted"] += 1
            self._send(transaction.flow, transaction.data)
        elif effect is client.Do.ACK and response is not None:
            to = response.headers.get("To") or transaction.draft.to
            self._send(transaction.flow, transaction.draft.acknowledging(to).encode())
        elif effect is client.Do.STOP:
            self._stop(transaction)

    def _drop_client(self, transaction: ClientTransaction) -> None:
        self._stop(transaction)
        self._clients.pop(transaction.key, None)
        waiting = self._waiting_on.get(transaction.flow)
        if waiting is not None:
            waiting.discard(transaction)
            if not waiting:
                del self._waiting_on[transaction.flow]

    def _start(self, transaction: ClientTransaction | ServerTransaction, timer: Timer, now: float) -> None:
        reliable = transaction.flow.reliable
        if timer in RETRANSMISSION:
            if reliable:
                return
            interval_s = transaction.interval_s
            if not interval_s:
                interval_s = duration_s(timer, reliable=False)
            elif timer is Timer.E and transaction.state is client.State.PROCEEDING:
                interval_s = T2_S  # 17.1.2.2: once the peer has spoken, ask at the slowest pace
            else:
                interval_s = next_interval_s(timer, interval_s)
            if timer is Timer.G and _is_doubtful(transaction) and interval_s > DOUBTFUL_G_S:
                return
            transaction.interval_s = interval_s
            transaction.alarm_retry = self._deadlines.set(
                now + interval_s, partial(self._fire, transaction, timer)
            )
            return
        delay_s = duration_s(timer, reliable=reliable)
        transaction.alarm_end = self._deadlines.set(now + delay_s, partial(self._fire, transaction, timer))

    def _fire(self, transaction: ClientTransaction | ServerTransaction, timer: Timer, now: float) -> None:
        if isinstance(transaction, ClientTransaction):
            self._step_client(transaction, timer, now)
        else:
            self._step_server(transaction, timer, now)

    def _stop(self, transaction: ClientTransaction | ServerTransaction) -> None:
        self._deadlines.cancel(transaction.alarm_retry)
        self._deadlines.cancel(transaction.alarm_end)
        transaction.alarm_retry = transaction.alarm_end = None


def _is_doubtful(transaction: ClientTransaction | ServerTransaction) -> bool:
    return isinstance(transaction, ServerTransaction) and transaction.doubtful


def _key(request: Request, method: str) -> Key:
    via = request.via
    branch = via.branch or ""
    if not branch.startswith(MAGIC_COOKIE) or branch == MAGIC_COOKIE:
        # RFC 2543 peers repeat branches, and a cookie alone is no branch (RFC 4475 3.2.1): what else must be equal in a
        # repetition stands in for uniqueness.
        branch = f"{branch} {request.cseq.number} {request.from_.tag or ''}"
    return (branch, via.host, via.port, request.call_id, method)


def _merge(request: Request) -> Merge:
    cseq = request.cseq
    return (request.call_id, request.from_.tag or "", cseq.number, cseq.method)
