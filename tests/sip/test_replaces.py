"""Replaces: a dialog by its name (RFC 3891)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.replaces import REPLACES_LENGTH, Replaces, parse_replaces, unescaped


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # The examples of RFC 3891 section 6.1.
        (
            "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff",
            Replaces("98732@sip.example.com", "ff87ff", "r33th4x0r"),
        ),
        ("12adf2f34456gs5;to-tag=12345;from-tag=54321", Replaces("12adf2f34456gs5", "12345", "54321")),
        (
            "87134@171.161.34.23;to-tag=24796;from-tag=0;early-only",
            Replaces("87134@171.161.34.23", "24796", "0", early_only=True),
        ),
        # White space where RFC 3261's SEMI and EQUAL allow it, names in any case, parameters nobody knows.
        (" a ; To-Tag = 1 ; FROM-tag=2 ;x=y", Replaces("a", "1", "2")),
    ],
)
def test_a_dialog_is_read_from_its_name(text, expected):
    assert parse_replaces(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        ";to-tag=1;from-tag=2",
        "a;to-tag=1",
        "a;from-tag=2",
        "a;to-tag=1;to-tag=2;from-tag=3",  # section 3: exactly one of each
        "a;to-tag=;from-tag=3",
        'a;to-tag="1";from-tag=3',
        "a b;to-tag=1;from-tag=2",
        "a,b;to-tag=1;from-tag=2",
        f"{'a' * 257};to-tag=1;from-tag=2",
        f"a;to-tag={'1' * 257};from-tag=2",
        f"a;to-tag=1;from-tag=2;x={'y' * REPLACES_LENGTH}",
    ],
)
def test_what_names_no_dialog_is_refused_with_400(text):
    with pytest.raises(ParseError) as refused:
        parse_replaces(text)
    assert refused.value.status == 400


names = st.text("abcXYZ0189-.!%*_+`'~", min_size=1, max_size=20)


@settings(max_examples=50)
@given(st.builds(Replaces, names.map(lambda name: f"{name}@host"), names, names, st.booleans()))
def test_what_we_write_is_read_back_in_a_header_and_in_a_uri(replaces):
    assert parse_replaces(str(replaces)) == replaces
    assert parse_replaces(unescaped(replaces.escaped)) == replaces
    assert not set(replaces.escaped) & set(";@=<>?&, ")


@settings(max_examples=100)
@given(st.text(max_size=60))
def test_no_text_raises_anything_else(text):
    try:
        parse_replaces(text)
    except ParseError:
        return
    assert ";" in text
