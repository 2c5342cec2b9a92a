"""Signalling kept for somebody who looks for a fault: what came in and went out, of the calls they asked for.

Theory of operation
-------------------
Nothing is kept until somebody asks: `on` is false, and a message costs one look at it. A *watch* says whose messages are
wanted (a Call-ID, a number, an address, or all) and until when. The first message that fits puts its Call-ID on the watch,
and from then on all of that call is kept. Whoever watches reads what is new now and then (`read`).

Kept are bytes as they were on the wire (of a stream: the message as it was read), without their secrets
(`sip.blanking`), in a ring per call and never more than `KEPT_BYTES_MAX` in all: the oldest go. A `sink` is handed every
message, watched or not.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sip.blanking import blanked

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.flow import Flow

KEPT_BYTES_MAX: Final = 8_000_000
"""All that is kept: a thousand calls of ten messages. Above it the calls that began first go, whole."""
CALL_BYTES_MAX: Final = 500_000
"""Of one call: some hundred messages with SDP, or hours of session timers. Above it its oldest go."""
WATCHES_MAX: Final = 16
"""At once: consoles are few. One more is refused."""
WATCH_S_MAX: Final = 3600.0
"""A watch ends by itself: a trace that was forgotten costs nothing tomorrow."""
LINGERS_S: Final = 300.0
"""What a watch has found may be read for so long after its end."""
OVERHEAD_BYTES: Final = 300
"""What a kept message takes beside its bytes."""
SHORTEST_END: Final = 7
"""Digits from which on a number is compared by its end: area code and country code may stand before it."""

_CALL_ID: Final = re.compile(
    rb"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_PEOPLE: Final = re.compile(
    rb"^(?:[A-Z]+ |(?:from|f|to|t|contact|m|p-asserted-identity|diversion|refer-to|r)[ \t]*:[^\r\n]*?)"
    rb"(?:sips?|tel):([^@;>\s]+)",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_DIALLED: Final = re.compile(r"[^0-9A-Za-z*#]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose messages; what is empty does not matter, so nothing at all wants everybody's."""

    call_id: str = ""
    number: str = ""
    """A telephone number or user name, wherever in the message it is one. Numbers compare by their end."""
    address: str = ""
    """The peer's, without port."""


@dataclass(frozen=True, slots=True)
class Traced:
    """One message."""

    number: int
    """Counts all that are kept, from 1."""
    at: float
    outward: bool
    flow: Flow
    call_id: str
    data: bytes


class _Watch:
    __slots__ = ("calls", "until", "wanted")

    def __init__(self, wanted: Wanted, until: float) -> None:
        self.wanted = wanted
        self.until = until
        self.calls: set[str] = set()


class _Kept:
    __slots__ = ("messages", "size")

    def __init__(self) -> None:
        self.messages: deque[Traced] = deque()
        self.size = 0


class Trace:
    """What is watched and kept of one agent."""

    def __init__(self) -> None:
        self.on = False
        """Whether `arrived` and `left` want to be told at all."""
        self._sink: Callable[[Traced], None] | None = None
        self._watches: dict[int, _Watch] = {}
        self._last_watch = 0
        self._last_message = 0
        self._kept: dict[str, _Kept] = {}
        self._size = 0

    # What the agent tells

    def arrived(self, flow: Flow, data: bytes, now: float) -> None:
        """A message came in."""
        self._message(flow, data, now, outward=False)

    def left(self, flow: Flow, data: bytes, now: float) -> None:
        """A message goes out."""
        self._message(flow, data, now, outward=True)

    # What who watches asks

    def watch(self, wanted: Wanted, seconds: float, now: float) -> int:
        """Keep what is wanted from now on; returns the watch's number, or 0 where there are too many."""
        self._expire(now)
        if len(self._watches) >= WATCHES_MAX:
            return 0
        self._last_watch += 1
        self._watches[self._last_watch] = _Watch(wanted, now + min(seconds, WATCH_S_MAX))
        self.on = True
        return self._last_watch

    def read(self, watch: int, after: int = 0) -> list[Traced] | None:
        """What the watch has found, beyond the message `after`, oldest first; None where there is no such watch."""
        found = self._watches.get(watch)
        if found is None:
            return None
        messages = [
            each
            for call in found.calls
            if call in self._kept
            for each in self._kept[call].messages
            if each.number > after
        ]
        return sorted(messages, key=lambda each: each.number)

    def stop(self, watch: int, now: float) -> None:
        """End a watch and forget what it alone has found."""
        self._watches.pop(watch, None)
        self._expire(now)

    def send_all_to(self, sink: Callable[[Traced], None] | None) -> None:
        """Hand every message to `sink` from now on."""
        self._sink = sink
        self._set_on()

    @property
    def size(self) -> int:
        """Bytes kept."""
        return self._size

    # Keeping

    def _message(self, flow: Flow, data: bytes, now: float, *, outward: bool) -> None:
        if not data or data.isspace():  # a keep-alive
            return
        head = data.partition(b"\r\n\r\n")[0]
        found = _CALL_ID.search(head)
        call_id = "" if found is None else found[1].decode("utf-8", "replace")
        watchers = [
            watch
            for watch in self._watches.values()
            if now < watch.until and (call_id in watch.calls or _fits(watch.wanted, flow, call_id, head))
        ]
        if not watchers and self._sink is None:
            if all(now >= watch.until for watch in self._watches.values()):
                self._expire(now)
            return
        self._last_message += 1
        message = Traced(self._last_message, now, outward, flow, call_id, blanked(data))
        if self._sink is not None:
            self._sink(message)
        for watch in watchers:
            watch.calls.add(call_id)
        if watchers:
            self._keep(message)

    def _keep(self, message: Traced) -> None:
        kept = self._kept.get(message.call_id)
        if kept is None:
            kept = self._kept[message.call_id] = _Kept()
        kept.messages.append(message)
        self._grow(kept, len(message.data) + OVERHEAD_BYTES)
        while kept.size > CALL_BYTES_MAX:
            self._grow(kept, -len(kept.messages.popleft().data) - OVERHEAD_BYTES)
        while self._size > KEPT_BYTES_MAX:
            self._forget(next(iter(self._kept)))

    def _grow(self, kept: _Kept, by: int) -> None:
        kept.size += by
        self._size += by

    def _forget(self, call: str) -> None:
        self._size -= self._kept.pop(call).size
        for watch in self._watches.values():
            watch.calls.discard(call)

    def _expire(self, now: float) -> None:
        """End what is over, and forget what nobody can read any more."""
        self._watches = {
            number: watch for number, watch in self._watches.items() if now < watch.until + LINGERS_S
        }
        wanted = set().union(*(watch.calls for watch in self._watches.values()))
        for call in [call for call in self._kept if call not in wanted]:
            self._forget(call)
        self._set_on(now)

    def _set_on(self, now: float = 0.0) -> None:
        self.on = self._sink is not None or any(now < watch.until for watch in self._watches.values())


def _fits(wanted: Wanted, flow: Flow, call_id: str, head: bytes) -> bool:
    if wanted.call_id and wanted.call_id != call_id:
        return False
    if wanted.address and wanted.address != flow.remote[0]:
        return False
    return not wanted.number or _names(head, wanted.number)


def _names(head: bytes, number: str) -> bool:
    """Whether a user in the head is that number, written with or without what stands before it (+, 00, 0)."""
    asked = _NOT_DIALLED.sub("", number)
    users = {_NOT_DIALLED.sub("", user.decode("utf-8", "replace")) for user in _PEOPLE.findall(head)}
    if asked.isdigit() and len(asked) >= SHORTEST_END:
        return any(user.endswith(asked) for user in users)
    return asked in users
