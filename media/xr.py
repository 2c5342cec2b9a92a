"""RTCP extended reports (RFC 3611): the VoIP metrics block, in which each side tells how good what it hears is.

    0                   1                   2                   3
    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   |V=2|P|reserved |   PT = 207    |          length = 10          |
   |                      who reports (SSRC)                       |
   |     BT = 7    |   reserved    |       block length = 8        |
   |                   who is reported on (SSRC)                   |
   |   loss rate   | discard rate  | burst density |  gap density  |
   |       burst duration          |         gap duration          |
   |     round trip delay          |       end system delay        |
   | signal level  |  noise level  |     RERL      |     Gmin      |
   |   R factor    | ext. R factor |    MOS-LQ     |    MOS-CQ     |
   |   RX config   |   reserved    |          JB nominal           |
   |          JB maximum           |          JB abs max           |
   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

Blocks of other types are passed over. As everywhere in RTCP here, nonsense is told by None, never by an exception.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

PACKET_TYPE: Final = 207
UNKNOWN: Final = 127
"""In place of a level, a rating or an opinion that there is none of."""

PLC_UNKNOWN: Final = 0x00
PLC_DISABLED: Final = 0x40
PLC_ENHANCED: Final = 0x80
"""Gaps are bridged so that high loss is concealed, too."""
PLC_STANDARD: Final = 0xC0
"""The last packet is said again, or the like."""
JB_ADAPTIVE: Final = 0x30
"""The jitter buffer's delay changes with what the line needs. The four bits below say how fast, in half frames' terms: it has
followed a step from 30 to 100 ms of jitter after twice as many frames."""

_VOIP_METRICS: Final = 7
_HEADER: Final = struct.Struct("!BBH")
_BLOCK: Final = struct.Struct("!BBHIBBBBHHHHbbBBBBBBBBHHH")
_BLOCK_WORDS: Final = _BLOCK.size // 4 - 1
_MOST_RATING: Final = 100
_LEAST_OPINION: Final = 10
_MOST_OPINION: Final = 50
_MOST_U16: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class VoipMetrics:
    """What one side says of what it hears of the source `ssrc`, since it began (section 4.7). Rates and densities are in 1/256."""

    ssrc: int
    loss_rate: int = 0
    discard_rate: int = 0
    burst_density: int = 0
    gap_density: int = 0
    burst_ms: int = 0
    gap_ms: int = 0
    round_trip_ms: int = 0
    end_system_ms: int = 0
    """What the delay is of which the network knows nothing: packets being filled and waiting to be played."""
    signal_dbm0: int = UNKNOWN
    noise_dbm0: int = UNKNOWN
    rerl_db: int = UNKNOWN
    """The echo that is left of what we said."""
    gmin: int = 16
    rating: int = UNKNOWN
    """The R factor of the E-model, 0 to 100."""
    outer_rating: int = UNKNOWN
    """That of what lies behind the reporter: a mobile network, say."""
    opinion_listening: int = UNKNOWN
    """MOS-LQ in tenths, 10 to 50: delay counts for nothing. And MOS-CQ, in which it does."""
    opinion_conversing: int = UNKNOWN
    configuration: int = 0
    """`PLC_...` and `JB_...`."""
    buffer_nominal_ms: int = 0
    """How long a packet that comes in time waits; the earliest that is kept; and the latter at the very worst."""
    buffer_maximum_ms: int = 0
    buffer_limit_ms: int = 0


def build(ssrc: int, metrics: VoipMetrics) -> bytes:
    """One packet with one block, to follow the others of a compound packet. What does not fit is held at its limit."""
    header = _HEADER.pack(0x80, PACKET_TYPE, _BLOCK.size // 4 + 1)
    return header + struct.pack("!I", ssrc) + _encode(metrics)


def _encode(m: VoipMetrics) -> bytes:
    octets = [
        min(max(rate, 0), 255) for rate in (m.loss_rate, m.discard_rate, m.burst_density, m.gap_density)
    ]
    times = [min(max(ms, 0), _MOST_U16) for ms in (m.burst_ms, m.gap_ms, m.round_trip_ms, m.end_system_ms)]
    levels = [min(max(level, -128), UNKNOWN) for level in (m.signal_dbm0, m.noise_dbm0)]
    buffer = [
        min(max(ms, 0), _MOST_U16) for ms in (m.buffer_nominal_ms, m.buffer_maximum_ms, m.buffer_limit_ms)
    ]
    return _BLOCK.pack(
        _VOIP_METRICS, 0, _BLOCK_WORDS, m.ssrc, *octets, *times, *levels, m.rerl_db, m.gmin,
        m.rating, m.outer_rating, m.opinion_listening, m.opinion_conversing, m.configuration, 0, *buffer,
    )  # fmt: skip


def find(data: bytes, begin: int, end: int, our_ssrc: int) -> VoipMetrics | None:
    """The last VoIP metrics about us in the extended report whose blocks lie from `begin` to `end`.

    Blocks end where one reaches beyond the packet; one of the wrong length is none.
    """
    found = None
    while end - begin >= _HEADER.size:
        kind, _, words = _HEADER.unpack_from(data, begin)
        behind = begin + 4 * (words + 1)
        if behind > end:
            break
        if kind == _VOIP_METRICS and words == _BLOCK_WORDS:
            metrics = _decode(data, begin)
            if metrics.ssrc == our_ssrc:
                found = metrics
        begin = behind
    return found


def _decode(data: bytes, begin: int) -> VoipMetrics:
    (
        _, _, _, ssrc, loss_rate, discard_rate, burst_density, gap_density, burst_ms, gap_ms, round_trip_ms, end_system_ms,
        signal_dbm0, noise_dbm0, rerl_db, gmin, rating, outer_rating, listening, conversing, configuration, _,
        nominal_ms, maximum_ms, limit_ms,
    ) = _BLOCK.unpack_from(data, begin)  # fmt: skip
    return VoipMetrics(
        ssrc=ssrc,
        loss_rate=loss_rate,
        discard_rate=discard_rate,
        burst_density=burst_density,
        gap_density=gap_density,
        burst_ms=burst_ms,
        gap_ms=gap_ms,
        round_trip_ms=round_trip_ms,
        end_system_ms=end_system_ms,
        signal_dbm0=signal_dbm0,
        noise_dbm0=noise_dbm0,
        rerl_db=rerl_db,
        gmin=gmin,
        rating=_within(rating, 0, _MOST_RATING),
        outer_rating=_within(outer_rating, 0, _MOST_RATING),
        opinion_listening=_within(listening, _LEAST_OPINION, _MOST_OPINION),
        opinion_conversing=_within(conversing, _LEAST_OPINION, _MOST_OPINION),
        configuration=configuration,
        buffer_nominal_ms=nominal_ms,
        buffer_maximum_ms=maximum_ms,
        buffer_limit_ms=limit_ms,
    )


def _within(value: int, least: int, most: int) -> int:
    """A value that the field cannot have says nothing."""
    return value if least <= value <= most else UNKNOWN
