"""What a trunk is told of who calls (RFC 3323, RFC 3325)."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.config.trunks import Trunk
from bridge.trunks.presenting import present

NUMBER = "+551140028922"


def shown(number: str = NUMBER, ours: str = "192.0.2.1", **settings: Any) -> tuple[str, dict[str, str]]:
    found = present(Trunk(name="t", address="sip.example", **settings), number=number, ours=ours)
    return str(found.from_), dict(found.headers)


def test_the_number_in_from_and_nothing_else_by_default() -> None:
    assert shown() == (f"<sip:{NUMBER}@192.0.2.1>", {})
    assert shown(ours="2001:db8::1") == (f"<sip:{NUMBER}@[2001:db8::1]>", {})


def test_a_trunk_may_have_a_number_an_account_and_a_domain_of_its_own() -> None:
    from_, headers = shown(
        caller_id="+5511222", from_user="acme", from_domain="sip.example:5070", send_identity="pai"
    )
    assert from_ == "<sip:acme@sip.example:5070>"
    assert headers == {"P-Asserted-Identity": "<sip:+5511222@sip.example:5070>"}


def test_an_older_carrier_has_it_in_remote_party_id() -> None:
    _, headers = shown(send_identity="rpid")
    assert headers == {"Remote-Party-ID": f"<sip:{NUMBER}@192.0.2.1>;party=calling;screen=yes;privacy=off"}


@pytest.mark.parametrize(
    ("way", "name"), [("pai", "P-Asserted-Identity"), ("rpid", "Remote-Party-ID"), ("from", "")]
)
def test_a_number_that_is_not_shown_goes_to_the_carrier_alone(way: str, name: str) -> None:
    from_, headers = shown(send_identity=way, privacy=True, from_user="acme")
    assert from_ == "Anonymous <sip:anonymous@anonymous.invalid>"
    assert headers.pop("Privacy") == "id"
    assert list(headers) == ([name] if name else [])
    assert all(NUMBER in value for value in headers.values())


def test_who_has_no_number_asserts_none() -> None:
    assert shown(number="anonymous", send_identity="pai") == ("<sip:anonymous@192.0.2.1>", {})
