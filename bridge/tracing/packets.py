"""Ethernet, IP and UDP around a message, so that other programs take it for what was on the wire.

Messages of streams are written as datagrams, too: what was really on the wire was cut elsewhere, or encrypted. One that is
longer than a datagram may be is cut off.

         0       6      12   14        34 or 54   42 or 62
         +-------+-------+----+--------+----------+---------
         | to    | from  |type| IP     | UDP      | message
         +-------+-------+----+--------+----------+---------
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from struct import Struct
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bridge.tracing.seen import Place

UDP: Final = 17
"""Protocol number (RFC 768)."""
DATAGRAM_MAX: Final = 65_507
"""Bytes in a datagram of IPv4: 65,535 less 20 of IP and 8 of UDP."""
HOPS: Final = 64

_ETHERNET: Final = Struct("!6s6sH")
_NOBODY: Final = bytes.fromhex("020000000000")
"""An address that is locally administered: nobody's card has it."""
_IPV4_TYPE, _IPV6_TYPE = 0x0800, 0x86DD
_IPV4: Final = Struct("!BBHHHBBH4s4s")
_IPV6: Final = Struct("!IHBB16s16s")
_UDP: Final = Struct("!HHHH")


def addresses(source: str, target: str) -> tuple[IPv4Address, IPv4Address] | tuple[IPv6Address, IPv6Address]:
    """Both addresses in one version of IP: a listener of all addresses may name itself in the other one."""
    first, second = (_address(host) for host in (source, target))
    if isinstance(first, IPv4Address) and isinstance(second, IPv4Address):
        return first, second
    return _as_ipv6(first), _as_ipv6(second)


def frame(source: Place, target: Place, data: bytes) -> bytes:
    """An Ethernet frame with a datagram."""
    data = data[:DATAGRAM_MAX]
    sender, receiver = addresses(source[0], target[0])
    length = _UDP.size + len(data)
    if isinstance(sender, IPv4Address):
        pseudo = sender.packed + receiver.packed + Struct("!BBH").pack(0, UDP, length)
    else:
        pseudo = sender.packed + receiver.packed + Struct("!IHBB").pack(length, 0, 0, UDP)
    header = _UDP.pack(source[1], target[1], length, 0)
    # 0 would mean that there is no checksum (RFC 768); its other spelling in ones' complement is meant.
    header = header[:6] + (checksum(pseudo + header + data) or 0xFFFF).to_bytes(2, "big")
    return _network(sender, receiver, length) + header + data


def _network(sender: IPv4Address | IPv6Address, receiver: IPv4Address | IPv6Address, length: int) -> bytes:
    if isinstance(sender, IPv6Address):
        ip = _IPV6.pack(6 << 28, length, UDP, HOPS, sender.packed, receiver.packed)
        return _ETHERNET.pack(_NOBODY, _NOBODY, _IPV6_TYPE) + ip
    fields = [0x45, 0, _IPV4.size + length, 0, 0, HOPS, UDP, 0, sender.packed, receiver.packed]
    fields[7] = checksum(_IPV4.pack(*fields))
    return _ETHERNET.pack(_NOBODY, _NOBODY, _IPV4_TYPE) + _IPV4.pack(*fields)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total = sum(int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _address(host: str) -> IPv4Address | IPv6Address:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return IPv4Address(0)  # no address is known by another name here
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _as_ipv6(address: IPv4Address | IPv6Address) -> IPv6Address:
    return IPv6Address(f"::ffff:{address}") if isinstance(address, IPv4Address) else address
