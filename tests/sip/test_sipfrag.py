"""message/sipfrag: how a REFER goes, in one line (RFC 3420, RFC 3515 2.4.5)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.sipfrag import REASON_MAX, fragment, status_of


def test_a_fragment_is_a_status_line():
    assert fragment(100) == b"SIP/2.0 100 Trying\r\n"
    assert fragment(486, "Nobody\r\nX: there") == b"SIP/2.0 486 Nobody X: there\r\n"
    assert fragment(299) == b"SIP/2.0 299 Unknown\r\n"
    assert len(fragment(200, "x" * 1000)) < REASON_MAX + 20


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"SIP/2.0 200 OK\r\n", (200, "OK")),
        (b"SIP/2.0 200 OK", (200, "OK")),
        (b"\r\nsip/2.0 180\r\n", (180, "")),
        (b"SIP/2.0 603 Declined \r\nTo: <sip:a@b>\r\n\r\n", (603, "Declined")),
        (b"SIP/2.0 200 \xff\x07", (200, "\N{REPLACEMENT CHARACTER}" * 2)),
        (b"SIP/2.0 99 OK", None),
        (b"SIP/2.0 700 OK", None),
        (b"SIP/2.0 2000 OK", None),
        (b"INVITE sip:a@b SIP/2.0\r\n", None),
        (b"", None),
    ],
)
def test_a_status_is_read_as_phones_write_it(body, expected):
    assert status_of(body) == expected


@settings(max_examples=50)
@given(st.integers(100, 699), st.text(max_size=40))
def test_what_we_write_is_read_back_on_one_line(status, reason):
    data = fragment(status, reason)
    assert data.count(b"\r\n") == data.count(b"\n") == 1
    assert status_of(data)[0] == status


@settings(max_examples=100)
@given(st.binary(max_size=60))
def test_no_body_raises(body):
    assert status_of(body) is None or body.lstrip().upper().startswith(b"SIP")
