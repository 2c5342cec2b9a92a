"""The addresses where SIP is heard, over UDP and TCP."""

from __future__ import annotations

import errno
import os
import socket
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bridge.errors import StartError
from sip.transport.tcp import TcpTransport
from sip.transport.udp import UdpTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.config import Address
    from bridge.config.settings import Server
    from sip.transport.driver import Driver

Transport = UdpTransport | TcpTransport

HINTS: Final = {
    errno.EADDRINUSE: "is another program there? Change [server] in the configuration",
    errno.EADDRNOTAVAIL: "this machine has no such address: change [server] in the configuration",
    errno.EACCES: "ports below 1024 are for root: change [server] in the configuration",
}
"""What to do where an address cannot be had."""


class Listeners:
    """All of one bridge."""

    def __init__(self, server: Server) -> None:
        self._places: list[tuple[type[Transport], socket.SocketKind, Address]] = [
            *((UdpTransport, socket.SOCK_DGRAM, address) for address in server.udp),
            *((TcpTransport, socket.SOCK_STREAM, address) for address in server.tcp),
        ]
        self._started: list[Transport] = []

    def probe(self) -> None:
        """Find out at once whether all can be had; they are taken once there is somebody to answer."""
        for transport, kind, address in self._places:
            family = socket.AF_INET6 if address.is_ipv6 else socket.AF_INET
            with _said(transport, address), socket.socket(family, kind) as probe:
                if kind == socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address.host, address.port))

    async def start(self, driver: Driver) -> None:
        """Listen, and tell `driver`, which closes them. Callers are answered from the first on."""
        for transport, _, address in self._places:
            listener = transport(address.host, address.port, driver)
            with _said(transport, address):
                await driver.start(listener)
            self._started.append(listener)

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


@contextmanager
def _said(transport: type[Transport], address: Address) -> Iterator[None]:
    """Say in words why nobody can be heard at `address`."""
    try:
        yield
    except OSError as error:
        words = os.strerror(error.errno) if error.errno else str(error)
        hint = HINTS.get(error.errno or 0, "see [server] in the configuration")
        raise StartError(f"cannot listen on {transport.name} {address}: {words}; {hint}") from error
