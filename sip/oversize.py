"""Requests that are too long for a datagram go over TCP (RFC 3261 18.1.1), and over UDP after all where there is no TCP.

A connection is asked for first, and the request is kept back until it stands: sent by both ways it could ring twice. One
that does not stand soon costs the peer its turn for a while; then its requests go out at once, in fragments.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from sip.client_transaction import ClientTransaction, User
from sip.draft import Draft
from sip.flow import Flow
from sip.timers import Alarm, Deadlines
from sip.transactions import Transactions

UDP_MAX: Final = 1300
"""Bytes of a request that still fit into a datagram everywhere (18.1.1: 200 less than an Ethernet frame)."""
CONNECT_S: Final = 2.0
"""A connection that does not stand by then is not waited for: half of the time after which a way is left."""
WITHOUT_TCP_S: Final = 600.0
"""So long a peer that could not be connected is not tried again."""
WITHOUT_TCP_MAX: Final = 256
"""Such peers remembered; when full all are forgotten, which costs each 2 s at worst."""


class Oversize:
    """Requests of ours that are longer than `UDP_MAX`."""

    def __init__(
        self,
        deadlines: Deadlines,
        transactions: Transactions,
        counters: Counter[str],
        *,
        send: Callable[[Flow, bytes], bool],
        sent_by: Callable[[Flow], str],
    ) -> None:
        self._deadlines = deadlines
        self._transactions = transactions
        self._counters = counters
        self._send = send
        self._sent_by = sent_by
        self._waiting: dict[Flow, tuple[Alarm, list[ClientTransaction]]] = {}
        """What waits for a connection, by the flow that asks for it."""
        self._without_tcp: dict[tuple[str, int], float] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def request(
        self, draft: Draft, flow: Flow, opened: Flow | None, user: User | None, now: float
    ) -> ClientTransaction:
        """Send a long request that was meant for a UDP flow; `opened` is the connection to the same place, if there is one."""
        if opened is not None:
            return self._transactions.request(
                replace(draft, sent_by=self._sent_by(opened)), opened, user, now
            )
        if self._without_tcp.get(flow.remote, now) > now:
            return self._transactions.request(draft, flow, user, now)
        transaction = self._transactions.hold(draft, flow, user)
        asked = over_tcp(flow)
        waiting = self._waiting.get(asked)
        if waiting is not None:
            waiting[1].append(transaction)
            return transaction
        alarm = self._deadlines.set(now + CONNECT_S, partial(self.flow_closed, asked))
        self._waiting[asked] = alarm, [transaction]
        self._counters["sent:over tcp for length"] += 1
        self._send(asked, b"")
        return transaction

    def flow_opened(self, asked: Flow, flow: Flow, now: float) -> None:
        """The connection stands."""
        sent_by = self._sent_by(flow)
        for transaction in self._settled(asked):
            self._transactions.begin(transaction, replace(transaction.draft, sent_by=sent_by), flow, now)

    def flow_closed(self, asked: Flow, now: float) -> None:
        """There will be none, or not in time."""
        waiting = self._settled(asked)
        if waiting:
            if len(self._without_tcp) >= WITHOUT_TCP_MAX:
                self._without_tcp.clear()
            self._without_tcp[asked.remote] = now + WITHOUT_TCP_S
        for transaction in waiting:
            self._transactions.begin(transaction, transaction.draft, transaction.flow, now)

    def _settled(self, asked: Flow) -> list[ClientTransaction]:
        waiting = self._waiting.pop(asked, None)
        if waiting is None:
            return []
        self._deadlines.cancel(waiting[0])
        return waiting[1]


def over_tcp(flow: Flow) -> Flow:
    """What asks for a connection to where a UDP flow leads."""
    return Flow("tcp", flow.local, flow.remote)
