"""A telephone trunk that a server calls: every INVITE rings, and is answered when its person picks up (RFC 3261 13.3).

A core without sockets: `receive(data, source)`, `advance(now)`, `next_deadline()`, `outgoing()`, `events()`.

    RINGING --pick_up--> ANSWERED --ACK--> UP --BYE--> (forgotten)
       |                    |
       +-- CANCEL (487) ----+-- BYE, or no ACK in 64*T1 --> (forgotten)

The 200 is sent again until its ACK is there: T1 doubling to T2 (13.3.1.4).
"""

from __future__ import annotations

import enum
import heapq
from collections import deque
from dataclasses import dataclass

from benchmarks.messages import (
    MediaAnswer,
    Message,
    UnreadableMessageError,
    address_of,
    offer_sdp,
    parse_media,
    parse_message,
)
from benchmarks.signalling import T1_S, T2_S, TIMEOUT_S

Source = tuple[str, int]


class CallState(enum.Enum):
    """Where a call stands; the drawing is above."""

    RINGING = enum.auto()
    ANSWERED = enum.auto()
    UP = enum.auto()


@dataclass(frozen=True, slots=True)
class Invited:
    """The server calls `number`; `row` names the call in all events."""

    row: int
    number: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The ACK of our 200 is there: speak to `media`."""

    row: int
    media: MediaAnswer


@dataclass(frozen=True, slots=True)
class Gone:
    """The server has hung up, or does not confirm; `refused` where it named no audio that we know."""

    row: int
    refused: bool = False


Event = Invited | Confirmed | Gone


@dataclass(slots=True)
class Leg:
    """One call that came."""

    row: int
    invite: Message
    source: Source
    media: MediaAnswer
    state: CallState = CallState.RINGING
    answer: bytes = b""
    interval_s: float = T1_S
    deadline: float = 0.0
    give_up_at: float = 0.0


class Trunk:
    """All calls that come, each to a row of its own from `first_row` on, in the order they came."""

    def __init__(self, *, local: str, first_row: int) -> None:
        self._local = local
        self._next_row = first_row
        self._legs: dict[int, Leg] = {}
        self._row_of: dict[str, int] = {}
        self._out: deque[tuple[bytes, Source]] = deque()
        self._events: deque[Event] = deque()
        self._deadlines: list[tuple[float, int]] = []
        self.unreadable = 0

    def receive(self, data: bytes, source: Source) -> None:
        """Take one message of the server."""
        try:
            message = parse_message(data)
        except UnreadableMessageError:
            self.unreadable += 1
            return
        leg = self._legs.get(self._row_of.get(message.first("call-id"), -1))
        if message.method == "INVITE":
            if leg is None:
                self._ring(message, source)
            else:
                self._repeat(leg, message, source)
        elif message.method == "ACK":
            if leg is not None and leg.state is CallState.ANSWERED:
                leg.state, leg.deadline = CallState.UP, 0.0
                self._events.append(Confirmed(leg.row, leg.media))
        elif message.method:  # we ask nothing, so no answer is ours
            self._end(leg, message, source)

    def _end(self, leg: Leg | None, message: Message, source: Source) -> None:
        known = leg is not None or message.method not in {"BYE", "CANCEL"}
        self._answer(message, "200 OK" if known else "481 Call/Transaction Does Not Exist", source)
        if leg is None:
            return
        if message.method == "BYE":
            self._forget(leg)
        elif message.method == "CANCEL" and leg.state is CallState.RINGING:
            self._answer(leg.invite, "487 Request Terminated", leg.source)
            self._forget(leg)

    def pick_up(self, row: int, rtp_host: str, rtp_port: int, now: float) -> None:
        """Answer the call that rings at `row`, if it still does."""
        leg = self._legs.get(row)
        if leg is None or leg.state is not CallState.RINGING:
            return
        body = offer_sdp(host=rtp_host, port=rtp_port, codec="pcmu", ptime_ms=20, session=row + 1)
        leg.state = CallState.ANSWERED
        leg.answer = self._answer(leg.invite, "200 OK", leg.source, body)
        leg.give_up_at = now + TIMEOUT_S
        self._arm(leg, now + T1_S)

    def advance(self, now: float) -> None:
        """Send again, or give up, what nobody has confirmed."""
        while self._deadlines and self._deadlines[0][0] <= now:
            due, row = heapq.heappop(self._deadlines)
            leg = self._legs.get(row)
            if leg is None or leg.deadline != due:
                continue
            if now >= leg.give_up_at:
                self._forget(leg)
                continue
            self._out.append((leg.answer, leg.source))
            leg.interval_s = min(2 * leg.interval_s, T2_S)
            self._arm(leg, min(now + leg.interval_s, leg.give_up_at))

    def next_deadline(self) -> float | None:
        """Return when `advance` is due (or a little earlier), None for never."""
        return self._deadlines[0][0] if self._deadlines else None

    def outgoing(self) -> list[tuple[bytes, Source]]:
        """Hand over what must be sent, and where to, in order."""
        out = list(self._out)
        self._out.clear()
        return out

    def events(self) -> list[Event]:
        """Hand over what has happened, in order."""
        events = list(self._events)
        self._events.clear()
        return events

    def _ring(self, message: Message, source: Source) -> None:
        row, self._next_row = self._next_row, self._next_row + 1
        media = parse_media(message.body)
        if media is None or media.payload_type != 0:
            self._answer(message, "488 Not Acceptable Here", source)
            self._events.append(Gone(row, refused=True))
            return
        self._legs[row] = Leg(row, message, source, media)
        self._row_of[message.first("call-id")] = row
        self._answer(message, "180 Ringing", source)
        number = address_of(message.first("to")).removeprefix("sip:").partition("@")[0]
        self._events.append(Invited(row, number))

    def _repeat(self, leg: Leg, message: Message, source: Source) -> None:
        """Answer an INVITE of a call that is known: the same again; a change of mind is not taken (14.2)."""
        if message.first("cseq") != leg.invite.first("cseq"):
            self._answer(message, "488 Not Acceptable Here", source)
        elif leg.state is CallState.RINGING:
            self._answer(message, "180 Ringing", source)
        else:
            self._out.append((leg.answer, leg.source))

    def _forget(self, leg: Leg) -> None:
        self._legs.pop(leg.row, None)
        self._row_of.pop(leg.invite.first("call-id"), None)
        self._events.append(Gone(leg.row))

    def _arm(self, leg: Leg, at: float) -> None:
        leg.deadline = at
        heapq.heappush(self._deadlines, (at, leg.row))

    def _answer(self, message: Message, status: str, source: Source, body: str = "") -> bytes:
        vias = "".join(f"Via: {via}\r\n" for via in message.headers.get("via", []))
        record = "".join(f"Record-Route: {route}\r\n" for route in message.headers.get("record-route", []))
        to = message.first("to")
        if "tag=" not in to:
            to += f";tag=trunk-{self._row_of.get(message.first('call-id'), 0)}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        text = (
            f"SIP/2.0 {status}\r\n{vias}{record}From: {message.first('from')}\r\nTo: {to}\r\n"
            f"Call-ID: {message.first('call-id')}\r\nCSeq: {message.first('cseq')}\r\n"
            f"Contact: <sip:trunk@{self._local}>\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self._out.append((text, source))
        return text
