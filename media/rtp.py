"""RTP headers (RFC 3550 section 5.1) as columns: a batch of packets is parsed and built at once, never one by one.

     0                   1                   2                   3
     0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |V=2|P|X|  CC   |M|     PT      |       sequence number         |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                           timestamp                           |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |           synchronization source (SSRC) identifier            |
    +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+
    |            contributing source (CSRC) identifiers ...         |

Nothing here raises: a packet that is no RTP has a `Drop` reason and is counted by the engine.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES: Final = 12
SLOT_BYTES: Final = 1_536
"""Room for one received packet: all that goes through Ethernet in one piece (1,472 bytes of UDP; 40 ms of L16 at 16 kHz are
1,280); a longer one is cut by the kernel, shows as `TOO_LONG` and is dropped."""

_PLAIN: Final = 0x80  # version 2, no padding, no extension, no CSRC: what every phone sends


class Drop(IntEnum):
    """Why a packet went no further. `KEPT` is no reason."""

    KEPT = 0
    SHORT = 1  # less than a header
    VERSION = 2  # not RTP version 2
    TOO_LONG = 3  # fills the slot: the rest was cut off
    LENGTH = 4  # CSRCs, extension or padding claim more than there is
    EMPTY = 5  # no payload
    PAYLOAD_TYPE = 6  # not negotiated
    FOREIGN_SOURCE = 7  # from an address that this stream does not listen to
    LATE = 8  # its moment has passed
    DUPLICATE = 9
    NOT_RECEIVING = 10  # the peer may not send now (hold)
    STRAY = 11  # its sequence number is far from all others, and the next one does not follow it
    AUTH = 12  # of a secured stream: not proved to be the peer's, or not secured at all
    REPLAY = 13  # of a secured stream: it has come before, or is too old to tell
    CODEC = 14  # what the codec makes no sense of


PACKET_IN: Final = np.dtype(
    {
        "names": ["first", "second", "sequence", "timestamp", "ssrc", "frame", "bytes"],
        "formats": ["u1", "u1", ">u2", ">u4", ">u4", ("u1", (160,)), ("u1", (SLOT_BYTES,))],
        "offsets": [0, 1, 2, 4, 8, HEADER_BYTES, 0],
        "itemsize": SLOT_BYTES,
    }
)
"""One receive slot; `frame` is the payload of the plain 20 ms packet, `bytes` the whole slot."""

_HEAD: Final = np.dtype(
    [("first", "u1"), ("second", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")]
)
_SLOT: Final = np.dtype(
    {"names": ["head"], "formats": [(np.void, HEADER_BYTES)], "offsets": [0], "itemsize": SLOT_BYTES}
)

PACKET_OUT: Final = np.dtype(
    [
        ("first", "u1"),
        ("second", "u1"),
        ("sequence", ">u2"),
        ("timestamp", ">u4"),
        ("ssrc", ">u4"),
        ("frame", "u1", (160,)),
    ]
)
"""A packet as we send it: header and 20 ms of an 8-bit codec, 172 bytes without a gap."""


class Headers(NamedTuple):
    """Columns of M parsed packets; where `drop` is not 0 the others mean nothing."""

    payload_type: NDArray[np.uint8]
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    ssrc: NDArray[np.uint32]
    start: NDArray[np.intp]
    """Offset of the payload in the slot."""
    length: NDArray[np.intp]
    """Bytes of payload, padding taken off."""
    drop: NDArray[np.uint8]


def parse(packets: NDArray[np.void], lengths: NDArray[np.intp]) -> Headers:
    """Read the headers of a batch.

    Parameters
    ----------
    packets : ndarray of shape (M,), PACKET_IN
    lengths : ndarray of shape (M,), intp
        Bytes received in each slot.
    """
    # One walk over the slots, which lie far apart; the columns are then read from what lies together.
    heads = packets.view(_SLOT)["head"].copy().view(_HEAD)
    first = heads["first"]
    count = len(lengths)
    start = np.full(count, HEADER_BYTES, np.intp)
    length = lengths - HEADER_BYTES
    drop = np.zeros(count, np.uint8)
    odd = (first != _PLAIN) | (length <= 0) | (lengths >= SLOT_BYTES)
    if odd.any():
        _parse_odd(packets, lengths, np.flatnonzero(odd), start, length, drop)
    return Headers(
        payload_type=heads["second"] & np.uint8(0x7F),
        sequence=heads["sequence"].astype(np.uint16),
        timestamp=heads["timestamp"].astype(np.uint32),
        ssrc=heads["ssrc"].astype(np.uint32),
        start=start,
        length=length,
        drop=drop,
    )


def _parse_odd(
    packets: NDArray[np.void],
    lengths: NDArray[np.intp],
    which: NDArray[np.intp],
    start: NDArray[np.intp],
    length: NDArray[np.intp],
    drop: NDArray[np.uint8],
) -> None:
    """The packets with anything unusual, still as columns; writes its findings into the last three."""
    octets = packets["bytes"][which]
    size = lengths[which]
    here = np.arange(len(which))
    first = octets[:, 0].astype(np.intp)
    offset = HEADER_BYTES + 4 * (first & 0x0F)
    extended = (first & 0x10) != 0
    at = np.minimum(offset + 2, SLOT_BYTES - 2)
    words = (octets[here, at].astype(np.intp) << 8) | octets[here, at + 1]
    offset = offset + np.where(extended, 4 + 4 * words, 0)
    padded = (first & 0x20) != 0
    last = np.clip(size - 1, 0, SLOT_BYTES - 1)
    padding = np.where(padded, octets[here, last].astype(np.intp), 0)
    payload = size - offset - padding
    reason = np.select(
        [
            size < HEADER_BYTES,
            (first >> 6) != 2,
            size >= SLOT_BYTES,
            (offset > size) | (payload < 0) | (padded & (padding == 0)),
            payload == 0,
        ],
        [Drop.SHORT, Drop.VERSION, Drop.TOO_LONG, Drop.LENGTH, Drop.EMPTY],
        Drop.KEPT,
    )
    start[which] = offset
    length[which] = payload
    drop[which] = reason


def outgoing_block(rows: int) -> NDArray[np.void]:
    """A block of `rows` packets to send, headers already marked as version 2."""
    block = np.zeros(rows, PACKET_OUT)
    block["first"] = _PLAIN
    return block
