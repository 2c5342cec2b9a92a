"""One message for a capture server: HEP version 3, the Homer Encapsulation Protocol.

"HEP3"  length of all (16 bits)  chunk, chunk, ...
chunk:  vendor (16, 0 is the generic one)  type (16)  length with these six bytes (16)  value
"""

from __future__ import annotations

from enum import IntEnum
from ipaddress import IPv6Address
from struct import Struct
from typing import TYPE_CHECKING, Final

from bridge.tracing.packets import DATAGRAM_MAX, UDP, addresses

if TYPE_CHECKING:
    from bridge.tracing.seen import Seen

TCP: Final = 6
IPV4_FAMILY, IPV6_FAMILY = 2, 10
SIP: Final = 1
"""The protocol type of what is captured."""
CORRELATION_LONGEST: Final = 256
"""Bytes of a Call-ID: as long as the agent takes one."""


class Chunk(IntEnum):
    """The types of vendor 0 that we send."""

    FAMILY = 0x0001
    PROTOCOL = 0x0002
    SOURCE_IPV4 = 0x0003
    TARGET_IPV4 = 0x0004
    SOURCE_IPV6 = 0x0005
    TARGET_IPV6 = 0x0006
    SOURCE_PORT = 0x0007
    TARGET_PORT = 0x0008
    SECONDS = 0x0009
    MICROSECONDS = 0x000A
    KIND = 0x000B
    AGENT = 0x000C
    PAYLOAD = 0x000F
    CORRELATION = 0x0011


_CHUNK: Final = Struct("!HHH")
_TOTAL: Final = Struct("!4sH")


def hep(message: Seen, agent: int) -> bytes:
    """The datagram; a message that would not fit into it is cut off."""
    source, target = addresses(message.source[0], message.target[0])
    six = isinstance(source, IPv6Address)
    seconds, microseconds = divmod(round(message.at * 1e6), 1_000_000)
    chunks = b"".join(
        [
            _chunk(Chunk.FAMILY, _number(IPV6_FAMILY if six else IPV4_FAMILY, 1)),
            _chunk(Chunk.PROTOCOL, _number(UDP if message.transport == "udp" else TCP, 1)),
            _chunk(Chunk.SOURCE_IPV6 if six else Chunk.SOURCE_IPV4, source.packed),
            _chunk(Chunk.TARGET_IPV6 if six else Chunk.TARGET_IPV4, target.packed),
            _chunk(Chunk.SOURCE_PORT, _number(message.source[1], 2)),
            _chunk(Chunk.TARGET_PORT, _number(message.target[1], 2)),
            _chunk(Chunk.SECONDS, _number(seconds, 4)),
            _chunk(Chunk.MICROSECONDS, _number(microseconds, 4)),
            _chunk(Chunk.KIND, _number(SIP, 1)),
            _chunk(Chunk.AGENT, _number(agent, 4)),
            _chunk(Chunk.CORRELATION, message.call_id.encode("utf-8", "replace")[:CORRELATION_LONGEST]),
        ]
    )
    room = DATAGRAM_MAX - _TOTAL.size - len(chunks) - _CHUNK.size
    chunks += _chunk(Chunk.PAYLOAD, message.data[:room])
    return _TOTAL.pack(b"HEP3", _TOTAL.size + len(chunks)) + chunks


def _chunk(kind: Chunk, value: bytes) -> bytes:
    return _CHUNK.pack(0, kind, _CHUNK.size + len(value)) + value


def _number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")
