"""Connections of stream transports: their framing, how long each may keep us waiting, and how they are kept open.

Theory of operation. A stream is watched by one deadline: the first message must be there soon, a message once begun
must be finished sooner, and then the stream may rest for long, since a telephone in a call has nothing to say. Who is
late is closed; that is all that a slow peer (slow-loris, AST-2016-005) gains. Who may stay when there are too many
decides the `crowd`.

On a connection that we opened we send the ping of RFC 5626 now and then, so that routers on the way do not forget it. A
peer that has ever answered one owes an answer to each; where it is missing the connection is dead, and closed while
nobody waits for it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

from sip.crowd import Crowd, Standing
from sip.errors import ParseError
from sip.flow import Flow
from sip.framing import FrameParser, KeepAlive, StreamParser
from sip.message import Request, Response
from sip.timers import Alarm, Deadlines

FIRST_MESSAGE_S: Final = 30.0
"""From the connection to its first whole message. Who says nothing is closed."""
WHOLE_MESSAGE_S: Final = 10.0
"""From the first byte of a message to its last; an honest one comes in milliseconds. Who dawdles is closed."""
IDLE_S: Final = 7200.0
"""Silence between messages: longer than nearly all calls, and a peer behind NAT cannot be called back. Then closed."""
PING: Final = b"\r\n\r\n"
PONG: Final = b"\r\n"
PING_LEAST_S: Final = 95.0
PING_MOST_S: Final = 120.0
"""Our pings come at a random moment between the two (RFC 5626 4.4.1: 80 to 100 % of 120 s, here a little above)."""
PONG_S: Final = 10.0
"""An answer to a ping that takes longer does not come any more (RFC 5626 4.4.1)."""

Arrival = Request | Response | KeepAlive | ParseError


class _Stream:
    __slots__ = ("alarm", "begun", "due", "flow", "parser", "pinged", "pings", "pongs")

    def __init__(self, flow: Flow, due: float) -> None:
        self.flow = flow
        self.parser: StreamParser | FrameParser = FrameParser() if flow.framed else StreamParser()
        self.due = due
        self.begun = False
        """A message has begun and is not whole yet."""
        self.alarm: Alarm | None = None
        self.pings: Alarm | None = None
        """The next ping, or the end of waiting for the answer to the last."""
        self.pinged = False
        """A ping of ours has no answer yet."""
        self.pongs = False
        """It answers pings."""


class Streams:
    """All connections that stand, by number.

    Parameters
    ----------
    close, send : callable
        What is done with a connection, and what is said on it.
    random_s : callable
        `random_s(least, most)` is a pause somewhere between the two.
    """

    def __init__(
        self,
        deadlines: Deadlines,
        counters: Counter[str],
        *,
        close: Callable[[Flow], None],
        send: Callable[[Flow, bytes], object],
        random_s: Callable[[float, float], float],
    ) -> None:
        self._deadlines = deadlines
        self._counters = counters
        self._close = close
        self._send = send
        self._random_s = random_s
        self._crowd = Crowd()
        self._streams: dict[int, _Stream] = {}

    def __contains__(self, connection: int) -> bool:
        return connection in self._streams

    def __len__(self) -> int:
        return len(self._streams)

    def opened(self, flow: Flow, now: float, *, ours: bool) -> None:
        """A connection stands; one of ours has no duty to speak first. Where they are too many another one goes."""
        if flow.connection in self._streams:
            return
        for each in self._crowd.enter(flow.connection, flow.remote[0], proved=ours):
            self._end(self._streams[each], "crowded out")
        stream = _Stream(flow, now + (IDLE_S if ours else FIRST_MESSAGE_S))
        self._streams[flow.connection] = stream
        self._watch(stream)
        if ours:
            self._ping_later(stream, now)

    def proved(self, connection: int) -> None:
        """It is known who the peer is, or a call is up on its connection: it is not driven out by others."""
        self._crowd.heard(connection, Standing.PROVED)

    def refuse(self, flow: Flow) -> None:
        """Nothing more is to be heard on a connection, whether it is kept here or not."""
        stream = self._streams.get(flow.connection)
        if stream is None:
            self._close(flow)
        else:
            self._end(stream, "not admitted")

    def closed(self, connection: int) -> None:
        """A connection is gone."""
        stream = self._streams.pop(connection, None)
        if stream is not None:
            self._crowd.leave(connection)
            self._deadlines.cancel(stream.alarm)
            self._deadlines.cancel(stream.pings)

    def receive(self, flow: Flow, data: bytes, now: float) -> Iterator[Arrival]:
        """What a piece of a stream completes; a ParseError is the last item if the border to the next message is lost."""
        self.opened(flow, now, ours=False)
        stream = self._streams[flow.connection]
        self._answered(stream, data, now)
        spoke = whole = False
        while True:
            try:
                arrived = stream.parser.receive(data)
            except ParseError as error:
                spoke = spoke or bool(error.parsed)
                whole = True
                yield from error.parsed
                yield error
                if stream.parser.closed:
                    self._end(stream, "malformed stream")
                    return
                data = b""
                continue
            spoke = spoke or any(not isinstance(each, KeepAlive) for each in arrived)
            whole = whole or bool(arrived)
            yield from arrived
            break
        if flow.connection in self._streams:  # else what it said was reason enough to close it
            self._heard(stream, now, spoke=spoke, whole=whole)

    def _heard(self, stream: _Stream, now: float, *, spoke: bool, whole: bool) -> None:
        """Set the deadline anew: `whole` things came, good messages (`spoke`) among them."""
        connection = stream.flow.connection
        if spoke:
            self._crowd.heard(connection, Standing.SPOKE)
        rests = self._crowd.standing(connection) is not Standing.STRANGER
        if stream.parser.pending:
            if whole or not stream.begun:
                stream.begun = True
                limit = now + WHOLE_MESSAGE_S
                stream.due = limit if rests else min(stream.due, limit)
        elif whole:
            stream.begun = False
            if rests:
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

    def _ping_later(self, stream: _Stream, now: float) -> None:
        def ping(now: float) -> None:
            stream.pinged = True
            self._send(stream.flow, PING)
            if stream.pongs:
                stream.pings = self._deadlines.set(now + PONG_S, lambda _: self._end(stream, "no pong"))
            else:
                self._ping_later(stream, now)

        self._deadlines.cancel(stream.pings)
        stream.pings = self._deadlines.set(now + self._random_s(PING_LEAST_S, PING_MOST_S), ping)

    def _answered(self, stream: _Stream, data: bytes, now: float) -> None:
        """Whatever comes after a ping shows that the connection lives; a line end first is the answer itself."""
        if stream.pinged:
            stream.pinged = False
            stream.pongs = stream.pongs or data.startswith(PONG)
            if not stream.begun:
                stream.due = now + IDLE_S
            self._ping_later(stream, now)

    def _end(self, stream: _Stream, why: str) -> None:
        self._counters[f"closed:{why}"] += 1
        self.closed(stream.flow.connection)
        self._close(stream.flow)
