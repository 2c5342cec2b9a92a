"""RTCP compound packets: what is built is read back, and nonsense is told by None."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import rtcp

U32 = st.integers(0, 2**32 - 1)
BLOCKS = st.builds(
    rtcp.ReceptionBlock,
    ssrc=U32,
    fraction_lost=st.integers(0, 255),
    lost=st.integers(-0x800000, 0x7FFFFF),
    highest_sequence=U32,
    jitter_samples=U32,
    last_sender_report=U32,
    delay_since=U32,
)


@settings(max_examples=100, deadline=None)
@given(U32, st.text(max_size=300), BLOCKS, st.floats(0, 4e9), st.booleans())
def test_what_is_built_is_read_back(
    ssrc: int, cname: str, block: rtcp.ReceptionBlock, wall: float, sends: bool
) -> None:
    sender = rtcp.SenderInfo(wall, 5, 6, 7) if sends else None
    data = rtcp.build(ssrc, cname, sender, block)
    assert len(data) % 4 == 0
    report = rtcp.parse(data, our_ssrc=block.ssrc)
    assert report == rtcp.Report(ssrc, rtcp.compact_ntp(wall) if sends else 0, block, bye=False)


def test_a_sender_report_is_laid_out_as_the_rfc_draws_it() -> None:
    data = rtcp.build(1, "ab", rtcp.SenderInfo(1.5, 0x11223344, 9, 1_440), None)
    header, length, ssrc, ntp, fraction, timestamp, packets, octets = struct.unpack_from("!HHIIIIII", data)
    assert (header, length) == (0x80C8, 6)
    assert (ssrc, timestamp, packets, octets) == (1, 0x11223344, 9, 1_440)
    assert (ntp, fraction) == (2_208_988_801, 0x80000000)
    # SDES: one chunk, CNAME (1) of two bytes, ended by at least one zero.
    assert data[28:] == struct.pack("!BBHIBB", 0x81, 202, 3, 1, 1, 2) + b"ab" + bytes(4)


def test_a_loss_that_the_field_cannot_hold_is_held_at_its_limit() -> None:
    for lost, told in ((10**9, 0x7FFFFF), (-(10**9), -0x800000)):
        data = rtcp.build(1, "x", None, rtcp.ReceptionBlock(2, 0, lost, 0, 0))
        report = rtcp.parse(data, 2)
        assert report is not None
        assert report.about_us is not None
        assert report.about_us.lost == told


def test_a_goodbye_is_read_as_one() -> None:
    report = rtcp.parse(rtcp.goodbye(9), 1)
    assert report == rtcp.Report(9, 0, None, bye=True)


def test_blocks_about_others_are_passed_over() -> None:
    mine, other = rtcp.ReceptionBlock(5, 1, 2, 3, 4), rtcp.ReceptionBlock(6, 9, 9, 9, 9)
    first = rtcp.build(1, "x", None, other)
    both = bytes((0x82,)) + first[1:2] + struct.pack("!H", 13) + first[4:32]
    both += rtcp.build(1, "x", None, mine)[8:32]
    report = rtcp.parse(both, 5)
    assert report is not None
    assert report.about_us == mine


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\x80\xc9\x00",
        b"\x00\xc9\x00\x01" + bytes(4),  # version 0
        b"\x80\xc9\x00\x02" + bytes(4),  # longer than there is
        b"\x80\xc9\x00\x00",  # a receiver report without its SSRC
        b"\x80\xc8\x00\x01" + bytes(4),  # a sender report without its sender
        b"\x81\xc9\x00\x01" + bytes(4),  # a block promised and missing
        b"\x9f\xc9\x00\x07" + bytes(28),  # 31 blocks in the place of one
        b"\x80\xca\x00\x01" + bytes(4),  # begins with SDES
        b"\x80\xc9\x00\x01" + bytes(4) + b"\x80\xca",  # the second one cut off
        b"\x80\x00" + bytes(170),  # that is RTP
    ],
)
def test_what_is_no_rtcp_is_none(data: bytes) -> None:
    assert rtcp.parse(data, 0) is None


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 80))
def test_random_and_cut_bytes_never_raise(noise: bytes, cut: int) -> None:
    rtcp.parse(noise, 0)
    rtcp.parse(bytes((0x81, 200 + len(noise) % 2)) + noise, 0)
    rtcp.parse(rtcp.build(1, "cname", rtcp.SenderInfo(1.0, 2, 3, 4), None)[:cut] + noise, 0)
