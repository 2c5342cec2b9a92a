"""A REGISTER is read or refused with a status, whatever is in it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.headers import Headers
from sip.message import Request
from sip.registrar.request import HOUR_S, RefusedError, Terms, read
from sip.uri import Uri
from tests.support.sip_playbook import UDP

TERMS = Terms(minimum_s=60, default_s=300, maximum_s=1800)
WHOLE = [
    ("Via", "SIP/2.0/UDP 10.0.0.9;branch=z9hG4bK1"),
    ("From", "<sip:ana@roda.example>;tag=1"),
    ("To", "<sip:ana@roda.example>"),
    ("Call-ID", "c"),
    ("CSeq", "7 REGISTER"),
    ("Supported", "outbound"),
]


def register(*fields: tuple[str, str]) -> Request:
    return Request("REGISTER", Uri.parse("sip:roda.example"), Headers([*WHOLE, *fields]))


@pytest.mark.parametrize(
    ("asked", "granted_s"),
    [
        (None, 300),
        ("0", 0),
        ("60", 60),
        ("1800", 1800),
        ("1801", 1800),
        ("x", 1800),
        ("-1", 1800),
        ("9" * 11, 1800),
    ],
)
def test_terms_shorten_what_is_too_long_and_take_an_hour_for_what_cannot_be_read(
    asked: str | None, granted_s: int
) -> None:
    assert TERMS.granted(asked) == granted_s
    assert TERMS.maximum_s < HOUR_S


@pytest.mark.parametrize("asked", ["1", "59"])
def test_terms_refuse_what_is_too_brief_and_say_what_is_not(asked: str) -> None:
    with pytest.raises(RefusedError) as refused:
        TERMS.granted(asked)
    assert (refused.value.status, refused.value.fields) == (423, (("Min-Expires", "60"),))


def test_all_of_a_contact_is_read() -> None:
    contact = '"Ana" <sip:ana@192.168.1.5:5062;transport=tcp>;q=0.7;+sip.instance="<urn:uuid:1>";reg-id=2;expires=90'
    asked = read(register(("Contact", contact), ("User-Agent", "Phone/1")), UDP, "ana", TERMS, 100.0)
    (binding,) = asked.bindings
    assert str(binding.contact) == "sip:ana@192.168.1.5:5062;transport=tcp"
    assert (binding.call_id, binding.cseq, binding.q, binding.user_agent) == ("c", 7, 0.7, "Phone/1")
    assert (binding.instance, binding.reg_id, asked.outbound) == ("<urn:uuid:1>", 2, True)
    assert (binding.registered_at, binding.expires_at) == (100.0, 190.0)


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Contact", "Expires", "Path", "Supported", "User-Agent", "Via"]),
            st.sampled_from(
                ["", "<sip:a@b>", "<sip:a@b;ob>;reg-id=1;", '<sip:a@b>;+sip.instance="', "*", "0"]
            ).flatmap(
                lambda head: st.text(st.sampled_from('<sip:a@b>;=",*\\ q.019é%\udcff'), max_size=12).map(
                    lambda tail: head + tail
                )
            ),
        ),
        max_size=4,
    )
)
def test_nothing_but_a_refusal_comes_of_nonsense(fields: list[tuple[str, str]]) -> None:
    with suppress(RefusedError):
        asked = read(register(*fields), UDP, "ana", TERMS, 0.0)
        for binding in asked.bindings:
            assert "\n" not in binding.field(0.0)[1]
            assert binding.user_agent.isprintable()
