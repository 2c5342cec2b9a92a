"""A capture file of signalling, as tshark and Wireshark open it: the classic pcap format with times to the nanosecond.

The file is a header of 24 bytes, then for each packet 16 bytes (seconds, nanoseconds, length kept, length) and the packet.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from bridge.tracing.packets import frame

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bridge.tracing.seen import Seen

NANOSECOND_MAGIC: Final = 0xA1B23C4D
VERSION: Final = (2, 4)
LONGEST_PACKET: Final = 262_144
"""What readers are told at most to expect; the largest that tshark takes."""
ETHERNET: Final = 1
"""The link type (LINKTYPE_ETHERNET)."""

_HEADER: Final = Struct("<IHHiIII")
_PACKET: Final = Struct("<IIII")


def pcap(messages: Iterable[Seen]) -> bytes:
    """The whole file."""
    parts = [_HEADER.pack(NANOSECOND_MAGIC, *VERSION, 0, 0, LONGEST_PACKET, ETHERNET)]
    for each in messages:
        packet = frame(each.source, each.target, each.data)
        seconds, nanoseconds = divmod(round(each.at * 1e9), 1_000_000_000)
        parts += [_PACKET.pack(seconds, nanoseconds, len(packet), len(packet)), packet]
    return b"".join(parts)
