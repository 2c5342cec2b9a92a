"""What a REFER asks for (RFC 3515, 3891, 3892, 4488, 4579)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.errors import ParseError
from sip.headers import Address, Headers
from sip.message import Request
from sip.refer_to import REFER_TO_LENGTH, format_refer_to, parse_referral
from sip.replaces import Replaces, parse_replaces
from sip.uri import Uri


def refer(*refer_to, **others):
    fields = [("Refer-To", value) for value in refer_to]
    fields += [(name.replace("_", "-"), value) for name, value in others.items()]
    return Request("REFER", Uri.parse("sip:conf-x@10.0.0.1"), Headers(fields))


@pytest.mark.parametrize(
    ("text", "to", "method"),
    [
        ("<sip:bob@biloxi.example>", "<sip:bob@biloxi.example>", "INVITE"),
        ("sip:bob@biloxi.example", "<sip:bob@biloxi.example>", "INVITE"),
        ("Bob <sip:bob@b.example;transport=tcp;method=bye>", "Bob <sip:bob@b.example;transport=tcp>", "BYE"),
        ("<tel:+551133334444>", "<tel:+551133334444>", "INVITE"),
        ("<sip:bob@b.example;method=INVITE>;x=y", "<sip:bob@b.example>", "INVITE"),
    ],
)
def test_it_says_whom_and_how(text, to, method):
    referral = parse_referral(refer(text))
    assert (str(referral.to), referral.method) == (to, method)
    assert (referral.replaces, referral.referred_by, referral.quiet) == ("", "", False)


def test_an_attended_transfer_names_the_dialog_to_take_over():
    text = "<sip:dave@denver.example?Replaces=12345%40192.168.118.3%3Bto-tag%3D12345%3Bfrom-tag%3D5FFE-3994>"
    referral = parse_referral(refer(text))
    assert parse_replaces(referral.replaces) == Replaces("12345@192.168.118.3", "12345", "5FFE-3994")
    assert str(referral.to) == "<sip:dave@denver.example>"


def test_other_headers_in_the_address_are_not_ours_to_send():
    referral = parse_referral(
        refer("<sip:dave@denver.example?P-Asserted-Identity=sip%3Aking&Route=%3Csip%3Aevil%3E>")
    )
    assert str(referral.to) == "<sip:dave@denver.example>"


def test_it_may_say_on_whose_word_and_that_no_word_of_it_is_wanted():
    said = {"Referred_By": '"A" <sip:a@b.example>;cid="x"', "Refer_Sub": "FALSE ;x"}
    referral = parse_referral(refer("<sip:c@d>", **said))
    assert referral.referred_by == "sip:a@b.example"
    assert referral.quiet
    assert parse_referral(refer("<sip:c@d>", Referred_By="<<<")).referred_by == ""


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("<sip:a@b>", "<sip:c@d>"),
        ("<sip:a@b>, <sip:c@d>",),
        ("nonsense <",),
        ("<sip:a@b;method=>",),
        (f"<sip:{'a' * REFER_TO_LENGTH}@b>",),
        ("<sip:a@b?Replaces=x>",),
        ("<sip:a@b?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2&replaces=y>",),
    ],
)
def test_what_asks_for_nothing_or_for_two_things_is_refused_with_400(lines):
    with pytest.raises(ParseError) as refused:
        parse_referral(refer(*lines))
    assert refused.value.status == 400


def test_ours_is_read_back():
    to = Address.parse("Carol <sip:carol@c.example;transport=tcp>")
    text = format_refer_to(to, "call@here;to-tag=1;from-tag=2")
    referral = parse_referral(refer(text))
    assert (str(referral.to), referral.replaces) == (str(to), "call@here;to-tag=1;from-tag=2")
    assert format_refer_to(to) == str(to)


@settings(max_examples=100)
@given(st.text(st.characters(exclude_characters="\r\n\0"), max_size=60))
def test_no_text_raises_anything_else(text):
    try:
        referral = parse_referral(refer(f"<sip:a@b?{text}>", Referred_By=text))
    except ParseError:
        return
    assert str(referral.to) == "<sip:a@b>"
