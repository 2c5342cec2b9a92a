"""Secrets in traces: none stays, and nothing else goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip.blanking import blanked

HEAD = (
    "REGISTER sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.7:5070;branch=z9hG4bK1\r\n"
    "From: <sip:bob@192.0.2.1:5060>;tag=1\r\nTo: <sip:bob@192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n"
)


def message(fields: str = "", body: str = "") -> bytes:
    return f"{HEAD}{fields}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("fields", "body", "secret"),
    [
        ('Authorization: Digest username="bob", realm="r", response="5ec4e7"\r\n', "", "5ec4e7"),
        ('Proxy-Authorization: Digest realm="r",response=5ec4e7,uri="sip:a"\r\n', "", "5ec4e7"),
        ('AUTHORIZATION : digest username="bob",\r\n response = "5ec4e7"\r\n', "", "5ec4e7"),
        ("Authorization: Basic Ym9iOnM1ZWM0ZTc=\r\n", "", "Ym9iOnM1ZWM0ZTc"),
        ("Authorization: 5ec4e7\r\n", "", "5ec4e7"),
        ('Authentication-Info: rspauth="5ec4e7", nc=00000001\r\n', "", "5ec4e7"),
        ("Contact: <sip:bob:5ec4e7@198.51.100.7:5070>\r\n", "", "5ec4e7"),
        ("", "v=0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:5ec4e7|2^31|1:4\r\n", "5ec4e7"),
        ("", "v=0\r\na=crypto:1 AEAD_AES_256_GCM INLINE:5ec4e7;inline:5ec4e7\r\n", "5ec4e7"),
        ("", "v=0\r\nk=clear:5ec4e7\r\n", "5ec4e7"),
        ("Content-Type: application/dtmf-relay\r\n", "Signal= 7\r\nDuration=160\r\n", " 7\r\n"),
        ("c: application/dtmf\r\n", "7", "\r\n\r\n7"),
    ],
)
def test_a_secret_is_overwritten_and_lengths_stay(fields: str, body: str, secret: str) -> None:
    data = message(fields, body)
    assert secret.encode() in data
    kept = blanked(data)
    assert secret.encode() not in kept
    assert len(kept) == len(data)


def test_what_a_fault_is_looked_for_in_stays() -> None:
    kept = blanked(
        message('Authorization: Digest username="bob", realm="r", nonce="n", response="5ec4e7"\r\n')
    )
    assert b'username="bob", realm="r", nonce="n", response="xxxxxx"' in kept


@pytest.mark.parametrize(
    "data",
    [
        message(),
        message("Contact: <sip:198.51.100.7:5070;ob>\r\n"),
        message("Contact: <sip:bob@198.51.100.7:5070>, <sip:bob@[2001:db8::1]:5070>\r\n"),
        message(
            "Content-Type: application/sdp\r\n",
            "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n",
        ),
        message("Content-Type: message/sipfrag\r\n", "SIP/2.0 200 OK\r\n"),
    ],
)
def test_what_holds_no_secret_stays_as_it_is(data: bytes) -> None:
    assert blanked(data) == data


@given(st.one_of(st.binary(max_size=200), st.binary(max_size=60).map(lambda data: b"Authorization:" + data)))
def test_no_bytes_hurt_and_none_are_lost(data: bytes) -> None:
    assert len(blanked(data)) == len(data)
