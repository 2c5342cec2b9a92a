"""Which of our addresses the world is told: in Via and Contact, and as the place to send audio to.

The configuration may name it (`server.advertised`, behind a router). Else it is the address that is listened on; and where
that is every address of the machine, the one that faces the peer, which the kernel knows.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.config.settings import Server
    from sip.flow import Flow

WILDCARDS: Final = {4: "0.0.0.0", 6: "::"}  # noqa: S104 - recognised, and bound only where the operator listens so
"""Every address of the machine, by IP version."""

SOMEBODY: Final = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Stands for a peer of whom nothing is known: nobody's address (RFC 5737, RFC 3849), so it lies on the way to most."""

LOOPBACK: Final = {4: "127.0.0.1", 6: "::1"}

PORT_TRY: Final = 9
"""Any port will do to ask the kernel which of our addresses faces a peer; nothing is sent (discard, RFC 863)."""

PEERS_REMEMBERED: Final = 4_096
"""Peers whose facing address of ours is remembered; then all are forgotten and asked anew."""


def version(host: str) -> int:
    """The IP version of a numeric address."""
    return 6 if ":" in host else 4


def facing(peer: str) -> str:
    """Our address on the way to `peer`: what the kernel would send from, or loopback where no way leads there."""
    family = {4: socket.AF_INET, 6: socket.AF_INET6}[version(peer)]
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, PORT_TRY))
        except OSError:
            return LOOPBACK[version(peer)]
        return str(probe.getsockname()[0])


class Addresses:
    """What one bridge says of itself."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._facing: dict[str, str] = {}

    @property
    def audio(self) -> str:
        """Where audio ports are bound: on the one address that is listened on, or on all where there are several."""
        hosts = {address.host for address in (*self._server.udp, *self._server.tcp)}
        return hosts.pop() if len(hosts) == 1 else WILDCARDS[version(min(hosts))]

    def for_audio(self, local: str, peer: str | None) -> str:
        """Where `peer` is to send audio who called `local`; None where its address is not known yet."""
        if self._server.advertised:
            return self._server.advertised
        if local not in WILDCARDS.values():
            return local
        peer = peer or SOMEBODY[version(local)]
        if peer not in self._facing:
            if len(self._facing) >= PEERS_REMEMBERED:
                self._facing.clear()
            self._facing[peer] = facing(peer)
        return self._facing[peer]

    def for_signalling(self, flow: Flow) -> tuple[str, int]:
        """Where the peer of a flow reaches the listener that it came by."""
        host, port = flow.local
        return self.for_audio(host, flow.remote[0]), port
