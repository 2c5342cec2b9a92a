"""What many packets are encrypted with at once (RFC 3711 section 4.1.1, RFC 7714 section 8.1): counter blocks and nonces as columns.

A packet's counter blocks are its salt, SSRC and index, and a number that counts 16 bytes each:

    0       2       4               8                       14      16 bytes
    +-------+-------+-------+-------+-------+-------+-------+-------+
    |                salt (112 bits), exclusive-or          |       |
    |               |     SSRC      |         index         | block |
    +-------+-------+-------+-------+-------+-------+-------+-------+

None of it depends on what is said. So `Ahead` encrypts the counter blocks of the next packets of a row in one library call, and
keeps what comes out until those packets are there. What a call costs is mostly that it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from media.srtp_cipher import BLOCK_BYTES

FRAME_BYTES: Final = 160
"""The payload of 20 ms; what is longer is not computed ahead."""
_FRAME_BLOCKS: Final = FRAME_BYTES // BLOCK_BYTES

AHEAD: Final = 16
"""Packets that one call serves: 2.5 KiB a row and direction. Beyond, the memory is what costs."""
_CHUNK_BYTES: Final = AHEAD * FRAME_BYTES
_FRAME_PIECE: Final = np.dtype((np.void, FRAME_BYTES))
_NO_CHUNK: Final = -1 << 60

Encrypt: TypeAlias = Callable[[memoryview, memoryview], Any]
"""`update_into` of an AES-ECB encryptor: each block on its own, which for counter blocks, all different, is right."""


def salts(salt: int) -> tuple[int, int]:
    """A salt of 112 bits (or, for nonces, 96) as two words."""
    return salt >> 64, salt & 0xFFFF_FFFF_FFFF_FFFF


def keystreams(
    salt: NDArray[np.uint64],
    ssrc: NDArray[np.uint32],
    index: NDArray[np.int64],
    blocks: int,
    encrypt: Sequence[Encrypt],
) -> NDArray[np.uint8]:
    """The keystreams of N packets.

    Parameters
    ----------
    salt : ndarray of shape (N, 2), uint64
    ssrc : ndarray of shape (N,), uint32
    index : ndarray of shape (N,), int64
    blocks : int > 0
        Of 16 bytes, for each packet.

    Returns
    -------
    stream : ndarray of shape (N, 16 * blocks), uint8
    """
    count, width = len(encrypt), BLOCK_BYTES * blocks
    counters = np.empty((count, blocks, 2), ">u8")
    counters[:, :, 0] = _high(salt, ssrc)[:, None]
    counters[:, :, 1] = _low(salt, index)[:, None] + np.arange(blocks, dtype=np.uint64)
    # The library wants room for a block more than it fills: there each writes over what comes after it, which is empty yet.
    out = np.empty(count * width + BLOCK_BYTES, np.uint8)
    given, got = memoryview(counters.view(np.uint8).reshape(-1).data), memoryview(out.data)
    for place, of_one in enumerate(encrypt):
        at = place * width
        of_one(given[at : at + width], got[at : at + width + BLOCK_BYTES])
    return out[: count * width].reshape(count, width)


def nonces(salt: NDArray[np.uint64], ssrc: NDArray[np.uint32], index: NDArray[np.int64]) -> bytes:
    """The nonces of N packets for GCM, 12 bytes each: as above, 16 bits of zero first, and no block number."""
    words = np.empty((len(ssrc), 3), ">u4")
    source = ssrc.astype(np.uint64)
    words[:, 0] = salt[:, 0] ^ source >> np.uint64(16)
    low = salt[:, 1] ^ (source & np.uint64(0xFFFF)) << np.uint64(48) ^ index.astype(np.uint64)
    words[:, 1] = low >> np.uint64(32)
    words[:, 2] = low & np.uint64(0xFFFFFFFF)
    return words.tobytes()


def _high(salt: NDArray[np.uint64], ssrc: NDArray[np.uint32]) -> NDArray[np.uint64]:
    high: NDArray[np.uint64] = salt[:, 0] ^ ssrc
    return high


def _low(salt: NDArray[np.uint64], index: NDArray[np.int64]) -> NDArray[np.uint64]:
    low: NDArray[np.uint64] = salt[:, 1] ^ index.astype(np.uint64) << np.uint64(16)
    return low


class Ahead:
    """Keystreams of the next packets of all rows, for one direction.

    A row has those of `AHEAD` indices, from a multiple of it on; rows are shifted against each other, so that not all need
    new ones in the same tick.
    """

    def __init__(self, rows: int) -> None:
        self._octets = np.zeros(rows * _CHUNK_BYTES + BLOCK_BYTES, np.uint8)
        self._view = memoryview(self._octets.data)
        self._frames = self._octets[: rows * _CHUNK_BYTES].view(_FRAME_PIECE)
        self._chunk = np.full(rows, _NO_CHUNK, np.int64)  # the index that it begins with
        self._ssrc = np.zeros(rows, np.uint32)

    def forget(self, row: int) -> None:
        """The row has other keys, or none."""
        self._chunk[row] = _NO_CHUNK

    def take(
        self,
        rows: NDArray[np.intp],
        salt: NDArray[np.uint64],
        ssrc: NDArray[np.uint32],
        index: NDArray[np.int64],
        encrypt: Sequence[Encrypt],
    ) -> NDArray[np.uint64]:
        """The keystreams of N packets of 20 ms.

        Returns
        -------
        stream : ndarray of shape (N, 20), uint64
            160 bytes, in words for a quicker exclusive-or.
        """
        place = (index + rows) % AHEAD
        begin = index - place
        missing = ((begin != self._chunk[rows]) | (ssrc != self._ssrc[rows])).nonzero()[0]
        if missing.size:
            self._fill(
                rows[missing],
                salt[missing],
                ssrc[missing],
                begin[missing],
                [encrypt[at] for at in missing.tolist()],
            )
        stream = self._frames.take(rows * AHEAD + place).view(np.uint64).reshape(len(rows), -1)
        if missing.size:
            # A row that is here twice, before and after the end of what was computed, has the later of both.
            lost = ((begin != self._chunk[rows]) | (ssrc != self._ssrc[rows])).nonzero()[0]
            if lost.size:
                of_lost = [encrypt[at] for at in lost.tolist()]
                alone = keystreams(salt[lost], ssrc[lost], index[lost], _FRAME_BLOCKS, of_lost)
                stream[lost] = alone.view(np.uint64)
        return stream

    def _fill(
        self,
        rows: NDArray[np.intp],
        salt: NDArray[np.uint64],
        ssrc: NDArray[np.uint32],
        begin: NDArray[np.int64],
        encrypt: Sequence[Encrypt],
    ) -> None:
        count = len(rows)
        counters = np.empty((count, AHEAD, _FRAME_BLOCKS, 2), ">u8")
        counters[..., 0] = _high(salt, ssrc)[:, None, None]
        steps = np.arange(AHEAD, dtype=np.uint64)[:, None] << np.uint64(16)
        # The salt is not added but exclusive-or'ed: each index has its own.
        index = (begin.astype(np.uint64) << np.uint64(16))[:, None, None] + steps
        counters[..., 1] = (salt[:, 1][:, None, None] ^ index) + np.arange(_FRAME_BLOCKS, dtype=np.uint64)
        given = memoryview(counters.view(np.uint8).reshape(-1).data)
        for place, (row, of_one) in enumerate(zip(rows.tolist(), encrypt, strict=True)):
            to, at = row * _CHUNK_BYTES, place * _CHUNK_BYTES
            # Room for a block more is asked for, and not written to: the next row's stays whole.
            of_one(given[at : at + _CHUNK_BYTES], self._view[to : to + _CHUNK_BYTES + BLOCK_BYTES])
        self._chunk[rows] = begin
        self._ssrc[rows] = ssrc
