"""Where callers reach us: addresses, certificates, and what peers behind a router are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final

from bridge.config.values import Address, Form, Network, OneOf, Range
from sip.media_address import is_loopback

SIP_PORT: Final = 5060
"""RFC 3261 section 19.1.2."""

_LOOPBACK: Final = Address("127.0.0.1", SIP_PORT)

Host = Annotated[str, Form(re.compile(r"[0-9A-Za-z.:-]{1,253}"), "an IP address or a host name")]
MaybeHost = Annotated[str, Form(re.compile(r"|[0-9A-Za-z.:-]{1,253}"), "an IP address or a host name")]
Domain = Annotated[
    str,
    Form(
        re.compile(r"(?:\*\.)?[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?"),
        'a host name such as "sip.example", or "*.example"',
    ),
]
Origin = Annotated[
    str,
    Form(
        re.compile(r"https?://[0-9A-Za-z.\[\]:-]{1,253}"),
        'the beginning of an address such as "https://phone.example"',
    ),
]
Encryption = Annotated[str, OneOf(("off", "optional", "mandatory"))]


@dataclass(frozen=True, slots=True)
class Mapped:
    """A listener that a router maps otherwise than `server.advertised` says."""

    listener: Address
    advertised: Host
    port: Annotated[int, Range(0, 65535)] = 0
    """0: the listener's own."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A further certificate, for those who ask for its name (SNI)."""

    name: Domain
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are over TLS, and whom we believe. Files are in PEM, and read again when they change."""

    certificate: Path | None = None
    key: Path | None = None
    others: tuple[Certificate, ...] = ()
    client_ca: Path | None = None
    """Who vouches for those that call us; None: nobody is asked for a certificate."""
    require_client_certificate: bool = False
    server_ca: Path | None = None
    """Who vouches for the trunks that we call; None: whom the system trusts."""
    minimum_version: Annotated[str, OneOf(("1.2", "1.3"))] = "1.2"


@dataclass(frozen=True, slots=True)
class Websocket:
    """Telephones in browsers."""

    origins: tuple[Origin, ...] = ()
    """Where their pages may come from; empty: from anywhere."""


@dataclass(frozen=True, slots=True)
class Srtp:
    """Whether audio is encrypted (RFC 4568), by the transport that its call comes by."""

    udp: Encryption = "optional"
    tcp: Encryption = "optional"
    tls: Encryption = "optional"
    ws: Encryption = "optional"
    wss: Encryption = "optional"


@dataclass(frozen=True, slots=True)
class Server:
    """Where callers reach us."""

    udp: tuple[Address, ...] = (_LOOPBACK,)
    tcp: tuple[Address, ...] = (_LOOPBACK,)
    tls: tuple[Address, ...] = ()
    ws: tuple[Address, ...] = ()
    wss: tuple[Address, ...] = ()
    advertised: MaybeHost = ""
    """What we call ourselves in Via, Contact and SDP where a router maps our address; empty: the address in use."""
    mapped: tuple[Mapped, ...] = ()
    local_networks: tuple[Network, ...] = ()
    """Peers on our side of that router: they are told the address in use."""
    node: Annotated[str, Form(re.compile(r"[A-Za-z0-9-]{1,32}"), "1 to 32 letters, digits and hyphens")] = (
        "roda"
    )
    """The name of this machine among those that share a store: each closes only its own records after a crash."""
    trusted_networks: tuple[Network, ...] = ()
    """Carriers and PBXs that say truly who calls: wrong codes are counted by the caller's number (`service.origin`)."""
    identity: Identity = field(default_factory=Identity)
    websocket: Websocket = field(default_factory=Websocket)
    srtp: Srtp = field(default_factory=Srtp)

    def listeners(self) -> Iterator[tuple[str, int, Address]]:
        """Each place that is listened on: transport, index in its list, address."""
        for transport in TRANSPORTS:
            for index, address in enumerate(self.of(transport)):
                yield transport, index, address

    def hosts(self, *, loopback: bool) -> tuple[str, ...]:
        """The addresses that are listened on, each once. `loopback`: also those that only this machine reaches."""
        hosts = dict.fromkeys(address.host for _, _, address in self.listeners())
        return tuple(host for host in hosts if loopback or not is_loopback(host))

    def of(self, transport: str) -> tuple[Address, ...]:
        """The places of one transport."""
        places: tuple[Address, ...] = getattr(self, transport)
        return places

    @property
    def secure(self) -> bool:
        """Whether a certificate is needed."""
        return bool(self.tls or self.wss)


TRANSPORTS: Final = ("udp", "tcp", "tls", "ws", "wss")
