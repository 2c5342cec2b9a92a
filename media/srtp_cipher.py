"""One RTP packet, secured or opened (RFC 3711 sections 3.1 and 4, RFC 7714 section 8).

     0                   1                   2                   3
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  -+
    |                     RTP header, in the clear                  |   |
    +=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+=+   | proved, with the
    |                      payload, encrypted                       |   | rollover counter
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+  -+
    |                     MKI, where it was agreed                  |
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
    |                           tag                                 |      of GCM: before the MKI
    +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+

The *index* of a packet is its sequence number with the rollover counter before it: 48 bits that never come twice under
one key. It is in the packet only by half; `replay` knows how the other half is guessed.

What is here serves the few: keys that are pressed, the first packet of a source, odd headers. The many go as columns
(`srtp`), with the parts that a `PacketCipher` has.
"""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.hmac import HMAC

from media.control import Suite
from media.srtp_keys import SHAPES, Keys

BLOCK_BYTES: Final = 16
ROLLOVER_BYTES: Final = 4


class PacketCipher:
    """One direction of a stream.

    Parameters
    ----------
    keys : Keys
        Those of `srtp_keys.packet_keys`.
    mki : bytes
        What stands in each packet to name the key; only its length matters where packets are opened.
    """

    __slots__ = ("aead", "blocks", "mac", "mki", "salt", "shape", "suite")

    def __init__(self, suite: Suite, keys: Keys, mki: bytes = b"") -> None:
        self.suite = suite
        self.shape = SHAPES[suite]
        self.mki = mki
        salt = int.from_bytes(keys.salt, "big")
        # Where the counter block has it, before 16 bits of the block's number; a nonce of GCM is nothing but salted.
        self.salt = salt if self.shape.aead else salt << 16
        # The one library call that takes a whole packet's counter blocks; each of them is different, which is what
        # makes ECB right here.
        self.blocks = Cipher(AES(keys.encryption), ECB()).encryptor()  # noqa: S305
        self.mac = HMAC(keys.authentication, SHA1()) if not self.shape.aead else None  # noqa: S303 - RFC 3711
        self.aead = AESGCM(keys.encryption) if self.shape.aead else None

    @property
    def overhead(self) -> int:
        """Bytes by which a secured packet is longer."""
        return self.shape.tag + len(self.mki)

    def nonce(self, ssrc: int, index: int) -> bytes:
        """RFC 7714 section 8.1."""
        return (self.salt ^ ssrc << 48 ^ index).to_bytes(12, "big")

    def keystream(self, ssrc: int, index: int, length: int) -> bytes:
        """RFC 3711 section 4.1.1."""
        first = self.salt ^ ssrc << 64 ^ index << 16
        count = -(-length // BLOCK_BYTES)
        return self.blocks.update(
            b"".join([(first + block).to_bytes(BLOCK_BYTES, "big") for block in range(count)])
        )

    def tag(self, proved: bytes, index: int) -> bytes:
        """RFC 3711 section 4.2; of a suite with HMAC."""
        assert self.mac is not None
        mac = self.mac.copy()
        mac.update(proved)
        mac.update((index >> 16 & 0xFFFF_FFFF).to_bytes(ROLLOVER_BYTES, "big"))
        return mac.finalize()[: self.shape.tag]

    def seal(self, packet: bytes, start: int, ssrc: int, index: int) -> bytes:
        """Secure a packet whose payload begins at `start`."""
        header, payload = packet[:start], packet[start:]
        if self.aead is not None:
            return header + self.aead.encrypt(self.nonce(ssrc, index), payload, header) + self.mki
        proved = header + _xor(payload, self.keystream(ssrc, index, len(payload)))
        return proved + self.mki + self.tag(proved, index)

    def open(self, packet: bytes, start: int, ssrc: int, index: int) -> bytes | None:
        """The plain packet; None where it is not what the peer has sealed under this index."""
        header, payload = packet[:start], packet[start : len(packet) - self.overhead]
        if self.aead is not None:
            sealed = packet[start : len(packet) - len(self.mki)]
            try:
                return header + self.aead.decrypt(self.nonce(ssrc, index), sealed, header)
            except InvalidTag:
                return None
        if not hmac.compare_digest(self.tag(header + payload, index), packet[-self.shape.tag :]):
            return None
        return header + _xor(payload, self.keystream(ssrc, index, len(payload)))


def _xor(data: bytes, stream: bytes) -> bytes:
    length = len(data)
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream[:length], "big")).to_bytes(length, "big")
