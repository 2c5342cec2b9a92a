"""RTP headers as columns: every kind of packet is read or refused by its reason, and nothing raises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import rtp
from media.rtp import Drop
from tests.media.wire import packet, slots

PAYLOAD = bytes(range(160))


def one(data: bytes) -> tuple[Drop, bytes]:
    """What becomes of a single datagram: the reason, and the payload found."""
    block, lengths = slots([data])
    headers = rtp.parse(block, lengths)
    start, length = int(headers.start[0]), int(headers.length[0])
    found = block["bytes"][0, start : start + length].tobytes()
    return Drop(int(headers.drop[0])), found


def reference(data: bytes) -> tuple[Drop, bytes]:  # noqa: PLR0911 (a line per rule of the RFC)
    """The same by plain slicing, as RFC 3550 section 5.1 tells it."""
    if len(data) < 12:
        return Drop.SHORT, b""
    if data[0] >> 6 != 2:
        return Drop.VERSION, b""
    if len(data) >= rtp.SLOT_BYTES:
        return Drop.TOO_LONG, b""
    rest = data[12:]
    sources = 4 * (data[0] & 0x0F)
    if len(rest) < sources:
        return Drop.LENGTH, b""
    rest = rest[sources:]
    if data[0] & 0x10:
        if len(rest) < 4 or len(rest) < 4 + 4 * int.from_bytes(rest[2:4], "big"):
            return Drop.LENGTH, b""
        rest = rest[4 + 4 * int.from_bytes(rest[2:4], "big") :]
    if data[0] & 0x20:
        if not rest or rest[-1] == 0 or rest[-1] > len(rest):
            return Drop.LENGTH, b""
        rest = rest[: -rest[-1]]
    return (Drop.KEPT, rest) if rest else (Drop.EMPTY, b"")


def test_a_plain_packet_is_read_field_by_field() -> None:
    data = packet(
        PAYLOAD, sequence=65_535, timestamp=0xFFFFFFFE, ssrc=0x89ABCDEF, payload_type=101, marker=True
    )
    block, lengths = slots([data, packet(PAYLOAD, sequence=1, timestamp=2, ssrc=3)])
    headers = rtp.parse(block, lengths)
    assert headers.sequence.tolist() == [65_535, 1]
    assert headers.timestamp.tolist() == [0xFFFFFFFE, 2]
    assert headers.ssrc.tolist() == [0x89ABCDEF, 3]
    assert headers.payload_type.tolist() == [101, 0]
    assert headers.drop.tolist() == [Drop.KEPT, Drop.KEPT]
    assert headers.start.tolist() == [12, 12]
    assert headers.length.tolist() == [160, 160]


def test_csrcs_extension_and_padding_are_stepped_over() -> None:
    csrcs = bytes(8)
    extension = b"\xbe\xde\x00\x02" + bytes(8)
    padding = bytes(5) + b"\x06"
    data = packet(csrcs + extension + PAYLOAD + padding, sequence=1, timestamp=1, first=0xB2)
    assert one(data) == (Drop.KEPT, PAYLOAD)


def test_sixty_milliseconds_with_all_that_a_header_may_carry_fit_into_a_slot() -> None:
    full = bytes(4 * 15) + b"\xbe\xde\x00\x04" + bytes(16) + bytes(480)
    assert one(packet(full, sequence=1, timestamp=1, first=0x9F))[0] is Drop.KEPT


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Drop.SHORT),
        (b"\x80", Drop.SHORT),
        (packet(b"", sequence=1, timestamp=1)[:11], Drop.SHORT),
        (packet(b"", sequence=1, timestamp=1), Drop.EMPTY),
        (packet(b"x" * 40, sequence=1, timestamp=1, first=0x00), Drop.VERSION),
        (packet(b"x" * 40, sequence=1, timestamp=1, first=0xC0), Drop.VERSION),
        (packet(b"x" * (rtp.SLOT_BYTES - 12), sequence=1, timestamp=1), Drop.TOO_LONG),
        (packet(b"x" * 9_000, sequence=1, timestamp=1), Drop.TOO_LONG),
        (packet(b"x" * 11, sequence=1, timestamp=1, first=0x83), Drop.LENGTH),
        (packet(b"", sequence=1, timestamp=1, first=0x90), Drop.LENGTH),
        (packet(b"\0\0\0", sequence=1, timestamp=1, first=0x90), Drop.LENGTH),
        (packet(b"\0\0\0\x02abcd", sequence=1, timestamp=1, first=0x90), Drop.LENGTH),
        (packet(b"\0\0\xff\xffabcd", sequence=1, timestamp=1, first=0x90), Drop.LENGTH),
        (packet(b"\0\0\0\0", sequence=1, timestamp=1, first=0x90), Drop.EMPTY),
        (packet(b"abc\0", sequence=1, timestamp=1, first=0xA0), Drop.LENGTH),
        (packet(b"abc\x05", sequence=1, timestamp=1, first=0xA0), Drop.LENGTH),
        (packet(b"abc\x04", sequence=1, timestamp=1, first=0xA0), Drop.EMPTY),
    ],
)
def test_every_malformed_kind_has_its_reason(data: bytes, reason: Drop) -> None:
    assert one(data)[0] is reason


def test_what_an_earlier_packet_left_in_the_slot_is_not_read() -> None:
    block, _ = slots([packet(b"\0\0\0\x01" + b"left" + PAYLOAD, sequence=1, timestamp=1, first=0x90)])
    for short in range(12, 20):
        headers = rtp.parse(block, np.array([short]))
        assert headers.drop[0] == (Drop.LENGTH if short < 20 else Drop.EMPTY)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.builds(
                lambda first, rest: bytes((first,)) + bytes(11) + rest,
                st.integers(0x80, 0xBF),
                st.binary(max_size=90),
            ),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_random_bytes_are_read_as_the_rfc_says_and_never_raise(datagrams: list[bytes]) -> None:
    block, lengths = slots(datagrams)
    headers = rtp.parse(block, lengths)
    for index, data in enumerate(datagrams):
        reason, payload = reference(data)
        assert headers.drop[index] == reason
        if reason is Drop.KEPT:
            start, length = headers.start[index], headers.length[index]
            assert block["bytes"][index, start : start + length].tobytes() == payload


def test_the_outgoing_block_is_packets_of_172_bytes() -> None:
    block = rtp.outgoing_block(3)
    block["sequence"][1], block["timestamp"][1], block["ssrc"][1] = 0x0102, 0x03040506, 0x0708090A
    assert block[1].tobytes() == bytes((0x80, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) + bytes(160)
