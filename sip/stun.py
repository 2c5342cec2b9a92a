"""STUN where SIP is spoken (RFC 8489; RFC 5626 4.4.2): a phone asks where its datagrams come from, and so keeps its NAT open.

The header of a request, and of the answer:

     0                   1                   2                   3
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |0 0|     message type          |   length of the attributes    |
    |                         magic cookie                          |
    |                     transaction id (96 bits)                  |

SIP is text, so the two zero bits tell the one from the other. Whoever wants more than a binding without conditions is not
keeping a flow alive, and gets no answer.
"""

import struct
from ipaddress import ip_address
from typing import Final

BINDING_REQUEST: Final = 0x0001
BINDING_SUCCESS: Final = 0x0101
MAGIC_COOKIE: Final = 0x2112A442
XOR_MAPPED_ADDRESS: Final = 0x0020
LONGEST_BYTES: Final = 548
"""What RFC 8489 6.1 lets a request have over IPv4 where the path is not known. A longer one is read by nobody here: sixty
thousand bytes of empty attributes would take 10 ms of the loop."""
OPTIONAL: Final = 0x8000
"""Attributes from here on may be left unread (14); those below must be understood."""

_HEADER: Final = struct.Struct("!HHI12s")
_ATTRIBUTE: Final = struct.Struct("!HH")


def is_stun(data: bytes) -> bool:
    """Whether a datagram is STUN rather than SIP."""
    return data[0] < 0x40 and data[4:8] == MAGIC_COOKIE.to_bytes(4)


def answer(data: bytes, remote: tuple[str, int]) -> bytes | None:
    """The answer to a binding request from `remote`; None where there is none to give."""
    if not _HEADER.size <= len(data) <= LONGEST_BYTES:
        return None
    kind, length, _, transaction = _HEADER.unpack_from(data)
    if kind != BINDING_REQUEST or length != len(data) - _HEADER.size or _has_conditions(data):
        return None
    host, port = remote
    # Addresses travel masked, so that no NAT on the way "repairs" them (14.2).
    address = ip_address(host.partition("%")[0]).packed
    mask = MAGIC_COOKIE.to_bytes(4) + transaction
    masked = bytes(left ^ right for left, right in zip(address, mask, strict=False))
    family = 1 if len(address) == 4 else 2
    value = struct.pack("!BBH", 0, family, port ^ MAGIC_COOKIE >> 16) + masked
    attribute = _ATTRIBUTE.pack(XOR_MAPPED_ADDRESS, len(value)) + value
    return _HEADER.pack(BINDING_SUCCESS, len(attribute), MAGIC_COOKIE, transaction) + attribute


def _has_conditions(data: bytes) -> bool:
    """Whether there is an attribute that must be understood, or one that is not whole."""
    at = _HEADER.size
    while at < len(data):
        if at + _ATTRIBUTE.size > len(data):
            return True
        kind, length = _ATTRIBUTE.unpack_from(data, at)
        at += _ATTRIBUTE.size + (length + 3) // 4 * 4
        if kind < OPTIONAL or at > len(data):
            return True
    return False
