"""One connection of a stream transport, whatever its layers: TCP, TLS, WebSocket, or WebSocket over TLS.

The receiver hears of a peer's connection as soon as it stands, so that whoever counts connections counts those, too, that
never say a word; of one of ours once hands are shaken, since only then we know that it leads where we wanted. How long a
peer may take for a message is the receiver's affair, but for what a layer alone sees: the handshake, and the rest of a
message that came in part.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol, cast

from sip.flow import Flow
from sip.streams import WHOLE_MESSAGE_S
from sip.transport import Receiver
from sip.transport.wire import WireError, Wires

WRITE_BUFFER_MAX: Final = 256 * 1024
"""Bytes that may wait for a peer that does not read; some 300 messages. Beyond: the connection is dropped."""
HANDSHAKE_S: Final = 5.0
"""For shaking hands, on each layer. An honest peer needs some round trips; beyond: the connection is dropped."""
LINGER_S: Final = 5.0
"""How long a connection that we close may take to deliver what is written. Then the rest is dropped with it."""
PING_S: Final = 30.0
"""Silence after which a WebSocket is pinged. Browsers answer by themselves, and cannot ping; routers on the way forget a
silent connection after a minute or more."""
UNACKNOWLEDGED_MS: Final = 30_000
"""After so long without an acknowledgement the kernel gives a connection up, instead of after a quarter of an hour: a
telephone that has lost its network is called elsewhere meanwhile (RFC 5482)."""
PROBE_AFTER_S, PROBE_EVERY_S, PROBES = 120, 30, 4
"""When the kernel asks a silent peer whether it is still there, how often, and how often in vain."""


class Owner(Protocol):
    """The transport, as its connections see it."""

    name: str
    receiver: Receiver
    counters: Counter[str]

    @property
    def local(self) -> tuple[str, int]:
        """Address and port bound."""

    def stands(self, connection: "Connection", number: int) -> None:
        """It can be sent on."""

    def settled(self, connection: "Connection", requested: Flow) -> None:
        """One that was asked for has shaken hands."""

    def lost(self, number: int, requested: Flow | None) -> None:
        """One is gone; where it was `requested` and never settled, nobody knows of it but the transport."""


class Connection(asyncio.Protocol):
    """One connection, ours (`requested`) or a peer's."""

    def __init__(self, owner: Owner, wires: Wires, requested: Flow | None = None) -> None:
        self.flow: Flow | None = None
        """None until it stands, and when it is over."""
        self._owner = owner
        self._wires = wires
        self._unsettled = wires.unsettled
        self._requested = requested
        self._told = False
        """The receiver knows of it."""
        self._closing = False
        self._heard = False
        """Something came since the last ping was due."""
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._owed: asyncio.TimerHandle | None = None
        """The end of our patience, where a handshake or the rest of a message is owed."""
        self._timer: asyncio.TimerHandle | None = None
        """The next ping, or the end of lingering."""

    # What the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        # Not by isinstance: uvloop's transports have the methods of asyncio's and none of its base classes.
        self._transport = cast("asyncio.Transport", transport)
        owner, requested = self._owner, self._requested
        peer = transport.get_extra_info("peername")
        if peer is None:  # reset before we were told of it
            owner.counters["dropped:reset at once"] += 1
            owner.lost(0, requested)
            self._transport.abort()
            return
        _configure(transport.get_extra_info("socket"))
        # Local is the listener's address, for connections of ours too: that is where peers reach us.
        number = owner.receiver.number()
        expected = "" if requested is None else requested.peer
        self.flow = Flow(owner.name, owner.local, peer[:2], number, expected)
        owner.stands(self, number)
        if requested is None:
            self._told = True
            owner.receiver.opened(self.flow, self.flow)
        if self._closing:
            return  # there were too many
        if self._unsettled:
            self._expect(HANDSHAKE_S, "slow handshake")
            self._through(self._wires.start)
        else:
            self._settle()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._closing:
            return
        self._heard = True
        try:
            pieces = self._wires.receive(data)
        except WireError as error:
            self._fail(str(error))
            return
        self._write(self._wires.outgoing())
        if self._unsettled:
            self._shaking()
        for piece in pieces:
            # Each piece may have been reason enough to close.
            if self.flow is None or self._closing:
                return
            self._owner.receiver.receive(self.flow, piece)
        if self._wires.ended:
            self.shut()
        elif not self._unsettled and self._wires.begun:
            if self._owed is None:
                self._expect(WHOLE_MESSAGE_S, "slow message")
        elif not self._unsettled:
            self._expect_nothing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It ended, by whomever."""
        del exc
        self._expect_nothing()
        if self._timer is not None:
            self._timer.cancel()
        flow, self.flow = self.flow, None
        self._closing = True
        if flow is not None:
            self._owner.lost(flow.connection, None if self._told else self._requested)
            if self._told:
                self._owner.receiver.closed(flow)

    # What the transport wants

    def send(self, data: bytes) -> None:
        """Write a message."""
        if not self._closing:
            self._through(lambda: self._wires.send(data))

    def shut(self) -> None:
        """Close after what is written."""
        if self._closing or self._transport is None:
            return
        if not self._unsettled:
            self._through(self._wires.close)
        self._closing = True
        self._expect_nothing()
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._timer = self._loop.call_later(LINGER_S, self._transport.abort)
            self._transport.close()

    def abort(self) -> None:
        """Drop it. The receiver is told nothing of it any more."""
        self.flow = None
        self._closing = True
        if self._transport is not None:
            self._transport.abort()

    # Layers

    def _through(self, said: Callable[[], bytes]) -> None:
        """Write what a layer has to say."""
        try:
            data = said()
        except WireError as error:
            self._fail(str(error))
        else:
            self._write(data)

    def _write(self, data: bytes) -> None:
        transport = self._transport
        if not data or transport is None:
            return
        if transport.get_write_buffer_size() + len(data) > WRITE_BUFFER_MAX:
            self._owner.counters["closed:peer does not read"] += 1
            self._closing = True
            transport.abort()
            return
        transport.write(data)

    def _shaking(self) -> None:
        """Hands are being shaken: each layer has its own time for that."""
        before, self._unsettled = self._unsettled, self._wires.unsettled
        if not self._unsettled:
            self._settle()
        elif self._unsettled < before:
            self._expect(HANDSHAKE_S, "slow handshake")

    def _settle(self) -> None:
        self._expect_nothing()
        if self.flow is None:
            return
        if names := self._wires.names:
            self.flow = replace(self.flow, names=names)
        if self._wires.pings:
            self._timer = self._loop.call_later(PING_S, self._ping)
        if self._requested is not None:
            self._told = True
            self._owner.settled(self, self._requested)

    def _ping(self) -> None:
        self._timer = self._loop.call_later(PING_S, self._ping)
        heard, self._heard = self._heard, False
        if not heard:
            self._through(self._wires.ping)

    # Patience

    def _expect(self, within_s: float, else_: str) -> None:
        self._expect_nothing()
        self._owed = self._loop.call_later(within_s, self._fail, else_)

    def _expect_nothing(self) -> None:
        if self._owed is not None:
            self._owed.cancel()
            self._owed = None

    def _fail(self, why: str) -> None:
        """Close for a reason; a layer may have words for it."""
        if self._closing:
            return
        self._owner.counters[f"closed:{why}"] += 1
        self._write(self._wires.outgoing())
        self.shut()


def _configure(sock: socket.socket | None) -> None:
    """Have the kernel find out about peers that are gone without a word."""
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, PROBE_AFTER_S),
        (socket.TCP_KEEPINTVL, PROBE_EVERY_S),
        (socket.TCP_KEEPCNT, PROBES),
        (socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS),
    ):
        sock.setsockopt(socket.IPPROTO_TCP, option, value)
