"""Calls, torture messages and noise mixed by a seed: nothing raises, and in the end nothing is stuck."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from sip import offer, sdp
from sip.agent import Agent, AgentSettings, Flow, Way
from sip.errors import LocalError, RemoteError
from sip.events import FlowClosed, IncomingCall, OfferReceived
from sip.headers import Address
from sip.session import State
from sip.uri import Uri
from tests.torture.test_rfc4475 import MESSAGES as RFC4475
from tests.torture.test_rfc5118 import MESSAGES as RFC5118

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 4000
CALLS_MAX = 200
HERE, THERE = ("192.0.2.1", 5060), ("192.0.2.9", 5062)
UDP = Flow("udp", HERE, THERE)
CORPUS = [*RFC4475.values(), *RFC5118.values()]
OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n"
)
SNIPPETS = [
    b";", b",", b"\r\n", b"\r\n ", b":", b'"', b"<", b">", b"%00", b"\0", b"\xff", b"4294967296", b"-1", b" ", b"\t", b"=",
    b"a" * 300, b"[::1]", b"sips:", b"tel:+1", b"tag=", b"branch=", b"Content-Length: 99999\r\n", b"Require: x\r\n",
    b"Record-Route: <sip:192.0.2.5;lr>\r\n", b"Via: SIP/2.0/UDP h\r\n", b"Contact: *\r\n",
]  # fmt: skip
METHODS = ["ACK", "BYE", "CANCEL", "INFO", "INVITE", "OPTIONS", "UPDATE"]
STATUSES = [100, 180, 183, 200, 302, 408, 481, 487, 491, 503]


class Mutator:
    """A peer that knows the agent's messages and answers them with whatever the dice say."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.agent = Agent(settings=AgentSettings(calls_max=CALLS_MAX), entropy=self.chance.randbytes)
        self.now = 0.0
        self.calls = [0]
        self.heard: list[bytes] = []

    def step(self) -> None:
        """Let some time pass, send something, and use the agent as a program without memory would."""
        chance, agent = self.chance, self.agent
        self.now += chance.choice((0.001, 0.01, 0.3, 5.0))
        agent.advance(self.now)
        data = self.mutated(self.message())
        if chance.random() < 0.2:
            flow = Flow("tcp", HERE, THERE, chance.randrange(1, 20))
            agent.receive(flow, data, self.now)
            if chance.random() < 0.2:
                agent.flow_closed(flow, self.now)
        else:
            agent.receive(UDP, data, self.now)
        for event in agent.events():
            if not isinstance(event, FlowClosed):
                self.calls.append(event.call)
                self.described(event)
        self.use(chance.choice(self.calls[-30:]))
        self.heard += [out.data for out in agent.outgoing() if out.data.strip()]
        del self.heard[:-200]

    def message(self) -> bytes:
        chance = self.chance
        known = chance.choice(self.heard) if self.heard else b""
        dice = chance.random()
        if known and dice < 0.4:
            return self.retort(known)
        if dice < 0.6:
            return chance.choice(CORPUS)
        return self.request(chance.choice(["INVITE", "INVITE", "INVITE", *METHODS]), chance.randrange(50))

    @staticmethod
    def request(method: str, number: int) -> bytes:
        body = OFFER if method == "INVITE" else b""
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:room@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9:5062;branch=z9hG4bK{number};rport\r\n"
            f"From: <sip:a@192.0.2.9>;tag=f{number}\r\nTo: <sip:room@192.0.2.1>\r\nCall-ID: {number}\r\n"
            f"CSeq: 1 {method}\r\nContact: <sip:a@192.0.2.9:5062>\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    def retort(self, known: bytes) -> bytes:
        """A request in the dialog of a response of the agent, or a response to a request of its."""
        chance = self.chance
        start, _, rest = known.partition(b"\r\n")
        contact = b"Contact: <sip:a@192.0.2.9:5062>\r\n"
        if start.startswith(b"SIP/2.0"):
            method = chance.choice(METHODS).encode()
            rest = re.sub(
                rb"CSeq: (\d+) \w+",
                lambda cseq: b"CSeq: %d %s" % (int(cseq[1]) + chance.randrange(3), method),
                rest,
            )
            if chance.random() < 0.7:
                rest = re.sub(rb"branch=[^;\r]*", b"branch=z9hG4bK%d" % chance.randrange(10**6), rest)
            return method + b" sip:room@192.0.2.1 SIP/2.0\r\n" + contact + rest
        tag = b"\\1;tag=%d" % chance.randrange(4)
        status = b"SIP/2.0 %d Words\r\n" % chance.choice(STATUSES)
        return status + contact + re.sub(rb"(\r\nTo: [^\r;]*>)(?=\r)", tag, rest)

    def mutated(self, data: bytes) -> bytes:
        chance, wreck = self.chance, bytearray(data)
        for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
            at = chance.randrange(len(wreck) + 1)
            what = chance.randrange(5)
            if what == 0:
                wreck[at:at] = chance.choice(SNIPPETS)
            elif what == 1:
                del wreck[at : at + chance.randrange(1, 30)]
            elif what == 2:
                wreck[at : at + 1] = chance.randbytes(1)
            elif what == 3:
                wreck[at:at] = wreck[
                    (begin := chance.randrange(len(wreck) + 1)) : begin + chance.randrange(60)
                ]
            else:
                other = chance.choice(CORPUS)
                wreck[at:at] = other[(begin := chance.randrange(len(other))) : begin + chance.randrange(80)]
        return bytes(wreck)

    def described(self, event: object) -> None:
        if isinstance(event, IncomingCall | OfferReceived) and event.offer is not None:
            try:
                offer.answer(
                    sdp.parse(event.offer), offer.Capabilities(), address="192.0.2.1", port=1, session_id=1
                )
            except RemoteError:
                return

    def use(self, call: int) -> None:
        agent, now = self.agent, self.now
        verbs: list[Callable[[], object]] = [
            lambda: agent.ring(call, now),
            lambda: agent.progress(call, OFFER, now),
            lambda: agent.accept(call, OFFER, now),
            lambda: agent.accept(call, OFFER, now),
            lambda: agent.reject(call, 486, now),
            lambda: agent.hang_up(call, now),
            lambda: agent.reoffer(call, OFFER, now),
            lambda: agent.accept_offer(call, OFFER, now),
            lambda: agent.reject_offer(call, 488, now),
            lambda: agent.invite(
                Uri.parse("sip:b@192.0.2.9"),
                from_=Address.parse("<sip:a@b>"),
                sdp=OFFER,
                ways=[Way(UDP)],
                now=now,
            ),
        ]
        try:
            self.chance.choice(verbs)()
        except LocalError:
            return  # out of place, as it should be told


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_raises_and_nothing_is_stuck(seed: int) -> None:
    mutator = Mutator(seed)
    agent = mutator.agent
    for _ in range(STEPS):
        mutator.step()
    assert agent.counters["dropped:malformed"] > STEPS // 10
    assert agent.counters["received:ACK:udp"] > 10
    while (at := agent.next_deadline()) is not None:
        agent.advance(at)
        agent.outgoing()
        agent.events()
    assert agent.transactions == 0
    # A call that runs may run for ever; all else has come to its end by itself.
    assert {session.state for session in agent._core.dialogs.values()} <= {State.CONFIRMED}
    assert len(agent._core.dialogs) == agent.calls
