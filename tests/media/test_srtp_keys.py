"""Keys from keys: the vectors of RFC 3711 appendix B.3."""

from __future__ import annotations

import pytest

from media.control import Suite
from media.srtp_keys import SHAPES, Keys, derive, packet_keys, report_keys

MASTER = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE4139")
SALT = bytes.fromhex("0EC675AD498AFEEBB6960B3AABE6")


def test_the_keys_of_rfc_3711() -> None:
    assert packet_keys(Suite.AES_CM_128_HMAC_SHA1_80, MASTER + SALT) == Keys(
        bytes.fromhex("C61E7A93744F39EE10734AFE3FF7A087"),
        bytes.fromhex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4"),
        bytes.fromhex("30CBBC08863D8C85D49DB34A9AE1"),
    )


def test_the_long_key_of_rfc_3711() -> None:
    """Its authentication key has 94 bytes: several blocks of the cipher."""
    assert derive(MASTER, SALT, 1, 94).hex().upper() == (
        "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE"
        "E049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC25"
        "6D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2"
    )


@pytest.mark.parametrize("suite", Suite)
def test_reports_have_keys_of_their_own(suite: Suite) -> None:
    shape = SHAPES[suite]
    material = bytes(range(shape.key + shape.salt))
    packets, reports = packet_keys(suite, material), report_keys(suite, material)
    for keys in (packets, reports):
        assert len(keys.encryption) == shape.key
        assert len(keys.salt) == shape.salt
        assert len(keys.authentication) == (0 if shape.aead else 20)
    assert packets.encryption != reports.encryption
    assert packets.salt != reports.salt


def test_keys_are_not_shown() -> None:
    assert repr(packet_keys(Suite.AEAD_AES_128_GCM, bytes(28))) == "Keys()"
