"""What may lie between the bytes of a TCP connection and SIP: TLS, WebSocket, or one upon the other.

A *wire* is one such layer, without a socket: bytes of the lower side in, pieces for the upper side out, and the other way
round. Before it has *settled* (shaken hands) nothing comes out above, and what is sent waits in it. `Wires` are all layers
of one connection, from the socket upwards; where there are none bytes go through untouched.
"""

from typing import Protocol


class WireError(Exception):
    """The peer does not speak as the layer demands, or may not speak to us. What `outgoing` has is still sent to it."""


class Wire(Protocol):
    """One layer."""

    settled: bool
    """Hands are shaken."""
    ended: bool
    """The peer has said goodbye."""

    begun: bool
    """A message has come in part, and the rest is owed."""
    names: tuple[str, ...]
    """What the peer's certificate proves."""
    pings: bool
    """It knows how to make the peer answer."""

    def start(self) -> None:
        """The connection below stands. A client speaks first."""

    def receive(self, data: bytes) -> list[bytes]:
        """Take bytes from below; return pieces for above. Raises WireError."""

    def send(self, data: bytes) -> None:
        """Take a piece from above."""

    def ping(self) -> None:
        """Make the peer answer, where it `pings`. Raises WireError where earlier ones had no answer."""

    def close(self) -> None:
        """Say goodbye."""

    def outgoing(self) -> bytes:
        """Bytes for below; each is given once."""


class Wires:
    """The layers of one connection, the lowest first."""

    __slots__ = ("_layers",)

    def __init__(self, *layers: Wire) -> None:
        self._layers = layers

    @property
    def unsettled(self) -> int:
        """How many have not shaken hands yet."""
        return sum([not layer.settled for layer in self._layers])

    @property
    def names(self) -> tuple[str, ...]:
        """What the peer's certificate proves, once hands are shaken."""
        return tuple([name for layer in self._layers for name in layer.names])

    @property
    def pings(self) -> bool:
        """Whether any knows how to make the peer answer."""
        return any(layer.pings for layer in self._layers)

    @property
    def ended(self) -> bool:
        """Whether the peer has said goodbye on any."""
        return any(layer.ended for layer in self._layers)

    @property
    def begun(self) -> bool:
        """Whether the rest of a message is owed that only a layer has seen the beginning of."""
        return any(layer.begun for layer in self._layers)

    def start(self) -> bytes:
        """Begin; returns what a client says first."""
        for layer in self._layers:
            layer.start()
        return self.outgoing()

    def receive(self, data: bytes) -> list[bytes]:
        """Pieces of SIP in bytes from the socket. Raises WireError."""
        pieces = [data]
        for layer in self._layers:
            pieces = [above for piece in pieces for above in layer.receive(piece)]
        return pieces

    def send(self, data: bytes) -> bytes:
        """Bytes for the socket that carry a piece of SIP; none while hands are not shaken."""
        if not self._layers:
            return data
        self._layers[-1].send(data)
        return self.outgoing()

    def ping(self) -> bytes:
        """Bytes that make the peer answer."""
        for layer in self._layers:
            if layer.pings:
                layer.ping()
        return self.outgoing()

    def close(self) -> bytes:
        """Goodbye, on each layer from above: what one says goes through those below while they still speak."""
        said = b""
        for layer in reversed(self._layers):
            layer.close()
            said += self.outgoing()
        return said

    def outgoing(self) -> bytes:
        """What the layers have to say, through those below them."""
        data = b""
        for layer in reversed(self._layers):
            if data:
                layer.send(data)
            data = layer.outgoing()
        return data
