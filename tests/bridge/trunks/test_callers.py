"""Who calls by a trunk: one number whatever way it is written, and shown to nobody where they ask for that."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.config.trunks import Trunk
from bridge.service.numbering import BRAZIL
from bridge.trunks.callers import Caller, caller_of
from sip.headers import Headers
from sip.message import Request
from sip.uri import Uri

E164 = "+551140028922"


def caller(
    *headers: tuple[str, str], from_: str = "<sip:anonymous@anonymous.invalid>", **trunk: Any
) -> Caller:
    request = Request("INVITE", Uri.parse("sip:1@192.0.2.1"), Headers([("From", f"{from_};tag=1"), *headers]))
    return caller_of(Trunk(name="t", address="sip.example", **trunk), request, BRAZIL)


@pytest.mark.parametrize(
    ("from_", "how", "number"),
    [
        ('"Ana" <sip:1140028922@sip.example>', "auto", E164),
        ("<sip:+55-11-4002-8922@sip.example;user=phone>", "auto", E164),
        ("<sip:1140028922;phone-context=+55@sip.example>", "national", E164),
        ("<tel:+551140028922>", "e164", E164),
        ("<sip:14155550123@sip.example>", "auto", ""),
        ("<sip:14155550123@sip.example>", "e164", "+14155550123"),
        ("<sip:0014155550123@sip.example>", "international", "+14155550123"),
        ("<sip:2001@sip.example>", "asis", ""),
        ("<sip:ana@sip.example>", "auto", ""),
    ],
)
def test_the_number_in_from_is_read_as_the_trunk_writes_it(from_: str, how: str, number: str) -> None:
    assert caller(from_=from_, callers=how).number == number


def test_what_the_trunk_asserts_goes_before_what_the_caller_says() -> None:
    found = caller(
        ("P-Asserted-Identity", '"Ana" <sip:+551140028922@sip.example>, <tel:+551140028922>'),
        from_="<sip:+14155550123@evil.example>",
    )
    assert found == Caller(E164, "Ana", withheld=False, written=E164)
    assert caller(("Remote-Party-ID", f"<sip:{E164}@x.example>;party=calling")).number == E164
    assert (
        caller(
            ("P-Asserted-Identity", "<sip:gateway@x.example>"), ("P-Asserted-Identity", f"<tel:{E164}>")
        ).number
        == E164
    )


def test_what_the_caller_says_counts_for_nothing_where_the_trunk_says_something_else() -> None:
    found = caller(("P-Asserted-Identity", "<sip:2001@pbx>"), from_=f"<sip:{E164}@pbx>")
    assert (found.number, found.written) == ("", "2001")


@pytest.mark.parametrize(
    "headers",
    [
        [("P-Asserted-Identity", f"<sip:{E164}@a.example>"), ("Privacy", "id")],
        [("P-Asserted-Identity", f"<sip:{E164}@a.example>"), ("Privacy", "critical; USER")],
        [("P-Asserted-Identity", f"<sip:{E164}@a.example>")],
        [("Remote-Party-ID", f"<sip:{E164}@a.example>;privacy=full")],
    ],
)
def test_who_asks_not_to_be_shown_is_known_and_not_shown(headers: list[tuple[str, str]]) -> None:
    found = caller(*headers)
    assert (found.number, found.withheld) == (E164, True)


def test_privacy_none_hides_nothing_and_nobody_is_nobody() -> None:
    assert not caller(("Privacy", "none"), from_=f"<sip:{E164}@a.example>").withheld
    assert caller() == Caller("", "", withheld=True, written="")


def test_what_a_trunk_puts_before_is_taken_off_and_what_it_leaves_out_is_put_there() -> None:
    assert caller(from_="<sip:999551140028922@a>", strip="999", callers="e164").number == E164
    assert caller(from_="<sip:551140028922@a>", prepend="+").number == E164
    assert caller(from_="<sip:40028922@a>", prepend="11", callers="national").number == E164
    assert caller(from_=f"<sip:{E164}@a>", strip="999", prepend="11").number == E164


def test_the_telephones_of_a_pbx_have_what_it_writes() -> None:
    assert caller(from_='"Ana" <sip:2001@pbx>', callers="asis") == Caller(
        "", "Ana", withheld=False, written="2001"
    )
    assert caller(from_="<sip:ana-1@pbx>").written == "ana-1"


@given(st.lists(st.tuples(st.sampled_from(["P-Asserted-Identity", "Privacy", "Remote-Party-ID", "From"]),
                          st.text('<>sip:+1;=,@a" ', max_size=30)), max_size=5),
       st.sampled_from(["auto", "e164", "national", "international", "asis"]))  # fmt: skip
@settings(max_examples=100)
def test_whatever_is_written_there_somebody_or_nobody_calls(headers: list[tuple[str, str]], how: str) -> None:
    request = Request("INVITE", Uri.parse("sip:1@192.0.2.1"), Headers(headers))
    found = caller_of(Trunk(name="t", address="sip.example", callers=how), request, BRAZIL)
    assert found.number == "" or found.number.startswith("+")
