"""SIP over TCP: a listener, and connections of our own where a flow asks for one.

How long a peer may take is the agent's affair (`sip.streams`), since only framing knows where a message ends. Here is
how many may connect and how much may wait to be written.
"""

import asyncio
from collections import Counter
from ipaddress import ip_address
from typing import Final, cast

from sip.flow import Flow
from sip.transport import Receiver

CONNECTIONS_MAX: Final = 4096
"""Connections at once. One more is closed as soon as it is accepted."""
CONNECTIONS_PER_HOST_MAX: Final = 64
"""Connections of one address: a proxy needs a few, an office behind one NAT some dozens. One more is closed. Loopback is
exempt: what calls from this machine (a proxy in front, a load test) is as many as it is, and no stranger."""
WRITE_BUFFER_MAX: Final = 256 * 1024
"""Bytes that may wait for a peer that does not read; some 300 messages. Beyond: the connection is dropped."""
CONNECT_S: Final = 5.0
"""Time to connect. Beyond: the flow is told as closed, and the request fails long before its 32 s are over."""
BACKLOG: Final = 1024
"""Connections that the kernel keeps until we accept them; a burst above it is repeated by the callers' kernels."""


def is_own(host: str) -> bool:
    """Whether a peer is on this machine."""
    return ip_address(host.partition("%")[0]).is_loopback


class _Connection(asyncio.Protocol):
    """One connection, ours or a peer's."""

    def __init__(self, owner: "TcpTransport", requested: Flow | None) -> None:
        self.owner = owner
        self.requested = requested
        self.flow: Flow | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not by isinstance: uvloop's transports have the methods of asyncio's and none of its base classes.
        self.transport = cast("asyncio.Transport", transport)
        self.owner.made(self, self.transport)

    def data_received(self, data: bytes) -> None:
        if self.flow is not None:
            self.owner.receiver.receive(self.flow, data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.owner.lost(self)


class TcpTransport:
    """A TCP listener with its connections."""

    name = "tcp"

    def __init__(self, host: str, port: int, receiver: Receiver) -> None:
        self._address = (host, port)
        self._local = (host, port)
        self.receiver = receiver
        self._server: asyncio.Server | None = None
        self._connections: dict[int, _Connection] = {}
        self._hosts: Counter[str] = Counter()
        self._waiting: dict[Flow, list[bytes]] = {}
        """What to write once a connection that we asked for stands."""
        self._connecting: set[asyncio.Task[None]] = set()
        self.counters: Counter[str] = Counter()
        """What was refused or lost here, by reason."""

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
            lambda: _Connection(self, None), host, port, backlog=BACKLOG
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
            connection.flow = None
            if connection.transport is not None:
                connection.transport.abort()

    def send(self, flow: Flow, data: bytes) -> None:
        """Write to the connection, or ask for one."""
        if not flow.connection:
            self._connect(flow, data)
            return
        connection = self._connections.get(flow.connection)
        if connection is None or connection.transport is None:
            self.counters["dropped:connection gone"] += 1
            return
        if connection.transport.get_write_buffer_size() + len(data) > WRITE_BUFFER_MAX:
            self.counters["closed:peer does not read"] += 1
            connection.transport.abort()
            return
        connection.transport.write(data)

    def shut(self, flow: Flow) -> None:
        """Close after what is written."""
        connection = self._connections.get(flow.connection)
        if connection is not None and connection.transport is not None:
            connection.transport.close()

    def made(self, connection: _Connection, transport: asyncio.Transport) -> None:
        """A connection stands."""
        peer = transport.get_extra_info("peername")
        if peer is None:  # reset before we were told of it
            self.counters["dropped:reset at once"] += 1
            transport.abort()
            return
        remote = peer[:2]
        requested = connection.requested
        crowded = (
            requested is None and self._hosts[remote[0]] >= CONNECTIONS_PER_HOST_MAX and not is_own(remote[0])
        )
        if crowded or len(self._connections) >= CONNECTIONS_MAX:
            self.counters["refused:too many of one host" if crowded else "refused:too many connections"] += 1
            transport.abort()
            return
        # Local is the listener's address, for connections of ours too: that is where peers reach us.
        flow = connection.flow = Flow(self.name, self._local, remote, self.receiver.number())
        self._connections[flow.connection] = connection
        self._hosts[remote[0]] += 1
        waiting = [] if requested is None else self._waiting.pop(requested, [])
        self.receiver.opened(requested or flow, flow)
        for data in waiting:
            transport.write(data)

    def lost(self, connection: _Connection) -> None:
        """A connection ended, by whomever."""
        flow, connection.flow = connection.flow, None
        if flow is None:
            return
        self._connections.pop(flow.connection, None)
        self._hosts[flow.remote[0]] -= 1
        if not self._hosts[flow.remote[0]]:
            del self._hosts[flow.remote[0]]
        self.receiver.closed(flow)

    def _connect(self, flow: Flow, data: bytes) -> None:
        waiting = self._waiting.get(flow)
        if waiting is not None:
            waiting.append(data)
            return
        if len(self._connecting) + len(self._connections) >= CONNECTIONS_MAX:
            self.counters["refused:too many connections"] += 1
            asyncio.get_running_loop().call_soon(self.receiver.closed, flow)
            return
        self._waiting[flow] = [data]
        task = asyncio.get_running_loop().create_task(self._open(flow))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _open(self, flow: Flow) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_S):
                await loop.create_connection(lambda: _Connection(self, flow), *flow.remote)
        except OSError:  # TimeoutError is one
            self.counters["failed:connect"] += 1
        if self._waiting.pop(flow, None) is not None:
            self.receiver.closed(flow)
