"""The socket where consoles come in: a Unix socket in the state directory, for its owner alone.

Theory of operation
-------------------
A visitor connects, says a request in one line of JSON, hears the reply in one line, and may go on with the next. At the
most one request of a visitor is open: what comes meanwhile stays in the socket. A request gets a *ticket* and goes to
`ask`; whoever answers says the ticket again, at once or later. A line that is no request is answered with a `Problem`
and the visitor may try again; one that is too long cannot be told from what follows, so the visitor is sent away.

    IDLE ---- a line ----> ASKED ---- the reply ----> IDLE
    until IDLE_S           until ANSWER_S: a Problem instead, and what comes later for the ticket is nothing

Who does not read what they asked for has IDLE_S, too. A dead bridge leaves its socket behind; that a living one holds it
is told by a lock on the file beside it, which dies with its process.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import socket
import stat
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Final, cast

from bridge.control.protocol import AnyReply, AnyRequest, Problem, WireError, encoded, read_request
from bridge.errors import StartError

LONGEST_LINE_BYTES: Final = 65_536
"""Of a request. The longest there is splits a conference of thousands by their numbers; whoever says more is sent away."""

VISITORS_MAX: Final = 64
"""At once: consoles are few, and each is asked by a person. One more is told so and sent away."""

IDLE_S: Final = 300.0
"""A visitor who asks nothing, or does not read, for so long is sent away: a console that shows a live board asks more
often."""

ANSWER_S: Final = 10.0
"""The bridge answers at once but for what the store must be asked; what takes longer will not come any more."""

PATH_BYTES_MAX: Final = 107
"""What the kernel takes for the path of a Unix socket (unix(7), sun_path)."""


class Door:
    """One bridge's. A visitor's request is handed to `ask` with its ticket; `answer` brings the reply back.

    Parameters
    ----------
    path
        Where the socket shall be.
    ask : callable
        Takes a ticket and a request; never raises.
    """

    def __init__(
        self,
        path: Path,
        ask: Callable[[int, AnyRequest], None],
        *,
        idle_s: float = IDLE_S,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._path = path
        self._ask = ask
        self.idle_s = idle_s
        self.answer_s = answer_s
        self.counters: Counter[str] = Counter()
        """What was asked and what was refused here."""
        self._visitors: set[_Visitor] = set()
        self._asking: dict[int, _Visitor] = {}
        """By ticket, who waits for the reply."""
        self._tickets = 0
        self._to_close = ExitStack()
        """What is open; closed in the opposite order."""
        self._closed = False

    async def open(self) -> None:
        """Let visitors in. Raises `StartError` where another bridge holds the place, or it cannot be had."""
        if len(os.fsencode(self._path)) > PATH_BYTES_MAX:
            raise StartError(
                f"{self._path} is longer than the {PATH_BYTES_MAX} bytes that a socket's path may have:"
                " change control.socket or store.directory in the configuration"
            )
        with ExitStack() as opened:
            try:
                self._lock(opened)
                listener = self._bind(opened)
                loop = asyncio.get_running_loop()
                server = await loop.create_unix_server(partial(_Visitor, self), sock=listener)
            except OSError as error:
                raise StartError(
                    f"cannot listen on {self._path}: {error.strerror or error}; see [control] in the configuration"
                ) from error
            opened.callback(server.close)
            self._to_close = opened.pop_all()

    def _lock(self, opened: ExitStack) -> None:
        place = self._path.with_name(self._path.name + ".lock")
        lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        opened.callback(os.close, lock)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno != errno.EWOULDBLOCK:
                raise
            raise StartError(
                f"{self._path} is the socket of a bridge that is running: stop it, or change control.socket in the"
                " configuration"
            ) from error

    def _bind(self, opened: ExitStack) -> socket.socket:
        with suppress(FileNotFoundError):
            if not stat.S_ISSOCK(self._path.lstat().st_mode):
                raise StartError(
                    f"{self._path} is no socket: move it away, or change control.socket in the configuration"
                )
            self._path.unlink()  # of a bridge that has died: ours is the lock
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.callback(listener.close)
        listener.bind(str(self._path))
        opened.callback(self._path.unlink, missing_ok=True)
        self._path.chmod(0o600)  # before anybody can come in: it does not listen yet
        listener.setblocking(False)
        return listener

    def close(self) -> None:
        """Let nobody in any more, and send everybody away."""
        self._closed = True
        self._to_close.close()
        for visitor in tuple(self._visitors):
            visitor.leave()

    def answer(self, ticket: int, reply: AnyReply) -> None:
        """Tell who asked. A ticket whose visitor has gone, or was told that it takes too long, is nothing any more."""
        visitor = self._asking.pop(ticket, None)
        if visitor is None:
            self.counters["answers for nobody"] += 1
        else:
            visitor.tell(reply)

    # For visitors ------------------------------------------------------------------------------------------------

    def enter(self, visitor: _Visitor) -> str | None:
        """Take note of who came; or why they cannot stay."""
        if self._closed:
            return "the bridge is being stopped"
        if len(self._visitors) >= VISITORS_MAX:
            self.counters["visitors refused"] += 1
            return "there are too many consoles already"
        self._visitors.add(visitor)
        return None

    def left(self, visitor: _Visitor) -> None:
        """They have gone."""
        self._visitors.discard(visitor)

    def ticket(self, visitor: _Visitor) -> int:
        """A new one, for a request of theirs."""
        self._tickets += 1
        self._asking[self._tickets] = visitor
        self.counters["requests"] += 1
        return self._tickets

    def ask(self, ticket: int, request: AnyRequest) -> None:
        """Hand it on; the reply may come before this returns."""
        self._ask(ticket, request)

    def forget(self, ticket: int) -> None:
        """Nobody waits for this reply any more."""
        self._asking.pop(ticket, None)


class _Visitor(asyncio.Protocol):
    """One connection."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._said = bytearray()
        self._looked_at = 0
        """So many bytes of it have been searched for a line's end."""
        self._ticket: int | None = None
        self._full = False
        """They do not read: nothing more is asked for them until they do."""
        self._has_said_all = False
        self._going_on = False
        """`_go_on` runs: a reply that comes at once must not begin it anew."""
        self._timer: asyncio.TimerHandle | None = None

    # What asyncio tells ------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._wait(self._door.idle_s, self.leave)
        why_not = self._door.enter(self)
        if why_not is not None:
            self._send_away(why_not)

    def data_received(self, data: bytes) -> None:
        self._said += data
        self._go_on()

    def eof_received(self) -> bool:
        """They have said all they want to: what they asked is still answered, then the line is closed."""
        self._has_said_all = True
        self._go_on()
        return True

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - why is all the same
        self._cancel_timer()
        if self._ticket is not None:
            self._door.forget(self._ticket)
        self._door.left(self)

    # What the door tells -----------------------------------------------------------------------------------------

    def tell(self, reply: AnyReply) -> None:
        """The reply to what was asked last."""
        self._ticket = None
        self._wait(self._door.idle_s, self.leave)
        self._transport.write(encoded(reply))
        self._go_on()

    def leave(self) -> None:
        """Go at once; what has not been read is lost."""
        self._transport.abort()

    # Lines -------------------------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Ask what has been said, line by line, as long as each is answered at once and read."""
        if self._going_on:
            return
        self._going_on = True
        while self._may_ask() and (line := self._line()) is not None:
            self._read(line)
        self._going_on = False
        if self._transport.is_closing():
            return
        if not self._may_ask():
            self._transport.pause_reading()
        elif self._has_said_all:
            self._transport.close()
        else:
            self._transport.resume_reading()

    def _may_ask(self) -> bool:
        return self._ticket is None and not self._full and not self._transport.is_closing()

    def _line(self) -> bytes | None:
        """The next whole line; None where there is none yet."""
        end = self._said.find(b"\n", self._looked_at)
        if (len(self._said) if end < 0 else end) > LONGEST_LINE_BYTES:
            self._door.counters["lines too long"] += 1
            self._send_away(f"a request has at most {LONGEST_LINE_BYTES} bytes")
            return None
        if end < 0:
            self._looked_at = len(self._said)
            return None
        line = bytes(self._said[:end])
        del self._said[: end + 1]
        self._looked_at = 0
        return line

    def _read(self, line: bytes) -> None:
        try:
            request = read_request(line)
        except WireError as error:
            self._door.counters["lines not understood"] += 1
            self.tell(Problem(f"this is no request: {error}"))
            return
        self._ticket = self._door.ticket(self)
        self._wait(self._door.answer_s, self._give_up)
        self._door.ask(self._ticket, request)

    def _give_up(self) -> None:
        """The reply has not come."""
        if self._ticket is not None:
            self._door.forget(self._ticket)
            self._door.counters["requests not answered"] += 1
            self.tell(Problem("the bridge did not answer in time"))

    def _send_away(self, why: str) -> None:
        self._said.clear()
        self._wait(self._door.idle_s, self.leave)
        self._transport.write(encoded(Problem(why)))
        self._transport.close()

    # Time --------------------------------------------------------------------------------------------------------

    def _wait(self, patience_s: float, then: Callable[[], None]) -> None:
        """At most so long from now on; one thing at a time."""
        self._cancel_timer()
        self._timer = self._loop.call_later(patience_s, then)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
