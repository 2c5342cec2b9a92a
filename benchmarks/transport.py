"""The SIP side's sockets: one UDP socket or one connection for all calls we place, one for all that come."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Final, Protocol

from benchmarks import websocket
from benchmarks.messages import split_stream
from benchmarks.websocket import Frames

if TYPE_CHECKING:
    from benchmarks.trunk import Trunk

BUFFER_BYTES = 4 << 20
"""Asked of the kernel for bursts of answers; it gives what net.core.rmem_max allows."""
READS_PER_LOOK = 64
"""Messages taken per look, so that a storm of signalling does not make the media late; the rest waits in the socket."""
TRANSPORTS: Final = ("udp", "tcp", "tls", "ws", "wss")
UPGRADE_PATIENCE_S = 10.0
_NOT_NOW: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def parse_address(text: str) -> tuple[str, int]:
    """Split `host:port`, port 5060 where none is said."""
    host, _, port = text.partition(":")
    return socket.gethostbyname(host), int(port or 5060)


class Speakers(Protocol):
    """A core whose messages a socket carries: `Phones` that call, `Telephones` that register."""

    def receive(self, data: bytes, now: float) -> None:
        """Take one message of the server."""

    def advance(self, now: float) -> None:
        """Resend or give up what is due."""

    def outgoing(self) -> list[bytes]:
        """Hand over what must be sent, in order."""


class SipSocket:
    """Carries messages to and from one server; `source` is the address to call from, if it matters.

    Over TLS any certificate will do: what is measured is the cost, not whom one speaks to.
    """

    def __init__(self, target: tuple[str, int], transport: str, *, source: str = "") -> None:
        self._is_stream = transport != "udp"
        kind = socket.SOCK_STREAM if self._is_stream else socket.SOCK_DGRAM
        self._socket = socket.socket(socket.AF_INET, kind)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
        if source:
            self._socket.bind((source, 0))
        self._socket.connect(target)
        if self._is_stream:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if transport in {"tls", "wss"}:
            self._socket = _anybody().wrap_socket(self._socket)
        self._in, self._out = bytearray(), bytearray()
        self._frames: Frames | None = None
        if transport in {"ws", "wss"}:
            self._upgrade(f"{target[0]}:{target[1]}")
        self._socket.setblocking(False)
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

    def turn(self, speakers: Speakers, now: float) -> None:
        """Read what waits, let the timers act, send what is queued."""
        for _ in range(READS_PER_LOOK):
            try:
                data = self._socket.recv(65536)
            except _NOT_NOW:
                break
            except OSError:  # ICMP: the server is not there (yet); timers will tell
                self.errors += 1
                break
            if not self._is_stream:
                speakers.receive(data, now)
                continue
            if not data:
                self.errors += 1
                break
            self._in += data
            for message in self._split():
                speakers.receive(message, now)
        speakers.advance(now)
        self._send(speakers.outgoing())

    def _upgrade(self, host: str) -> None:
        """Make the connection a WebSocket, waiting for it."""
        self._socket.settimeout(UPGRADE_PATIENCE_S)
        self._socket.sendall(websocket.handshake(host))
        while b"\r\n\r\n" not in self._in:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the server wants no WebSocket")
            self._in += data
        head, _, rest = bytes(self._in).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head.split(b"\r\n", 1)[0].decode(errors="replace"))
        self._in = bytearray(rest)
        self._frames = Frames()

    def _split(self) -> list[bytes]:
        if self._frames is None:
            return split_stream(self._in)
        messages = self._frames.split(self._in)
        self._out += self._frames.owed
        self._frames.owed.clear()
        return messages

    def _send(self, messages: list[bytes]) -> None:
        if self._is_stream:
            for message in messages:
                self._out += message if self._frames is None else websocket.frame(message)
            if self._out:
                try:
                    del self._out[: self._socket.send(self._out)]
                except _NOT_NOW:
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


def _anybody() -> ssl.SSLContext:
    """Return a context that takes any server for the right one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


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
