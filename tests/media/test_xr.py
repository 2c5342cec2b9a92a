"""RTCP extended reports: a block laid out by hand, read by others, and whatever else may come."""

from __future__ import annotations

import shutil
import struct
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import rtcp, xr

METRICS = xr.VoipMetrics(
    ssrc=0x01020304,
    loss_rate=5,
    discard_rate=6,
    burst_density=128,
    gap_density=1,
    burst_ms=320,
    gap_ms=4_000,
    round_trip_ms=55,
    end_system_ms=70,
    signal_dbm0=-18,
    noise_dbm0=-61,
    rating=88,
    opinion_listening=43,
    opinion_conversing=42,
    configuration=xr.PLC_ENHANCED | xr.JB_ADAPTIVE | 1,
    buffer_nominal_ms=28,
    buffer_maximum_ms=300,
    buffer_limit_ms=301,
)
BY_HAND = bytes.fromhex(
    "80cf000a"  # version 2, type 207, eleven words
    "0a0b0c0d"  # who reports
    "07000008"  # VoIP metrics, nine words
    "01020304"  # on whom
    "05068001"  # lost, discarded, burst and gap density
    "01400fa0"  # burst and gap duration
    "00370046"  # round trip, end system delay
    "eec37f10"  # -18 dBm0, -61 dBm0, echo not known, Gmin 16
    "587f2b2a"  # R 88, no other R, MOS-LQ 4.3, MOS-CQ 4.2
    "b100001c"  # enhanced concealment, adaptive buffer, quick; nominal 28 ms
    "012c012d"
)


def test_the_block_is_laid_out_as_the_rfc_draws_it() -> None:
    assert xr.build(0x0A0B0C0D, METRICS) == BY_HAND
    assert xr.find(BY_HAND, 8, len(BY_HAND), METRICS.ssrc) == METRICS


def test_what_does_not_fit_is_held_at_its_limit() -> None:
    much = replace(METRICS, loss_rate=256, discard_rate=-1, burst_ms=70_000, signal_dbm0=-200, noise_dbm0=200)
    told = xr.find(xr.build(1, much), 8, 44, METRICS.ssrc)
    assert told == replace(
        METRICS, loss_rate=255, discard_rate=0, burst_ms=65_535, signal_dbm0=-128, noise_dbm0=xr.UNKNOWN
    )


def test_a_compound_packet_carries_it_behind_the_report() -> None:
    data = rtcp.build(1, "x", rtcp.SenderInfo(1.0, 2, 3, 4), rtcp.ReceptionBlock(METRICS.ssrc, 1, 2, 3, 4))
    report = rtcp.parse(data + BY_HAND, METRICS.ssrc)
    assert report is not None
    assert report.metrics == METRICS
    assert report.about_us is not None
    other = rtcp.parse(data + BY_HAND, 99)
    assert other is not None
    assert other.metrics is None


def test_other_blocks_are_passed_over_and_wrong_lengths_are_none() -> None:
    receiver_time = struct.pack("!BBHII", 4, 0, 2, 1, 2)
    wrong = struct.pack("!BBHI", 7, 0, 1, METRICS.ssrc)
    body = receiver_time + wrong + BY_HAND[8:]
    data = struct.pack("!BBHI", 0x80, 207, len(body) // 4 + 1, 1) + body
    report = rtcp.parse(rtcp.build(1, "x", None, None) + data, METRICS.ssrc)
    assert report is not None
    assert report.metrics == METRICS


def test_a_block_that_reaches_beyond_its_packet_is_not_read_from_the_next() -> None:
    cut = struct.pack("!BBHI", 0x80, 207, 8, 1) + BY_HAND[8:36]
    report = rtcp.parse(rtcp.build(1, "x", None, None) + cut + rtcp.goodbye(1), METRICS.ssrc)
    assert report is not None
    assert report.bye
    assert report.metrics is None


@pytest.mark.parametrize(
    ("at", "value", "field"),
    [
        (32, 101, "rating"),
        (33, 255, "outer_rating"),
        (34, 9, "opinion_listening"),
        (35, 51, "opinion_conversing"),
        (35, 0, "opinion_conversing"),
    ],
)
def test_a_rating_that_there_is_not_says_nothing(at: int, value: int, field: str) -> None:
    data = bytearray(BY_HAND)
    data[at] = value
    metrics = xr.find(bytes(data), 8, len(data), METRICS.ssrc)
    assert metrics is not None
    assert getattr(metrics, field) == xr.UNKNOWN


def test_cut_at_any_length_it_is_nothing() -> None:
    before = rtcp.build(1, "x", None, None)
    for length in range(len(BY_HAND)):
        assert xr.find(BY_HAND[:length], 8, length, METRICS.ssrc) is None
        report = rtcp.parse(before + BY_HAND[:length], METRICS.ssrc)
        assert (report is None) == (length > 0)


U8, U16 = st.integers(0, 255), st.integers(0, 65_535)
LEVELS = st.integers(-128, 127)
OPINIONS = st.integers(10, 50) | st.just(xr.UNKNOWN)
RATINGS = st.integers(0, 100) | st.just(xr.UNKNOWN)


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        xr.VoipMetrics, st.integers(0, 2**32 - 1), U8, U8, U8, U8, U16, U16, U16, U16, LEVELS, LEVELS, U8, U8,
        RATINGS, RATINGS, OPINIONS, OPINIONS, U8, U16, U16, U16,
    )
)  # fmt: skip
def test_what_is_built_is_read_back(metrics: xr.VoipMetrics) -> None:
    data = xr.build(3, metrics)
    assert xr.find(data, 8, len(data), metrics.ssrc) == metrics


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_whatever_stands_in_an_extended_report_never_raises(noise: bytes) -> None:
    noise += bytes(-len(noise) % 4)
    data = struct.pack("!BBHI", 0x80, 207, len(noise) // 4 + 1, 1) + noise
    report = rtcp.parse(rtcp.build(1, "x", None, None) + data, 0)
    assert report is not None
    xr.find(noise, 0, len(noise), 0)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_same(tmp_path: Path) -> None:
    payload = rtcp.build(0x0A0B0C0D, "x", None, None) + BY_HAND
    udp = struct.pack("!HHHH", 5_005, 5_007, 8 + len(payload), 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(4), bytes(4)) + udp
    file = tmp_path / "xr.pcap"
    file.write_bytes(
        struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65_535, 101)
        + struct.pack("<IIII", 0, 0, len(ip), len(ip))
        + ip
    )
    fields = {
        "rtcp.xr.bt": "7",
        "rtcp.xr.voipmetrics.burstdensity": "128",
        "rtcp.xr.voipmetrics.gapdensity": "1",
        "rtcp.xr.voipmetrics.burstduration": "320",
        "rtcp.xr.voipmetrics.gapduration": "4000",
        "rtcp.xr.voipmetrics.rtdelay": "55",
        "rtcp.xr.voipmetrics.esdelay": "70",
        "rtcp.xr.voipmetrics.signallevel": "-18",
        "rtcp.xr.voipmetrics.noiselevel": "-61",
        "rtcp.xr.voipmetrics.gmin": "16",
        "rtcp.xr.voipmetrics.rfactor": "88",
        "rtcp.xr.voipmetrics.moslq": "4.3",
        "rtcp.xr.voipmetrics.moscq": "4.2",
        "rtcp.xr.voipmetrics.plc": "2",
        "rtcp.xr.voipmetrics.jba": "3",
        "rtcp.xr.voipmetrics.jbrate": "1",
        "rtcp.xr.voipmetrics.jbnominal": "28",
        "rtcp.xr.voipmetrics.jbmax": "300",
        "rtcp.xr.voipmetrics.jbabsmax": "301",
        "_ws.malformed": "",
    }
    wanted = [part for name in fields for part in ("-e", name)]
    told = subprocess.run(
        ["tshark", "-r", file, "-d", "udp.port==5005,rtcp", "-T", "fields", *wanted],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.rstrip("\n")
    assert dict(zip(fields, told.split("\t"), strict=True)) == fields
