"""What is fuzzed: each target takes any bytes, and raises only where something is wrong with us.

A target is more than "nothing raises": what was read and written again is read alike, however a stream is cut it says the
same, and after a call that somebody wrecked nothing is left. `scripts/fuzz` runs them with coverage to guide it;
`test_corpus` plays what that found, and `test_near_valid` what hypothesis builds.
"""

from __future__ import annotations

import contextlib
import struct
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from media import control, rtcp, rtp
from media.engine import Engine
from media.srtcp import ReportCipher
from media.srtp_cipher import PacketCipher
from media.srtp_keys import SHAPES, packet_keys, report_keys
from sip import content, identity, offer, reason, replaces, sdp, session_timer, sipfrag, subscription
from sip.accounts import Account
from sip.agent import Agent, AgentSettings, Branch, Way
from sip.challenge import Challenger, Policy
from sip.digest import Credentials, authorize, repeat
from sip.errors import LocalError, ParseError, RemoteError
from sip.events import (
    CallEnded,
    IncomingCall,
    ReferReceived,
    RequestReceived,
    SubscribeReceived,
    SubscriptionRefreshed,
)
from sip.flow import Flow
from sip.framing import FrameParser, KeepAlive, StreamParser
from sip.gate import Pass, Refuse
from sip.headers import Address
from sip.message import Request, Response
from sip.parser import parse
from sip.proof import SERVED, ha1
from sip.refer_to import parse_referral
from sip.registrar import Registrar, RegistrarSettings
from sip.replaces import parse_replaces
from sip.uri import Uri
from tests.support.sip_playbook import UDP, counting_entropy

BETWEEN: Final = b"\0\0"
"""Stands between the pieces of an input that has several; in a message there is seldom a reason for it."""


# One message -----------------------------------------------------------------------------------------------------


def parser(data: bytes) -> None:
    """A datagram: read, looked at from all sides, written and read again."""
    partial = None
    try:
        message = parse(data)
    except ParseError as error:
        partial = error.partial
        if partial is None:
            return
    if partial is not None:
        assert partial.method != "ACK"
        _ = partial.via
        return
    look_at(message)
    # Octets behind the body, and how a line was folded, are no part of what it says.
    again = parse(message.encode())
    assert [field for field in again.headers if field[0] != "Content-Length"] == [
        field for field in message.headers if field[0] != "Content-Length"
    ]
    assert again.body == message.body
    assert str(again.via) == str(message.via)
    assert str(start_of(again)) == str(start_of(message))


def start_of(message: Request | Response) -> object:
    """Start line, as it is understood."""
    return message.uri if isinstance(message, Request) else (message.status, message.reason)


def look_at(message: Request | Response) -> None:
    """All that somewhere in the agent is read of a message."""
    _ = (message.via.rport, message.via.received, message.via.branch, message.from_.tag, message.to.tag)
    _ = (message.call_id, message.cseq, message.contacts, message.routes, message.record_routes)
    content.content_type(message)
    content.sdp_of(message)
    reason.words_of(message)
    reason.q850_of(message)
    if isinstance(message, Response):
        reason.retry_after_s(message)
        session_timer.least_of(message)
        return
    content.digit_of(message)
    identity.asserted(message)
    identity.preferred(message)
    identity.wants_privacy(message)
    identity.diversions(message)
    subscription.parse_event(message.headers.get("Event"))
    sipfrag.status_of(message.body)
    for read in (
        lambda: parse_referral(message),
        lambda: str(parse_replaces(message.headers.get("Replaces") or "")),
        lambda: replaces.unescaped(message.uri.headers),
        lambda: subscription.parse_expires(message.headers.get("Expires")),
    ):
        with contextlib.suppress(ParseError):
            read()


# A stream --------------------------------------------------------------------------------------------------------


def stream(data: bytes) -> None:
    """The first byte says how long the pieces are: whole or in pieces, a stream says the same, and ends at the same place."""
    if not data:
        return
    step, data = data[0] or 300, data[1:]
    whole = list(said(StreamParser(), [data]))
    assert list(said(StreamParser(), cut(data, step))) == whole
    list(said(FrameParser(), [data]))


def cut(data: bytes, step: int) -> list[bytes]:
    """Data in pieces of `step` bytes."""
    return [data[at : at + step] for at in range(0, len(data), step)]


def said(parser: StreamParser | FrameParser, pieces: list[bytes]) -> Iterator[object]:
    """What came out, errors by their status; after one the peer may stay if the border is not lost."""
    for piece in pieces:
        arrived = piece
        while True:
            try:
                found = parser.receive(arrived)
            except ParseError as error:
                yield from map(plainly, error.parsed)
                yield error.status
                if parser.closed or isinstance(parser, FrameParser):
                    break
                arrived = b""
            else:
                yield from map(plainly, found)
                break
        if parser.closed:
            return


def plainly(message: Request | Response | KeepAlive) -> object:
    """A message as something that can be compared."""
    return "keep-alive" if isinstance(message, KeepAlive) else message.encode()


# A description ---------------------------------------------------------------------------------------------------

CAPABILITIES: Final = [
    offer.Capabilities(srtp=rule, answer_all=all_of_them)
    for rule in ("off", "optional", "mandatory")
    for all_of_them in (False, True)
]


def description(data: bytes) -> None:
    """SDP: read and written again, answered as an offer, and taken as the answer to one of ours."""
    try:
        described = sdp.parse(data)
    except ParseError:
        return
    with contextlib.suppress(LocalError):  # what it says need not be what we would say
        sdp.parse(sdp.encode(described))
    for capabilities in CAPABILITIES:
        with contextlib.suppress(RemoteError):
            agreed = offer.answer(
                described,
                capabilities,
                address="192.0.2.1",
                port=4000,
                session_id=1,
                entropy=counting_entropy(),
            )
            assert len(agreed.answer.media) == len(described.media)
            assert [line.kind for line in agreed.answer.media] == [line.kind for line in described.media]
            written = sdp.encode(agreed.answer)
            assert sdp.encode(sdp.parse(written)) == written
        ours = offer.make_offer(
            capabilities, address="192.0.2.1", port=4000, session_id=1, entropy=counting_entropy()
        )
        with contextlib.suppress(RemoteError):
            offer.accept_answer(ours, described)


# Proofs ----------------------------------------------------------------------------------------------------------

REALM: Final = "roda.example"
ALICE: Final = Credentials("alice", "sesame")
ACCOUNTS: Final = {
    "alice": Account(
        "alice",
        tuple((kind, ha1(kind, "alice", REALM, "sesame")) for kind in SERVED),
        frozenset({"+4930123"}),
    ),
    "bob": Account("bob", tuple((kind, ha1(kind, "bob", REALM, "open")) for kind in SERVED)),
}
_REGISTER: Final = (
    b"REGISTER sip:roda.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.9:5062;rport;branch=z9hG4bK1\r\n"
    b"From: <sip:alice@roda.example>;tag=1\r\nTo: <sip:alice@roda.example>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n"
)
_REFUSAL: Final = (
    b"SIP/2.0 401 Unauthorized\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\n"
    b"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
)


def proofs(data: bytes) -> None:
    """The same header lines as proofs that we judge, and as challenges that we answer."""
    try:
        message = parse(_REGISTER + data.rstrip(b"\r\n") + b"\r\n\r\n")
    except ParseError:
        return
    assert isinstance(message, Request)
    challenger = Challenger(Policy(realm=REALM), ACCOUNTS, counting_entropy())
    challenger.judge(
        message, UDP, 1000.0, inside=False
    )  # the first nonce is the same each time, and can be proved with
    judgement = challenger.judge(message, UDP, 1001.0, inside=False)
    assert isinstance(judgement, Pass | Refuse)
    if isinstance(judgement, Pass):
        assert judgement.identity in ACCOUNTS
    try:
        refusal = parse(_REFUSAL + data.rstrip(b"\r\n") + b"\r\n\r\n")
    except ParseError:
        return
    assert isinstance(refusal, Response)
    before = None
    for turn in range(5):
        answer = authorize(
            refusal, method="INVITE", uri="sip:a@b", body=b"", credentials=ALICE, cnonce="c", before=before
        )
        if answer is None:
            break
        assert turn < 4, "a server that asks for ever is answered for ever"
        fields, before = answer
        assert fields
        for _, value in fields:
            assert "\r" not in value
            assert "\n" not in value
            assert "sesame" not in value
        repeat(before, method="BYE", uri="sip:a@b", body=b"", credentials=ALICE, cnonce="d")


# A call ----------------------------------------------------------------------------------------------------------

ENDED_BY: Final = 3000
"""Deadlines after which whatever is left has no end."""


class Conversation:
    """An agent, and what somebody does to it: each piece is a message, or one letter for a verb of ours or for time."""

    def __init__(self, flow: Flow = UDP) -> None:
        self.agent = Agent(
            settings=AgentSettings(calls_max=8, served=("REGISTER", "MESSAGE")), entropy=counting_entropy()
        )
        self.flow = flow
        self.now = 1000.0
        self.call = 0
        self.begun: set[int] = set()
        self.ended: Counter[int] = Counter()
        self.watchers: list[int] = []

    def verb(self, letter: str) -> None:
        """What the user of the agent may do at any time, in place or not."""
        agent, call, now = self.agent, self.call, self.now
        doing: dict[str, Callable[[], object]] = {
            "r": lambda: agent.ring(call, now),
            "p": lambda: agent.progress(call, b"early", now),
            "a": lambda: agent.accept(call, b"answer", now),
            "f": lambda: agent.accept(call, b"answer", now, focus=True),
            "j": lambda: agent.reject(call, 486, now),
            "h": lambda: agent.hang_up(call, now),
            "o": lambda: agent.reoffer(call, b"hold", now),
            "y": lambda: agent.accept_offer(call, b"ok", now),
            "n": lambda: agent.reject_offer(call, 488, now),
            "i": self.place,
            "F": lambda: self.place(beside=True),
            "q": self.ask,
            "d": lambda: agent.redirect(call, [Way(self.flow)], now),
            "x": lambda: agent.refer(call, Address.parse("<sip:c@d>"), now),
            "N": lambda: [agent.notify(each, b"<state/>", "text/xml", now) for each in self.watchers[-1:]],
            "E": lambda: [agent.end_subscription(each, "noresource", now) for each in self.watchers[-1:]],
            "t": lambda: self.passes(0.6),
            "T": lambda: self.passes(33.0),
        }
        with contextlib.suppress(LocalError):
            doing.get(letter, lambda: None)()

    def place(self, *, beside: bool = False) -> None:
        """Call somebody, or (`beside`) two at once."""
        self.call = self.agent.invite(
            Uri.parse("sip:bob@peer.invalid"),
            from_=Address.parse("<sip:roda@10.0.0.1>"),
            sdp=b"offer",
            ways=[Way(self.flow)],
            now=self.now,
            credentials=None if beside else ALICE,
            redirects=not beside,
            beside=[Branch(Way(self.flow), b"offer")] if beside else (),
        )
        self.begun.add(self.call)

    def ask(self) -> None:
        to = Address.parse("<sip:bob@peer.invalid>")
        self.agent.request(
            "OPTIONS", to.uri, from_=to, to=to, flow=self.flow, now=self.now, credentials=ALICE
        )

    def passes(self, seconds: float) -> None:
        end = self.now + seconds
        for _ in range(ENDED_BY):
            at = self.agent.next_deadline()
            if at is None or at > end:
                break
            self.now = max(self.now, at)
            self.agent.advance(self.now)
            self.drain()
        self.now = end

    def drain(self) -> None:
        """Look at what is sent, and do what a user does at once."""
        while self.look():
            pass

    def look(self) -> bool:
        """The same once; whether anything has happened."""
        agent, now = self.agent, self.now
        events = agent.events()
        for out in agent.outgoing():
            if out.close or (out.flow.reliable and not out.flow.connection):
                agent.flow_closed(out.flow, now)  # where a connection is asked for, there is none to be had
            elif out.data.startswith((b"SIP/2.0 4", b"SIP/2.0 5", b"\r\n")):
                continue  # what was unreadable comes back unreadable; and keep-alives
            else:
                parse(out.data)
        for event in events:
            match event:
                case IncomingCall(call=call):
                    self.call = call
                    self.begun.add(call)
                case CallEnded(call=call):
                    self.ended[call] += 1
                case SubscribeReceived(subscription=number):
                    self.watchers.append(number)
                    agent.accept_subscription(number, now)
                    agent.notify(number, b"<state/>", "text/xml", now)
                case SubscriptionRefreshed(subscription=number):
                    agent.notify(number, b"<state/>", "text/xml", now)
                case ReferReceived(refer=number):
                    agent.accept_refer(number, now)
                    agent.refer_progress(number, 200, "", now)
                case RequestReceived(request=number):
                    agent.respond(number, 200, now)
            assert getattr(event, "call", 0) in {0, *self.begun}, "told of a call that nobody knows"
        return bool(events)

    def settle(self) -> None:
        """Everybody goes; then nothing may be left."""
        agent = self.agent
        if self.flow.reliable:
            agent.flow_closed(self.flow, self.now)
        for call in self.begun:
            agent.hang_up(call, self.now)
        for number in self.watchers:
            agent.end_subscription(number, "deactivated", self.now)
        self.drain()
        for _ in range(ENDED_BY):
            at = agent.next_deadline()
            if at is None:
                break
            self.now = max(self.now, at)
            agent.advance(self.now)
            self.drain()
        assert agent.next_deadline() is None
        assert (agent.calls, agent.dialogs, agent.transactions, agent.subscriptions) == (0, 0, 0, 0)
        assert self.ended == Counter(self.begun)


def call(data: bytes, flow: Flow = UDP) -> None:
    """A conversation, by datagrams where nothing else is said."""
    there = Conversation(flow)
    for piece in data.split(BETWEEN)[:40]:
        if len(piece) == 1:
            there.verb(chr(piece[0]))
        else:
            there.agent.receive(flow, piece, there.now)
        there.drain()
    there.settle()


# Registering -----------------------------------------------------------------------------------------------------


def registrar(data: bytes) -> None:
    """REGISTERs, each given by its own lines."""
    here = Registrar(RegistrarSettings(contacts_max=3), ACCOUNTS)
    now = 1000.0
    for number, lines in enumerate(data.split(BETWEEN)[:8]):
        now += 7.0
        head = _REGISTER.replace(b"CSeq: 1 ", b"CSeq: %d " % (number + 1))
        try:
            request = parse(head + lines.rstrip(b"\r\n") + b"\r\n\r\n")
        except ParseError:
            continue
        assert isinstance(request, Request)
        status, fields = here.register(request, UDP, "alice", now)
        assert status in (200, 400, 403, 416, 420, 423, 439, 500, 503)
        bound = here.bindings("alice", now)
        assert len(bound) == len(here) <= 3
        if status == 200:
            assert [name for name, _ in fields].count("Contact") == len(bound)
        for binding in bound:
            Address.parse(binding.field(now)[1])
            assert now < binding.expires_at <= now + 3600
    here.events()
    while (at := here.next_deadline()) is not None:
        assert at > now
        now = at
        here.advance(now)
    assert len(here) == 0


# Packets ---------------------------------------------------------------------------------------------------------


def _keys(suite: control.Suite) -> control.Srtp:
    shape = SHAPES[suite]
    return control.Srtp(
        suite, bytes(range(shape.key + shape.salt)), bytes(range(1, shape.key + shape.salt + 1))
    )


SECURED: Final = {
    2: _keys(control.Suite.AES_CM_128_HMAC_SHA1_80),
    3: _keys(control.Suite.AEAD_AES_256_GCM),
}
"""Streams with keys; the others are plain."""
_SEALS: Final = {
    stream: (
        PacketCipher(keys.suite, packet_keys(keys.suite, keys.key_in)),
        ReportCipher(keys.suite, report_keys(keys.suite, keys.key_in)),
    )
    for stream, keys in SECURED.items()
}
STREAMS: Final = 3


def packets(data: bytes) -> None:
    """RTP and RTCP of a worker: each packet has a byte that says whose it is and how it comes, and one for its length.

    Of the first byte the lowest two bits are the stream, the third says RTCP, the fourth that a packet for a stream with
    keys is sealed by them first (else nothing would get past the proof), the fifth that 20 ms pass before.
    """
    engine = Engine(4)
    now = 1000.0
    for number in range(1, STREAMS + 1):
        form = control.Format(control.Codec.PCMU, 0, 101, tones=number == 1, srtp=SECURED.get(number))
        engine.apply(
            control.OpenStream(
                number, form, ssrc=number, sequence=10, timestamp=20, cname="test",
                remote=control.Endpoint("192.0.2.10", 4000), latched=number != 1, room=1, rtp_timeout_s=60.0,
            ),
            now,
        )  # fmt: skip
    at = 0
    while at + 2 <= len(data):
        how, length = data[at], data[at + 1]
        packet = data[at + 2 : at + 2 + length]
        at += 2 + length
        stream = how % 4 or 1
        row = engine.row(stream)
        assert row is not None
        if how & 16:
            now += 0.02
            engine.tick(now)
            engine.sent()
        if how & 4:
            rtcp.parse(packet, stream)
            if how & 8 and stream in _SEALS and len(packet) >= 8:
                packet = _SEALS[stream][1].seal(packet, at)
            engine.receive_report(row, packet, now)
            continue
        if how & 8 and stream in _SEALS and len(packet) >= rtp.HEADER_BYTES:
            sequence, _, ssrc = struct.unpack_from("!HII", packet, 2)
            packet = _SEALS[stream][0].seal(packet, rtp.HEADER_BYTES, ssrc, sequence)
        slots = np.zeros(1, rtp.PACKET_IN)
        slots["bytes"][0, : len(packet)] = np.frombuffer(packet, np.uint8)
        sources = {0: ("192.0.2.10", 4000)} if how & 32 else {}
        engine.receive(
            np.array([row], np.intp), np.array([len(packet)], np.intp), np.array([now - 0.01]), slots, sources
        )
    for _ in range(3):
        now += 0.02
        engine.tick(now)
        engine.sent()
    for event in engine.events():
        if isinstance(event, control.DigitReceived):
            assert event.digit in "0123456789*#ABCD"


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    each.__name__: each for each in (parser, stream, description, proofs, call, registrar, packets)
}
