"""The lines of a=crypto, as phones write them and as nobody should."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip import sdes
from sip.errors import ParseError
from sip.sdes import Crypto, Key

THIRTY = bytes(range(30))
KEY = base64.b64encode(THIRTY).decode()
LINE = f"1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}"


def taken(text: str) -> Crypto:
    line = sdes.parse(text)
    assert line is not None
    return line


def test_a_line_as_every_phone_writes_it() -> None:
    line = taken(LINE)
    assert line == Crypto(1, sdes.AES_CM_128_HMAC_SHA1_80, Key(THIRTY))
    assert sdes.encode(line) == LINE


@pytest.mark.parametrize(("name", "length"), [("AEAD_AES_128_GCM", 28), ("AEAD_AES_256_GCM", 44)])
def test_the_suites_of_rfc_7714_have_a_salt_of_twelve_bytes(name: str, length: int) -> None:
    key = base64.b64encode(bytes(length)).decode()
    line = taken(f"7 {name} inline:{key}")
    assert len(line.key.material) == length == line.suite.bytes
    assert sdes.encode(line) == f"7 {name} inline:{key}"
    assert taken(f"7 {name} inline:{key.rstrip('=')}") == line, "some leave the padding out"


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("|2^20", Key(THIRTY, 2**20)),
        ("|1048576", Key(THIRTY, 2**20)),
        ("|2^31|1:1", Key(THIRTY, 2**31, 1, 1)),
        ("|1:4", Key(THIRTY, None, 1, 4)),
    ],
)
def test_lifetime_and_mki(said: str, key: Key) -> None:
    line = taken(LINE + said)
    assert line.key == key
    assert taken(sdes.encode(line)) == line


@pytest.mark.parametrize(
    "text",
    [
        "1 AES_256_CM_HMAC_SHA1_80 inline:abcd",
        "1 F8_128_HMAC_SHA1_80 inline:" + KEY,
        LINE + " UNENCRYPTED_SRTP",
        LINE + " UNENCRYPTED_SRTCP",
        LINE + " UNAUTHENTICATED_SRTP",
        LINE + " KDR=1",
        LINE + " FEC_ORDER=FEC_SRTP",
        LINE + " WSH=64 SOMETHING_NEW",
        LINE + "|1:5",  # an MKI longer than we carry
        f"{LINE}|1:4;inline:{KEY}|2:4",
    ],
)
def test_what_we_cannot_do_is_not_for_us(text: str) -> None:
    assert sdes.parse(text) is None


@pytest.mark.parametrize("parameters", [" WSH=128", " KDR=0", " -SOMETHING=new", " wsh=64 -x"])
def test_session_parameters_that_change_nothing(parameters: str) -> None:
    assert taken(LINE + parameters) == taken(LINE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "one AES_CM_128_HMAC_SHA1_80 inline:" + KEY,
        "1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + KEY,
        "1 AES_CM_128_HMAC_SHA1_80",
        "1 AES_CM_128_HMAC_SHA1_80 " + KEY,
        "1 AES_CM_128_HMAC_SHA1_80 uri:" + KEY,
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY[:-4],
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + KEY + "AAAA",
        "1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 300,
        "1 AES_CM_128_HMAC_SHA1_80 inline:A",
        "1 AEAD_AES_128_GCM inline:" + KEY,
        LINE + "|0",
        LINE + "|2^49",
        LINE + "|1:0",
        LINE + "|1:129",
        LINE + "|256:1",
        LINE + "|2^20|1:4|2:4",
        f"{LINE};inline:{KEY}",  # several keys, and nothing to tell them apart
        f"{LINE}|1:1;inline:{KEY}|2:2",
        LINE + "".join(f";inline:{KEY}|{number}:1" for number in range(20)),
        LINE + " " + "x" * 2_000,
    ],
)
def test_what_breaks_the_grammar_is_told(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        sdes.parse(text)
    assert KEY not in str(caught.value), "an error ends in a log, and a key must not"


def test_of_several_lines_those_we_can_do_remain_in_their_order() -> None:
    lines = sdes.read(
        [
            "1 AES_256_CM_HMAC_SHA1_80 inline:" + "B" * 60,
            "2 AES_CM_128_HMAC_SHA1_32 inline:" + KEY,
            "nonsense",
            "3 AES_CM_128_HMAC_SHA1_80 inline:short",
            "4 AES_CM_128_HMAC_SHA1_80 inline:" + KEY,
        ]
    )
    assert [(line.tag, line.suite.name) for line in lines] == [
        (2, "AES_CM_128_HMAC_SHA1_32"),
        (4, "AES_CM_128_HMAC_SHA1_80"),
    ]


@pytest.mark.parametrize(
    "second", [LINE, "01 AES_CM_128_HMAC_SHA1_32 inline:" + KEY, "1 UNHEARD_OF inline:x"]
)
def test_two_lines_with_one_tag_are_refused(second: str) -> None:
    with pytest.raises(ParseError, match="one tag"):
        sdes.read([LINE, second])


def test_no_more_lines_are_read_than_anybody_needs() -> None:
    lines = [f"{number} AES_CM_128_HMAC_SHA1_80 inline:{KEY}" for number in range(1, 100)]
    assert len(sdes.read(lines)) == sdes.MAX_LINES


def test_keys_are_in_no_repr() -> None:
    shown = repr(taken(LINE))
    assert "AES_CM_128" in shown
    assert repr(THIRTY)[2:20] not in shown
    assert KEY[:10] not in shown


@settings(max_examples=60)
@given(
    st.integers(0, 999_999_999),
    st.sampled_from(sdes.SUITES),
    st.binary(min_size=44, max_size=44),
    st.none() | st.integers(1, 2**48),
    st.integers(0, 4),
    st.integers(0, 2**32),
)
def test_what_we_write_is_what_we_read(
    tag: int, suite: sdes.Suite, material: bytes, lifetime: int | None, mki_bytes: int, mki: int
) -> None:
    key = Key(material[: suite.bytes], lifetime, mki % 256**mki_bytes, mki_bytes)
    line = Crypto(tag, suite, key)
    assert sdes.parse(sdes.encode(line)) == line


@settings(max_examples=100)
@given(st.text(max_size=120) | st.text("12 AES_CM128HMACinline:|^;=/+", max_size=120))
def test_garbage_gives_one_error_and_no_other(text: str) -> None:
    for value in (text, LINE + text):
        try:
            sdes.read([value, value[1:]])
            sdes.parse(value)
        except ParseError:
            pass
