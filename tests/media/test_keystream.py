"""Keystreams as columns say what the cipher says of one packet, computed ahead or not."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from media.control import Suite
from media.keystream import AHEAD, FRAME_BYTES, Ahead, keystreams, nonces, salts
from media.srtp_cipher import PacketCipher
from media.srtp_keys import SHAPES, packet_keys

ROWS = 5


def ciphers(suite: Suite) -> list[PacketCipher]:
    shape = SHAPES[suite]
    return [
        PacketCipher(suite, packet_keys(suite, bytes([row + 1]) * (shape.key + shape.salt)))
        for row in range(ROWS)
    ]


CM = ciphers(Suite.AES_CM_128_HMAC_SHA1_80)
PACKETS = st.lists(
    st.tuples(
        st.integers(0, ROWS - 1),
        st.sampled_from([0, 5, 0xFFFFFFFF]),
        st.integers(0, 60) | st.integers(65_520, 65_560) | st.integers(0, 2**48 - 1),
    ),
    min_size=1,
    max_size=30,
)


def columns(packets: list[tuple[int, int, int]], of: list[PacketCipher]) -> tuple[np.ndarray, ...]:
    rows, ssrc, index = zip(*packets, strict=True)
    return (
        np.array(rows, np.intp),
        np.array([salts(of[row].salt) for row in rows], np.uint64),
        np.array(ssrc, np.uint32),
        np.array(index, np.int64),
    )


@settings(max_examples=40)
@given(PACKETS, st.integers(1, 40))
def test_many_at_once_are_as_one(packets: list[tuple[int, int, int]], blocks: int) -> None:
    rows, salt, ssrc, index = columns(packets, CM)
    stream = keystreams(salt, ssrc, index, blocks, [CM[row].blocks.update_into for row in rows])
    for place, (row, source, number) in enumerate(packets):
        assert stream[place].tobytes() == CM[row].keystream(source, number, 16 * blocks)


@settings(max_examples=60)
@given(st.lists(PACKETS, min_size=1, max_size=5))
def test_computed_ahead_they_are_the_same_in_any_order(batches: list[list[tuple[int, int, int]]]) -> None:
    ahead = Ahead(ROWS)
    for packets in batches:
        rows, salt, ssrc, index = columns(packets, CM)
        stream = ahead.take(rows, salt, ssrc, index, [CM[row].blocks.update_into for row in rows])
        for place, (row, source, number) in enumerate(packets):
            assert stream[place].tobytes() == CM[row].keystream(source, number, FRAME_BYTES), place


def test_one_call_serves_many_packets() -> None:
    calls = 0

    def counted(given: memoryview, got: memoryview) -> None:
        nonlocal calls
        calls += 1
        CM[0].blocks.update_into(given, got)

    ahead = Ahead(1)
    for number in range(10 * AHEAD):
        ahead.take(*columns([(0, 5, number)], CM), [counted])
    assert calls == 10


def test_a_row_with_other_keys_has_other_streams() -> None:
    ahead = Ahead(1)
    packet = columns([(0, 5, 7)], CM)
    before = ahead.take(*packet, [CM[0].blocks.update_into])
    ahead.forget(0)
    rows, _, ssrc, index = packet
    salt = np.array([salts(CM[1].salt)], np.uint64)
    after = ahead.take(rows, salt, ssrc, index, [CM[1].blocks.update_into])
    assert before.tobytes() != after.tobytes() == CM[1].keystream(5, 7, FRAME_BYTES)


@settings(max_examples=40)
@given(PACKETS)
def test_nonces_are_those_of_one_packet(packets: list[tuple[int, int, int]]) -> None:
    of = ciphers(Suite.AEAD_AES_256_GCM)
    _, salt, ssrc, index = columns(packets, of)
    got = nonces(salt, ssrc, index)
    for place, (row, source, number) in enumerate(packets):
        assert got[12 * place : 12 * place + 12] == of[row].nonce(source, number)
