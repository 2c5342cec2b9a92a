"""Messages out of a stream (RFC 3261 section 18.3) or out of frames (RFC 7118 section 5), and the keep-alives between them
(RFC 5626 section 3.5.1).

Theory of operation. Bytes wait until a head is whole; it is read at once, for its Content-Length is the border to the next
message. An error in it loses the border, and the stream cannot be trusted any more; an error that shows only later costs
one message. Nothing is looked at twice, however small the pieces are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sip.errors import ParseError
from sip.parser import MAX_MESSAGE, Reading, parse

if TYPE_CHECKING:
    from sip.message import Request, Response

_KEEP_ALIVE = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """A double CRLF between two messages of a stream (RFC 5626 section 3.5.1): answer with one CRLF."""


class StreamParser:
    """Cuts a stream (TCP, TLS) into messages by their Content-Length, however the bytes come in.

    On a `ParseError` deliver its `parsed` first, answer its `partial` if there is one, and close the
    connection. Where `closed` is False the border to the next message was not lost: one may also stay, and
    call `receive(b"")` for what else had come.
    """

    __slots__ = ("_buffer", "_reading", "_scanned", "_total", "closed")

    def __init__(self) -> None:
        self.closed = False
        self._buffer = bytearray()
        self._scanned = 0  # bytes known to hold no empty line, so that no byte is searched twice
        self._reading: Reading | None = None  # a head that waits for the rest of its body
        self._total = 0  # bytes of that message

    @property
    def pending(self) -> int:
        """Bytes of a message not complete yet; the transport gives it a time limit (slow-loris). Line ends that may
        become a keep-alive are none: some peers send single ones.
        """
        return 0 if _KEEP_ALIVE.startswith(self._buffer) else len(self._buffer)

    def receive(self, data: bytes) -> list[Request | Response | KeepAlive]:
        """Take a chunk; return the messages and keep-alives it completes.

        Raises
        ------
        ParseError
            for the first bad message of the chunk, and for any call after `closed` became True.
        """
        if self.closed:
            raise ParseError("the stream's framing is lost", 0)
        self._buffer += data
        parsed: list[Request | Response | KeepAlive] = []
        try:
            while (message := self._next()) is not None:
                parsed.append(message)
        except ParseError as error:
            error.parsed = parsed
            raise
        return parsed

    def _next(self) -> Request | Response | KeepAlive | None:
        buffer = self._buffer
        reading = self._reading
        if reading is None:
            if buffer.startswith(b"\r\n"):
                if buffer.startswith(_KEEP_ALIVE):
                    del buffer[:4]
                    return KeepAlive()
                if _KEEP_ALIVE.startswith(buffer):
                    return None
                del buffer[:2]
            reading = self._read_head()
            if reading is None:
                return None
        if len(buffer) < self._total:
            return None
        body = bytes(buffer[len(reading.head) + 4 : self._total])
        del buffer[: self._total]
        self._reading = None
        self._scanned = 0
        try:
            return reading.message(body)
        except ParseError as error:
            raise reading.failure(error) from error

    def _read_head(self) -> Reading | None:
        """Read the headers once they are there, for the length of the body; errors here lose the border."""
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n", self._scanned, MAX_MESSAGE)
        if end < 0:
            if len(buffer) >= MAX_MESSAGE:
                self.closed = True
                raise ParseError("headers without end", 0)
            self._scanned = max(0, len(buffer) - 3)
            return None
        reading = Reading(bytes(buffer[:end]))
        try:
            reading.read()
            self._total = _stream_total(end + 4, reading.content_length())
        except ParseError as error:
            self.closed = True
            raise reading.failure(error) from error
        self._reading = reading
        return reading


class FrameParser:
    """Reads messages that come one to a frame, as WebSocket brings them: they need no Content-Length, and a bad one costs
    only itself. It has the face of a `StreamParser`.
    """

    __slots__ = ()
    closed = False
    pending = 0

    def receive(self, data: bytes) -> list[Request | Response | KeepAlive]:
        """The message of one frame; nothing for line ends alone that are no keep-alive. Raises ParseError."""
        if not data.strip(b"\r\n"):
            return [KeepAlive()] if data == _KEEP_ALIVE else []
        return [parse(data)]


def _stream_total(head: int, length: int | None) -> int:
    if length is None:
        raise ParseError("no Content-Length on a stream")
    if head + length > MAX_MESSAGE:
        raise ParseError(f"message of {head + length} bytes", 413)
    return head + length
