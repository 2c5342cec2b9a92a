"""Where calls out are sent: by which servers of which trunk, in whose name, and where they may be sent instead."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from bridge.addresses import Addresses
from bridge.config import Config, read
from bridge.config.listening import Server
from bridge.config.trunks import Trunk
from bridge.config.values import Address
from bridge.placing import Placing
from bridge.resolver import Found, Resolver
from bridge.switchboard.effects import PlaceCall
from bridge.switchboard.events import CallNotPlaced, CallPlaced
from bridge.trunks.trunks import Trunks
from sip.agent import Way
from sip.digest import Credentials
from sip.errors import LocalError
from sip.events import CallAnswered, CallEnded, CallRedirected, EndCause, WayFailed
from sip.flow import ANYBODY, Flow
from sip.headers import Address as Party
from sip.locating import Target
from sip.uri import Uri

if TYPE_CHECKING:
    from collections.abc import Sequence

V4, V6, TLS = Address("127.0.0.1", 5060), Address("::1", 5060), Address("127.0.0.1", 5061)
BOTH = Server(udp=(V4, V6), tcp=(V4,), tls=(TLS,))
TRUNK = Trunk(name="carrier", address="192.0.2.9:5080", redirects=True)
NUMBER = "+551140028922"

SIP = PlaceCall(leg=7, uri="sip:ana@192.0.2.50:5070", caller_id="+551130000000", sdp=b"v=0\r\n")
CALL = replace(
    SIP, uri=f"tel:{NUMBER}", trunk="carrier", national="1140028922", price_per_minute=Decimal("0.1")
)


class Agent:
    """Takes INVITEs, or refuses them."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.uri = Uri("sip", None, "nobody")
        self.ways: list[Way] = []
        self.more: dict[str, Any] = {}
        self.redirected: list[list[str]] = []
        self.unsent = 0
        """Redirections that nothing has sent on their way."""

    def invite(self, uri: Uri, *, sdp: bytes, ways: Sequence[Way], **more: Any) -> int:
        assert sdp == SIP.sdp
        if self.refuses:
            raise LocalError(self.refuses)
        self.uri, self.ways, self.more = uri, list(ways), more
        return 42

    def redirect(self, call: int, ways: Sequence[Way], now: float) -> None:
        assert (call, now) == (42, 5.0)
        self.unsent += 1
        self.redirected.append([f"{way.uri} by {way.flow.remote[0]}" for way in ways])

    def call_id(self, call: int) -> str:
        return f"call-{call}"

    def transmit(self) -> None:
        self.unsent = 0


class Edge:
    """A `Placing` and what it tells."""

    def __init__(
        self,
        server: Server = BOTH,
        refuses: str = "",
        trunk: Trunk = TRUNK,
        config: Config | None = None,
        **more: Any,
    ) -> None:
        self.agent = Agent(refuses)
        self.told: list[CallPlaced | CallNotPlaced] = []
        self.answers: dict[str, Found] = {}
        """What the DNS says, to be asked for first."""
        agent: Any = self.agent
        self.resolver = Resolver(
            transports=("udp", "tcp", "tls"),
            versions=(4, 6),
            now=lambda: 5.0,
            entropy=bytes,
        )
        self.resolver.locate = self._locate  # type: ignore[method-assign]  # no name server here
        self.trunks = Trunks([trunk])
        self.placing = Placing(
            agent, server, Addresses(server), self.resolver, self.trunks, now=lambda: 5.0, tell=self.told.append,
            transmit=self.agent.transmit, plan=None if config is None else config.dial_plan(), **more,
        )  # fmt: skip

    async def _locate(self, uri: Uri) -> Found:
        return self.answers.get(uri.host, Found((), f"{uri.host} has no address that we can use"))

    def places(self, call: PlaceCall) -> Edge:
        async def place() -> None:
            self.placing.place(call)
            await asyncio.gather(*self.placing._looking_up)

        asyncio.run(place())
        assert not self.placing._looking_up
        return self

    @property
    def flows(self) -> list[Flow]:
        assert self.told == [CallPlaced(7, 42, "call-42")]
        return [way.flow for way in self.agent.ways]

    @property
    def why_not(self) -> str:
        (told,) = self.told
        assert isinstance(told, CallNotPlaced)
        assert told.leg == 7
        assert not self.agent.ways
        return told.reason


REFERRED = (("Referred-By", "<sip:eva@phones.example>"),)


def test_who_is_called_is_told_on_whose_word() -> None:
    """RFC 3892 section 2.2."""
    for call in (SIP, CALL, replace(SIP, phone=Way(Flow("udp", ("127.0.0.1", 5060), ("192.0.2.50", 5062))))):
        edge = Edge().places(replace(call, referred_by="sip:eva@phones.example"))
        assert edge.agent.more["headers"] == REFERRED
        assert not Edge().places(call).agent.more["headers"]


def test_but_not_by_a_trunk_that_shows_nobody() -> None:
    edge = Edge(trunk=replace(TRUNK, privacy=True)).places(
        replace(CALL, referred_by="sip:eva@phones.example")
    )
    assert edge.agent.more["headers"] == (("Privacy", "id"),)


# --- to a SIP address ---


def test_a_numeric_host_is_called_at_once_from_our_listener() -> None:
    edge = Edge()
    edge.placing.place(SIP)
    assert edge.flows == [Flow("udp", ("127.0.0.1", 5060), ("192.0.2.50", 5070))]
    assert str(edge.agent.uri) == SIP.uri
    from_ = edge.agent.more["from_"]
    assert (from_.uri.user, from_.uri.host) == ("+551130000000", "127.0.0.1")
    assert edge.agent.more["credentials"] is None, "whoever it is has no business with our trunks' passwords"


@pytest.mark.parametrize(
    ("uri", "flow"),
    [
        ("sip:ana@192.0.2.50", Flow("udp", ("127.0.0.1", 5060), ("192.0.2.50", 5060))),
        ("sip:ana@[2001:db8::5]:5070", Flow("udp", ("::1", 5060), ("2001:db8::5", 5070))),
        ("sip:ana@192.0.2.50;transport=tcp", Flow("tcp", ("127.0.0.1", 5060), ("192.0.2.50", 5060))),
        (
            "sip:ana@192.0.2.50;transport=tls",
            Flow("tls", ("127.0.0.1", 5061), ("192.0.2.50", 5061), peer="192.0.2.50"),
        ),
    ],
)
def test_it_leaves_from_a_listener_of_its_transport_and_version_of_ip(uri: str, flow: Flow) -> None:
    assert Edge().places(replace(SIP, uri=uri)).flows == [flow]


@pytest.mark.parametrize(
    "call", [SIP, CALL, replace(SIP, uri="account:ana", phone=Way(Flow("udp", ("::1", 5060), ("::1", 5070))))]
)
def test_whose_place_it_is_to_take_is_said_wherever_it_goes(call: PlaceCall) -> None:
    wanted = replace(call, replaces="c;to-tag=1;from-tag=2")
    assert Edge().places(wanted).agent.more["replaces"] == "c;to-tag=1;from-tag=2"
    assert "to-tag" not in repr(wanted), "who knows the name of a call may take it"


def test_where_nothing_of_ours_listens_that_way_it_is_not_placed() -> None:
    edge = Edge(Server(udp=(V4,), tcp=())).places(replace(SIP, uri="sip:ana@[2001:db8::5]"))
    assert edge.why_not == "nothing of ours listens that reaches 2001:db8::5"


@pytest.mark.parametrize(
    ("uri", "why"), [("", "not an address"), ("ana", "not an address"), ("tel:+5511", "no trunk"), ("sip:", "not an address")]
)  # fmt: skip
def test_what_is_no_address_is_not_placed(uri: str, why: str) -> None:
    assert why in Edge().places(replace(SIP, uri=uri)).why_not


def test_what_the_agent_refuses_is_told() -> None:
    for call in (SIP, CALL):
        assert Edge(refuses="too many calls").places(call).why_not == "too many calls"


NAMED = replace(SIP, uri="sip:ana@phones.example")
SERVERS = (
    Target("tcp", "192.0.2.1", 5062, "phones.example"),
    Target("udp", "2001:db8::1", 5060, "phones.example"),
)


def test_a_name_is_looked_up_and_all_its_servers_are_ways() -> None:
    edge = Edge()
    edge.answers["phones.example"] = Found(SERVERS, "")
    assert [flow.remote for flow in edge.places(NAMED).flows] == [("192.0.2.1", 5062), ("2001:db8::1", 5060)]
    assert edge.agent.uri.host == "phones.example", "the request is for the name"


def test_a_name_that_leads_nowhere_is_not_called() -> None:
    assert Edge().places(NAMED).why_not == "phones.example has no address that we can use"


def test_nobody_is_called_after_the_close() -> None:
    edge = Edge()

    async def place() -> None:
        async def never(_uri: Uri) -> Found:
            await asyncio.Event().wait()
            raise AssertionError

        edge.resolver.locate = never  # type: ignore[method-assign]  # nobody answers
        edge.placing.place(NAMED)
        tasks = list(edge.placing._looking_up)
        edge.placing.close()
        (ending,) = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(ending, asyncio.CancelledError)

    asyncio.run(place())
    assert edge.told == []
    assert not edge.agent.ways


# --- by a trunk ---


def test_a_number_goes_to_its_trunk_as_the_trunk_writes_it_and_proves_who_we_are() -> None:
    known = Credentials("acme", "secret")
    trunk = replace(TRUNK, uri="sip:0{national}@gw.example", from_user="acme", send_identity="pai")
    edge = Edge(trunk=trunk, credentials={"carrier": known}.get).places(replace(CALL, others=True))
    assert [flow.remote for flow in edge.flows] == [("192.0.2.9", 5080)]
    assert str(edge.agent.uri) == "sip:01140028922@gw.example"
    assert str(edge.agent.more["from_"]) == "<sip:acme@127.0.0.1>"
    assert dict(edge.agent.more["headers"]) == {"P-Asserted-Identity": "<sip:+551130000000@127.0.0.1>"}
    assert edge.agent.more["credentials"] is known
    assert edge.agent.more["hurry"] is True


def test_over_tls_the_trunk_proves_its_name_or_is_believed_where_that_is_said() -> None:
    for verify, peer in ((True, "sip.example"), (False, ANYBODY)):
        edge = Edge(trunk=Trunk(name="carrier", address="sip.example", transport="tls", verify=verify))
        edge.answers["sip.example"] = Found((Target("tls", "192.0.2.1", 5061, "sip.example"),), "")
        assert [flow.peer for flow in edge.places(CALL).flows] == [peer]


def test_a_server_that_failed_is_tried_last_by_the_next_call() -> None:
    edge = Edge()
    targets = [Target("udp", "192.0.2.1", 5060, "a"), Target("udp", "192.0.2.2", 5060, "a")]
    assert edge.placing.happened(WayFailed(42, Flow("udp", ("127.0.0.1", 5060), ("192.0.2.1", 5060))))
    assert edge.resolver.health.in_order(targets, 5.0) == targets[::-1]


@pytest.mark.parametrize(
    ("end", "failed"),
    [
        (CallEnded(42, EndCause.TIMEOUT, 408, ""), True),
        (CallEnded(42, EndCause.TRANSPORT, 503, ""), True),
        (CallEnded(42, EndCause.TIMEOUT, 0, ""), False),
        (CallEnded(42, EndCause.REJECTED, 486, ""), False),
    ],
)
def test_where_nobody_answered_at_all_the_servers_have_failed(end: CallEnded, failed: bool) -> None:
    edge = Edge().places(CALL)
    assert not edge.placing.happened(end), "the switchboard wants to know, too"
    there, other = Target("udp", "192.0.2.9", 5080, ""), Target("udp", "192.0.2.2", 5060, "a")
    assert (edge.resolver.health.in_order([there, other], 5.0)[0] is other) is failed
    assert not edge.placing._placed


# --- to a registered telephone ---


PHONE = Way(
    Flow("tcp", ("127.0.0.1", 5060), ("192.0.2.77", 3000), 5),
    Uri.parse("sip:x@192.0.2.77"),
    ("<sip:edge;lr>",),
)


def test_a_registered_telephone_is_called_where_it_registered() -> None:
    edge = Edge().places(replace(SIP, uri="account:ana", phone=PHONE, others=True))
    assert edge.flows == [PHONE.flow]
    assert edge.agent.ways == [PHONE], "by the path that it registered, too"
    assert str(edge.agent.uri) == "sip:x@192.0.2.77"
    assert edge.agent.more["hurry"], "another telephone of the account would be rung"


def test_what_the_agent_refuses_of_a_telephone_is_told() -> None:
    edge = Edge(refuses="full").places(replace(SIP, uri="account:ana", phone=PHONE))
    assert edge.why_not == "full"


# --- sent elsewhere ---

OPEN, FAULTS = read(
    """
[dial_out]
enabled = true
sip_domains = ["phones.example"]
[[dial_out.prefixes]]
prefix = "+55"
price_per_minute = 0.1
[[dial_out.prefixes]]
prefix = "+1"
price_per_minute = 0.5
[[trunks]]
name = "carrier"
address = "192.0.2.9"
"""
)


def redirected(edge: Edge, *contacts: str) -> list[list[str]]:
    targets = tuple(Party.parse(f"<{contact}>") for contact in contacts)

    async def tell() -> None:
        assert edge.placing.happened(CallRedirected(42, 302, targets))
        while edge.placing._looking_up:
            await asyncio.gather(*edge.placing._looking_up)

    asyncio.run(tell())
    return edge.agent.redirected


def test_a_trunk_may_send_a_call_on_within_its_own_house() -> None:
    edge = Edge(config=OPEN).places(CALL)
    assert edge.agent.more["redirects"] is True
    edge.trunks.learned("carrier", ["192.0.2.10"])
    assert redirected(edge, f"sip:{NUMBER}@192.0.2.10:5070", f"sip:{NUMBER}@198.51.100.1") == [
        [f"sip:{NUMBER}@192.0.2.10:5070;transport=udp by 192.0.2.10"]
    ]


@pytest.mark.parametrize(
    "contact",
    [
        f"sip:{NUMBER}@198.51.100.66",
        "sip:+19005550123@192.0.2.9",
        "sip:+12125550123@192.0.2.9",
        "sip:+5511190@192.0.2.9",
        "sip:0015551234@192.0.2.9",
        "sip:ana@192.0.2.9",
        "tel:+551140028922",
        "mailto:a@192.0.2.9",
    ],
)
def test_but_nowhere_else_and_to_nothing_dearer(contact: str) -> None:
    """Interop.md 1.2, 7 and 5, row 24: 302 to premium."""
    assert redirected(Edge(config=OPEN).places(CALL), contact) == [[]], "refused at once"


def test_to_another_number_that_costs_no_more() -> None:
    assert redirected(Edge(config=OPEN).places(CALL), "sip:+5511987654321@192.0.2.9") == [
        ["sip:+5511987654321@192.0.2.9;transport=udp by 192.0.2.9"]
    ]


def test_a_trunk_that_may_not_send_calls_on_is_not_asked_to() -> None:
    for edge in (Edge(config=OPEN, trunk=replace(TRUNK, redirects=False)), Edge()):
        assert edge.places(CALL).agent.more["redirects"] is False
    assert redirected(edge, f"sip:{NUMBER}@192.0.2.9") == [[]]


def test_a_sip_address_may_send_on_to_others_that_may_be_called() -> None:
    edge = Edge(config=OPEN)
    edge.answers["phones.example"] = Found(SERVERS[:1], "")
    edge.places(NAMED)
    found = redirected(
        edge,
        "sip:bia@evil.example",
        "sip:bia@phones.example",
        "sip:+12125550123@phones.example",
        "sips:a@phones.example",
    )
    assert found == [["sip:bia@phones.example by 192.0.2.1"]]
    assert not edge.agent.unsent, "the round in which we were told is over long before the DNS has answered"


def test_one_that_cannot_be_found_is_a_refusal() -> None:
    edge = Edge(config=OPEN)
    edge.answers["phones.example"] = Found(SERVERS[:1], "")
    edge.places(NAMED)
    del edge.answers["phones.example"]
    assert redirected(edge, "sip:bia@phones.example", "sip:eva@phones.example") == [[]]


def test_once_it_is_answered_nothing_more_is_known_of_it() -> None:
    edge = Edge(config=OPEN).places(CALL)
    assert not edge.placing.happened(CallAnswered(42, None))
    assert not edge.placing._placed
