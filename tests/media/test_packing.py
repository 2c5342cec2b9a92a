"""Packets of several ticks."""

from __future__ import annotations

import struct

import pytest

from media.packing import Packing, ticks_in

G711_TICK = 160


@pytest.mark.parametrize(
    ("ptime_ms", "tick_bytes", "ticks"),
    [
        (20, G711_TICK, 1),
        (40, G711_TICK, 2),
        (60, G711_TICK, 3),
        (200, G711_TICK, 3),  # no more than 60 ms, whatever is asked
        (10, G711_TICK, 1),
        (30, G711_TICK, 1),  # the whole ticks in it
        (60, 640, 2),  # L16 at 16 kHz: two fit into a packet
        (60, None, 1),  # Opus frames cannot be laid end to end
    ],
)
def test_as_many_ticks_go_into_a_packet_as_were_asked_for_and_fit(
    ptime_ms: int, tick_bytes: int | None, ticks: int
) -> None:
    assert ticks_in(ptime_ms, tick_bytes) == ticks


def add(packing: Packing, payload: bytes, timestamp: int, sequence: int = 7) -> bytes | None:
    return packing.add(3, struct.pack(">BBHII", 0x80, 0x09, sequence, timestamp, 0x01020304), payload)


def test_a_packet_has_the_timestamp_of_its_first_sample() -> None:
    packing = Packing()
    packing.open(3, 2)
    assert add(packing, b"ab", 1_000) is None
    assert add(packing, b"cd", 1_160) == bytes.fromhex("8009 0007 000003e8 01020304") + b"abcd"
    assert add(packing, b"ef", 1_320) is None


def test_what_was_begun_is_dropped_when_a_key_is_sent() -> None:
    packing = Packing()
    packing.open(3, 2)
    add(packing, b"ab", 0)
    packing.hold(3)
    assert add(packing, b"cd", 480) is None
    packet = add(packing, b"ef", 640)
    assert packet is not None
    assert packet[4:8] == (480).to_bytes(4, "big")
    assert packet[12:] == b"cdef"


def test_a_row_that_is_closed_is_none_of_them() -> None:
    packing = Packing()
    packing.open(3, 2)
    assert packing.has(3)
    packing.close(3)
    packing.close(3)
    assert packing.idle
