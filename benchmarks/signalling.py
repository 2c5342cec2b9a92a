"""Phones that call: INVITE, ACK, BYE with their retransmissions, for thousands of calls over one transport (RFC 3261).

A core without sockets: `receive(data, now)`, `advance(now)`, `next_deadline()`, `outgoing()`, `events()`.

    IDLE --place--> CALLING --1xx--> PROCEEDING --2xx--> UP --hang_up--> LEAVING --any final--> DOWN
                       |                 |                |
                       +--- >= 300, or nobody answers ----+-- BYE from the server --> DOWN

Each call has at most one request in flight, so one deadline per call is enough: T1 doubling to T2 for BYE, doubling without
bound for INVITE, 64*T1 for the end (RFC 3261 17.1). Over a connection only the end remains.
"""

from __future__ import annotations

import enum
import heapq
from collections import Counter, deque
from dataclasses import dataclass, field

from benchmarks.messages import (
    MediaAnswer,
    Message,
    UnreadableMessageError,
    address_of,
    offer_sdp,
    parse_media,
    parse_message,
    routes_of,
)

T1_S = 0.5
T2_S = 4.0
TIMEOUT_S = 64 * T1_S

NO_ANSWER = 408
"""Reported for a request nobody answered, as RFC 3261 8.1.3.1 treats it."""
NO_MEDIA = 606
"""Reported for a 200 whose SDP we cannot talk to."""


class CallState(enum.Enum):
    """Where a call stands; the drawing is above."""

    IDLE = enum.auto()
    CALLING = enum.auto()
    PROCEEDING = enum.auto()
    UP = enum.auto()
    LEAVING = enum.auto()
    DOWN = enum.auto()


@dataclass(frozen=True, slots=True)
class Answered:
    """The server took the call: speak to `media`."""

    row: int
    media: MediaAnswer
    after_s: float


@dataclass(frozen=True, slots=True)
class MediaMoved:
    """A re-INVITE of the server named another address."""

    row: int
    media: MediaAnswer


@dataclass(frozen=True, slots=True)
class Failed:
    """The call did not come about."""

    row: int
    status: int


@dataclass(frozen=True, slots=True)
class HungUp:
    """The call is over; `by_server` where it was not our wish, `status` what our BYE was answered with."""

    row: int
    by_server: bool
    status: int
    after_s: float


Event = Answered | MediaMoved | Failed | HungUp


@dataclass(slots=True)
class Call:
    """One call of one phone."""

    row: int
    user: str
    rtp_host: str
    rtp_port: int
    state: CallState = CallState.IDLE
    cseq: int = 1
    request: bytes = b""
    ack: bytes = b""
    interval_s: float = T1_S
    deadline: float = 0.0
    give_up_at: float = 0.0
    started_at: float = 0.0
    to: str = ""
    remote_target: str = ""
    routes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Statistics:
    """What happened to the requests of all calls."""

    placed: int = 0
    retransmissions: int = 0
    unreadable: int = 0
    trying: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    server_requests: Counter[str] = field(default_factory=Counter)
    answer_s: list[float] = field(default_factory=list)
    bye_s: list[float] = field(default_factory=list)


class Phones:
    """All calls of one load test. `name` must be unique per run: it is part of every tag and branch."""

    def __init__(
        self,
        *,
        target: str,
        local: str,
        transport: str,
        codec: str = "pcmu",
        ptime_ms: int = 20,
        direction: str = "sendrecv",
        name: str = "load",
    ) -> None:
        self._target, self._local = target, local
        self._reliable = transport != "udp"
        self._via_transport = transport.upper()
        # In a URI a WebSocket is "ws", secure or not (RFC 7118 section 5.2).
        self._uri_suffix = f";transport={transport.replace('wss', 'ws')}" if self._reliable else ""
        self._codec, self._ptime_ms, self._direction, self._name = codec, ptime_ms, direction, name
        self._calls: dict[int, Call] = {}
        self._out: deque[bytes] = deque()
        self._events: deque[Event] = deque()
        self._deadlines: list[tuple[float, int]] = []
        self.statistics = Statistics()

    def place(self, row: int, *, user: str, rtp_host: str, rtp_port: int, now: float) -> None:
        """Call `user` at the target; `row` names the call in all events."""
        call = Call(row, user, rtp_host, rtp_port, started_at=now)
        self._calls[row] = call
        self.statistics.placed += 1
        uri = f"sip:{user}@{self._target}{self._uri_suffix}"
        call.to, call.remote_target = f"<{uri}>", uri
        body = self._offer(call)
        call.state = CallState.CALLING
        self._send_request(call, "INVITE", body, now)

    def hang_up(self, row: int, now: float) -> None:
        """Say BYE, if the call is up; a call that is not yet answered is left to its time-out."""
        call = self._calls.get(row)
        if call is not None and call.state is CallState.UP:
            call.cseq += 1
            call.state = CallState.LEAVING
            call.started_at = now
            self._send_request(call, "BYE", "", now)

    def state(self, row: int) -> CallState:
        """Return where the call stands."""
        call = self._calls.get(row)
        return call.state if call is not None else CallState.IDLE

    def forget(self, row: int) -> None:
        """Drop a call that is DOWN, so that long call-rate runs stay small."""
        self._calls.pop(row, None)

    def receive(self, data: bytes, now: float) -> None:
        """Take one message of the server."""
        try:
            message = parse_message(data)
        except UnreadableMessageError:
            self.statistics.unreadable += 1
            return
        row = self._row_of(message.first("call-id"))
        call = self._calls.get(row) if row is not None else None
        if message.method:
            self._on_request(message, call, now)
        elif call is None:
            self.statistics.unreadable += 1
        else:
            self._on_response(message, call, now)

    def advance(self, now: float) -> None:
        """Resend or give up what is due."""
        while self._deadlines and self._deadlines[0][0] <= now:
            due, row = heapq.heappop(self._deadlines)
            call = self._calls.get(row)
            if call is None or call.deadline != due:  # superseded
                continue
            if now >= call.give_up_at:
                if call.state is CallState.LEAVING:
                    self._end(
                        call, HungUp(row, by_server=False, status=NO_ANSWER, after_s=now - call.started_at)
                    )
                else:
                    self._end(call, Failed(row, NO_ANSWER))
                self.statistics.statuses[NO_ANSWER] += 1
            else:
                self._out.append(call.request)
                self.statistics.retransmissions += 1
                call.interval_s *= 2
                if call.state is CallState.LEAVING:
                    call.interval_s = min(call.interval_s, T2_S)
                self._arm(call, min(now + call.interval_s, call.give_up_at))

    def next_deadline(self) -> float | None:
        """Return when `advance` is due (or a little earlier), None for never."""
        return self._deadlines[0][0] if self._deadlines else None

    def outgoing(self) -> list[bytes]:
        """Hand over what must be sent, in order."""
        out = list(self._out)
        self._out.clear()
        return out

    def events(self) -> list[Event]:
        """Hand over what has happened, in order."""
        events = list(self._events)
        self._events.clear()
        return events

    def _on_response(self, message: Message, call: Call, now: float) -> None:
        method = message.first("cseq").rpartition(" ")[2]
        if method == "BYE":
            if call.state is CallState.LEAVING and message.status >= 200:
                took_s = now - call.started_at
                self.statistics.bye_s.append(took_s)
                self._end(call, HungUp(call.row, by_server=False, status=message.status, after_s=took_s))
        elif method == "INVITE":
            if message.status < 200:
                if call.state is CallState.CALLING:
                    call.state = CallState.PROCEEDING
                    self.statistics.trying += 1
                    self._arm(call, call.give_up_at + 4 * TIMEOUT_S)  # a queue may ring for long
                    call.give_up_at = call.deadline
            elif message.status < 300:
                self._on_accepted(message, call, now)
            elif call.state in {CallState.CALLING, CallState.PROCEEDING}:
                self._out.append(self._ack_of_refusal(call, message))
                self.statistics.statuses[message.status] += 1
                self._end(call, Failed(call.row, message.status))
            else:
                self._out.append(self._ack_of_refusal(call, message))

    def _on_accepted(self, message: Message, call: Call, now: float) -> None:
        if call.state not in {CallState.CALLING, CallState.PROCEEDING}:
            self._out.append(call.ack)  # a repeated 2xx wants its ACK again (13.2.2.4)
            return
        call.to = message.first("to")
        call.remote_target = address_of(message.first("contact")) or call.remote_target
        call.routes = routes_of(message)
        call.state = CallState.UP
        call.deadline = 0.0
        call.ack = self._request_text(call, "ACK", "", branch=f"z9hG4bK{self._name}-{call.row}-ack").encode()
        self._out.append(call.ack)
        self.statistics.statuses[message.status] += 1
        self.statistics.answer_s.append(now - call.started_at)
        media = parse_media(message.body)
        if media is None:
            self._events.append(Failed(call.row, NO_MEDIA))
            self.hang_up(call.row, now)
        else:
            self._events.append(Answered(call.row, media, now - call.started_at))

    def _on_request(self, message: Message, call: Call | None, now: float) -> None:
        self.statistics.server_requests[message.method] += 1
        if message.method == "ACK":
            return
        if message.method == "OPTIONS":
            self._answer(message, "200 OK")
        elif call is None or call.state is CallState.DOWN:
            self._answer(message, "481 Call/Transaction Does Not Exist")
        elif message.method == "BYE":
            self._answer(message, "200 OK")
            self._end(call, HungUp(call.row, by_server=True, status=200, after_s=now - call.started_at))
        elif message.method in {"INVITE", "UPDATE"}:
            media = parse_media(message.body) if message.body else None
            body = self._offer(call)
            self._answer(message, "200 OK", body if message.method == "INVITE" or message.body else "")
            if media is not None:
                self._events.append(MediaMoved(call.row, media))
        else:
            self._answer(message, "200 OK")

    def _offer(self, call: Call) -> str:
        return offer_sdp(
            host=call.rtp_host,
            port=call.rtp_port,
            codec=self._codec,
            ptime_ms=self._ptime_ms,
            session=call.row + 1,
            direction=self._direction,
        )

    def _end(self, call: Call, event: Event) -> None:
        call.state = CallState.DOWN
        call.deadline = 0.0
        self._events.append(event)

    def _arm(self, call: Call, at: float) -> None:
        call.deadline = at
        heapq.heappush(self._deadlines, (at, call.row))

    def _send_request(self, call: Call, method: str, body: str, now: float) -> None:
        branch = f"z9hG4bK{self._name}-{call.row}-{call.cseq}"
        call.request = self._request_text(call, method, body, branch=branch).encode()
        call.interval_s = T1_S
        call.give_up_at = now + TIMEOUT_S
        self._out.append(call.request)
        self._arm(call, call.give_up_at if self._reliable else now + T1_S)

    def _request_text(self, call: Call, method: str, body: str, *, branch: str) -> str:
        routes = "".join(f"Route: {route}\r\n" for route in call.routes)
        kind = "Content-Type: application/sdp\r\n" if body else ""
        cseq = 1 if method == "ACK" else call.cseq
        return (
            f"{method} {call.remote_target} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self._via_transport} {self._local};branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\n{routes}"
            f"From: <sip:phone{call.row}@{self._local}>;tag={self._name}{call.row}\r\n"
            f"To: {call.to}\r\nCall-ID: {self._name}-{call.row}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:phone{call.row}@{self._local}{self._uri_suffix}>\r\n"
            f"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n"
            f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _ack_of_refusal(self, call: Call, message: Message) -> bytes:
        """Write the ACK of a final response >= 300: same branch, same Request-URI (RFC 3261 17.1.1.3)."""
        return (
            f"ACK sip:{call.user}@{self._target}{self._uri_suffix} SIP/2.0\r\n"
            f"Via: {message.first('via')}\r\nMax-Forwards: 70\r\nFrom: {message.first('from')}\r\n"
            f"To: {message.first('to')}\r\nCall-ID: {message.first('call-id')}\r\nCSeq: 1 ACK\r\n"
            "Content-Length: 0\r\n\r\n"
        ).encode()

    def _answer(self, message: Message, status: str, body: str = "") -> None:
        vias = "".join(f"Via: {via}\r\n" for via in message.headers.get("via", []))
        record = "".join(f"Record-Route: {route}\r\n" for route in message.headers.get("record-route", []))
        to = message.first("to")
        if "tag=" not in to:
            to += f";tag={self._name}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        self._out.append(
            (
                f"SIP/2.0 {status}\r\n{vias}{record}From: {message.first('from')}\r\nTo: {to}\r\n"
                f"Call-ID: {message.first('call-id')}\r\nCSeq: {message.first('cseq')}\r\n"
                f"Contact: <sip:phone@{self._local}{self._uri_suffix}>\r\n"
                f"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\n"
                f"{kind}Content-Length: {len(body)}\r\n\r\n{body}"
            ).encode()
        )

    def _row_of(self, call_id: str) -> int | None:
        name, _, number = call_id.rpartition("-")
        return int(number) if name == self._name and number.isascii() and number.isdigit() else None
