"""The SIP side's sockets: one UDP socket or one TCP connection for all calls we place, one for all that come."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from benchmarks.messages import split_stream

if TYPE_CHECKING:
    from benchmarks.signalling import Phones
    from benchmarks.trunk import Trunk

BUFFER_BYTES = 4 << 20
"""Asked of the kernel for bursts of answers; it gives what net.core.rmem_max allows."""
READS_PER_LOOK = 64
"""Messages taken per look, so that a storm of signalling does not make the media late; the rest waits in the socket."""


def parse_address(text: str) -> tuple[str, int]:
    """Split `host:port`, port 5060 where none is said."""
    host, _, port = text.partition(":")
    return socket.gethostbyname(host), int(port or 5060)


class SipSocket:
    """Carries the messages of `Phones` to and from one server; `source` is the address to call from, if it matters."""

    def __init__(self, target: tuple[str, int], transport: str, *, source: str = "") -> None:
        self._is_stream = transport == "tcp"
        kind = socket.SOCK_STREAM if self._is_stream else socket.SOCK_DGRAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        if source:
            self._socket.bind((source, 0))
        self._socket.connect(target)
        if self._is_stream:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._in, self._out = bytearray(), bytearray()
        self.errors = 0

    @property
    def local(self) -> str:
        """Our address as it stands in Via and Contact."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    @property
    def host(self) -> str:
        return str(self._socket.getsockname()[0])

    def fileno(self) -> int:
        return self._socket.fileno()

    def turn(self, phones: Phones, now: float) -> None:
        """Read what waits, let the timers act, send what is queued."""
        for _ in range(READS_PER_LOOK):
            try:
                data = self._socket.recv(65536)
            except BlockingIOError:
                break
            except OSError:  # ICMP: the server is not there (yet); timers will tell
                self.errors += 1
                break
            if not self._is_stream:
                phones.receive(data, now)
                continue
            if not data:
                self.errors += 1
                break
            self._in += data
            for message in split_stream(self._in):
                phones.receive(message, now)
        phones.advance(now)
        self._send(phones.outgoing())

    def _send(self, messages: list[bytes]) -> None:
        if self._is_stream:
            for message in messages:
                self._out += message
            if self._out:
                try:
                    del self._out[: self._socket.send(self._out)]
                except BlockingIOError:
                    pass
                except OSError:
                    self.errors += 1
            return
        for message in messages:
            try:
                self._socket.send(message)
            except OSError:  # a retransmission will try again
                self.errors += 1

    def close(self) -> None:
        self._socket.close()


class TrunkSocket:
    """Carries the messages of a `Trunk`; anybody may call it."""

    def __init__(self, host: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.bind((host, 0))
        self._socket.setblocking(False)
        self.errors = 0

    @property
    def local(self) -> str:
        """Our address, for a server that is to call here."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def turn(self, trunk: Trunk, now: float) -> None:
        """Read what waits, let the timers act, send what is queued."""
        for _ in range(READS_PER_LOOK):
            try:
                data, source = self._socket.recvfrom(65536)
            except BlockingIOError:
                break
            except OSError:
                self.errors += 1
                break
            trunk.receive(data, source)
        trunk.advance(now)
        for data, source in trunk.outgoing():
            try:
                self._socket.sendto(data, source)
            except OSError:  # a retransmission will try again
                self.errors += 1

    def close(self) -> None:
        self._socket.close()
