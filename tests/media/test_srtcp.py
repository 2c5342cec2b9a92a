"""Secured reports: the vectors of RFC 7714 section 17, and what is not the peer's."""

from __future__ import annotations

import pytest

from media import rtcp
from media.control import Suite
from media.srtcp import LAST_INDEX, MAX_SOURCES, ReportCipher, ReportsIn
from media.srtp_keys import SHAPES, Keys, report_keys

REPORT = rtcp.build(77, "roda", None, None)

MARS = bytes.fromhex(
    "81c8000d4d6172734e5450314e545032525450200000042a0000e9304c756e61deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"
)


def of(suite: Suite, fill: int = 7, mki: bytes = b"") -> ReportCipher:
    shape = SHAPES[suite]
    return ReportCipher(suite, report_keys(suite, bytes([fill]) * (shape.key + shape.salt)), mki)


@pytest.mark.parametrize(
    ("suite", "key_bytes", "sealed"),
    [
        (
            Suite.AEAD_AES_128_GCM,
            16,
            (
                "63e94885dcdab67ca727d7662f6b7e997ff5c0f76c06f32dc676a5f1730d6fda4ce09b4686303ded0bb9275b"
                "c84aa45896cf4d2fc5abf87245d9eade"
            ),
        ),
        (
            Suite.AEAD_AES_256_GCM,
            32,
            (
                "d50ae4d1f5ce5d304ba297e47d470c282c3ece5dbffe0a50a2eaa5c1110555be8415f658c61de0476f1b6fad"
                "1d1eb30c4446839f57ff6f6cb26ac3be"
            ),
        ),
    ],
)
def test_the_report_of_rfc_7714(suite: Suite, key_bytes: int, sealed: str) -> None:
    cipher = ReportCipher(suite, Keys(bytes(range(key_bytes)), b"", b"Quid pro quo"))
    packet = MARS[:8] + bytes.fromhex(sealed) + bytes.fromhex("800005d4")
    assert cipher.seal(MARS, 0x5D4) == packet
    assert cipher.open(packet) == (MARS, 0x4D617273, 0x5D4)


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize("mki", [b"", b"\1\2"])
def test_what_is_sealed_is_opened_and_nothing_else(suite: Suite, mki: bytes) -> None:
    cipher = of(suite, mki=mki)
    sealed = cipher.seal(REPORT, 9)
    assert len(sealed) == len(REPORT) + 4 + SHAPES[suite].report_tag + len(mki)
    assert cipher.open(sealed) == (REPORT, 77, 9)
    assert of(suite, 8, mki).open(sealed) is None
    for length in range(len(sealed)):
        assert cipher.open(sealed[:length]) is None
    for at in range(len(sealed) - (len(mki) if SHAPES[suite].aead else 0)):
        if mki and not SHAPES[suite].aead and len(sealed) - 12 <= at < len(sealed) - 10:
            continue  # the MKI itself is not proved (RFC 3711 section 3.4)
        changed = bytearray(sealed)
        changed[at] ^= 1
        assert cipher.open(bytes(changed)) is None, at


@pytest.mark.parametrize("suite", Suite)
def test_a_report_that_is_proved_and_not_encrypted_is_the_peers(suite: Suite) -> None:
    """E = 0 (RFC 3711 section 3.4): nobody asked for it, but nobody else can have sent it."""
    cipher = of(suite)
    if SHAPES[suite].aead:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        word = (9).to_bytes(4, "big")
        tag = AESGCM(cipher._keys.encryption).encrypt(cipher._nonce(REPORT[:8], 9), b"", REPORT + word)
        packet = REPORT + tag + word
    else:
        packet = REPORT + (9).to_bytes(4, "big")
        packet += cipher._tag(packet)
    assert cipher.open(packet) == (REPORT, 77, 9)
    assert cipher.open(packet[:-1] + bytes([packet[-1] ^ 1])) is None


def test_unsecured_reports_are_nobodys() -> None:
    """Baresip sends such for a while, of 16 bytes."""
    reports = ReportsIn(of(Suite.AES_CM_128_HMAC_SHA1_80))
    assert reports.open(REPORT) is None
    assert reports.open(rtcp.goodbye(77)[:16]) is None
    assert reports.open(b"") is None


def test_a_report_comes_once_and_each_source_counts() -> None:
    cipher = of(Suite.AES_CM_128_HMAC_SHA1_80)
    reports = ReportsIn(cipher)
    first = cipher.seal(REPORT, 5)
    assert reports.open(first) == REPORT
    assert reports.open(first) is None
    other = rtcp.build(78, "roda", None, None)
    assert reports.open(cipher.seal(other, 5)) == other
    assert reports.next == 6


def test_what_another_worker_heard_is_not_heard_again() -> None:
    cipher = of(Suite.AEAD_AES_128_GCM)
    reports = ReportsIn(cipher, next_=6)
    assert reports.open(cipher.seal(REPORT, 5)) is None
    assert reports.open(cipher.seal(REPORT, 6)) == REPORT


def test_of_many_sources_the_first_is_forgotten() -> None:
    cipher = of(Suite.AES_CM_128_HMAC_SHA1_80)
    reports = ReportsIn(cipher)
    for ssrc in range(MAX_SOURCES + 3):
        assert reports.open(cipher.seal(rtcp.build(ssrc, "roda", None, None), LAST_INDEX)) is not None
    assert len(reports._windows) == MAX_SOURCES
