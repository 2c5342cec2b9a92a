"""A peer of secured rows: libsrtp where it is installed, by the names that our suites have there."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from media import rtp
from media.control import Srtp, Suite
from media.rtp import Drop
from media.srtp import SecuredRows
from media.srtp_keys import SHAPES
from media.streams import Streams

PEER_SSRC = 99
OUR_SSRC = 77


def material(suite: Suite, fill: int) -> bytes:
    shape = SHAPES[suite]
    return bytes((fill + step) & 0xFF for step in range(shape.key + shape.salt))


def keys(suite: Suite, fill: int = 1, **more: Any) -> Srtp:
    return Srtp(suite, material(suite, fill), material(suite, fill + 100), **more)


def theirs(ours: Srtp) -> Srtp:
    """The same keys as the other side has them."""
    return Srtp(ours.suite, ours.key_out, ours.key_in, len(ours.mki_out), bytes(ours.mki_in_bytes))


def packet(
    sequence: int,
    payload: bytes = b"\x55" * 160,
    *,
    ssrc: int = PEER_SSRC,
    timestamp: int | None = None,
    kind: int = 0,
) -> bytes:
    at = sequence * 160 if timestamp is None else timestamp
    return struct.pack("!BBHII", 0x80, kind, sequence & 0xFFFF, at & 0xFFFFFFFF, ssrc) + payload


class Side:
    """Secured rows with the block that they secure."""

    def __init__(self, rows: int = 8) -> None:
        self.streams = Streams(rows)
        self.block = rtp.outgoing_block(rows)
        self.secured = SecuredRows(self.streams, self.block)

    def open(self, row: int, srtp: Srtp, *, ssrc: int = OUR_SSRC, sequence: int = 0, **more: Any) -> None:
        self.streams.stream[row] = row + 1
        self.streams.ssrc_out[row] = self.block["ssrc"][row] = ssrc
        self.streams.sequence_out[row] = sequence
        self.secured.open(row, srtp, more.get("numbers"), more.get("now", 0.0))

    def send(self, rows: list[int], sequence: int, frames: NDArray[np.uint8] | int = 0) -> list[bytes]:
        """What leaves for `rows` when all of them have this number."""
        which = np.array(rows, np.intp)
        self.block["sequence"][which] = sequence & 0xFFFF
        self.block["timestamp"][which] = sequence * 160 & 0xFFFFFFFF
        self.block["frame"][which] = frames
        self.secured.protect(which)
        size = self.secured.block.itemsize
        octets = self.secured.block.view(np.uint8)
        return [
            octets[row * size : row * size + self.secured.packet_bytes(row)].tobytes()
            if self.secured.has(row)
            else self.block[row].tobytes()
            for row in rows
        ]

    def receive(self, *packets: tuple[int, bytes]) -> list[bytes | Drop]:
        """What each packet is, or why it goes no further."""
        slots = np.zeros(len(packets), rtp.PACKET_IN)
        for place, (_, data) in enumerate(packets):
            slots["bytes"][place, : len(data)] = np.frombuffer(data, np.uint8)
        rows = np.array([row for row, _ in packets], np.intp)
        lengths = np.array([len(data) for _, data in packets], np.intp)
        drop = self.secured.unprotect(rows, lengths, slots)
        if drop is None:
            drop = np.zeros(len(packets), np.uint8)
        return [
            Drop(int(drop[place])) if drop[place] else slots["bytes"][place, : lengths[place]].tobytes()
            for place in range(len(packets))
        ]

    def hear(self, row: int, data: bytes) -> bytes | Drop:
        return self.receive((row, data))[0]


class Libsrtp:
    """The independent judge."""

    def __init__(self, ours: Srtp) -> None:
        library = pytest.importorskip("pylibsrtp")
        policy = library.Policy
        profile = {
            Suite.AES_CM_128_HMAC_SHA1_80: policy.SRTP_PROFILE_AES128_CM_SHA1_80,
            Suite.AES_CM_128_HMAC_SHA1_32: policy.SRTP_PROFILE_AES128_CM_SHA1_32,
            Suite.AEAD_AES_128_GCM: policy.SRTP_PROFILE_AEAD_AES_128_GCM,
            Suite.AEAD_AES_256_GCM: policy.SRTP_PROFILE_AEAD_AES_256_GCM,
        }[ours.suite]
        self.error = library.Error
        self._sending = library.Session(
            policy(key=ours.key_in, ssrc_type=policy.SSRC_ANY_OUTBOUND, srtp_profile=profile)
        )
        self._receiving = library.Session(
            policy(key=ours.key_out, ssrc_type=policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        )

    def seal(self, data: bytes) -> bytes:
        sealed: bytes = self._sending.protect(data)
        return sealed

    def open(self, data: bytes) -> bytes:
        opened: bytes = self._receiving.unprotect(data)
        return opened

    def seal_report(self, data: bytes) -> bytes:
        sealed: bytes = self._sending.protect_rtcp(data)
        return sealed

    def open_report(self, data: bytes) -> bytes:
        opened: bytes = self._receiving.unprotect_rtcp(data)
        return opened
