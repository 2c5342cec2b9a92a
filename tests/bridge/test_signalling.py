"""The SIP half of the edge, without sockets: where the telephones of an account are, and what each is told of where we are."""

from __future__ import annotations

import asyncio
from ipaddress import ip_network
from typing import TYPE_CHECKING

from bridge.addresses import Addresses
from bridge.config.listening import Mapped, Server
from bridge.config.values import Address
from bridge.signalling import Signalling
from bridge.switchboard.registered import Reached
from sip.accounts import Account
from sip.flow import Flow
from sip.headers import Headers
from sip.message import Request
from sip.pending import Way
from sip.uri import Uri
from tests.support.builders import config

if TYPE_CHECKING:
    from collections.abc import Sequence

INSIDE, OUTSIDE = "10.0.0.7", "198.51.100.7"
ROUTER, OTHER_ROUTER = "203.0.113.1", "203.0.113.2"
LAN, DMZ = Address("10.0.0.1", 5060), Address("10.9.0.1", 5061)
SERVER = Server(
    udp=(LAN,),
    tls=(DMZ,),
    advertised=ROUTER,
    mapped=(Mapped(DMZ, OTHER_ROUTER),),
    local_networks=(ip_network("10.0.0.0/16"),),
)


def flow(transport: str, local: Address, remote: str) -> Flow:
    return Flow(transport, (local.host, local.port), (remote, 40_000), 0 if transport == "udp" else 1)


def reached(
    telephones: Sequence[tuple[Flow, str]], account: str = "ana", after_s: float = 1.0
) -> list[Reached]:
    """What is found of an account some time after ana's telephones have registered, each with these parameters."""

    async def look() -> list[Reached]:
        signalling = Signalling(
            config(server=SERVER),
            Addresses(SERVER),
            now=lambda: 0.0,
            on_call=lambda _: None,
            tell=lambda _: None,
            ticks=lambda: (),
            call_id_of=lambda _: "",
            figures=dict,
        )
        signalling.phonebook.accounts["ana"] = Account("ana")
        for number, (by, parameters) in enumerate(telephones):
            assert signalling._registrations.register(register(number, parameters), by, "ana", 0.0)[0] == 200
        found = signalling.ways(account, after_s)
        signalling.close()
        return found

    return asyncio.run(look())


def register(number: int, parameters: str) -> Request:
    fields = [
        ("Via", f"SIP/2.0/UDP {OUTSIDE};branch=z9hG4bK{number}"),
        ("From", "<sip:ana@roda.example>;tag=1"),
        ("To", "<sip:ana@roda.example>"),
        ("Call-ID", f"call-{number}"),
        ("CSeq", "1 REGISTER"),
        ("Contact", f"<{contact(number)}>;expires=300{parameters}"),
    ]
    return Request("REGISTER", Uri.parse("sip:roda.example"), Headers(fields))


def contact(number: int) -> str:
    return f"sip:ana@192.168.1.{number + 1}:5060"


def test_each_telephone_is_told_the_address_of_ours_that_lies_on_its_side_of_the_router() -> None:
    ways = [flow("udp", LAN, INSIDE), flow("udp", LAN, OUTSIDE), flow("tls", DMZ, OUTSIDE)]
    found = {each.way.flow: each.audio_at for each in reached([(way, "") for way in ways])}
    assert found == dict(zip(ways, [LAN.host, ROUTER, OTHER_ROUTER], strict=True))


def test_they_are_found_where_they_registered_the_best_liked_first_each_by_its_own_name() -> None:
    device = '"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>"'
    less, more = flow("udp", LAN, INSIDE), flow("udp", LAN, OUTSIDE)
    one, other = reached([(less, ";q=0.3"), (more, f";q=0.7;+sip.instance={device}")])
    assert one.way == Way(more, Uri.parse(contact(1)))
    assert (one.q, other.q) == (0.7, 0.3)
    assert device.strip('"') in one.device
    assert (other.way.flow, other.device) == (less, "")


def test_nobody_is_found_who_has_not_registered_or_no_longer_is() -> None:
    telephone = (flow("udp", LAN, OUTSIDE), "")
    assert reached([telephone], "bob") == []
    assert reached([telephone], after_s=301.0) == []
    assert len(reached([telephone], after_s=299.0)) == 1
