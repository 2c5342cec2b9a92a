"""Frames as another program reads them."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.tracing.packets import DATAGRAM_MAX, addresses, checksum, frame
from tests.bridge.tracing.messages import BRIDGE, PHONE, SIX, SIX_BRIDGE


def test_the_checksum_is_that_of_rfc_1071() -> None:
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0xFFFF - 0xDDF2
    assert checksum(b"\x01") == checksum(b"\x01\x00")


@given(st.binary(max_size=300))
def test_a_frame_of_ipv4_has_headers_that_add_up(data: bytes) -> None:
    whole = frame(PHONE, BRIDGE, data)
    ip, udp = whole[14:34], whole[34:]
    assert whole[12:14] == b"\x08\x00"
    assert checksum(ip) == 0
    assert int.from_bytes(ip[2:4], "big") == len(whole) - 14
    assert (IPv4Address(ip[12:16]), IPv4Address(ip[16:20])) == (IPv4Address(PHONE[0]), IPv4Address(BRIDGE[0]))
    assert [int.from_bytes(udp[at : at + 2], "big") for at in (0, 2, 4)] == [5070, 5060, 8 + len(data)]
    assert checksum(ip[12:20] + b"\x00\x11" + udp[4:6] + udp) == 0
    assert udp[8:] == data


@given(st.binary(max_size=300))
def test_a_frame_of_ipv6_has_headers_that_add_up(data: bytes) -> None:
    whole = frame(SIX, SIX_BRIDGE, data)
    ip, udp = whole[14:54], whole[54:]
    assert whole[12:14] == b"\x86\xdd"
    assert (IPv6Address(ip[8:24]), IPv6Address(ip[24:40])) == (
        IPv6Address(SIX[0]),
        IPv6Address(SIX_BRIDGE[0]),
    )
    assert int.from_bytes(ip[4:6], "big") == len(udp) == 8 + len(data)
    assert checksum(ip[8:40] + b"\x00\x00" + udp[4:6] + b"\x00\x00\x00\x11" + udp) == 0


def test_what_is_longer_than_a_datagram_is_cut_off() -> None:
    assert len(frame(PHONE, BRIDGE, b"x" * 70_000)) == 14 + 20 + 8 + DATAGRAM_MAX


@pytest.mark.parametrize(
    ("source", "target", "versions"),
    [
        ("198.51.100.7", "192.0.2.1", (4, 4)),
        ("::ffff:198.51.100.7", "192.0.2.1", (4, 4)),
        ("198.51.100.7", "::", (6, 6)),
        ("fe80::1%eth0", "fe80::2", (6, 6)),
        ("a name", "192.0.2.1", (4, 4)),
    ],
)
def test_both_ends_are_of_one_version(source: str, target: str, versions: tuple[int, int]) -> None:
    first, second = addresses(source, target)
    assert (first.version, second.version) == versions
