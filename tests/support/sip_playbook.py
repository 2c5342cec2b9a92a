"""A language for conversations with a SIP agent.

A script is what should happen, line by line:

    >> INVITE sdp=offer      a request arrives from the peer
    << 100 INVITE            a response goes out
    ** IncomingCall offer=offer      an event is told
    -- accept sdp=answer     we call a verb of the agent
    << 200 INVITE sdp=answer
    .. 0.5                   half a second passes

`>>`, `--` and `..` are done; what the agent then sends and tells is written down in the same language, and the whole
transcript must equal the script. The peer is dull but honest: it learns tags, counts CSeq, makes branches. Words after a
request change that: `again` (the same bytes), `cseq=7`, `branch=x`, `from=x` and `to=x` (tags; `to=` none), `call=x`
(Call-ID), `type=a/b`, `sdp=text` and `body=text`. A response names what it answers: `>> 200 INVITE sdp=x to=tag`, of
several the newest, or with `of=1` the first. `rseq=1` makes a provisional response reliable, and a PRACK acknowledges our
newest. Words with a capital are headers: `Supported=timer`.

`-- invite ways=2` places a call by two ways, to ports 5062 and 5063 of the peer; `password=x` gives credentials for any
realm, and `redirects=yes` follows redirections; `-- redirect ways=1` does. `-- invite sdp=o beside=2` calls two places at once
with the first, with the offers o2 and o3; `>> 180 INVITE of=2` is what the second says.
"""

import difflib
import itertools
import re
from dataclasses import fields, replace
from enum import Enum

from sip.agent import Agent, AgentSettings, Branch, Credentials, Flow, Way
from sip.events import FlowClosed
from sip.gate import OPEN, Gate
from sip.headers import Address
from sip.message import Message, Request, Response
from sip.parser import parse
from sip.settings import DIGIT_TYPES
from sip.uri import Uri

UDP = Flow("udp", ("10.0.0.1", 5060), ("10.0.0.9", 5062))
TCP = Flow("tcp", ("10.0.0.1", 5060), ("10.0.0.9", 40_000), 1)
_QUIET = {
    "call",
    "flow",
    "request_uri",
    "from_",
    "to",
    "call_id",
    "request",
    "reason",
    "message",
    "targets",
    "real",
    "statuses",
}


def counting_entropy(seed: int = 1):
    """Bytes that are different each time and the same in each run."""
    numbers = itertools.count(seed * 1_000_003)
    return lambda size: (next(numbers) * 2_654_435_761 % 2**64).to_bytes(8).rjust(size, b"\1")[-size:]


class Playbook:
    """One agent, one peer, one call after another."""

    def __init__(self, flow: Flow = UDP, *, gate: Gate = OPEN, **settings) -> None:
        self.agent = Agent(settings=AgentSettings(**settings), entropy=counting_entropy(), gate=gate)
        self.flow = flow
        self.now = 1000.0
        self.call = 0
        self.handle = 0
        """Newest request that was told."""
        self.sent: list[Message] = []
        """All that the agent sent, parsed."""
        self.flows: list[Flow] = []
        """Where it went."""
        self.told = []
        """All events."""
        self.extra: list[tuple[str, str]] = []
        """Header fields that the peer adds to its next request."""
        self.removed: set[str] = set()
        """Header fields that it leaves out."""
        self.uri = "sip:room@10.0.0.1"
        self._branches = itertools.count(1)
        self._cseq = 0
        self._last: dict[str, bytes] = {}
        self._invite: tuple[str, int] = ("", 0)
        self._to_tag = ""
        self._rack = "0 0 INVITE"
        self._refused = False
        self._call_id = "call-1"
        self._placed: Request | None = None
        if flow.reliable:
            # A connection of ours: the peer has no duty to speak soon.
            self.agent.flow_opened(replace(flow, connection=0), flow, self.now)

    def play(self, script: str) -> "Playbook":
        """Do a script; what comes of it must be the script."""
        expected = [line.split("#")[0].strip() for line in script.strip().splitlines()]
        expected = [re.sub(r"\s+", " ", line) for line in expected if line]
        actual: list[str] = []
        for line in expected:
            if line[:2] in (">>", "--", ".."):
                actual.append(line)
                {">>": self._arrives, "--": self._verb, "..": self._passes}[line[:2]](line[3:])
                self._note(actual)
        if actual != expected:
            difference = difflib.ndiff(expected, actual)
            raise AssertionError("script (-) and what happened (+):\n" + "\n".join(difference))
        return self

    def feed(self, data: bytes) -> None:
        """Bytes arrive as they are; nothing is compared."""
        self.agent.receive(self.flow, data, self.now)
        self._note([])

    def last(self, what: str) -> Message:
        """The newest message sent that begins with a status or a method."""
        for message in reversed(self.sent):
            if _title(message).startswith(what):
                return message
        raise AssertionError(f"no {what} was sent")

    def request(self, method: str, words: dict[str, str]) -> bytes:
        """Bytes of a request of the peer."""
        branch = words.get("branch") or f"z9hG4bKpeer{next(self._branches)}"
        if method in ("ACK", "CANCEL"):
            cseq = self._invite[1]
            if method == "CANCEL" or self._to_tag == "" or (self._refused and "cseq" not in words):
                branch = words.get("branch") or self._invite[0]
        else:
            self._cseq += 1
            cseq = self._cseq
        cseq = int(words.get("cseq", cseq))
        if method == "INVITE":
            self._invite = (branch, cseq)
        to_tag = words.get("to", "" if method == "CANCEL" else self._to_tag)
        body = (words.get("sdp") or words.get("body") or "").encode().replace(b"|", b"\r\n")
        kind = words.get("type", "application/sdp" if "sdp" in words else "")
        local, remote = f"<sip:room@10.0.0.1>{to_tag and f';tag={to_tag}'}", "<sip:alice@peer.invalid>"
        if self._placed is not None:
            local = self._placed.headers.get("From")
            remote = self._placed.headers.get("To")
        lines = [
            ("Via", f"SIP/2.0/{self.flow.transport.upper()} 192.168.0.9:5062;rport;branch={branch}"),
            ("Max-Forwards", "70"),
            ("From", f"{remote};tag={words.get('from', 'peer')}"),
            ("To", local),
            ("Call-ID", words.get("call", self._call_id)),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", "<sip:alice@192.168.0.9:5062>"),
            *([("Content-Type", kind)] if kind else []),
            *([("RAck", self._rack)] if method == "PRACK" else []),
            *_headers(words),
            *self.extra,
            ("Content-Length", str(len(body))),
        ]
        self.extra = []
        removed = {*self.removed, *[name for name, value in words.items() if name[0].isupper() and not value]}
        head = "".join([f"{name}: {value}\r\n" for name, value in lines if name not in removed])
        return f"{method} {self.uri} SIP/2.0\r\n{head}\r\n".encode() + body

    def response(self, status: int, method: str, words: dict[str, str]) -> bytes:
        """Bytes of a response of the peer to the newest request that we sent with that method."""
        sent = [message for message in self.sent if isinstance(message, Request) and message.method == method]
        request = sent[int(words.get("of", 0)) - 1]
        if method == "INVITE":
            self._placed = request
        self._call_id = request.call_id
        to = request.headers.get("To")
        tag = words.get("to", "peer")
        if ";tag=" not in to and status > 100 and tag:
            to = f"{to};tag={tag}"
        body = words.get("sdp", "").encode()
        lines = [
            *[("Via", via) for via in request.headers.get_all("Via")],
            ("From", request.headers.get("From")),
            ("To", to),
            ("Call-ID", request.call_id),
            ("CSeq", request.headers.get("CSeq")),
            *([("Contact", "<sip:bob@192.168.0.9:5062>")] if status < 300 else []),
            *([("Content-Type", "application/sdp")] if body else []),
            *([("Require", "100rel"), ("RSeq", words["rseq"])] if "rseq" in words else []),
            *_headers(words),
            *self.extra,
            ("Content-Length", str(len(body))),
        ]
        self.extra = []
        head = "".join([f"{name}: {value}\r\n" for name, value in lines])
        return f"SIP/2.0 {status} Words\r\n{head}\r\n".encode() + body

    def _arrives(self, line: str) -> None:
        what, *rest = line.split()
        words = dict(word.partition("=")[::2] for word in rest)
        if what.isdigit():
            method = rest[0]
            key = f"{what} {method}"
            data = self._last[key] if "again" in words else self.response(int(what), method, words)
        else:
            key = what
            data = self._last[key] if "again" in words else self.request(what, words)
        self._last[key] = data
        self.agent.receive(self.flow, data, self.now)

    def _verb(self, line: str) -> None:
        verb, *rest = line.split()
        words = dict(word.partition("=")[::2] for word in rest)
        sdp = words.get("sdp", "").encode()
        agent, call, now = self.agent, self.call, self.now
        match verb:
            case "ring":
                agent.ring(call, now)
            case "progress":
                agent.progress(call, sdp, now)
            case "accept":
                agent.accept(call, sdp, now, focus="focus" in words)
            case "reject":
                agent.reject(call, int(rest[0]), now)
            case "hang_up":
                agent.hang_up(call, now, reason=words.get("reason"))
            case "reoffer":
                agent.reoffer(call, sdp, now)
            case "accept_offer":
                agent.accept_offer(call, sdp, now)
            case "reject_offer":
                agent.reject_offer(call, int(rest[0]), now)
            case "press":
                agent.send_digit(call, rest[0], int(words.get("ms", 160)), now)
            case "close":
                agent.flow_closed(self.flow, now)
            case "drain":
                agent.draining = True
            case _:
                self._place(verb, rest, words)

    def _place(self, verb: str, rest: list[str], words: dict[str, str]) -> None:
        """The verbs of calls that we place."""
        agent, call, now, sdp = self.agent, self.call, self.now, words.get("sdp", "").encode()
        match verb:
            case "invite":
                self._to_tag = ""
                self.call = agent.invite(
                    Uri.parse("sip:bob@peer.invalid"),
                    from_=Address.parse("<sip:roda@10.0.0.1>"),
                    sdp=sdp,
                    ways=self._ways(words),
                    now=now,
                    credentials=Credentials("roda", words["password"]) if "password" in words else None,
                    redirects="redirects" in words,
                    hurry="hurry" in words,
                    beside=self._beside(words),
                )
            case "redirect":
                agent.redirect(call, self._ways(words), now)
            case _:
                self._outside(verb, rest, words)

    def _ways(self, words: dict[str, str]) -> list[Way]:
        host, port = self.flow.remote
        return [
            Way(replace(self.flow, remote=(host, port + index))) for index in range(int(words.get("ways", 1)))
        ]

    def _beside(self, words: dict[str, str]) -> list[Branch]:
        ways = self._ways({"ways": str(1 + int(words.get("beside", 0)))})[1:]
        return [Branch(way, f"{words['sdp']}{index}".encode()) for index, way in enumerate(ways, 2)]

    def _outside(self, verb: str, rest: list[str], words: dict[str, str]) -> None:
        """The verbs that are not of a call."""
        agent, now = self.agent, self.now
        match verb:
            case "respond":
                agent.respond(self.handle, int(rest[0]), now, body=words.get("body", "").encode())
            case "request":
                agent.request(
                    rest[0],
                    Uri.parse("sip:peer.invalid"),
                    from_=Address.parse("<sip:roda@10.0.0.1>"),
                    to=Address.parse("<sip:bob@peer.invalid>"),
                    flow=self.flow,
                    now=now,
                    body=words.get("body", "").encode(),
                )
            case _:
                raise AssertionError(f"no verb {verb}")

    def _passes(self, line: str) -> None:
        end = self.now + float(line)
        while (at := self.agent.next_deadline()) is not None and at <= end:
            self.now = max(self.now, at)
            self.agent.advance(self.now)
        self.now = end
        self.agent.advance(end)

    def _note(self, transcript: list[str]) -> None:
        for out in self.agent.outgoing():
            self.flows.append(out.flow)
            if out.close:
                transcript.append("<< close")
                continue
            if not out.data.strip():
                transcript.append("<< keep-alive")
                continue
            message = parse(out.data)
            self.sent.append(message)
            if isinstance(message, Response):
                if message.cseq.method == "INVITE" and message.status >= 200:
                    self._refused = message.status >= 300
                if (rseq := message.headers.get("RSeq")) is not None:
                    self._rack = f"{rseq} {message.cseq}"
                if message.cseq.method == "INVITE" and message.status < 300:
                    self._to_tag = message.to.tag or self._to_tag
            elif message.method == "INVITE":
                self._call_id = message.call_id
                self._to_tag = message.from_.tag or ""
            kind = "body" if message.headers.get("Content-Type") in DIGIT_TYPES else "sdp"
            body = f" {kind}={message.body.decode()}".replace("\r\n", "|") if message.body else ""
            transcript.append(f"<< {_title(message)}{body}")
        for event in self.agent.events():
            self.told.append(event)
            if isinstance(event, FlowClosed):
                continue  # of every connection, and rarely what a script is about
            self.call = getattr(event, "call", 0) or self.call
            self.handle = getattr(event, "request", self.handle)
            values = {
                field.name: value
                for field in fields(event)
                if (value := getattr(event, field.name)) != field.default and field.name not in _QUIET
            }
            words = [f"{name}={_plain(value)}" for name, value in values.items()]
            transcript.append(" ".join([f"** {type(event).__name__}", *words]))


def _title(message: Message) -> str:
    if isinstance(message, Response):
        return f"{message.status} {message.cseq.method}"
    return message.method


def _headers(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in words.items() if name[0].isupper() and value]


def _plain(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return value.name if isinstance(value, Enum) else str(value)
