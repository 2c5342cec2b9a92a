"""Packets of rows that do not take a frame of G.711 a tick: all at once where they are of one tick, whatever their length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from media import rtp
from media.codecs.terms import OpusTerms
from media.control import Codec, Format
from media.encoding import Payloads
from media.hearing import NO_MUSIC
from media.outward import Outward
from media.rtp import HEADER_BYTES
from media.streams import Streams

ROWS = 6
OPUS = Format(Codec.OPUS, 111, opus=OpusTerms(dtx=True))
MARKER = 0x80


class Way:
    """The way out of some rows of Opus, with payloads as they are said to be."""

    def __init__(self, rows: list[int]) -> None:
        self.streams = Streams(ROWS)
        self.out = Outward(self.streams, np.zeros(ROWS, np.int32), np.full(ROWS, NO_MUSIC, np.intp))
        self.rows = np.array(rows, np.intp)
        for row in rows:
            self.out.open(row, OPUS, 2)
        self.block = rtp.outgoing_block(ROWS)
        self.block["second"] = 111
        self.block["ssrc"] = np.arange(ROWS) + 1_000

    def send(self, payloads: list[bytes], *, held: set[int] | None = None, but: int = -1) -> dict[int, bytes]:
        """Each row gets its payload; returns the packets that leave, which follow their headers in the block."""
        self.block["sequence"] = self.streams.sequence_out
        distinct = sorted(set(payloads))
        which = np.array([distinct.index(payload) for payload in payloads], np.intp)
        self.out._made = Payloads(self.rows, which, distinct)
        sending: NDArray[np.bool_] = np.arange(ROWS) != but
        rows, lengths, others = self.out.packets(self.block, sending, held or set())
        return dict(others) | {
            row: self.out.loose[row, :length].tobytes()
            for row, length in zip(rows.tolist(), lengths.tolist(), strict=True)
        }


def test_each_gets_its_header_and_what_it_shares_with_others() -> None:
    way = Way([1, 3, 4])
    packets = way.send([b"shared", b"of its own, and longer", b"shared"])
    assert {row: packet[HEADER_BYTES:] for row, packet in packets.items()} == {
        1: b"shared", 3: b"of its own, and longer", 4: b"shared",
    }  # fmt: skip
    for row, packet in packets.items():
        assert packet[:HEADER_BYTES] == way.block[row].tobytes()[:HEADER_BYTES]
    assert way.streams.packets_out.tolist() == [0, 1, 0, 1, 1, 0]
    again = way.send([b"x", b"y", b"z"])
    assert [int.from_bytes(packet[2:4], "big") for packet in again.values()] == [1, 1, 1]
    assert again[3][HEADER_BYTES:] == b"y"


def test_nothing_is_sent_in_a_pause_and_the_first_packet_after_it_is_marked() -> None:
    way = Way([1, 3])
    assert [packet[1] & MARKER for packet in way.send([b"a", b"b"]).values()] == [0, 0]
    assert set(way.send([b"", b"b"])) == {3}
    packets = way.send([b"c", b"d"])
    assert packets[1][1] == MARKER | 111
    assert packets[3][1] == 111
    assert way.send([b"c", b"d"])[1][1] == 111
    assert way.streams.packets_out[[1, 3]].tolist() == [3, 4]


def test_who_presses_a_key_or_is_not_sent_to_gets_none_and_no_number_is_used() -> None:
    way = Way([1, 3, 4])
    assert set(way.send([b"a", b"b", b"c"], held={1}, but=4)) == {3}
    assert way.streams.sequence_out.tolist() == [0, 0, 0, 1, 0, 0]


def test_a_codec_whose_packets_are_longer_than_the_block_has_them_made_one_by_one() -> None:
    way = Way([1])
    way.out.open(1, Format(Codec.L16_48, 97), 6)
    payload = bytes(1_920)
    assert way.send([payload])[1][HEADER_BYTES:] == payload
