"""SIP over UDP: one socket per listener, read in bounded batches by the event loop."""

import asyncio
import socket
import struct
from collections import Counter
from typing import Final

from sip.flow import Flow, plain
from sip.transport import Receiver

BUFFER_BYTES: Final = 4 * 1024 * 1024
"""Receive buffer asked of the kernel. Its default holds 256 datagrams, less than a burst of 200 calls; the kernel
grants what it allows (net.core.rmem_max), and drops above."""
BATCH: Final = 64
"""Datagrams read per wake-up, some 5 ms of work: then timers and other sockets have their turn."""
DATAGRAM_MAX: Final = 65_535
"""Longest datagram that IP has."""
FLOWS_MAX: Final = 8192
"""Remembered sources, so that the calls of a trunk share one Flow. When full all are forgotten and learned anew."""

IP_MTU_DISCOVER: Final = 10
IP_PMTUDISC_DONT: Final = 0
SO_MEMINFO: Final = 55
"""The kernel's figures of a socket (linux/sock_diag.h), as nine numbers."""
MEMINFO: Final = struct.Struct("=9I")
MEMINFO_DROPS: Final = 8


class UdpTransport:
    """A UDP listener."""

    name = "udp"

    def __init__(self, host: str, port: int, receiver: Receiver) -> None:
        self._address = (host, port)
        self._receiver = receiver
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._local = (host, port)
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._flows: dict[tuple[str, int], Flow] = {}
        self._counters: Counter[str] = Counter()

    @property
    def local(self) -> tuple[str, int]:
        """Address and port bound."""
        return self._local

    @property
    def counters(self) -> Counter[str]:
        """What was lost here, by reason."""
        if self._socket is not None:
            figures = self._socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO.size)
            # Zero is as good as nothing in a Counter, but stands in what it prints.
            if drops := MEMINFO.unpack(figures)[MEMINFO_DROPS]:
                self._counters["dropped:receive buffer full"] = drops
        return self._counters

    async def start(self) -> None:
        """Bind and read."""
        sock = socket.socket(self._family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            # What is too long for a link on the way is cut there, instead of being dropped in silence.
            if self._family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
            else:
                # As asyncio does for TCP: IPv4 has a listener of its own, where addresses look like IPv4.
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(self._address)
        except OSError:
            sock.close()
            raise
        self._socket = sock
        self._local = sock.getsockname()[:2]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._readable)

    def close(self) -> None:
        """Stop reading and release the port."""
        sock, self._socket = self._socket, None
        if sock is not None:
            if self._loop is not None:
                self._loop.remove_reader(sock.fileno())
            sock.close()

    def send(self, flow: Flow, data: bytes) -> None:
        """One datagram; SIP repeats what is lost, so a full buffer is only counted."""
        if self._socket is None:
            return
        host, port = flow.remote
        if ":" in host:
            host = plain(host)
        try:
            # Whom we have heard has an address; a name would block in the resolver.
            if flow.remote not in self._flows:
                socket.inet_pton(self._family, host.partition("%")[0])
            self._socket.sendto(data, (host, port))
        except BlockingIOError:
            self._counters["dropped:send buffer full"] += 1
        except OSError:
            self._counters["dropped:not sendable"] += 1

    def shut(self, flow: Flow) -> None:
        """There is no connection."""

    def _readable(self) -> None:
        for _ in range(BATCH):
            if self._socket is None:
                return
            try:
                data, source = self._socket.recvfrom(DATAGRAM_MAX)
            except BlockingIOError:
                return
            except OSError:
                self._counters["dropped:not readable"] += 1
                return
            self._receiver.receive(self._flow(source[:2]), data)

    def _flow(self, source: tuple[str, int]) -> Flow:
        flow = self._flows.get(source)
        if flow is None:
            if len(self._flows) >= FLOWS_MAX:
                self._flows.clear()
            flow = self._flows[source] = Flow(self.name, self._local, source)
        return flow
