"""The edge that keeps trunks: what it has sent, with what, and what it learns from the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bridge.addresses import Addresses
from bridge.attending import CSEQ_STEP, LEARN_S, Attending
from bridge.config.listening import Server
from bridge.config.trunks import Trunk
from bridge.config.values import Address
from bridge.placing import Placing
from bridge.resolver import Found, Resolver
from bridge.trunks.trunks import Trunks
from sip.digest import Credentials
from sip.events import RequestAnswered
from sip.headers import Address as Party
from sip.headers import Headers
from sip.locating import Target
from sip.message import Response
from sip.uri import Uri

LISTENERS = Server(udp=(Address("127.0.0.1", 5060),), tcp=())
FAR_S = 1e9
"""Beyond any time that the loop will have: its alarm never rings, the test says when it is time."""
ONE, TWO = (Target("udp", f"192.0.2.{n}", 5060, "sip.example") for n in (1, 2))


class Agent:
    """Writes down what is asked for."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def request(self, method: str, uri: Uri, **more: Any) -> int:
        self.sent.append({"method": method, "uri": str(uri), **more})
        return len(self.sent)

    def contact(self, _flow: object) -> str:
        return "<sip:roda@127.0.0.1:5060>"


class Edge:
    """An `Attending` of one trunk."""

    def __init__(self, server: Server = LISTENERS, **trunk: Any) -> None:
        self.now = FAR_S
        self.agent = Agent()
        self.found = Found((ONE, TWO), "")
        self.transmitted = 0
        agent: Any = self.agent
        self.trunks = Trunks([Trunk(**{"name": "carrier", "address": "sip.example"} | trunk)])
        self.resolver = Resolver(transports=("udp",), versions=(4,), now=lambda: self.now, entropy=bytes)
        self.resolver.locate = self._locate  # type: ignore[method-assign]  # no name server here
        addresses = Addresses(server)
        placing = Placing(
            agent, server, addresses, self.resolver, self.trunks, now=lambda: self.now, tell=lambda _: None,
            transmit=self._transmit,
        )  # fmt: skip
        self.it = Attending(
            agent, self.resolver, placing, self.trunks, addresses, caller_id="+5511", passwords={"carrier": "secret"},
            entropy=bytes, now=lambda: self.now, transmit=self._transmit,
        )  # fmt: skip

    async def _locate(self, _uri: Uri) -> Found:
        return self.found

    def _transmit(self) -> None:
        self.transmitted += 1

    async def starts(self) -> Edge:
        self.it.start()
        return await self.passes(0)

    async def passes(self, seconds: float) -> Edge:
        """The time comes, and names are found."""
        self.now += seconds
        self.it._due()
        while self.it._looking_up:
            await asyncio.gather(*self.it._looking_up)
        return self

    def answers(self, status: int, *headers: tuple[str, str], handle: int = 0) -> None:
        message = None if status == 408 else Response(status, "R", Headers(headers))
        self.it.answered(RequestAnswered(handle or len(self.agent.sent), status, "R", message))

    def methods(self) -> list[str]:
        return [sent["method"] for sent in self.agent.sent]

    @property
    def trunk(self) -> Any:
        return self.trunks.get("carrier")


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 5))  # type: ignore[arg-type]


def test_it_registers_with_proof_at_hand_and_a_contact_that_nobody_guesses() -> None:
    async def story() -> None:
        edge = await Edge(
            username="acme", register=True, contact="1000", ping_s=0, realm="r", registrar="reg.example:5070"
        ).starts()
        (sent,) = edge.agent.sent
        assert (sent["method"], sent["uri"]) == ("REGISTER", "sip:reg.example:5070")
        assert str(sent["from_"]) == str(sent["to"]) == "<sip:acme@reg.example:5070>"
        assert sent["flow"].remote == ("192.0.2.1", 5060)
        assert sent["credentials"] == Credentials("acme", "secret", "r")
        headers = dict(sent["headers"])
        assert headers["Expires"] == "3600"
        contact = Party.parse(headers["Contact"]).uri
        token = contact.parameter("line")
        assert (contact.user, contact.host, len(token or "")) == ("1000", "127.0.0.1", 24)
        assert edge.trunks.of_line(token or "") is edge.trunk
        assert not edge.trunk.is_up
        edge.answers(200, ("Expires", "600"))
        assert edge.trunk.is_up
        await edge.passes(300)
        again = edge.agent.sent[-1]
        assert (again["call_id"], again["cseq"]) == (sent["call_id"], sent["cseq"] + CSEQ_STEP)
        edge.answers(403)
        assert edge.trunk.last_error == "403 R"
        assert edge.trunk.is_up, "the old one holds still"
        edge.it.close()

    run(story)


def test_a_server_that_is_away_is_left_for_the_next_and_remembered() -> None:
    async def story() -> None:
        edge = await Edge(username="acme", register=True, ping_s=0).starts()
        edge.answers(408)
        assert edge.agent.sent[-1]["flow"].remote == ("192.0.2.2", 5060)
        assert edge.resolver.health.in_order([ONE, TWO], edge.now) == [TWO, ONE]
        edge.answers(200)
        assert edge.trunk.registered
        edge.it.close()

    run(story)


def test_a_silent_server_is_left_after_four_seconds_and_its_late_answer_counts() -> None:
    async def story() -> None:
        edge = await Edge(username="acme", register=True, ping_s=0).starts()
        await edge.passes(4)
        assert edge.methods() == ["REGISTER", "REGISTER"]
        edge.answers(200, handle=1)
        assert edge.trunk.registered
        assert edge.resolver.health.in_order([ONE, TWO], edge.now) == [ONE, TWO]
        edge.it.close()

    run(story)


def test_at_the_end_the_registration_is_taken_back_and_waited_for() -> None:
    async def story() -> None:
        edge = await Edge(username="acme", register=True, ping_s=0).starts()
        edge.answers(200)
        edge.it.stop()
        assert dict(edge.agent.sent[-1]["headers"])["Expires"] == "0"
        assert edge.it.is_leaving
        assert not edge.trunk.registered
        edge.answers(200)
        assert not edge.it.is_leaving
        edge.it.close()

    run(story)


def test_it_pings_and_two_rounds_in_vain_are_down() -> None:
    async def story() -> None:
        edge = await Edge(ping_s=30).starts()
        (sent,) = edge.agent.sent
        assert (sent["method"], sent["uri"]) == ("OPTIONS", "sip:sip.example")
        assert str(sent["from_"]) == "<sip:+5511@127.0.0.1>"
        edge.answers(404)
        assert edge.trunk.is_up
        for _ in range(2):
            await edge.passes(40)
            edge.answers(503)
            edge.answers(503)
        assert not edge.trunk.is_up
        assert edge.trunk.last_error == "503 R"
        assert edge.resolver.health.in_order([ONE, TWO], edge.now) == [ONE, TWO], (
            "both have failed, in this order"
        )
        edge.it.close()

    run(story)


def test_where_nothing_of_ours_leads_there_it_is_down_and_nothing_is_sent() -> None:
    async def story() -> None:
        edge = Edge(username="acme", register=True, ping_s=1)
        edge.found = Found((Target("tls", "192.0.2.1", 5061, "a"),), "")
        await edge.starts()
        await edge.passes(10)
        assert edge.agent.sent == []
        assert not edge.trunk.is_up
        assert edge.trunk.last_error.endswith("nothing of ours listens that reaches it")
        edge.it.close()

    run(story)


def test_it_learns_where_the_name_leads_and_learns_it_anew() -> None:
    async def story() -> None:
        edge = await Edge(ping_s=0).starts()
        assert edge.trunks.of_source("192.0.2.2") is edge.trunk
        edge.found = Found((), "no answer from the name servers")
        await edge.passes(LEARN_S)
        assert edge.trunks.of_source("192.0.2.2") is edge.trunk, "no answer is no news"
        edge.found = Found((Target("udp", "192.0.2.9", 5060, "a"),), "")
        await edge.passes(LEARN_S)
        assert edge.trunks.of_source("192.0.2.9") is edge.trunk
        assert edge.trunks.of_source("192.0.2.2") is None
        edge.it.close()

    run(story)


def test_a_trunk_without_an_account_has_nothing_to_prove() -> None:
    async def story() -> None:
        edge = Edge()
        assert edge.it.credentials("carrier") is None
        assert edge.it.credentials("nobody") is None
        assert "secret" not in repr(Edge(username="u").it.credentials("carrier"))

    run(story)


def test_answers_that_are_nobodys_change_nothing_and_after_the_close_nothing_is_looked_up() -> None:
    async def story() -> None:
        edge = await Edge(ping_s=30).starts()
        edge.answers(200, handle=99)
        assert edge.methods() == ["OPTIONS"]

        async def never(_uri: Uri) -> Found:
            await asyncio.Event().wait()
            raise AssertionError

        edge.answers(200)
        edge.resolver.locate = never  # type: ignore[method-assign]  # nobody answers
        edge.now += 40
        edge.it._due()
        tasks = list(edge.it._looking_up)
        assert tasks
        edge.it.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert all(task.cancelled() for task in tasks)

    run(story)
