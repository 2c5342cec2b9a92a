"""WebSocket as a wire (RFC 7118): a message of SIP is a message of WebSocket, in one frame or several.

We are always the server: a browser cannot be called. The handshake must offer the subprotocol `sip`; where a list of origins
is given a browser must come from a page of one of them. Who is no browser says no origin, or any, so this protects people
whose browser visits a foreign page, and no more.

Framing is wsproto's. Extensions are not agreed: to compress what is encrypted tells things, and costs.
"""

from collections.abc import Collection
from typing import Final

from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from sip.parser import MAX_MESSAGE
from sip.transport.wire import WireError

SUBPROTOCOL: Final = "sip"
"""RFC 7118 4.1."""
HEAD_MAX: Final = 16_384
"""Bytes of the request of a handshake; a browser with cookies sends 2,000. Beyond: refused."""
PINGS_UNANSWERED_MAX: Final = 2
"""Pings in a row without a sign of life, after which the peer is gone. A browser that sleeps misses one."""


class WebSocketWire:
    """The server's side of one connection.

    Parameters
    ----------
    origins : collection of str
        Where pages may come from (RFC 6454), such as "https://phone.example"; empty: from anywhere.
    """

    def __init__(self, origins: Collection[str] = ()) -> None:
        self.settled = False
        self.ended = False
        self.names: tuple[str, ...] = ()
        self.pings = True
        self._origins = origins
        self._socket = WSConnection(ConnectionType.SERVER)
        self._head = bytearray()
        """The request of the handshake, while it is not whole."""
        self._out = bytearray()
        self._parts: list[bytes] = []
        self._size = 0
        self.begun = False
        """A message has come in part."""
        self._unanswered = 0

    def start(self) -> None:
        """A server waits."""

    def receive(self, data: bytes) -> list[bytes]:
        """Whole messages."""
        if self.ended or not data:
            return []
        self._unanswered = 0
        try:
            if self.settled:
                return self._take(data)
            # Cut here: wsproto forgets what comes in one piece with the handshake.
            self._head += data
            head, end, rest = self._head.partition(b"\r\n\r\n")
            if not end and len(head) < HEAD_MAX:
                return []
            self._head.clear()
            self._take(head + end)
            return self._take(rest) if rest else []
        except RemoteProtocolError as error:
            if isinstance(error.event_hint, RejectConnection):
                self._say(error.event_hint)
            raise WireError("WebSocket: bad handshake") from error
        except (LocalProtocolError, ValueError) as error:
            # ValueError: text of the handshake that is none, which wsproto decodes without asking.
            raise WireError("WebSocket: bad handshake") from error

    def send(self, data: bytes) -> None:
        """One message in one frame: as text where it is text (RFC 7118 5 leaves the choice), else as bytes."""
        if not self.settled:
            raise WireError("WebSocket: nothing to say before the handshake is over")
        try:
            self._say(TextMessage(data=data.decode()))
        except UnicodeDecodeError:
            self._say(BytesMessage(data=data))

    def ping(self) -> None:
        """Ask for a sign of life. Raises WireError where none came for the last ones."""
        if self._unanswered >= PINGS_UNANSWERED_MAX:
            raise WireError("WebSocket: no pong")
        if self.settled:
            self._unanswered += 1
            self._say(Ping())

    def close(self) -> None:
        """Say that we go."""
        if self.settled:
            self._say(CloseConnection(code=CloseReason.GOING_AWAY))

    def outgoing(self) -> bytes:
        """Frames."""
        out, self._out = self._out, bytearray()
        return bytes(out)

    def _take(self, data: bytes | bytearray) -> list[bytes]:
        self._socket.receive_data(bytes(data))
        messages: list[bytes] = []
        for event in self._socket.events():
            messages += self._happened(event)
        return messages

    def _happened(self, event: Event) -> list[bytes]:
        match event:
            case Request():
                self._asked(event)
            case TextMessage() | BytesMessage():
                return self._part(event)
            case Ping():
                self._say(event.response())
            case CloseConnection():
                self._say(event.response())
                self.ended = True
        return []

    def _asked(self, request: Request) -> None:
        origins = [value.decode("latin-1") for name, value in request.extra_headers if name == b"origin"]
        if self._origins and not set(origins) <= set(self._origins):
            self._say(RejectConnection(status_code=403))
            raise WireError("WebSocket: foreign origin")
        if SUBPROTOCOL not in request.subprotocols:
            self._say(RejectConnection(status_code=400))
            raise WireError("WebSocket: other subprotocol")
        self._say(AcceptConnection(subprotocol=SUBPROTOCOL))
        self.settled = True

    def _part(self, event: TextMessage | BytesMessage) -> list[bytes]:
        part = event.data.encode() if isinstance(event.data, str) else bytes(event.data)
        self._size += len(part)
        if self._size > MAX_MESSAGE:
            self._say(CloseConnection(code=CloseReason.MESSAGE_TOO_BIG))
            raise WireError("WebSocket: message too long")
        if part:  # of empty ones there could be any number
            self._parts.append(part)
        self.begun = not event.message_finished
        if self.begun:
            return []
        message = b"".join(self._parts)
        self._parts.clear()
        self._size = 0
        return [message]

    def _say(self, event: Event) -> None:
        # What is still queued for a peer that has said goodbye is for nobody.
        if self._socket.state not in (ConnectionState.LOCAL_CLOSING, ConnectionState.CLOSED):
            self._out += self._socket.send(event)
