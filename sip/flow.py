"""Flow and Transmit: where a message came from and goes to, without a socket in sight (RFC 5626's word)."""

from dataclasses import dataclass, field
from typing import Final

SIP_PORT: Final = 5060
"""The port of a URI or Via that names none (RFC 3261 19.1.2)."""
SIPS_PORT: Final = 5061
"""The same over TLS (RFC 3261 19.1.2)."""
DEFAULT_PORTS: Final = {"udp": SIP_PORT, "tcp": SIP_PORT, "tls": SIPS_PORT, "ws": 80, "wss": 443}
"""By transport; those of WebSocket are HTTP's (RFC 7118 5.3)."""
WEB: Final = frozenset({"ws", "wss"})
"""Transports where the peer always connects to us, and its own address says nothing (RFC 7118)."""
SECURE: Final = frozenset({"tls", "wss"})
ANYBODY: Final = "*"
"""As `Flow.peer`: whoever is at that address will do. For trunks alone whose certificate nobody can verify."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A pair of addresses over a transport. A `connection` of 0 on a stream transport asks for a new connection."""

    transport: str
    local: tuple[str, int]
    """The listener that it came by, also where that is every address of the machine."""
    remote: tuple[str, int]
    connection: int = 0
    peer: str = ""
    """Over TLS, who has to be at the other end of a connection that we ask for: the name that its certificate must prove
    (RFC 5922); empty: the address itself."""
    names: tuple[str, ...] = field(default=(), compare=False)
    """What the peer's certificate proves: domains and `sip:` URIs (RFC 5922 7.1). Known from the end of the handshake on,
    so two flows that differ in it alone are the same."""

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost (RFC 3261 17)."""
        return self.transport != "udp"

    @property
    def framed(self) -> bool:
        """Whether each piece that arrives is one whole message: datagrams, and what WebSocket carries (RFC 7118 5)."""
        return self.transport == "udp" or self.transport in WEB


@dataclass(frozen=True, slots=True)
class Transmit:
    """Bytes to send. With `close` the connection is shut once they are written (never set on UDP)."""

    flow: Flow
    data: bytes
    close: bool = False


def bracketed(host: str) -> str:
    """Host as it stands in a URI or Via: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


MAPPED: Final = "::ffff:"
"""How an IPv4 address begins that is written as an IPv6 one (RFC 4291 2.5.5.2)."""


def plain(host: str) -> str:
    """A numeric address in the version that it is of: one that is IPv4 in IPv6's clothes without them."""
    tail = host[len(MAPPED) :]
    return tail if "." in tail and host[: len(MAPPED)].lower() == MAPPED else host


def is_ipv6(host: str) -> bool:
    """Whether a numeric address is reached by IPv6."""
    return ":" in plain(host)
