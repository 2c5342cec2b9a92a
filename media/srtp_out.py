"""The way out of secured rows: what the plain block has for them is secured into a block of their own, as columns.

A secured packet is longer by its tag, so it needs another place; what is sent for rows without keys stays as it is. Of
each packet of HMAC one call proves it, over bytes that lie ready: the rollover counter stands where the tag will be. Of GCM
one call does all.

An index is used once, or what two packets say could be read from both. So only packets that leave in this tick are secured,
and the count is in the shared table, for whoever goes on with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from media.keystream import FRAME_BYTES, Ahead, Encrypt, nonces, salts
from media.rtp import HEADER_BYTES, PACKET_OUT
from media.srtp_cipher import ROLLOVER_BYTES, PacketCipher
from media.streams import Streams

TRAILER_BYTES: Final = 20
"""Room for the longest tag and an MKI of 4 bytes (`sip.sdes.MAX_MKI_BYTES`)."""

PACKET_SECURED: Final = np.dtype(
    [("head", np.void, HEADER_BYTES), ("frame", np.void, FRAME_BYTES), ("trailer", np.void, TRAILER_BYTES)]
)
"""A secured packet as we send it: header and 20 ms of an 8-bit codec, then MKI and tag, whichever is first."""
_PROVED_BYTES: Final = PACKET_OUT.itemsize + ROLLOVER_BYTES
_NONCE: Final = 12


@dataclass(slots=True)
class _Plan:
    """Rows to be sent that are alike: the same suite, and MKIs of one length."""

    rows: NDArray[np.intp]
    salt: NDArray[np.uint64]
    ssrc: NDArray[np.uint32]
    mki: NDArray[np.uint8]
    tag: int
    aead: bool
    encrypt: list[Encrypt]
    calls: list[Any]
    """The MACs, or the AEADs."""
    octets: list[memoryview]
    """Of the block: what is proved."""


class Sealing:
    """All rows with keys, outwards.

    Parameters
    ----------
    streams : Streams
    plain : ndarray of shape (R,), rtp.PACKET_OUT
        The block in which packets are made.
    """

    def __init__(self, streams: Streams, plain: NDArray[np.void]) -> None:
        rows = streams.capacity
        self._streams = streams
        self.block = np.zeros(rows, PACKET_SECURED)
        """One packet per row, ready to be sent where the row has keys."""
        self._octets = memoryview(self.block.view(np.uint8).data)
        self._rollovers = np.ndarray(
            rows, ">u4", self.block.data, offset=PACKET_OUT.itemsize, strides=self.block.strides
        )
        self._plain_heads = np.ndarray(rows, (np.void, HEADER_BYTES), plain.data, strides=plain.strides)
        self._plain_frames = np.ndarray(
            rows, (np.void, FRAME_BYTES), plain.data, offset=HEADER_BYTES, strides=plain.strides
        )
        self._plain_sequence = plain["sequence"]
        self._ciphers: dict[int, PacketCipher] = {}
        self._ahead: Ahead | None = None
        self._planned: NDArray[np.intp] | None = None
        self._plans: list[_Plan] = []

    def open(self, row: int, cipher: PacketCipher) -> None:
        """The row's packets are secured by this from now on."""
        if self._ahead is None:
            self._ahead = Ahead(self._streams.capacity)
        self._ahead.forget(row)
        self._ciphers[row] = cipher
        self._planned = None

    def close(self, row: int) -> None:
        """The row has no keys any more."""
        del self._ciphers[row]
        self._planned = None

    def packet_bytes(self, row: int) -> int:
        """How long the row's packets are in `block`."""
        return PACKET_OUT.itemsize + self._ciphers[row].overhead

    def protect(self, rows: NDArray[np.intp], secured: NDArray[np.bool_]) -> None:
        """Secure what the plain block has for those of `rows` that are `secured`: it is sent now."""
        if rows is not self._planned:
            self._plans = self._plan(rows[secured[rows]])
            self._planned = rows
        for plan in self._plans:
            index = self._next_indices(plan.rows)
            self.block["head"][plan.rows] = self._plain_heads.take(plan.rows)
            if plan.aead:
                self._seal_aead(plan, index)
            else:
                self._seal_alike(plan, index)

    def _plan(self, rows: NDArray[np.intp]) -> list[_Plan]:
        alike: dict[tuple[int, int], list[int]] = {}
        for row in rows.tolist():
            cipher = self._ciphers[row]
            alike.setdefault((int(cipher.suite), len(cipher.mki)), []).append(row)
        plans = []
        size = PACKET_SECURED.itemsize
        for group in alike.values():
            ciphers = [self._ciphers[row] for row in group]
            shape = ciphers[0].shape
            plans.append(
                _Plan(
                    np.array(group, np.intp),
                    np.array([salts(cipher.salt) for cipher in ciphers], np.uint64),
                    self._streams.ssrc_out[group],
                    np.array([list(cipher.mki) for cipher in ciphers], np.uint8).reshape(len(group), -1),
                    shape.tag,
                    shape.aead,
                    [cipher.blocks.update_into for cipher in ciphers],
                    [cipher.aead if shape.aead else cipher.mac for cipher in ciphers],
                    [self._octets[row * size : row * size + _PROVED_BYTES] for row in group],
                )
            )
        return plans

    def _next_indices(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """The indices of the packets in the plain block; that uses them."""
        next_out = self._streams.srtp_next_out
        counted = next_out[rows]
        index = counted + ((self._plain_sequence[rows].astype(np.int64) - counted) & 0xFFFF)
        next_out[rows] = index + 1
        return index

    def _seal_alike(self, plan: _Plan, index: NDArray[np.int64]) -> None:
        assert self._ahead is not None
        rows = plan.rows
        frames = self._plain_frames.take(rows).view(np.uint64).reshape(len(rows), -1)
        frames ^= self._ahead.take(rows, plan.salt, plan.ssrc, index, plan.encrypt)
        self.block["frame"][rows] = frames.view((np.void, FRAME_BYTES))[:, 0]
        self._rollovers[rows] = index >> 16
        digests = []
        for mac, octets in zip(plan.calls, plan.octets, strict=True):
            prover = mac.copy()
            prover.update(octets)
            digests.append(prover.finalize())
        tags = np.frombuffer(b"".join(digests), np.uint8).reshape(len(rows), -1)
        self._end(plan, (plan.mki, tags[:, : plan.tag]))

    def _seal_aead(self, plan: _Plan, index: NDArray[np.int64]) -> None:
        rows = plan.rows
        frames = self._plain_frames.take(rows).tobytes()
        nonce = nonces(plan.salt, plan.ssrc, index)
        sealed = []
        for place, (aead, octets) in enumerate(zip(plan.calls, plan.octets, strict=True)):
            at, frame = _NONCE * place, FRAME_BYTES * place
            sealed.append(
                aead.encrypt(
                    nonce[at : at + _NONCE], frames[frame : frame + FRAME_BYTES], octets[:HEADER_BYTES]
                )
            )
        columns = np.frombuffer(b"".join(sealed), np.uint8).reshape(len(rows), -1)
        self.block["frame"][rows] = np.ascontiguousarray(columns[:, :FRAME_BYTES]).view(
            (np.void, FRAME_BYTES)
        )[:, 0]
        self._end(plan, (columns[:, FRAME_BYTES:], plan.mki))

    def _end(self, plan: _Plan, parts: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
        trailer = np.zeros((len(plan.rows), TRAILER_BYTES), np.uint8)
        first, second = parts
        trailer[:, : first.shape[1]] = first
        trailer[:, first.shape[1] : first.shape[1] + second.shape[1]] = second
        self.block["trailer"][plan.rows] = trailer.view((np.void, TRAILER_BYTES))[:, 0]

    def seal(self, row: int, packet: bytes) -> bytes:
        """Secure a packet that is not in the block: of a key that is pressed."""
        next_out = self._streams.srtp_next_out
        counted = int(next_out[row])
        index = counted + ((int.from_bytes(packet[2:4], "big") - counted) & 0xFFFF)
        next_out[row] = index + 1
        return self._ciphers[row].seal(packet, HEADER_BYTES, int(self._streams.ssrc_out[row]), index)
