"""Why a call ends, on the wire: ours written, the peer's read."""

import pytest

from sip.errors import LocalError
from sip.headers import Headers
from sip.message import Response
from sip.reason import CAUSE_MAX, RETRY_AFTER_MAX_S, q850_of, reason_fields, retry_after_s, words_of


def response(*fields):
    return Response(486, "Busy", Headers(fields))


@pytest.mark.parametrize(
    ("words", "status", "fields"),
    [
        (None, 0, ()),
        ("", 0, ()),
        ("the room is closed", 0, (("Reason", 'SIP;text="the room is closed"'),)),
        ('say "no"', 486, (("Reason", 'SIP;cause=486;text="say \\"no\\""'),)),
        ("Q.850;cause=16", 0, (("Reason", "Q.850;cause=16"),)),
    ],
)
def test_words_of_ours_become_a_reason_header(words, status, fields):
    assert reason_fields(words, status=status) == fields


def test_a_cause_of_q850_stands_beside_what_sip_says():
    assert reason_fields("bye", cause=16) == (("Reason", 'SIP;text="bye"'), ("Reason", "Q.850;cause=16"))
    assert reason_fields(None, cause=31) == (("Reason", "Q.850;cause=31"),)


@pytest.mark.parametrize("cause", [-1, CAUSE_MAX + 1])
def test_a_cause_that_is_none_is_our_own_error(cause):
    with pytest.raises(LocalError):
        reason_fields("x", cause=cause)


def test_words_of_ours_cannot_become_two_headers():
    with pytest.raises(LocalError):
        reason_fields("a\r\nB: c")
    with pytest.raises(LocalError):
        reason_fields("SIP;cause=1\r\nB: c")


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ((), 0),
        ((("Reason", "Q.850;cause=17"),), 17),
        ((("Reason", 'q.850 ; cause=31;text="Normal, unspecified"'),), 31),
        ((("Reason", 'SIP;cause=486;text="a, b", Q.850;cause=17'),), 17),
        ((("Reason", "SIP;cause=486"), ("Reason", "Q.850;cause=127")), 127),
        ((("Reason", "SIP;cause=486"),), 0),
        ((("Reason", "Q.850"),), 0),
        ((("Reason", "Q.850;cause=999"),), 0),
        ((("Reason", "Q.850;cause=-1"),), 0),
        ((("Reason", "Q.850;cause=\u0661"),), 0),
        ((("Reason", "Q.850;=;="),), 0),
    ],
)
def test_the_peers_cause_is_found_among_its_reasons(fields, cause):
    assert q850_of(response(*fields)) == cause


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5),
        ("18000;duration=3600", 18000),
        ("120 (in a meeting)", 120),
        ("soon", 0),
        ("-3", 0),
        ("9" * 30, RETRY_AFTER_MAX_S),
    ],
)
def test_how_long_a_peer_wants_to_be_left_alone(text, seconds):
    assert retry_after_s(response(("Retry-After", text))) == seconds
    assert retry_after_s(response()) == 0


def test_words_of_the_peer_are_fit_for_the_record():
    assert words_of(response()) == ""
    assert len(words_of(response(("Reason", "x" * 999)))) == 256
