"""Telephones that register, and prove who they are by digest: thousands over one transport (RFC 3261 10.2, RFC 7616).

A core without sockets: `receive(data, now)`, `advance(now)`, `next_deadline()`, `outgoing()`, `events()`.

    IDLE --ask--> ASKING --any final--> IDLE, Settled

A telephone that has no nonce asks without proof and gets one with the 401. From then on it proves itself with each request,
counting the uses of its nonce, so that an answer costs two hashes; HA1 is computed once. Whether a refusal is asked again is
for the user to say. Each telephone has at most one request in flight (RFC 3261 17.1.2: T1 doubling to T2, 64*T1 for the end).
"""

from __future__ import annotations

import heapq
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from hashlib import md5

from benchmarks.messages import Message, UnreadableMessageError, parse_message
from benchmarks.signalling import NO_ANSWER, T1_S, T2_S, TIMEOUT_S

CNONCE = "c0ffee42"
EXPIRES_S = 300
UNAUTHORIZED = 401
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Settled:
    """A request was answered, or never will be (408)."""

    row: int
    status: int
    after_s: float
    proved: bool
    """Whether it bore a proof."""


@dataclass(slots=True)
class Telephone:
    """One account's."""

    row: int
    name: str
    ha1: str = ""
    realm: str = ""
    nonce: str = ""
    opaque: str = ""
    count: int = 0
    cseq: int = 0
    request: bytes = b""
    proved: bool = False
    interval_s: float = T1_S
    deadline: float = 0.0
    give_up_at: float = 0.0
    started_at: float = 0.0


@dataclass(slots=True)
class Statistics:
    """What happened to the requests of all telephones."""

    sent: int = 0
    retransmissions: int = 0
    unreadable: int = 0
    statuses: Counter[int] = field(default_factory=Counter)


class Telephones:
    """All telephones of one run. `name` must be unique per run: it is part of every tag and branch."""

    def __init__(
        self, names: list[str], password: str, *, target: str, local: str, transport: str, name: str = "tel"
    ) -> None:
        self._telephones = [Telephone(row, each) for row, each in enumerate(names)]
        self._password, self._target, self._local, self._name = password, target, local, name
        self._reliable = transport != "udp"
        self._via_transport = transport.upper()
        self._uri = f"sip:{target}"
        self._ha2 = md5(f"REGISTER:{self._uri}".encode(), usedforsecurity=False).hexdigest()
        self._out: deque[bytes] = deque()
        self._events: deque[Settled] = deque()
        self._deadlines: list[tuple[float, int]] = []
        self.statistics = Statistics()

    def __len__(self) -> int:
        return len(self._telephones)

    def forget(self) -> None:
        """Forget all nonces: each telephone asks without proof next."""
        for telephone in self._telephones:
            telephone.nonce = ""

    def ask(self, row: int, now: float) -> None:
        """Register, with a proof where the telephone has something to prove itself with."""
        telephone = self._telephones[row]
        telephone.cseq += 1
        telephone.proved = bool(telephone.nonce)
        telephone.request = self._write(telephone)
        telephone.started_at, telephone.interval_s = now, T1_S
        telephone.give_up_at = now + TIMEOUT_S
        self.statistics.sent += 1
        self._out.append(telephone.request)
        self._arm(telephone, telephone.give_up_at if self._reliable else now + T1_S)

    def receive(self, data: bytes, now: float) -> None:
        """Take one message of the server."""
        try:
            message = parse_message(data)
        except UnreadableMessageError:
            self.statistics.unreadable += 1
            return
        name, _, number = message.first("call-id").rpartition("-")
        if message.method or name != self._name or not number.isdecimal():
            self.statistics.unreadable += 1
            return
        telephone = self._telephones[int(number)]
        is_this = message.first("cseq").split(" ", 1)[0] == str(telephone.cseq)
        if message.status < 200 or not telephone.deadline or not is_this:
            return
        if message.status == UNAUTHORIZED:
            self._learn(telephone, message)
        self._settle(telephone, message.status, now)

    def advance(self, now: float) -> None:
        """Resend or give up what is due."""
        while self._deadlines and self._deadlines[0][0] <= now:
            due, row = heapq.heappop(self._deadlines)
            telephone = self._telephones[row]
            if telephone.deadline != due:  # superseded
                continue
            if now >= telephone.give_up_at:
                self._settle(telephone, NO_ANSWER, now)
                continue
            self._out.append(telephone.request)
            self.statistics.retransmissions += 1
            telephone.interval_s = min(2 * telephone.interval_s, T2_S)
            self._arm(telephone, min(now + telephone.interval_s, telephone.give_up_at))

    def next_deadline(self) -> float | None:
        """Return when `advance` is due (or a little earlier), None for never."""
        return self._deadlines[0][0] if self._deadlines else None

    def outgoing(self) -> list[bytes]:
        """Hand over what must be sent, in order."""
        out = list(self._out)
        self._out.clear()
        return out

    def events(self) -> list[Settled]:
        """Hand over what has happened, in order."""
        events = list(self._events)
        self._events.clear()
        return events

    def _settle(self, telephone: Telephone, status: int, now: float) -> None:
        telephone.deadline = 0.0
        self.statistics.statuses[status] += 1
        self._events.append(Settled(telephone.row, status, now - telephone.started_at, telephone.proved))

    def _arm(self, telephone: Telephone, at: float) -> None:
        telephone.deadline = at
        heapq.heappush(self._deadlines, (at, telephone.row))

    def _learn(self, telephone: Telephone, message: Message) -> None:
        """Take the nonce of the first MD5 challenge."""
        for challenge in message.headers.get("www-authenticate", []):
            found = {
                key.lower(): quoted or plain for key, quoted, plain in _PARAMETER.findall(challenge) if key
            }
            if found.get("algorithm", "MD5").upper() != "MD5" or "nonce" not in found:
                continue
            if found.get("realm", "") != telephone.realm or not telephone.ha1:
                telephone.realm = found.get("realm", "")
                secret = f"{telephone.name}:{telephone.realm}:{self._password}"
                telephone.ha1 = md5(secret.encode(), usedforsecurity=False).hexdigest()
            telephone.nonce, telephone.count = found["nonce"], 0
            telephone.opaque = found.get("opaque", "")
            return

    def _write(self, telephone: Telephone) -> bytes:
        proof = self._prove(telephone) if telephone.proved else ""
        user, row, cseq = telephone.name, telephone.row, telephone.cseq
        return (
            f"REGISTER {self._uri} SIP/2.0\r\n"
            f"Via: SIP/2.0/{self._via_transport} {self._local};branch=z9hG4bK{self._name}-{row}-{cseq};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{user}@{self._target}>;tag={self._name}{row}\r\n"
            f"To: <sip:{user}@{self._target}>\r\nCall-ID: {self._name}-{row}\r\nCSeq: {cseq} REGISTER\r\n"
            f"Contact: <sip:{user}@{self._local}>;expires={EXPIRES_S}\r\n"
            f"Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE\r\nUser-Agent: Telephone\r\n"
            f"{proof}Content-Length: 0\r\n\r\n"
        ).encode()

    def _prove(self, telephone: Telephone) -> str:
        telephone.count += 1
        count = f"{telephone.count:08x}"
        proof = md5(
            f"{telephone.ha1}:{telephone.nonce}:{count}:{CNONCE}:auth:{self._ha2}".encode(),
            usedforsecurity=False,
        ).hexdigest()
        opaque = f', opaque="{telephone.opaque}"' if telephone.opaque else ""
        return (
            f'Authorization: Digest username="{telephone.name}", realm="{telephone.realm}", nonce="{telephone.nonce}", '
            f'uri="{self._uri}", response="{proof}", algorithm=MD5, qop=auth, nc={count}, cnonce="{CNONCE}"{opaque}\r\n'
        )
