"""A trunk of two servers by SRV, of which the first is dead: real sockets, a real name server, the real agent.

Interop.md 5, row 32: fail-over within four seconds, no storm. The four seconds are made shorter here; that they are four is
what `tests/bridge/trunks/test_trying.py` and `tests/sip/test_placing.py` say.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from typing import Any, Self

import pytest
import uvloop

from bridge.addresses import Addresses
from bridge.attending import Attending
from bridge.config.listening import Server
from bridge.config.trunks import Trunk
from bridge.config.values import Address
from bridge.placing import Placing
from bridge.resolver import Resolver
from bridge.switchboard.effects import PlaceCall
from bridge.trunks import trying
from bridge.trunks.trunks import Trunks
from sip import placing as sip_placing
from sip.agent import Agent, AgentSettings
from sip.events import CallEnded, RequestAnswered
from sip.transport.driver import Driver
from sip.transport.udp import UdpTransport
from tests.support.name_server import NameServer

HOST = "127.0.0.1"
HURRY_S = 0.3
PATIENCE_S = 8.0


class Registrar(asyncio.DatagramProtocol):
    """Says 200 to all but INVITE, which it declines; or nothing."""

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent
        self.asked: Counter[str] = Counter()
        self.port = 0
        self._transport: Any = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(HOST, 0))
        self.port = self._transport.get_extra_info("sockname")[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()

    def datagram_received(self, data: bytes, peer: Any) -> None:
        lines = data.decode().split("\r\n")
        method = lines[0].split()[0]
        self.asked[method] += 1
        if self.silent or method == "ACK":
            return
        names = ("Via:", "From:", "To:", "Call-ID:", "CSeq:", "Contact:", "Expires:")
        kept = [
            line + ";tag=r" if line.startswith("To:") else line for line in lines if line.startswith(names)
        ]
        status = "603 Decline" if method == "INVITE" else "200 OK"
        self._transport.sendto(
            "\r\n".join([f"SIP/2.0 {status}", *kept, "Content-Length: 0", "", ""]).encode(), peer
        )


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "FAIL_OVER_S", HURRY_S)
    monkeypatch.setattr(sip_placing, "FAIL_OVER_S", HURRY_S)


class Edge:
    """All of the bridge that has to do with trunks, on sockets."""

    def __init__(self, name_server: NameServer) -> None:
        self.loop = asyncio.get_running_loop()
        self.told: list[Any] = []
        self.changed = asyncio.Event()
        self.driver = Driver(Agent(settings=AgentSettings(), entropy=os.urandom), self._happened)
        self.udp = UdpTransport(HOST, 0, self.driver)
        self.trunks = Trunks(
            [Trunk(name="carrier", address="carrier.example", username="acme", register=True, ping_s=0)]
        )
        self.resolver = Resolver(
            transports=("udp",), versions=(4,), now=self.loop.time, entropy=os.urandom,
            servers=[name_server.address],
        )  # fmt: skip

    async def __aenter__(self) -> Self:
        await self.driver.start(self.udp)
        server = Server(udp=(Address(*self.udp.local),), tcp=())
        agent, addresses, now = self.driver.agent, Addresses(server), self.loop.time
        self.placing = Placing(
            agent,
            server,
            addresses,
            self.resolver,
            self.trunks,
            now=now,
            tell=lambda _: self.driver.transmit(),
            transmit=self.driver.transmit,
        )
        self.attending = Attending(
            agent, self.resolver, self.placing, self.trunks, addresses, caller_id="1", passwords={},
            entropy=os.urandom, now=now, transmit=self.driver.transmit,
        )  # fmt: skip
        return self

    async def __aexit__(self, *_: object) -> None:
        self.attending.close()
        self.placing.close()
        self.resolver.close()
        self.driver.close()
        for _ in range(3):
            await asyncio.sleep(0)  # noqa: TID251 - lets the loop see closed sockets; no time passes

    def _happened(self, event: Any) -> None:
        if isinstance(event, RequestAnswered):
            self.attending.answered(event)
        elif not self.placing.happened(event):
            self.told.append(event)
        self.changed.set()

    async def until(self, met: Any) -> None:
        while not met():
            self.changed.clear()
            await self.changed.wait()


def zone(*ports: int) -> dict[str, list[str]]:
    return {
        "_sip._udp.carrier.example": [
            f"60 SRV {place} 0 {port} host.example." for place, port in enumerate(ports)
        ],
        "host.example": [f"60 A {HOST}"],
    }


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_where_the_first_server_is_dead_we_register_and_call_by_the_second(loop: Any) -> None:
    async def story() -> None:
        async with (
            NameServer() as names,
            Registrar(silent=True) as dead,
            Registrar() as alive,
            Edge(names) as edge,
        ):
            names.zone = zone(dead.port, alive.port)
            carrier = edge.trunks.get("carrier")
            assert carrier is not None
            began = edge.loop.time()
            edge.attending.start()
            await edge.until(lambda: carrier.registered)
            assert edge.loop.time() - began < HURRY_S + 0.5
            assert dead.asked["REGISTER"] == alive.asked["REGISTER"] == 1, "no storm"
            assert edge.trunks.of_source(HOST) is carrier

            call = PlaceCall(leg=1, uri="tel:+551140028922", caller_id="1", sdp=b"v=0\r\n", trunk="carrier")
            edge.placing.place(call)
            await edge.until(lambda: any(isinstance(each, CallEnded) for each in edge.told))
            (ended,) = [each for each in edge.told if isinstance(each, CallEnded)]
            assert ended.status == 603
            assert dead.asked["INVITE"] == 0, "known to be dead: tried last"

            edge.attending.stop()
            await edge.until(lambda: not edge.attending.is_leaving)
            assert alive.asked["REGISTER"] == 2

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(asyncio.wait_for(story(), PATIENCE_S))


def test_a_call_that_meets_the_dead_server_first_goes_on_to_the_second() -> None:
    async def story() -> None:
        async with (
            NameServer() as names,
            Registrar(silent=True) as dead,
            Registrar() as alive,
            Edge(names) as edge,
        ):
            names.zone = zone(dead.port, alive.port)
            call = PlaceCall(leg=1, uri="tel:+551140028922", caller_id="1", sdp=b"v=0\r\n", trunk="carrier")
            for times in (1, 2):
                edge.told.clear()
                edge.placing.place(call)
                await edge.until(lambda: any(isinstance(each, CallEnded) for each in edge.told))
                assert alive.asked["INVITE"] == times
            assert dead.asked["INVITE"] == 1, "the second call does not wait for it"

    with asyncio.Runner() as runner:
        runner.run(asyncio.wait_for(story(), PATIENCE_S))
