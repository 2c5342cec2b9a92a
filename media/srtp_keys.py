"""The keys of secure audio (RFC 3711 section 4.3, RFC 7714 section 11): from a master key to those that work.

Of one master key and salt six are derived: to encrypt, to prove and to salt, for RTP and for RTCP. They are derived once:
the key derivation rate is 0, as everybody has it.

    suite                       key   salt   tag of RTP   of RTCP
    AES_CM_128_HMAC_SHA1_80      16     14           10        10   bytes
    AES_CM_128_HMAC_SHA1_32      16     14            4        10
    AEAD_AES_128_GCM             16     12           16        16
    AEAD_AES_256_GCM             32     12           16        16
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from media.control import Suite

_AUTH_BYTES: Final = 20
"""The key of HMAC-SHA1 (RFC 3711 section 5.2)."""
_PRF_SALT_BYTES: Final = 14
"""A shorter salt has zeros behind it (RFC 7714 section 11)."""

_RTP: Final = (0, 1, 2)
_RTCP: Final = (3, 4, 5)
"""Labels of the key to encrypt, to prove, to salt (RFC 3711 section 4.3.2)."""


class Shape(NamedTuple):
    """The lengths of a suite, in bytes, and which of the two kinds it is."""

    key: int
    salt: int
    tag: int
    report_tag: int
    aead: bool


SHAPES: Final = {
    Suite.AES_CM_128_HMAC_SHA1_80: Shape(16, 14, 10, 10, aead=False),
    Suite.AES_CM_128_HMAC_SHA1_32: Shape(16, 14, 4, 10, aead=False),
    Suite.AEAD_AES_128_GCM: Shape(16, 12, 16, 16, aead=True),
    Suite.AEAD_AES_256_GCM: Shape(32, 12, 16, 16, aead=True),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """What encrypts, proves and salts the packets of one direction. Never shown."""

    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)
    """Empty where the cipher proves, too."""
    salt: bytes = field(repr=False)


def derive(master: bytes, salt: bytes, label: int, length: int) -> bytes:
    """The `length` bytes under `label`: AES in counter mode over the salt with the label in it."""
    x = int.from_bytes(salt.ljust(_PRF_SALT_BYTES, b"\0"), "big") ^ label << 48
    stream = Cipher(AES(master), CTR((x << 16).to_bytes(16, "big"))).encryptor()
    return stream.update(bytes(length))


def _keys(suite: Suite, material: bytes, labels: tuple[int, int, int]) -> Keys:
    shape = SHAPES[suite]
    master, salt = material[: shape.key], material[shape.key : shape.key + shape.salt]
    encryption, authentication, salting = labels
    return Keys(
        derive(master, salt, encryption, shape.key),
        b"" if shape.aead else derive(master, salt, authentication, _AUTH_BYTES),
        derive(master, salt, salting, shape.salt),
    )


def packet_keys(suite: Suite, material: bytes) -> Keys:
    """Of RTP; `material` is the master key and behind it the salt."""
    return _keys(suite, material, _RTP)


def report_keys(suite: Suite, material: bytes) -> Keys:
    """Of RTCP; `material` likewise."""
    return _keys(suite, material, _RTCP)
