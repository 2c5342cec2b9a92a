"""Connections of stream transports: their framing, and how long each may keep us waiting.

Theory of operation. A stream is watched by one deadline: the first message must be there soon, a message once begun
must be finished sooner, and then the stream may rest for long, since a telephone in a call has nothing to say. Who is
late is closed; that is all that a slow peer (slow-loris, AST-2016-005) gains. How many connections there may be is the
transport's affair; here is only a last bound.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from sip.errors import ParseError
from sip.flow import Flow
from sip.framing import KeepAlive, StreamParser
from sip.message import Request, Response
from sip.timers import Alarm, Deadlines

STREAMS_MAX: Final = 4096
"""Connections with a parser at once, as many as the transports keep. One more is closed unread."""
FIRST_MESSAGE_S: Final = 30.0
"""From the connection to its first whole message or keep-alive. Who says nothing is closed."""
WHOLE_MESSAGE_S: Final = 10.0
"""From the first byte of a message to its last; an honest one comes in milliseconds. Who dawdles is closed."""
IDLE_S: Final = 7200.0
"""Silence between messages: longer than nearly all calls, and a peer behind NAT cannot be called back. Then closed."""

Arrival = Request | Response | KeepAlive | ParseError


class _Stream:
    __slots__ = ("alarm", "begun", "due", "flow", "parser")

    def __init__(self, flow: Flow, due: float) -> None:
        self.flow = flow
        self.parser = StreamParser()
        self.due = due
        self.begun = False
        """A message has begun and is not whole yet."""
        self.alarm: Alarm | None = None


class Streams:
    """All connections that stand, by number."""

    def __init__(self, deadlines: Deadlines, counters: Counter[str], close: Callable[[Flow], None]) -> None:
        self._deadlines = deadlines
        self._counters = counters
        self._close = close
        self._streams: dict[int, _Stream] = {}

    def __contains__(self, connection: int) -> bool:
        return connection in self._streams

    def __len__(self) -> int:
        return len(self._streams)

    def opened(self, flow: Flow, now: float, *, ours: bool) -> bool:
        """A connection stands; one of ours has no duty to speak first. False: there are too many, it is closed."""
        if flow.connection in self._streams:
            return True
        if len(self._streams) >= STREAMS_MAX:
            self._counters["closed:too many streams"] += 1
            self._close(flow)
            return False
        stream = _Stream(flow, now + (IDLE_S if ours else FIRST_MESSAGE_S))
        self._streams[flow.connection] = stream
        self._watch(stream)
        return True

    def closed(self, connection: int) -> None:
        """A connection is gone."""
        stream = self._streams.pop(connection, None)
        if stream is not None:
            self._deadlines.cancel(stream.alarm)

    def receive(self, flow: Flow, data: bytes, now: float) -> Iterator[Arrival]:
        """What a piece of a stream completes; a ParseError is the last item if the border to the next message is lost."""
        if not self.opened(flow, now, ours=False):
            return
        stream = self._streams[flow.connection]
        while True:
            try:
                messages = stream.parser.receive(data)
            except ParseError as error:
                yield from error.parsed
                yield error
                if stream.parser.closed:
                    self._end(stream, "malformed stream")
                    return
                data = b""
                continue
            yield from messages
            break
        self._heard(stream, now, whole=bool(messages))

    def _heard(self, stream: _Stream, now: float, *, whole: bool) -> None:
        if stream.parser.pending:
            if whole or not stream.begun:
                stream.begun = True
                limit = now + WHOLE_MESSAGE_S
                stream.due = limit if whole else min(stream.due, limit)
        elif whole:
            stream.begun = False
            stream.due = now + IDLE_S
        if stream.alarm is None or stream.due < stream.alarm.at:
            self._watch(stream)

    def _watch(self, stream: _Stream) -> None:
        self._deadlines.cancel(stream.alarm)

        def late(now: float) -> None:
            if stream.due > now:
                self._watch(stream)  # it has spoken since
            else:
                self._end(stream, "slow stream")

        stream.alarm = self._deadlines.set(stream.due, late)

    def _end(self, stream: _Stream, why: str) -> None:
        self._counters[f"closed:{why}"] += 1
        self.closed(stream.flow.connection)
        self._close(stream.flow)
