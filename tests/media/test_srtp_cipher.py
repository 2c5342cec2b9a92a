"""One packet at a time, by the vectors of the RFCs and by its own inverse."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.control import Suite
from media.srtp_cipher import PacketCipher
from media.srtp_keys import SHAPES, Keys, packet_keys

GALLIA = bytes.fromhex(
    "8040f17b8041f8d35501a0b247616c6c696120657374206f6d6e69732064697669736120696e207061727465732074726573"
)


def of(suite: Suite, fill: int = 7, mki: bytes = b"") -> PacketCipher:
    shape = SHAPES[suite]
    return PacketCipher(suite, packet_keys(suite, bytes([fill]) * (shape.key + shape.salt)), mki)


def test_the_keystream_of_rfc_3711() -> None:
    """Appendix B.2: the first blocks, and the last ones before the block number is used up."""
    keys = Keys(
        bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"),
        bytes(20),
        bytes.fromhex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD"),
    )
    cipher = PacketCipher(Suite.AES_CM_128_HMAC_SHA1_80, keys)
    stream = cipher.keystream(0, 0, 0xFF02 * 16)
    assert stream[:48].hex().upper() == (
        "E03EAD0935C95E80E166B16DD92B4EB4D23513162B02D0F72A43A2FE4A5F97AB41E95B3BB0A2E8DD477901E4FCA894C0"
    )
    assert stream[0xFEFF * 16 : 0xFF02 * 16].hex().upper() == (
        "EC8CDF7398607CB0F2D21675EA9EA1E4362B7C3C6773516318A077D7FC5073AE6A2CC3787889374FBEB4C81B17BA6C44"
    )


@pytest.mark.parametrize(
    ("suite", "key_bytes", "sealed"),
    [
        (
            Suite.AEAD_AES_128_GCM,
            16,
            (
                "f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833"
                "899d7f27beb16a9152cf765ee4390cce"
            ),
        ),
        (
            Suite.AEAD_AES_256_GCM,
            32,
            (
                "32b1de78a822fe12ef9f78fa332e33aab18012389a58e2f3b50b2a0276ffae0f1ba63799b87b"
                "7aa3db36dfffd6b0f9bb7878d7a76c13"
            ),
        ),
    ],
)
def test_the_packet_of_rfc_7714(suite: Suite, key_bytes: int, sealed: str) -> None:
    """Section 16: all of Gaul."""
    cipher = PacketCipher(suite, Keys(bytes(range(key_bytes)), b"", b"Quid pro quo"))
    assert cipher.nonce(0x5501A0B2, 0xF17B).hex() == "51753c6580c2726f20718414"
    assert cipher.seal(GALLIA, 12, 0x5501A0B2, 0xF17B) == GALLIA[:12] + bytes.fromhex(sealed)
    assert cipher.open(GALLIA[:12] + bytes.fromhex(sealed), 12, 0x5501A0B2, 0xF17B) == GALLIA


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("mki", [b"", b"\1", b"\0\0\0\7"])
def test_what_is_sealed_is_opened_and_nothing_else(suite: Suite, mki: bytes) -> None:
    cipher = of(suite, mki=mki)
    packet = b"\x80\0\0\1" + bytes(8) + b"hello" * 30
    sealed = cipher.seal(packet, 12, 5, 1 << 17)
    assert len(sealed) == len(packet) + cipher.overhead
    assert sealed[:12] == packet[:12]
    assert b"hello" not in sealed
    assert cipher.open(sealed, 12, 5, 1 << 17) == packet
    assert cipher.open(sealed, 12, 5, 1 << 18) is None, "another rollover"
    assert cipher.open(packet + bytes(cipher.overhead), 12, 5, 1 << 17) is None
    assert of(suite, 8, mki).open(sealed, 12, 5, 1 << 17) is None, "another key"


@settings(max_examples=40)
@given(
    st.sampled_from(Suite),
    st.binary(min_size=12, max_size=400),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**48 - 1),
    st.integers(0, 10_000),
)
def test_no_bit_can_be_changed(suite: Suite, packet: bytes, ssrc: int, index: int, where: int) -> None:
    cipher = of(suite)
    sealed = cipher.seal(packet, 12, ssrc, index)
    assert cipher.open(sealed, 12, ssrc, index) == packet
    at = where % (8 * len(sealed))
    changed = bytearray(sealed)
    changed[at // 8] ^= 1 << at % 8
    assert cipher.open(bytes(changed), 12, ssrc, index) is None
