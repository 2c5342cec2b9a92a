"""Flow and Transmit: where a message came from and goes to, without a socket in sight (RFC 5626's word)."""

from dataclasses import dataclass
from typing import Final

SIP_PORT: Final = 5060
"""The port of a URI or Via that names none (RFC 3261 19.1.2)."""


@dataclass(frozen=True, slots=True)
class Flow:
    """A pair of addresses over a transport. A `connection` of 0 on a stream transport asks for a new connection."""

    transport: str
    local: tuple[str, int]
    remote: tuple[str, int]
    connection: int = 0

    @property
    def reliable(self) -> bool:
        """Whether the transport itself repeats what is lost (RFC 3261 17)."""
        return self.transport != "udp"


@dataclass(frozen=True, slots=True)
class Transmit:
    """Bytes to send. With `close` the connection is shut once they are written (never set on UDP)."""

    flow: Flow
    data: bytes
    close: bool = False


def bracketed(host: str) -> str:
    """Host as it stands in a URI or Via: IPv6 addresses in brackets."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
