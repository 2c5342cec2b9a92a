"""Where a 3xx may lead: within the trunk's house, and to nothing dearer (interop.md 1.2, 7; 5, row 24)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.service.dialplan import Destination, Kind, Refused, Why
from bridge.trunks.redirecting import within_plan, within_trunk
from sip.headers import Address
from sip.uri import Uri

DIALLED = Uri.parse("sip:+551140028922@sip.example")
PRICES = {"+5511987654321": "0.10", "+12125550123": "0.50"}


def judge(text: str) -> Destination | Refused:
    price = PRICES.get(text, "0" if text.endswith("@pbx.example") else "")
    if not price:
        return Refused(Why.NOT_ALLOWED)
    return Destination(text, text, "", "", Kind.SIP, Decimal(price), at_night=True, masked="")


def within(*contacts: str, price: str = "0.10") -> list[str]:
    found = within_trunk(
        [Address.parse(f"<{each}>") for each in contacts],
        hosts={"sip.example", "192.0.2.1"},
        dialled=DIALLED,
        transport="tcp",
        price=Decimal(price),
        judge=judge,
    )
    return [str(each) for each in found]


def test_the_same_number_at_another_host_of_the_trunk_by_the_trunks_transport() -> None:
    assert within("sip:+551140028922@192.0.2.1:5070;transport=udp;maddr=198.51.100.9?X=1") == [
        "sip:+551140028922@192.0.2.1:5070;transport=tcp"
    ]
    assert within("sip:%2B551140028922@sip.example", "sip:+551140028922@sip.example")[:1] != []


@pytest.mark.parametrize(
    "contact",
    [
        "sip:+551140028922@evil.example",
        "sip:+551140028922@192.0.2.1.evil.example",
        "sip:+19005550123@sip.example",
        "sip:+12125550123@sip.example",
        "sip:987654321@sip.example",
        "sip:sip.example",
        "tel:+551140028922",
        "https:sip.example",
    ],
)
def test_nowhere_else(contact: str) -> None:
    assert within(contact) == []


def test_another_number_at_no_higher_price() -> None:
    assert within("sip:+5511987654321@sip.example") == ["sip:+5511987654321@sip.example;transport=tcp"]
    assert within("sip:+5511987654321@sip.example", price="0.09") == []
    assert within("sip:+12125550123@sip.example", price="0.50") != []


def test_a_sip_address_leads_on_to_what_the_plan_allows_for_as_little() -> None:
    targets = [Address.parse(f"<sip:{user}@pbx.example>") for user in ("ana", "bia", "ana")]
    assert [each.user for each in within_plan(targets, price=Decimal(0), judge=judge)] == ["ana", "bia"]
    assert within_plan([Address.parse("<sip:a@evil.example>")], price=Decimal(9), judge=judge) == []
    assert within_plan([Address.parse("<sips:a@pbx.example>")], price=Decimal(9), judge=judge) == []


@given(st.lists(st.from_regex(r"sips?:\+?[0-9a-z]{1,12}@(sip|evil)\.example", fullmatch=True), max_size=6))
@settings(max_examples=80)
def test_whatever_a_trunk_says_no_call_leaves_its_house(contacts: list[str]) -> None:
    assert all("@sip.example;transport=tcp" in each for each in within(*contacts))
