"""The addresses where SIP is heard: UDP, TCP, TLS, WebSocket and secure WebSocket, and the certificates for two of them."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import socket
from collections import Counter
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import structlog

from bridge.config.certificates import tls_settings
from bridge.config.expiry import warnings
from bridge.errors import StartError
from sip.transport import stream
from sip.transport.certificates import CertificateError, Certificates
from sip.transport.udp import UdpTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bridge.config import Address
    from bridge.config.listening import Server
    from sip.transport import Receiver, Transport
    from sip.transport.driver import Driver

HINTS: Final = {
    errno.EADDRINUSE: "is another program there? Change [server] in the configuration",
    errno.EADDRNOTAVAIL: "this machine has no such address: change [server] in the configuration",
    errno.EACCES: "ports below 1024 are for root: change [server] in the configuration",
}
"""What to do where an address cannot be had."""

LOOK_S: Final = 30.0
"""How often it is looked whether a certificate was renewed. SIGHUP has it looked at once."""
WARN_S: Final = 86_400.0
"""How often it is said that a certificate ends soon."""

_log = structlog.get_logger("sip")


class Listeners:
    """All of one bridge."""

    def __init__(self, server: Server, resolve: Callable[[Path], Path] = lambda path: path) -> None:
        self._server = server
        self._places = [(transport, address) for transport, _, address in server.listeners()]
        self._tls = tls_settings(server.identity, resolve)
        self._certificates: Certificates | None = None
        self._started: list[Transport] = []
        self._timer: asyncio.TimerHandle | None = None
        self._warned_at: float | None = None

    def probe(self) -> None:
        """Find out at once whether all can be had; they are taken once there is somebody to answer."""
        for transport, address in self._places:
            family = socket.AF_INET6 if address.is_ipv6 else socket.AF_INET
            kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
            with _said(transport, address), socket.socket(family, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if address.is_ipv6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address.host, address.port))
        if self._server.secure:
            if self._tls.pair is None:
                raise StartError("tls and wss need a certificate; see [server.identity] in the configuration")
            try:
                self._certificates = Certificates(self._tls)
            except CertificateError as error:
                raise StartError(f"{error}; see [server.identity] in the configuration") from error

    async def start(self, driver: Driver) -> None:
        """Listen, and tell `driver`, which closes them. Callers are answered from the first on."""
        for transport, address in self._places:
            listener = self._make(transport, address, driver)
            with _said(transport, address):
                await driver.start(listener)
            self._started.append(listener)
        # Without certificates, too, for else the signal would end the process.
        with suppress(ValueError, RuntimeError):  # signals come to the main thread alone
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self.look, True)
        self.look()

    def close(self) -> None:
        """Look for renewed certificates no more. The driver closes the listeners."""
        if self._timer is not None:
            self._timer.cancel()

    def look(self, anyway: bool = False) -> None:
        """Use renewed certificates from the next connection on, and say whether any ends soon."""
        certificates = self._certificates
        if certificates is None:
            return
        loop = asyncio.get_running_loop()
        try:
            renewed = certificates.reload(anyway=anyway)
        except CertificateError as error:
            _log.error("certificate not renewed", why=str(error))
        else:
            if renewed:
                _log.info("certificates renewed")
            if renewed or self._warned_at is None or loop.time() - self._warned_at >= WARN_S:
                self._warned_at = loop.time()
                for text in warnings(self._tls, datetime.now(UTC)):
                    _log.warning("certificate", what=text)
        self.close()
        self._timer = loop.call_later(LOOK_S, self.look)

    @property
    def counters(self) -> Counter[str]:
        """What was refused or lost here, by transport and reason."""
        return sum(
            (
                Counter({f"{each.name} {name}": count for name, count in each.counters.items()})
                for each in self._started
            ),
            Counter(),
        )

    def _make(self, transport: str, address: Address, receiver: Receiver) -> Transport:
        at = address.host, address.port
        origins = self._server.websocket.origins
        match transport, self._certificates:
            case "udp", _:
                return UdpTransport(*at, receiver)
            case "tcp", _:
                return stream.tcp(*at, receiver)
            case "ws", _:
                return stream.ws(*at, receiver, origins=origins)
            case "tls", Certificates() as certificates:
                return stream.tls(*at, receiver, certificates)
            case "wss", Certificates() as certificates:
                return stream.wss(*at, receiver, certificates, origins=origins)
        raise StartError(
            f"{transport} {address} needs a certificate; see [server.identity] in the configuration"
        )


@contextmanager
def _said(transport: str, address: Address) -> Iterator[None]:
    """Say in words why nobody can be heard at `address`."""
    try:
        yield
    except OSError as error:
        words = os.strerror(error.errno) if error.errno else str(error)
        hint = HINTS.get(error.errno or 0, "see [server] in the configuration")
        raise StartError(f"cannot listen on {transport} {address}: {words}; {hint}") from error
