"""SIP over connections: a listener, and connections of our own where a flow asks for one.

TCP, TLS, WebSocket and secure WebSocket are one thing with other layers (`wire`), made by the functions at the end. How
long a peer may take for a message, and who goes when too many want to be connected, is the agent's affair
(`sip.streams`): it knows what they said.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from ipaddress import ip_address
from typing import Final

from sip.flow import Flow, plain
from sip.transport import Receiver
from sip.transport.certificates import Certificates
from sip.transport.connection import WRITE_BUFFER_MAX, Connection
from sip.transport.websocket import WebSocketWire
from sip.transport.wire import Wires

CONNECT_S: Final = 5.0
"""Time to connect. Beyond: the flow is told as closed, and the request fails long before its 32 s are over."""
CONNECTING_MAX: Final = 1024
"""Connections that we ask for at once. One more is told as closed at once."""
BACKLOG: Final = 1024
"""Connections that the kernel keeps until we accept them; a burst above it is repeated by the callers' kernels."""


class StreamTransport:
    """A listener with its connections.

    Parameters
    ----------
    accepted : callable
        Makes the layers of a connection that comes in.
    called : callable, optional
        Makes those of one that goes out by a flow. Without, none goes out: nobody can be called by WebSocket.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        receiver: Receiver,
        *,
        accepted: Callable[[], Wires],
        called: Callable[[Flow], Wires] | None = None,
    ) -> None:
        self.name = name
        self.receiver = receiver
        self.counters: Counter[str] = Counter()
        """What was refused or lost here, by reason."""
        self._accepted = accepted
        self._called = called
        self._address = (host, port)
        self._local = (host, port)
        self._server: asyncio.Server | None = None
        self._connections: dict[int, Connection] = {}
        self._waiting: dict[Flow, list[bytes]] = {}
        """What to write once a connection that we asked for stands."""
        self._connecting: set[asyncio.Task[None]] = set()

    @property
    def local(self) -> tuple[str, int]:
        """Address and port bound."""
        return self._local

    def __len__(self) -> int:
        return len(self._connections)

    async def start(self) -> None:
        """Listen."""
        host, port = self._address
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self, self._accepted()), host, port, backlog=BACKLOG
        )
        self._local = self._server.sockets[0].getsockname()[:2]

    def close(self) -> None:
        """Stop listening and drop all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._connecting:
            task.cancel()
        connections, self._connections = self._connections, {}
        for connection in connections.values():
            connection.abort()

    def send(self, flow: Flow, data: bytes) -> None:
        """Write to the connection, or ask for one."""
        if not flow.connection:
            self._connect(flow, data)
        elif (connection := self._connections.get(flow.connection)) is not None:
            connection.send(data)
        else:
            self.counters["dropped:connection gone"] += 1

    def shut(self, flow: Flow) -> None:
        """Close after what is written."""
        connection = self._connections.get(flow.connection)
        if connection is not None:
            connection.shut()

    # What connections tell

    def stands(self, connection: Connection, number: int) -> None:
        """A connection can be sent on."""
        self._connections[number] = connection

    def settled(self, connection: Connection, requested: Flow) -> None:
        """A connection that we asked for leads where we wanted."""
        waiting = self._waiting.pop(requested, [])
        if connection.flow is not None:
            self.receiver.opened(requested, connection.flow)
        for data in waiting:
            connection.send(data)

    def lost(self, number: int, requested: Flow | None) -> None:
        """A connection ended; where it is still waited for, nobody knows of it yet."""
        self._connections.pop(number, None)
        if requested is not None:
            self._not_connected(requested)

    # Connections of our own

    def _connect(self, flow: Flow, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        waiting = self._waiting.get(flow)
        if waiting is not None:
            if sum(map(len, waiting)) + len(data) > WRITE_BUFFER_MAX:
                self.counters["dropped:too much waits for a connection"] += 1
            else:
                waiting.append(data)
            return
        self._waiting[flow] = [data]
        if self._called is None or len(self._connecting) >= CONNECTING_MAX:
            # Not at once: whoever sends does not expect to be told anything before it has returned.
            self.counters[
                "failed:nobody can be called" if self._called is None else "failed:busy connecting"
            ] += 1
            loop.call_soon(self._not_connected, flow)
            return
        task = loop.create_task(self._open(flow, self._called(flow)))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _open(self, flow: Flow, wires: Wires) -> None:
        loop = asyncio.get_running_loop()
        host, port = plain(flow.remote[0]), flow.remote[1]
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(
                    lambda: Connection(self, wires, flow), host, port, local_addr=self._from(host)
                )
        except OSError:  # TimeoutError is one
            self.counters["failed:connect"] += 1
            self._not_connected(flow)

    def _from(self, remote: str) -> tuple[str, int] | None:
        """Where to call from: the address that we listen on is the one that a carrier knows. Where that is all of them, or
        none that leads out, the kernel finds one.
        """
        ours = ip_address(self._local[0])
        if ours.is_unspecified or (ours.is_loopback and not ip_address(remote.partition("%")[0]).is_loopback):
            return None
        return self._local[0], 0

    def _not_connected(self, flow: Flow) -> None:
        if self._waiting.pop(flow, None) is not None:
            self.receiver.closed(flow)


def tcp(host: str, port: int, receiver: Receiver) -> StreamTransport:
    """SIP over TCP."""
    return StreamTransport("tcp", host, port, receiver, accepted=Wires, called=lambda _: Wires())


def tls(host: str, port: int, receiver: Receiver, certificates: Certificates) -> StreamTransport:
    """SIP over TLS."""
    return StreamTransport(
        "tls",
        host,
        port,
        receiver,
        accepted=lambda: Wires(certificates.server()),
        called=lambda flow: Wires(certificates.client(flow.peer or flow.remote[0])),
    )


def ws(host: str, port: int, receiver: Receiver, *, origins: Collection[str] = ()) -> StreamTransport:
    """SIP over WebSocket."""
    return StreamTransport("ws", host, port, receiver, accepted=lambda: Wires(WebSocketWire(origins)))


def wss(
    host: str, port: int, receiver: Receiver, certificates: Certificates, *, origins: Collection[str] = ()
) -> StreamTransport:
    """SIP over secure WebSocket."""
    return StreamTransport(
        "wss",
        host,
        port,
        receiver,
        accepted=lambda: Wires(certificates.server(), WebSocketWire(origins)),
    )
