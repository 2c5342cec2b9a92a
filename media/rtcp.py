"""RTCP (RFC 3550 section 6): the sender and receiver reports of one stream, and what the peer's say.

Reports leave every `INTERVAL_S` per stream, spread over rows, so that a tick builds a handful: plain `struct` is right
here, columns would not pay. A packet that is no RTCP is told by `parse` returning None, never by an exception.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from media import xr

INTERVAL_S: Final = 5.0
"""RFC 3550 section 6.2: the least interval of a small session."""
_NTP_EPOCH: Final = 2_208_988_800
"""Seconds from 1900 to 1970."""

_SR: Final = 200
_RR: Final = 201
_SDES: Final = 202
_BYE: Final = 203
_HEADER: Final = struct.Struct("!BBH")
_SENDER: Final = struct.Struct("!IIIIII")
_BLOCK: Final = struct.Struct("!IB3sIIII")


@dataclass(frozen=True, slots=True)
class ReceptionBlock:
    """What one side says of what it receives (RFC 3550 section 6.4.1)."""

    ssrc: int
    fraction_lost: int
    lost: int
    highest_sequence: int
    jitter_samples: int
    """In units of the RTP clock."""
    last_sender_report: int = 0
    delay_since: int = 0
    """In 1/65536 s."""


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """What a sender says of itself. `wall` is seconds since 1970."""

    wall: float
    timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Report:
    """What one compound packet of the peer said, as far as we use it."""

    ssrc: int
    sender_report: int
    """The middle 32 bits of its NTP time, to be returned in our next report; 0 where it is no sender."""
    about_us: ReceptionBlock | None
    bye: bool
    metrics: xr.VoipMetrics | None = None
    """How good what we send sounds there (RFC 3611), where it tells."""


def compact_ntp(wall: float) -> int:
    """The middle 32 bits of the NTP time of `wall` (seconds since 1970)."""
    return int((wall + _NTP_EPOCH) * 65_536) & 0xFFFFFFFF


def build(ssrc: int, cname: str, sender: SenderInfo | None, block: ReceptionBlock | None) -> bytes:
    """One compound packet: SR (or RR when nothing was sent), SDES with CNAME. An extended report may follow (`xr.build`)."""
    blocks = b"" if block is None else _encode_block(block)
    count = 0x80 | (1 if blocks else 0)
    if sender is None:
        body = struct.pack("!I", ssrc) + blocks
        kind = _RR
    else:
        seconds = sender.wall + _NTP_EPOCH
        whole = int(seconds)
        fraction = int((seconds - whole) * 4_294_967_296)
        body = (
            _SENDER.pack(
                ssrc,
                whole & 0xFFFFFFFF,
                fraction & 0xFFFFFFFF,
                sender.timestamp & 0xFFFFFFFF,
                sender.packets & 0xFFFFFFFF,
                sender.octets & 0xFFFFFFFF,
            )
            + blocks
        )
        kind = _SR
    name = cname.encode()[:255]
    chunk = struct.pack("!IBB", ssrc, 1, len(name)) + name
    chunk += b"\0" * (4 - len(chunk) % 4)
    return (
        _HEADER.pack(count, kind, len(body) // 4) + body + _HEADER.pack(0x81, _SDES, len(chunk) // 4) + chunk
    )


def goodbye(ssrc: int) -> bytes:
    """An empty receiver report and a BYE: the stream ends."""
    return (
        _HEADER.pack(0x80, _RR, 1)
        + struct.pack("!I", ssrc)
        + _HEADER.pack(0x81, _BYE, 1)
        + struct.pack("!I", ssrc)
    )


def _encode_block(block: ReceptionBlock) -> bytes:
    lost = max(-0x800000, min(0x7FFFFF, block.lost)) & 0xFFFFFF
    return _BLOCK.pack(
        block.ssrc,
        block.fraction_lost,
        lost.to_bytes(3, "big"),
        block.highest_sequence & 0xFFFFFFFF,
        block.jitter_samples & 0xFFFFFFFF,
        block.last_sender_report,
        block.delay_since & 0xFFFFFFFF,
    )


def parse(data: bytes, our_ssrc: int) -> Report | None:
    """Read a compound packet; None where it is none (RFC 3550 A.2: version, type of the first, lengths that add up)."""
    ssrc = 0
    sender_report = 0
    about_us: ReceptionBlock | None = None
    bye = False
    metrics: xr.VoipMetrics | None = None
    offset = 0
    while offset < len(data):
        if len(data) - offset < 4:
            return None
        first, kind, words = _HEADER.unpack_from(data, offset)
        end = offset + 4 * (words + 1)
        if first >> 6 != 2 or end > len(data) or (offset == 0 and kind not in (_SR, _RR)):
            return None
        if kind in (_SR, _RR):
            blocks_at = offset + (28 if kind == _SR else 8)
            if blocks_at + _BLOCK.size * (first & 0x1F) > end:
                return None
            ssrc = int.from_bytes(data[offset + 4 : offset + 8], "big")
            if kind == _SR:
                sender_report = int.from_bytes(data[offset + 10 : offset + 14], "big")
            about_us = _find_block(data, blocks_at, first & 0x1F, our_ssrc) or about_us
        elif kind == _BYE:
            bye = True
        elif kind == xr.PACKET_TYPE:
            metrics = xr.find(data, offset + 8, end, our_ssrc) or metrics
        offset = end
    return Report(ssrc, sender_report, about_us, bye, metrics) if data else None


def _find_block(data: bytes, begin: int, count: int, our_ssrc: int) -> ReceptionBlock | None:
    """The last of `count` blocks that is about us."""
    found = None
    for index in range(count):
        block = _decode_block(data, begin + _BLOCK.size * index)
        if block.ssrc == our_ssrc:
            found = block
    return found


def _decode_block(data: bytes, offset: int) -> ReceptionBlock:
    ssrc, fraction, lost, highest, jitter, last, delay = _BLOCK.unpack_from(data, offset)
    return ReceptionBlock(
        ssrc, fraction, int.from_bytes(lost, "big", signed=True), highest, jitter, last, delay
    )
