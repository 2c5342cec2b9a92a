"""What peers are told of where we are."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest

from bridge.addresses import PEERS_REMEMBERED, Addresses, facing
from bridge.config.listening import Mapped, Server
from bridge.config.values import Address
from sip.flow import Flow


def listening(*hosts: str, advertised: str = "") -> Addresses:
    return Addresses(Server(udp=tuple(Address(host, 5060) for host in hosts), tcp=(), advertised=advertised))


def came(local: str, peer: str) -> Flow:
    return Flow("udp", (local, 5060), (peer, 5062))


def test_audio_is_where_signalling_is() -> None:
    assert listening("192.0.2.1").audio == "192.0.2.1"
    assert listening("192.0.2.1").for_audio("192.0.2.1", "198.51.100.7") == "192.0.2.1"
    assert listening("192.0.2.1").for_signalling(came("192.0.2.1", "198.51.100.7")) == ("192.0.2.1", 5060)


def test_of_several_addresses_a_caller_hears_of_the_one_that_was_called() -> None:
    addresses = listening("127.0.0.1", "192.0.2.1")
    assert addresses.audio == "127.0.0.1"
    assert addresses.audio_local("192.0.2.1", "198.51.100.7") == "192.0.2.1"
    assert addresses.for_audio("127.0.0.1", "127.0.0.9") == "127.0.0.1"
    assert addresses.for_audio("192.0.2.1", "198.51.100.7") == "192.0.2.1"


@pytest.mark.parametrize(("wildcard", "loopback"), [("0.0.0.0", "127.0.0.1"), ("::", "::1")])
def test_who_listens_everywhere_tells_each_peer_the_address_that_faces_it(
    wildcard: str, loopback: str
) -> None:
    addresses = listening(wildcard)
    assert addresses.audio == wildcard
    assert addresses.for_audio(wildcard, loopback) == loopback
    assert addresses.for_signalling(came(wildcard, loopback)) == (loopback, 5060)
    told = addresses.for_audio(wildcard, None)
    assert (":" in told) == (":" in wildcard)
    assert told != wildcard


def test_an_advertised_address_is_told_to_everybody() -> None:
    addresses = listening("0.0.0.0", advertised="conf.example")
    assert addresses.for_audio("0.0.0.0", "127.0.0.1") == "conf.example"
    assert addresses.for_signalling(came("0.0.0.0", "127.0.0.1")) == ("conf.example", 5060)


def test_audio_of_the_other_ip_version_gets_an_address_of_that_version() -> None:
    addresses = listening("192.0.2.1", "2001:db8::5")
    assert addresses.audio_local("192.0.2.1", "2001:db8::9") == "2001:db8::5"
    assert addresses.audio_local("192.0.2.1", None) == "192.0.2.1"
    assert addresses.audio_local("2001:db8::5", "::ffff:192.0.2.7") == "192.0.2.1"
    assert listening("192.0.2.1").audio_local("192.0.2.1", "2001:db8::9") == "192.0.2.1"


def test_nobody_else_is_sent_to_loopback_for_its_ip_version() -> None:
    addresses = listening("127.0.0.1", "2001:db8::5", "192.0.2.1")
    assert addresses.audio_local("2001:db8::5", "192.0.2.7") == "192.0.2.1"
    assert addresses.audio_local("2001:db8::5", "127.0.0.1") == "127.0.0.1"


def test_who_looks_at_messages_is_told_which_address_they_came_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.addresses.facing", lambda _peer: "192.0.2.1")
    addresses = listening("0.0.0.0", advertised="203.0.113.5")
    assert addresses.heard_at(came("0.0.0.0", "198.51.100.7")) == ("192.0.2.1", 5060)
    assert addresses.heard_at(came("192.0.2.9", "198.51.100.7")) == ("192.0.2.9", 5060)


def test_a_numeric_advertised_address_is_for_peers_of_its_ip_version() -> None:
    addresses = listening("192.0.2.1", "2001:db8::5", advertised="203.0.113.5")
    assert addresses.for_audio("192.0.2.1", "198.51.100.7") == "203.0.113.5"
    assert addresses.for_audio("2001:db8::5", "2001:db8::9") == "2001:db8::5"


INSIDE = Server(
    udp=(Address("10.0.0.5", 5060), Address("10.0.0.6", 5070)),
    advertised="203.0.113.5",
    local_networks=(ip_network("10.0.0.0/8"),),
    mapped=(Mapped(Address("10.0.0.6", 5070), "203.0.113.6", 15070),),
)


def test_peers_on_our_side_of_the_router_are_told_the_address_in_use() -> None:
    addresses = Addresses(INSIDE)
    assert addresses.for_signalling(came("10.0.0.5", "10.9.9.9")) == ("10.0.0.5", 5060)
    assert addresses.for_signalling(came("10.0.0.5", "198.51.100.7")) == ("203.0.113.5", 5060)
    assert addresses.for_audio("10.0.0.5", "10.9.9.9") == "10.0.0.5"


def test_where_signalling_comes_from_says_on_which_side_a_peer_is() -> None:
    """A telephone behind another router names an address of its own network in SDP."""
    addresses = Addresses(INSIDE)
    assert addresses.for_audio("10.0.0.5", "10.9.9.9", "198.51.100.7") == "203.0.113.5"
    assert addresses.for_audio("10.0.0.5", "198.51.100.7", "10.9.9.9") == "10.0.0.5"


def test_a_listener_may_be_mapped_otherwise() -> None:
    addresses = Addresses(INSIDE)
    flow = Flow("udp", ("10.0.0.6", 5070), ("198.51.100.7", 5062))
    assert addresses.for_signalling(flow) == ("203.0.113.6", 15070)
    assert addresses.for_audio("10.0.0.6", "198.51.100.7") == "203.0.113.6"
    assert addresses.for_signalling(replace(flow, remote=("10.1.1.1", 5062))) == ("10.0.0.6", 5070)


def test_what_is_remembered_of_peers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("bridge.addresses.facing", asked.append)
    addresses = listening("0.0.0.0")
    for peer in range(PEERS_REMEMBERED + 1):
        addresses.for_audio("0.0.0.0", f"10.0.{peer >> 8}.{peer & 255}")
        addresses.for_audio("0.0.0.0", f"10.0.{peer >> 8}.{peer & 255}")
    assert len(asked) == PEERS_REMEMBERED + 1
    assert len(addresses._facing) == 1


def test_where_no_way_leads_it_is_loopback() -> None:
    assert facing("255.255.255.255") == "127.0.0.1"
