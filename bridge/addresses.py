"""Which of our addresses the world is told: in Via and Contact, and as the place to send audio to.

The configuration may name it, for all listeners (`server.advertised`) or for one (`server.mapped`), where a router stands
before us; peers on our side of it (`server.local_networks`) are told what the others are. Those are told the address that
is listened on; and where that is every address of the machine, the one that faces the peer, which the kernel knows.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from bridge.config.values import within
from sip.flow import is_ipv6
from sip.media_address import is_loopback

if TYPE_CHECKING:
    from bridge.config.listening import Server
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
    return 6 if is_ipv6(host) else 4


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
        """Where audio is bound of which nobody knows better: on the first address that is listened on."""
        return self._server.hosts(loopback=True)[0]

    def audio_local(self, local: str, peer: str | None) -> str:
        """Where audio is bound for who called `local`: there, so that it comes from where signalling does. A peer whose
        audio is of the other version of IP gets an address of that version, if we have one.
        """
        if peer is None or version(peer) == version(local):
            return local
        hosts = self._server.hosts(loopback=is_loopback(peer))
        return next((host for host in hosts if version(host) == version(peer)), local)

    def for_audio(self, local: str, peer: str | None, source: str = "") -> str:
        """Where `peer` is to send audio who called `local`; None where its address is not known yet.

        Where `source` is known, the address that signalling comes from, it decides on which side of a router the peer is:
        in SDP even those outside may name an address of a network like ours.
        """
        told = self._advertised(local, None, source or peer)
        return self._own(local, peer) if told is None else told[0]

    def for_signalling(self, flow: Flow) -> tuple[str, int]:
        """Where the peer of a flow reaches the listener that it came by."""
        host, port = flow.local
        told = self._advertised(host, port, flow.remote[0])
        return (self._own(host, flow.remote[0]), port) if told is None else (told[0], told[1] or port)

    def _advertised(self, local: str, port: int | None, peer: str | None) -> tuple[str, int] | None:
        """What a router makes of a listener; the port is 0 where it is the listener's own."""
        server = self._server
        if peer is not None and within(peer, server.local_networks):
            return None
        for each in server.mapped:
            if each.listener.host == local and port in (None, each.listener.port):
                return each.advertised, each.port
        advertised = server.advertised
        if not advertised or (_is_numeric(advertised) and version(advertised) != version(local)):
            return None
        return advertised, 0

    def heard_at(self, flow: Flow) -> tuple[str, int]:
        """Our end of a flow, also where it is listened on every address of the machine: for those who look at what went by."""
        host, port = flow.local
        return self._own(host, flow.remote[0]), port

    def _own(self, local: str, peer: str | None) -> str:
        if local not in WILDCARDS.values():
            return local
        peer = peer or SOMEBODY[version(local)]
        if peer not in self._facing:
            if len(self._facing) >= PEERS_REMEMBERED:
                self._facing.clear()
            self._facing[peer] = facing(peer)
        return self._facing[peer]


def _is_numeric(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
