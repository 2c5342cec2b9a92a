"""What is told of how good a row sounds, from the columns of those who know."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from media import quality, rtcp, rtp, xr
from media.control import Codec, Format
from media.jitter import JitterBuffer
from media.reception import Reception
from media.reports import Reports
from media.streams import Streams

ROW = np.array([0])
OUR_SSRC = 0xAABBCCDD
PCMU = Format(Codec.PCMU, 0, xr=True)


class Line:
    """Reports of one row, whose peer sends 20 ms a packet."""

    def __init__(self, new: Format = PCMU) -> None:
        self.streams = Streams(3)
        self.streams.stream[0] = 1
        self.streams.latched[0] = True
        self.streams.ssrc_out[0] = OUR_SSRC
        self.streams.level_dbov[:] = -127
        self.reception = Reception(self.streams)
        self.jitter = JitterBuffer(3)
        self.reports = Reports(self.streams, self.reception, self.jitter, wall_offset_s=0.0)
        self.reports.open(0, "us", 0.0)
        self.reports.set_format(0, new)
        self.ticks = 0
        self.told: list[rtcp.Report] = []
        self.packets: list[bytes] = []

    @property
    def now(self) -> float:
        return 100.0 + self.ticks * 0.02

    def hear(self, story: str) -> None:
        """'.' comes in time, 'x' does not come, 'o' comes too late."""
        for each in story:
            arrival = np.array([self.now * 8_000 - 40])
            if each != "x":
                sequence = np.array([self.ticks & 0xFFFF], np.uint16)
                timestamp = np.array([self.ticks * 160], np.uint32)
                self.reception.update(ROW, np.array([7], np.uint32), sequence, timestamp, arrival)
                if each == "o":
                    self.streams.late[0] += 1
                    self.reception.discard(ROW, sequence)
                else:
                    slots = np.full((1, 160), 0xFF, np.uint8)
                    none = np.zeros(1, np.intp)
                    self.jitter.put(ROW, timestamp, arrival, slots, none, none, np.full(1, 160, np.intp))
            self.jitter.pull(1, self.now * 8_000)
            for _, packet in self.reports.tick(1, self.ticks, np.zeros(3, np.bool_), self.now):
                self.packets.append(packet)
                report = rtcp.parse(packet, 7)
                assert report is not None
                self.told.append(report)
            self.ticks += 1

    def block(self) -> xr.VoipMetrics:
        """The last that was told."""
        metrics = self.told[-1].metrics
        assert metrics is not None
        return metrics


def test_a_clean_line_is_told_to_be_as_good_as_it_can_be() -> None:
    line = Line()
    line.hear("." * 501)
    block = line.block()
    assert block.ssrc == 7
    assert (block.loss_rate, block.discard_rate, block.burst_density, block.gap_density) == (0, 0, 0, 0)
    assert block.burst_ms == 0
    assert block.gap_ms == pytest.approx(501 * 20)
    assert block.opinion_listening == 44
    assert 90 <= block.rating <= 93
    assert line.streams.mos[0] == pytest.approx(4.38, abs=0.03)
    assert block.configuration == 0xB1
    assert block.buffer_nominal_ms == pytest.approx(line.streams.delay_ms[0], abs=0.5)
    assert block.end_system_ms == pytest.approx(line.streams.delay_ms[0] + 20, abs=0.5)
    assert block.buffer_maximum_ms == block.buffer_limit_ms == 300
    assert (block.signal_dbm0, block.noise_dbm0, block.rerl_db, block.gmin) == (127, 127, 127, 16)
    assert line.told[-1].ssrc == OUR_SSRC


def test_losses_and_discards_are_told_apart_and_rated_together() -> None:
    line = Line()
    line.hear(("." * 40 + "x" + "." * 6 + "o" + "." * 2) * 10 + ".")
    block = line.block()
    assert block.loss_rate == 256 * 10 // 501
    assert block.discard_rate == 256 * 10 // 501
    assert block.burst_density == 256 * 2 // 8
    assert block.burst_ms == 8 * 20
    assert block.gap_ms == pytest.approx(42 * 20, abs=40)
    assert block.gap_density == 0
    heard = quality.rate(Codec.PCMU, loss_percent=100 * 20 / 501)
    assert block.opinion_listening == round(10 * quality.opinion(heard.listening))
    assert line.streams.loss_percent[0] == pytest.approx(2, abs=0.4)


def test_the_round_trip_and_the_peers_own_delay_go_into_the_rating() -> None:
    line = Line()
    line.hear("." * 260)
    near = line.streams.r_factor[0]
    line.streams.round_trip_ms[0] = 500
    line.reports.receive(
        0,
        rtcp.build(7, "them", None, None) + xr.build(7, xr.VoipMetrics(OUR_SSRC, end_system_ms=200)),
        line.now,
    )
    line.hear("." * 260)
    delay_ms = (500 + 200 + line.streams.delay_ms[0] + 20) / 2
    expected = quality.rate(Codec.PCMU, delay_ms=delay_ms).conversing
    assert line.streams.r_factor[0] == pytest.approx(expected, abs=0.01)
    assert line.streams.r_factor[0] < near - 20
    assert line.block().round_trip_ms == 500
    assert line.block().opinion_listening == 44
    assert line.block().opinion_conversing < 40


@pytest.mark.parametrize(
    ("listening", "conversing", "expected"),
    [(42, 39, 3.9), (42, xr.UNKNOWN, 4.2), (xr.UNKNOWN, xr.UNKNOWN, 0.0), (77, 3, 0.0)],
)
def test_what_the_peer_thinks_of_us_is_kept(listening: int, conversing: int, expected: float) -> None:
    line = Line()
    theirs = xr.VoipMetrics(OUR_SSRC, opinion_listening=listening, opinion_conversing=conversing)
    about_us = rtcp.ReceptionBlock(OUR_SSRC, 64, 3, 0, 0)
    report = rtcp.build(7, "them", None, about_us)
    line.reports.receive(0, report + xr.build(7, replace(theirs, ssrc=5)), line.now)
    assert line.streams.mos_by_peer[0] == 0
    line.reports.receive(0, report + xr.build(7, theirs), line.now)
    assert line.streams.mos_by_peer[0] == pytest.approx(expected)
    assert line.streams.loss_by_peer_percent[0] == 25.0


def test_who_did_not_ask_is_told_nothing_but_the_figures_are_there() -> None:
    line = Line(Format(Codec.PCMU, 0))
    line.hear("." * 251)
    assert [report.metrics for report in line.told] == [None, None]
    assert line.streams.mos[0] > 4


def test_before_anything_has_come_there_is_no_opinion() -> None:
    line = Line()
    line.hear("x" * 251)
    assert [report.metrics for report in line.told] == [None, None]
    assert line.reports.figures(0, line.now) == (0.0, 0.0, 0.0)


def test_levels_are_those_of_speech_and_of_what_is_left_between() -> None:
    line = Line()
    line.streams.level_dbov[0], line.streams.speaking[0] = -26.15, True
    line.hear("." * 100)
    line.streams.level_dbov[0], line.streams.speaking[0] = -66.15, False
    line.hear("." * 100)
    line.streams.level_dbov[0] = -127
    line.hear("." * 50)
    line.streams.level_dbov[0], line.streams.muted[0] = -6, True
    line.hear("." * 50)
    line.hear("." * 202)
    assert (line.block().signal_dbm0, line.block().noise_dbm0) == (-20, -60)


def test_a_short_call_is_summed_up_when_it_ends_and_the_next_begins_afresh() -> None:
    line = Line()
    line.hear("." * 30 + "xxxx" + "." * 30)
    figures = line.reports.figures(0, line.now)
    assert figures.mos == pytest.approx(quality.opinion(figures.r_factor), abs=1e-4)
    assert 3 < figures.mos < 4
    assert 0 < figures.delay_ms < 60
    line.streams.clear(0)
    line.reception.clear(0)
    line.jitter.clear(0)
    line.reports.open(0, "next", line.now)
    assert line.reports.figures(0, line.now) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("codec", "factor"), [(Codec.PCMU, 1), (Codec.G722, 1), (Codec.L16_16, 2), (Codec.OPUS, 6)]
)
def test_jitter_is_told_in_units_of_the_rtp_clock(codec: Codec, factor: int) -> None:
    """RFC 3550 section 6.4.1; that of Opus ticks 48,000 times a second (RFC 7587 section 4.1)."""
    line = Line(Format(codec, 96))
    line.hear("." * 250)
    line.reception.jitter[0] = 33.4
    line.told.clear()
    for _, packet in line.reports.tick(1, 0, np.zeros(3, np.bool_), line.now):
        report = rtcp.parse(packet, 7)
        assert report is not None
        assert report.about_us is not None
        assert report.about_us.jitter_samples == int(33.4 * factor)


def test_a_sender_counts_the_bytes_of_its_payloads() -> None:
    """RFC 3550 section 6.4.1: payload octets, without headers."""
    line = Line(Format(Codec.OPUS, 96))
    header = bytes(rtp.HEADER_BYTES)
    line.reports.count_apart([(0, header + bytes(60)), (1, header + bytes(1_000)), (0, header + bytes(7))])
    line.streams.packets_out[0] = 12
    [(_, packet)] = line.reports.tick(1, 0, np.ones(3, np.bool_), line.now)
    assert packet[20:28] == (12).to_bytes(4, "big") + (10 * 160 + 67).to_bytes(4, "big")
