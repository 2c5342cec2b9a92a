"""A registrar on real sockets in a thread of the test's own: agent, challenges, bindings. It calls who has registered."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Self

from bridge.control.protocol import ListPhones, PhoneRow
from bridge.registrations import Registrations
from sip.accounts import Account
from sip.agent import Agent, AgentSettings
from sip.challenge import Challenger, Policy
from sip.events import FlowClosed, RequestReceived
from sip.flow import Flow
from sip.gate import Judgement
from sip.headers import Address
from sip.message import Request
from sip.proof import SERVED, Algorithm, ha1
from sip.registrar import Registrar, RegistrarSettings
from sip.transport import stream
from sip.transport.driver import Driver
from sip.transport.udp import UdpTransport
from sip.uri import Uri
from tests.interop.started import LOOPBACK, PATIENCE_S, free_port, until

REALM = "roda.example"
PASSWORD = "sesame-open"
OFFER = (
    f"v=0\r\no=- 1 1 IN IP4 {LOOPBACK}\r\ns=-\r\nc=IN IP4 {LOOPBACK}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"
).encode()


class RegistrarHere:
    """One, for accounts of these names, all with `PASSWORD`. `with` starts and ends it. It is also its own gate."""

    def __init__(self, *names: str, algorithms: tuple[Algorithm, ...] = (Algorithm.MD5,)) -> None:
        self.port = free_port()
        self.told: list[Any] = []
        """Events of calls."""
        self.noticed_: list[str] = []
        self.requests: list[Request] = []
        """All that came in, but ACK and CANCEL."""
        self._accounts = {
            name: Account(name, tuple((kind, ha1(kind, name, REALM, PASSWORD)) for kind in SERVED))
            for name in names
        }
        policy = Policy(realm=REALM, algorithms=algorithms)
        self._challenger = Challenger(policy, self._accounts, os.urandom, self.noticed)
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(PATIENCE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(PATIENCE_S)

    async def _run(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        agent = self._agent = Agent(
            settings=AgentSettings(served=("REGISTER",)), entropy=os.urandom, gate=self
        )
        self._registrations = Registrations(
            Registrar(RegistrarSettings(), self._accounts),
            respond=lambda request, status, now, fields: agent.respond(request, status, now, headers=fields),
            ask=lambda _question, *, answered, failed: None,
            node="here",
            wall=time.time,
        )
        self._driver = Driver(agent, self._happened)
        await self._driver.start(UdpTransport(LOOPBACK, self.port, self._driver))
        await self._driver.start(stream.tcp(LOOPBACK, self.port, self._driver))
        self._ready.set_result(None)
        await self._stop.wait()
        self._driver.close()

    def _happened(self, event: Any) -> None:
        now = self._driver.now()
        if isinstance(event, RequestReceived):
            self._registrations.received(event, now)
        elif isinstance(event, FlowClosed):
            self._registrations.flow_closed(event.flow, now)
        else:
            self.told.append(event)

    # The gate

    def admits(self, flow: Flow, data: bytes, now: float) -> bool:
        return True

    def judge(self, request: Request, flow: Flow, now: float, *, inside: bool) -> Judgement:
        self.requests.append(request)
        return self._challenger.judge(request, flow, now, inside=inside)

    def noticed(self, flow: Flow, what: str, now: float) -> None:
        self.noticed_.append(what)

    def acknowledged(self, flow: Flow, now: float) -> None:
        """It makes no difference here."""

    # From the test's thread

    def telephones(self, account: str) -> list[PhoneRow]:
        """Where an account's are now."""
        return self._in_thread(lambda now: list(self._registrations.answer(ListPhones(account), now).rows))

    def until_registered(self, account: str, count: int = 1) -> list[PhoneRow]:
        until(lambda: len(self.telephones(account)) == count, f"{count} telephones of {account}")
        return self.telephones(account)

    def call(self, account: str) -> int:
        """Call an account's telephone by the way it registered."""

        def place(now: float) -> int:
            (reached,) = self._registrations.ways(account, now)
            ours = Address("", Uri.parse(f"sip:roda@{REALM}"))
            assert reached.way.uri is not None
            call = self._agent.invite(reached.way.uri, from_=ours, sdp=OFFER, now=now, ways=[reached.way])
            self._driver.transmit()
            return call

        return self._in_thread(place)

    def hang_up(self, call: int) -> None:
        def end(now: float) -> None:
            self._agent.hang_up(call, now)
            self._driver.transmit()

        self._in_thread(end)

    def _in_thread(self, what: Callable[[float], Any]) -> Any:
        done: Future[Any] = Future()
        self._loop.call_soon_threadsafe(lambda: done.set_result(what(self._driver.now())))
        return done.result(PATIENCE_S)
