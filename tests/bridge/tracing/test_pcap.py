"""A capture file, read back by hand and by tshark where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from struct import unpack_from

import pytest

from bridge.tracing.pcap import pcap
from tests.bridge.tracing.messages import NOON, SIX, SIX_BRIDGE, call, seen


def test_a_file_without_messages_is_a_header() -> None:
    assert unpack_from("<IHHiIII", pcap([])) == (0xA1B23C4D, 2, 4, 0, 0, 262_144, 1)
    assert len(pcap([])) == 24


def test_each_packet_has_its_time_and_length() -> None:
    data, at, times = pcap(call()), 24, []
    while at < len(data):
        seconds, nanoseconds, kept, length = unpack_from("<IIII", data, at)
        assert kept == length
        times.append(seconds + nanoseconds / 1e9 - NOON)
        at += 16 + length
    assert at == len(data)
    assert times == pytest.approx([0, 0.001, 0.021, 0.031, 60.0, 60.002], abs=1e-6)


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_the_call(tmp_path: Path) -> None:
    file = tmp_path / "call.pcap"
    six = seen(SIX, SIX_BRIDGE, "OPTIONS sip:[2001:db8::1] SIP/2.0", 61.0, "1 OPTIONS")
    over_tls = seen(
        ("198.51.100.7", 40_000), ("192.0.2.1", 5061), "BYE sip:b SIP/2.0", 62.0, "3 BYE", transport="tls"
    )
    file.write_bytes(pcap([*call(), six, over_tls]))
    checks = ["-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
    fields = [
        "sip.Method",
        "sip.Status-Code",
        "sdp.media",
        "ip.checksum.status",
        "udp.checksum.status",
        "ipv6.src",
    ]
    done = subprocess.run(
        ["tshark", "-r", file, *checks, "-T", "fields", *(part for name in fields for part in ("-e", name))],
        capture_output=True,
        text=True,
        check=True,
    )
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        ["INVITE", "", "audio 4000 RTP/AVP 0", "1", "1", ""],
        ["", "100", "", "1", "1", ""],
        ["", "200", "audio 4000 RTP/AVP 0", "1", "1", ""],
        ["ACK", "", "", "1", "1", ""],
        ["BYE", "", "", "1", "1", ""],
        ["", "200", "", "1", "1", ""],
        ["OPTIONS", "", "", "", "1", "2001:db8::7"],
        ["BYE", "", "", "1", "1", ""],
    ]
