"""RTCP of all rows: a report of each leaves every five seconds, spread over rows, and the peers' are taken in."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from media import rtcp, rtp, xr
from media.codecs.kind import facts
from media.control import Format
from media.jitter import FRAME, RATE_HZ, JitterBuffer
from media.metrics import Figures, Metrics
from media.pacer import TICK_S
from media.reception import NO_SOURCE, Reception
from media.streams import Streams

_TICKS: Final = round(rtcp.INTERVAL_S / TICK_S)
_LONGEST_TRIP: Final = 60 * 65_536
"""A minute, in units of the compact NTP time."""


class Reports:
    """What each row's peer is told, and what it told us.

    Parameters
    ----------
    wall_offset_s : float
        What to add to `now` for seconds since 1970.
    """

    def __init__(
        self, streams: Streams, reception: Reception, jitter: JitterBuffer, *, wall_offset_s: float
    ) -> None:
        self._streams = streams
        self._reception = reception
        self._metrics = Metrics(streams, reception, jitter)
        self._wall_offset_s = wall_offset_s
        self.alive_at = np.zeros(streams.capacity, np.float64)
        """When each row's last report came: a phone that is muted may send nothing else."""
        self._index = np.arange(streams.capacity)
        self._clock = np.ones(streams.capacity, np.uint8)  # ticks of the RTP clock per sample at 8 kHz
        self._tells = np.zeros(streams.capacity, np.bool_)  # the peer wants extended reports
        self._apart = np.zeros(
            (streams.capacity, 2), np.int64
        )  # packets that were not 160 bytes, and their bytes
        self._cname: dict[int, str] = {}
        self._sender_reports: dict[int, tuple[int, float]] = {}

    def open(self, row: int, cname: str, now: float) -> None:
        """A new stream has the row."""
        self._cname[row] = cname
        self.alive_at[row] = now
        self._apart[row] = 0
        self._metrics.open(row)

    def set_format(self, row: int, new: Format) -> None:
        """How the row's packets are made from now on, and what its peer wants to be told."""
        self._clock[row] = facts(new.codec).ticks
        self._tells[row] = new.xr
        self._metrics.set_format(row, new)

    def count_apart(self, packets: list[tuple[int, bytes]]) -> None:
        """Count what is sent beside the block, (row, packet): its payloads are not of 160 bytes."""
        for row, packet in packets:
            self._apart[row] += (1, len(packet) - rtp.HEADER_BYTES)

    def count_loose(self, rows: NDArray[np.intp], lengths: NDArray[np.intp]) -> None:
        """The same of packets of these lengths, one for each of `rows`."""
        self._apart[rows, 0] += 1
        self._apart[rows, 1] += lengths - rtp.HEADER_BYTES

    def figures(self, row: int, now: float) -> Figures:
        """Sum up how good the row was, before it is closed."""
        return self._metrics.figures(row, now)

    def close(self, row: int) -> None:
        """The stream is gone."""
        self._cname.pop(row, None)
        self._sender_reports.pop(row, None)

    def receive(self, row: int, data: bytes, now: float) -> int | None:
        """Take an RTCP packet; nonsense is ignored, and a BYE is signalling's affair.

        Returns how many packets of a hundred the peer has lost of ours lately, where it says.
        """
        streams = self._streams
        report = rtcp.parse(data, int(streams.ssrc_out[row]))
        if report is None or report.bye:
            return None
        self.alive_at[row] = now
        if report.sender_report:
            self._sender_reports[row] = (report.sender_report, now)
        if report.metrics is not None:
            self._metrics.hear(row, report.metrics)
        about_us = report.about_us
        if about_us is None:
            return None
        streams.lost_by_peer[row] = about_us.lost
        streams.loss_by_peer_percent[row] = about_us.fraction_lost * 100 / 256
        if about_us.last_sender_report:
            here = rtcp.compact_ntp(now + self._wall_offset_s)
            trip = (here - about_us.last_sender_report - about_us.delay_since) & 0xFFFFFFFF
            # A peer that returns nonsense, or clocks that differ by a hair, are no round trip.
            if trip < _LONGEST_TRIP:
                streams.round_trip_ms[row] = trip * 1_000 / 65_536
        return about_us.fraction_lost * 100 // 256

    def tick(self, count: int, tick: int, sends: NDArray[np.bool_], now: float) -> list[tuple[int, bytes]]:
        """Reports of the rows below `count` whose turn it is in this tick, as (row, packet); their figures are renewed."""
        streams, reception = self._streams, self._reception
        self._metrics.look(count, tick)
        due = self._index[tick % _TICKS : count : _TICKS]
        due = due[(streams.stream[due] > 0) & streams.latched[due]]
        if not due.size:
            return []
        fraction, lost = reception.loss(due)
        streams.lost[due] = lost
        streams.loss_percent[due] = fraction * (100 / 256)
        streams.jitter_ms[due] = reception.jitter[due] * (1_000 / RATE_HZ)
        self._metrics.renew(due, lost, now)
        reports: list[tuple[int, bytes]] = []
        for row, row_fraction, row_lost in zip(due.tolist(), fraction.tolist(), lost.tolist(), strict=True):
            block = self._block(row, row_fraction, row_lost, now)
            sender = self._sender(row, now) if sends[row] else None
            ssrc = int(streams.ssrc_out[row])
            report = rtcp.build(ssrc, self._cname[row], sender, block)
            if self._tells[row] and block is not None:
                report += xr.build(ssrc, self._metrics.block(row))
            reports.append((row, report))
        return reports

    def _block(self, row: int, fraction_lost: int, lost: int, now: float) -> rtcp.ReceptionBlock | None:
        ssrc = int(self._reception.ssrc[row])
        if ssrc == NO_SOURCE:
            return None
        heard_report, heard_at = self._sender_reports.get(row, (0, now))
        return rtcp.ReceptionBlock(
            ssrc=ssrc,
            fraction_lost=fraction_lost,
            lost=lost,
            highest_sequence=int(self._reception.highest[row]),
            jitter_samples=int(self._reception.jitter[row] * self._clock[row]),
            last_sender_report=heard_report,
            delay_since=int((now - heard_at) * 65_536) if heard_report else 0,
        )

    def _sender(self, row: int, now: float) -> rtcp.SenderInfo | None:
        packets = int(self._streams.packets_out[row])
        if not packets:
            return None
        timestamp = int(self._streams.timestamp_out[row])
        apart, octets = self._apart[row].tolist()
        octets += (packets - apart) * FRAME
        return rtcp.SenderInfo(now + self._wall_offset_s, timestamp, packets, octets)
