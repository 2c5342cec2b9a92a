"""Digits and descriptions in bodies."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.content import DIGITS, DURATION_MAX_MS, digit_of, sdp_of
from sip.headers import Headers
from sip.message import Request
from sip.uri import Uri

RELAY, PLAIN = "application/dtmf-relay", "application/dtmf"


def info(kind, body):
    return Request("INFO", Uri.parse("sip:a"), Headers([("Content-Type", kind)] if kind else []), body)


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        (RELAY, b"Signal=5\r\nDuration=160\r\n", ("5", 160)),
        (RELAY, b"Signal= #\nDuration= 250", ("#", 250)),
        (RELAY, b"signal=*\r\n", ("*", 100)),
        (RELAY, b"Duration=80\r\nSignal=a", ("A", 80)),
        (RELAY, b"Signal=10\r\nDuration=9999999", ("*", 100)),
        (RELAY, b"Signal=11\r\nDuration=99999", ("#", DURATION_MAX_MS)),
        ("Application/DTMF-Relay; x=y", b"Signal=0\r\nDuration=-1", ("0", 100)),
        (PLAIN, b"7", ("7", 100)),
        (PLAIN, b" # \r\n", ("#", 100)),
        (RELAY, b"Signal=*\r\nDuration=160\r\n", ("*", 160)),
        (RELAY, b"Signal = 3 \r\nDuration = 160 \r\n\r\n", ("3", 160)),
        (RELAY, b"Signal:4\nDuration:70", ("4", 70)),
        (RELAY, b"Signal=6 Duration=90", ("6", 90)),
        (RELAY, b"s=8\nd=160", ("8", 160)),
        (RELAY, b"Signal=12", ("A", 100)),
        (RELAY, b"Signal=5\r\nDuration=160ms", ("5", 100)),
        (RELAY, b"Duration=160\r\n", None),
        (RELAY, b"Signal=16\r\nDuration=160", None),  # the flash of a hook
        (RELAY, b"9\r\n", ("9", 100)),
        (PLAIN, b"Signal=2\r\nDuration=160", ("2", 160)),
        (PLAIN, b"Signal=5\r\n", ("5", 100)),
        (PLAIN, b"*", ("*", 100)),
        (PLAIN, b"11", ("#", 100)),
        (PLAIN, b"77", None),
        (RELAY, b"Signal=\r\n", None),
        (RELAY, b"Signal=!", None),
        (RELAY, b"\xff\xfe", None),
        (RELAY, b"Signal=5" + b" " * 600, None),
    ],
)
def test_digits_are_read_as_phones_write_them(kind, body, expected):
    assert digit_of(info(kind, body)) == expected


@settings(max_examples=100)
@given(st.binary(max_size=100), st.sampled_from([RELAY, PLAIN, ""]))
def test_no_body_raises_and_only_real_digits_come_out(body, kind):
    digit = digit_of(info(kind, body))
    assert digit is None or (digit[0] in DIGITS.values() and 0 <= digit[1] <= DURATION_MAX_MS)


def test_a_description_is_taken_by_its_type_or_without_one():
    assert sdp_of(info("application/sdp;charset=utf-8", b"v=0")) == b"v=0"
    assert sdp_of(info("", b"v=0")) == b"v=0"
    assert sdp_of(info("text/plain", b"v=0")) is None
    assert sdp_of(info("application/sdp", b"")) is None
