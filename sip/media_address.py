"""Where a description says that audio goes: what of it is believed, and what nobody is ever sent to.

Whoever can write an SDP can point our packets at anybody, fifty a second for each call. So (issue 4, Security):

- multicast, broadcast, reserved and "this network" (0.x) are no telephone: refused;
- this machine's own loopback is none, but for who signals from there, or where it is configured;
- ports below 1,024 belong to services that answer what they did not ask for: refused;
- 0.0.0.0 and :: are the "hold" of RFC 2543: accepted, and never sent to;
- a host name is not looked up, and so never sent to; the peer is learned from what it sends.

That a host other than the one that signals must be heard first is not decided here: see `Format.hear_first` of the
media plane.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address
from typing import TYPE_CHECKING, Final

from sip import sdp

if TYPE_CHECKING:
    from sip.sdp import Media

Address = tuple[str, int]

UNSPECIFIED: Final = ("0.0.0.0", "::")  # noqa: S104 - the "hold" address of RFC 2543, not a listening one
LEAST_PORT: Final = 1_024
"""The first port that is nobody's by right (RFC 6335 section 6)."""

REMEMBERED: Final = 4_096
"""Addresses that need not be read again, 1 MB; of more the one least recently used is forgotten."""
LONGEST_LITERAL: Final = 64
"""Characters; the longest IP address has 45. What is longer is a name, and not worth remembering."""

_THIS_NETWORK: Final = IPv4Network("0.0.0.0/8")


def literal(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address that `host` is; None where it is a name. An IPv4 address in IPv6 clothes is what it is."""
    return _literal(host) if len(host) <= LONGEST_LITERAL else None


@lru_cache(REMEMBERED)
def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """A call asks five times about the same address, or the same two."""
    try:
        return IPv4Address(host)
    except AddressValueError:
        pass
    try:
        address = IPv6Address(host)
    except AddressValueError:
        return None
    if address.scope_id is not None:
        return None
    return address.ipv4_mapped or address


def is_loopback(host: str) -> bool:
    """Tell whether `host` is this machine, by an address that no other machine can be reached by."""
    address = literal(host)
    return address is not None and address.is_loopback


def refusal(host: str, port: int, *, loopback: bool) -> str:
    """Why no audio is sent to an address of a description; "" where it may be. `loopback`: this machine is a peer like others."""
    address = literal(host)
    if address is None or host in UNSPECIFIED:
        return ""
    if address.is_multicast:
        return "A multicast address is no telephone"
    if address.is_unspecified or (
        isinstance(address, IPv4Address) and (address.is_reserved or address in _THIS_NETWORK)
    ):
        return "The address is nobody's"
    if address.is_loopback and not loopback:
        return "The address is a loopback one"
    if port < LEAST_PORT:
        return f"The port is below {LEAST_PORT}"
    return ""


def remote(media: Media, host: str | None, *, loopback: bool) -> tuple[Address | None, Address | None]:
    """Where the RTP and the RTCP of an m-line go: RTCP to the next port, or where a=rtcp says (RFC 3605)."""
    if host is None or host in UNSPECIFIED or literal(host) is None:
        return None, None
    rtcp_host, rtcp_port = host, media.port + 1
    rtcp = media.attribute("rtcp")
    if rtcp is not None:
        port, _, connection = rtcp.partition(" ")
        if port.isascii() and port.isdigit() and len(port) <= 5:
            rtcp_port = int(port)
        words = connection.split()
        if len(words) == 3 and literal(words[2].lower()) is not None:
            rtcp_host = words[2].lower()
    known = rtcp_port <= sdp.MAX_PORT and not refusal(rtcp_host, rtcp_port, loopback=loopback)
    return (host, media.port), (rtcp_host, rtcp_port) if known and rtcp_host not in UNSPECIFIED else None
