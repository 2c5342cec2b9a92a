"""SIP edges: the sockets that carry messages.

A *transport* (`udp`; `stream` for all that connects) owns sockets and knows nothing of SIP. A *receiver* is told what
arrives. A *flow* names the way of a message. A *connection* of a stream transport has *wires* between its socket and SIP:
TLS, WebSocket, both, or none. The *driver* joins an agent, which knows SIP and no sockets, to its transports: it is the
receiver of all of them, and the only place where the clock is read.
"""

from collections import Counter
from typing import Protocol

from sip.flow import Flow


class Receiver(Protocol):
    """Who is told what happens on the sockets."""

    def number(self) -> int:
        """Name a new connection: a number that no other connection of this receiver has or had."""

    def receive(self, flow: Flow, data: bytes) -> None:
        """A datagram or a piece of a stream arrived."""

    def opened(self, requested: Flow, flow: Flow) -> None:
        """A connection stands; `requested` is the flow we asked with, or `flow` itself if the peer opened it. A peer's may
        still have hands to shake.
        """

    def closed(self, flow: Flow) -> None:
        """A connection is gone, or the one asked for by this flow could not be opened."""


class Transport(Protocol):
    """One kind of socket, listening at one address."""

    name: str
    """As in `Flow.transport`."""

    @property
    def local(self) -> tuple[str, int]:
        """Where it listens, once started."""

    @property
    def counters(self) -> Counter[str]:
        """What was refused or lost, by reason."""

    async def start(self) -> None:
        """Listen. Raises OSError if the address cannot be had."""

    def close(self) -> None:
        """Stop at once; nothing is told any more."""

    def send(self, flow: Flow, data: bytes) -> None:
        """Send without ever waiting; what cannot be sent now is counted and lost, or its connection closed."""

    def shut(self, flow: Flow) -> None:
        """Close the connection of a flow once all is written. Nothing to do without connections."""
