from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.uri import Uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("sip:example.com", Uri("sip", None, "example.com")),
        ("sip:alice@Example.COM:5070", Uri("sip", "alice", "example.com", 5070)),
        ("SIPS:alice@example.com", Uri("sips", "alice", "example.com")),
        ("sip:a:b@h", Uri("sip", "a", "h", None, (), "", "b")),
        ("sip:a:@h", Uri("sip", "a", "h", None, (), "", "")),
        ("sip:+1-212;ext=5@gw;user=phone;lr", Uri("sip", "+1-212;ext=5", "gw", None, (("user", "phone"), ("lr", "")))),
        ("sip:*72#@pbx_1.local", Uri("sip", "*72#", "pbx_1.local")),
        ("sip:josé@h", Uri("sip", "josé", "h")),
        ("sip:%31%30%30@h", Uri("sip", "100", "h")),
        ("sip:a%40b@h", Uri("sip", "a%40b", "h")),
        ("sip:h;%6C%72", Uri("sip", None, "h", None, (("lr", ""),))),
        ("sip:[2001:DB8::10]:5070", Uri("sip", None, "2001:db8::10", 5070)),
        ("sip:user@[2001:db8:::192.0.2.1]", Uri("sip", "user", "2001:db8::192.0.2.1")),
        ("sip:h?subject=x&priority=urgent", Uri("sip", None, "h", None, (), "subject=x&priority=urgent")),
        ("tel:+1-201-555-0123", Uri("tel", "+1-201-555-0123", "")),
        ("tel:7042;phone-context=example.com", Uri("tel", "7042", "", None, (("phone-context", "example.com"),))),
        ("urn:service:sos", Uri("urn", "service:sos", "")),
    ],
)  # fmt: skip
def test_a_uri_is_taken_apart(text: str, uri: Uri) -> None:
    assert Uri.parse(text) == uri


@pytest.mark.parametrize(
    "text",
    [
        "", "sip", "sip:", "sip:@h", "sip:a@", "sip:a@b@c", "sip:a b@c", "sip:a@h:0", "sip:a@h:65536", "sip:a@h:x",
        "sip:h;", "sip:h; lr", "sip:%4@h", "sip:h;a=%zz", "sip:2001:db8::1", "sip:[1::2::3]", "sip:[]", "sip:[12345::]",
        "<sip:h>", "sip:h\r\n", "sip:\udcff@h", "sip:h?\udcff", "tel:", "tel:\udcff", "tel:1;\udcff", "tel:x y",
        "1abc:x", "http:\udcff", "http:", "sip:h?a?b",
    ],
)  # fmt: skip
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        Uri.parse(text)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "text",
    [
        "sip:alice@example.com:5060;transport=tcp;lr",
        "sips:a:secret@[2001:db8::1]:5061?subject=x",
        "tel:+358-555-1234567;postd=pp22",
        "mailto:a@b",
        "sip:100%40x@h",
    ],
)
def test_a_uri_is_written_as_it_was_read(text: str) -> None:
    assert str(Uri.parse(text)) == text


def test_writing_escapes_what_a_user_may_not_hold() -> None:
    assert str(Uri("sip", "a b@c#%", "h")) == "sip:a%20b%40c%23%25@h"
    assert str(Uri("sip", "josé", "h")) == "sip:jos%C3%A9@h"


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(
        lambda user: "%" not in user
    )
)
@settings(max_examples=100)
def test_any_user_survives_the_wire(user: str) -> None:
    assert Uri.parse(str(Uri("sip", user, "example.com"))).decoded_user == user


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_random_text_is_a_uri_or_a_parse_error(text: str) -> None:
    for prefix in ("", "sip:", "tel:"):
        try:
            uri = Uri.parse(prefix + text)
        except ParseError:
            continue
        assert Uri.parse(str(uri)) == Uri.parse(str(Uri.parse(str(uri))))


def test_parameters_are_looked_up_by_lower_case_name() -> None:
    uri = Uri.parse("sip:h;Transport=TCP;lr")
    assert uri.parameter("transport") == "TCP"
    assert uri.parameter("lr") == ""
    assert uri.parameter("maddr") is None


def test_needless_escapes_do_not_make_another_user() -> None:
    assert Uri.parse("sip:%61lice@h") == Uri.parse("sip:alice@h")
    assert Uri.parse("sip:h").decoded_user == ""
    assert Uri.parse("sip:caf%C3%A9@h").decoded_user == "café"
