"""Who calls, as networks say it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.headers import Address, Headers
from sip.identity import (
    VALUES_MAX,
    asserted,
    diversions,
    is_anonymous,
    number_of,
    preferred,
    wants_privacy,
)
from sip.message import Request
from sip.uri import Uri


def request(*fields, from_="<sip:alice@peer>;tag=1"):
    return Request("INVITE", Uri.parse("sip:room@here"), Headers([("From", from_), *fields]))


def uris(addresses):
    return [str(address.uri) for address in addresses]


def test_the_network_asserts_an_address_a_number_or_both():
    invite = request(("P-Asserted-Identity", '"Alice, A." <sip:+4989@carrier;user=phone>, <tel:+49-89>'))
    assert uris(asserted(invite)) == ["sip:+4989@carrier;user=phone", "tel:+49-89"]
    assert asserted(invite)[0].display == "Alice, A."
    assert asserted(request(("P-Asserted-Identity", "tel:+4989")))[0].uri.user == "+4989"
    assert asserted(request()) == ()
    assert uris(preferred(request(("P-Preferred-Identity", "<sip:a@b>")))) == ["sip:a@b"]


def test_what_cannot_be_read_is_as_if_it_were_absent():
    assert asserted(request(("P-Asserted-Identity", "<<<"))) == ()
    assert uris(asserted(request(("P-Asserted-Identity", "no, <sip:a@b>")))) == ["sip:a@b"]
    assert len(asserted(request(*[("P-Asserted-Identity", "<sip:a@b>")] * 99))) == VALUES_MAX


@pytest.mark.parametrize(
    ("privacy", "hides"),
    [
        ("id", True),
        ("user; id", True),
        ("Header", True),
        ("none", False),
        ("critical", False),
        ("", False),
        ("history", False),
    ],
)
def test_a_caller_may_want_to_stay_unknown(privacy, hides):
    assert wants_privacy(request(("Privacy", privacy))) is hides


@pytest.mark.parametrize(
    ("from_", "hides"),
    [
        ('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', True),
        ("<sip:x@Anonymous.Invalid>;tag=1", True),
        ("<sip:Anonymous@carrier.example>;tag=1", True),
        ("<sip:alice@example.org>;tag=1", False),
        ("<tel:+4989>;tag=1", False),
    ],
)
def test_a_from_that_names_nobody_hides_as_well(from_, hides):
    assert wants_privacy(request(from_=from_)) is hides
    assert is_anonymous(Address.parse(from_)) is hides


def test_diversions_are_told_last_first():
    invite = request(
        (
            "Diversion",
            "<sip:+4930@carrier>;reason=no-answer;counter=1, <sip:+4940@carrier>;reason=unconditional",
        )
    )
    assert uris(diversions(invite)) == ["sip:+4930@carrier", "sip:+4940@carrier"]
    assert diversions(invite)[0].parameter("reason") == "no-answer"
    assert diversions(request()) == ()


def test_without_diversion_the_history_tells_the_same():
    invite = request(
        ("History-Info", "<sip:first@a>;index=1, <sip:second@a?Reason=SIP%3Bcause%3D302>;index=1.1"),
        ("History-Info", "<sip:here@a>;index=1.2"),
    )
    assert uris(diversions(invite))[0].startswith("sip:second@a")
    assert uris(diversions(invite))[1:] == ["sip:first@a"]
    assert diversions(request(("History-Info", "<sip:here@a>;index=1"))) == ()
    assert (
        diversions(request(("History-Info", "<sip:a@a>, <sip:b@b>;index=x, <sip:c@c>;index=1.99999"))) == ()
    )


@pytest.mark.parametrize(
    ("uri", "number"),
    [
        ("tel:+49-89-123", "+4989123"),
        ("tel:123;phone-context=example.com", "123"),
        ("sip:+4989123@carrier;user=phone", "+4989123"),
        ("sip:+4989123;npdi;rn=1@carrier", "+4989123"),
        ("sip:*43@host", "*43"),
        ("sip:alice@host", ""),
        ("sip:host", ""),
        ("sip:1%2B2@host", ""),
        ("sip:" + "1" * 33 + "@host", ""),
    ],
)
def test_a_number_is_read_from_any_uri(uri, number):
    assert number_of(Uri.parse(uri)) == number


@settings(max_examples=60)
@given(st.sampled_from(["P-Asserted-Identity", "Privacy", "Diversion", "History-Info"]), st.text(max_size=60))
def test_no_header_is_too_strange(name, text):
    invite = request((name, "".join(mark for mark in text if mark not in "\r\n\0")))
    asserted(invite)
    diversions(invite)
    wants_privacy(invite)
