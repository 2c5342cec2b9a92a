"""Where calls out are sent: numeric hosts at once, names after they have been found, nothing without an answer."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bridge import placing
from bridge.addresses import Addresses
from bridge.config.settings import Server
from bridge.config.values import Address
from bridge.placing import Placing
from bridge.switchboard.effects import PlaceCall
from bridge.switchboard.events import CallNotPlaced, CallPlaced
from sip.errors import LocalError
from sip.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from sip.headers import Address as Party
    from sip.uri import Uri

V4, V6 = Address("127.0.0.1", 5060), Address("::1", 5060)
BOTH = Server(udp=(V4, V6), tcp=(V4,))

CALL = PlaceCall(leg=7, uri="sip:ana@192.0.2.50:5070", caller_id="+551130000000", sdp=b"v=0\r\n")


class Agent:
    """Takes INVITEs, or refuses them."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.invited: list[tuple[Uri, Party, Flow, float]] = []

    def invite(self, uri: Uri, *, from_: Party, sdp: bytes, flow: Flow, now: float) -> int:
        assert sdp == CALL.sdp
        if self.refuses:
            raise LocalError(self.refuses)
        self.invited.append((uri, from_, flow, now))
        return 42

    def call_id(self, call: int) -> str:
        return f"call-{call}"


class Edge:
    """A `Placing` and what it tells."""

    def __init__(self, server: Server = BOTH, refuses: str = "") -> None:
        self.agent = Agent(refuses)
        self.told: list[CallPlaced | CallNotPlaced] = []
        agent: Any = self.agent
        self.placing = Placing(agent, server, Addresses(server), now=lambda: 5.0, tell=self.told.append)

    @property
    def flow(self) -> Flow:
        assert self.told == [CallPlaced(7, 42, "call-42")]
        ((_, _, flow, now),) = self.agent.invited
        assert now == 5.0
        return flow

    @property
    def why_not(self) -> str:
        (told,) = self.told
        assert isinstance(told, CallNotPlaced)
        assert told.leg == 7
        assert not self.agent.invited
        return told.reason


def looked_up(
    edge: Edge, call: PlaceCall, monkeypatch: pytest.MonkeyPatch, answer: Callable[[str, int], Any]
) -> Edge:
    """Place a call to a name that the resolver knows `answer` of; wait for what is told."""

    async def place() -> None:
        async def getaddrinfo(host: str, port: int, **_: object) -> Any:
            return await answer(host, port)

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)
        edge.placing.place(call)
        assert edge.told == [], "the loop does not wait"
        await asyncio.gather(*edge.placing._looking_up)

    asyncio.run(place())
    assert not edge.placing._looking_up
    return edge


def finds(*hosts: str) -> Callable[[str, int], Any]:
    async def answer(_host: str, port: int) -> list[tuple[object, ...]]:
        return [
            (socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM, 17, "", (host, port))
            for host in hosts
        ]

    return answer


def test_a_numeric_host_is_called_at_once_from_our_listener() -> None:
    edge = Edge()
    edge.placing.place(CALL)
    assert edge.flow == Flow("udp", ("127.0.0.1", 5060), ("192.0.2.50", 5070))
    ((uri, from_, _, _),) = edge.agent.invited
    assert str(uri) == CALL.uri
    assert (from_.uri.user, from_.uri.host) == ("+551130000000", "127.0.0.1")


def test_without_a_port_it_is_sip_s() -> None:
    """RFC 3261 section 19.1.2."""
    edge = Edge()
    edge.placing.place(replace(CALL, uri="sip:ana@192.0.2.50"))
    assert edge.flow.remote == ("192.0.2.50", 5060)


def test_the_trunk_is_called_whatever_the_address_says() -> None:
    edge = Edge()
    edge.placing.place(replace(CALL, uri="sip:+5511@carrier.example", trunk=Address("192.0.2.9", 5080)))
    assert edge.flow.remote == ("192.0.2.9", 5080)


def test_an_address_of_version_six_leaves_from_a_listener_of_version_six() -> None:
    edge = Edge()
    edge.placing.place(replace(CALL, uri="sip:ana@[2001:db8::5]:5070"))
    assert edge.flow == Flow("udp", ("::1", 5060), ("2001:db8::5", 5070))


def test_a_trunk_by_tcp_is_called_from_the_listener_for_tcp() -> None:
    edge = Edge()
    edge.placing.place(replace(CALL, transport="tcp"))
    assert edge.flow.transport == "tcp"


@pytest.mark.parametrize(
    ("call", "server"),
    [
        (replace(CALL, transport="tcp"), Server(udp=(V4,), tcp=())),
        (replace(CALL, uri="sip:ana@[2001:db8::5]"), Server(udp=(V4,), tcp=(V4,))),
    ],
)
def test_where_nothing_of_ours_listens_that_way_it_is_not_placed(call: PlaceCall, server: Server) -> None:
    edge = Edge(server)
    edge.placing.place(call)
    assert "nothing listens on" in edge.why_not


@pytest.mark.parametrize("uri", ["", "ana", "tel:+5511", "sip:"])
def test_what_is_no_address_is_not_placed(uri: str) -> None:
    edge = Edge()
    edge.placing.place(replace(CALL, uri=uri))
    assert edge.why_not.startswith("not an address")


def test_what_the_agent_refuses_is_told() -> None:
    edge = Edge(refuses="too many calls")
    edge.placing.place(CALL)
    assert edge.why_not == "too many calls"


NAMED = replace(CALL, uri="sip:ana@phones.example:5070")


def test_a_name_is_looked_up_and_the_first_usable_address_called(monkeypatch: pytest.MonkeyPatch) -> None:
    edge = looked_up(Edge(Server(udp=(V4,), tcp=())), NAMED, monkeypatch, finds("2001:db8::5", "192.0.2.50"))
    assert edge.flow == Flow("udp", ("127.0.0.1", 5060), ("192.0.2.50", 5070))
    ((uri, _, _, _),) = edge.agent.invited
    assert uri.host == "phones.example", "the request is for the name"


def test_a_name_with_addresses_of_another_version_alone_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    edge = looked_up(Edge(Server(udp=(V4,), tcp=())), NAMED, monkeypatch, finds("2001:db8::5"))
    assert edge.why_not == "phones.example has no address of an IP version we listen on"


def test_a_name_that_nobody_knows_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(_host: str, _port: int) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    edge = looked_up(Edge(), NAMED, monkeypatch, unknown)
    assert edge.why_not.startswith("phones.example cannot be found: ")
    assert "Name or service not known" in edge.why_not


def test_a_name_that_is_no_name_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    """A label of more than 63 characters: what the resolver's codec raises is no OSError."""

    async def encode(host: str, _port: int) -> None:
        host.encode("idna")

    long = replace(CALL, uri=f"sip:ana@{'a' * 64}.example")
    edge = looked_up(Edge(), long, monkeypatch, encode)
    assert "cannot be found" in edge.why_not


def test_a_resolver_that_does_not_answer_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placing, "LOOK_UP_S", 0.001)

    async def silent(_host: str, _port: int) -> None:
        await asyncio.Event().wait()

    edge = looked_up(Edge(), NAMED, monkeypatch, silent)
    assert edge.why_not == "phones.example cannot be found: no answer in time"


def test_the_real_resolver_knows_this_machine() -> None:
    edge = Edge()

    async def place() -> None:
        edge.placing.place(replace(CALL, uri="sip:ana@localhost:5070"))
        await asyncio.gather(*edge.placing._looking_up)

    asyncio.run(place())
    assert edge.flow.remote in {("127.0.0.1", 5070), ("::1", 5070)}


def test_nobody_is_called_after_the_close() -> None:
    edge = Edge()

    async def place() -> None:
        async def never(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        asyncio.get_running_loop().getaddrinfo = never  # type: ignore[method-assign, assignment]  # this loop's alone
        edge.placing.place(NAMED)
        tasks = list(edge.placing._looking_up)
        edge.placing.close()
        (ending,) = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(ending, asyncio.CancelledError)

    asyncio.run(place())
    assert edge.told == []
    assert not edge.agent.invited
    assert not edge.placing._looking_up
