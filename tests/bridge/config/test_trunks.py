"""A trunk of the configuration: what it is called at, how it writes numbers, and that its password stays with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.config.trunks import LONGEST_PASSWORD, Trunk
from bridge.errors import StartError


def trunk(address: str = "sip.example", **settings: Any) -> Trunk:
    return Trunk(name="t", address=address, **settings)


def test_its_address_leads_to_servers_by_its_transport() -> None:
    assert str(trunk().target) == "sip:sip.example;transport=udp"
    assert str(trunk("[2001:DB8::1]:5080", transport="tcp").target) == "sip:[2001:db8::1]:5080;transport=tcp"
    assert str(trunk(registrar="reg.example").registrar_uri) == "sip:reg.example;transport=udp"
    assert str(trunk().registrar_uri) == "sip:sip.example;transport=udp"
    assert [trunk(each).numeric for each in ("a.example", "192.0.2.1:5", "[::1]")] == [
        None,
        "192.0.2.1",
        "::1",
    ]


@pytest.mark.parametrize(
    ("settings", "dialled"),
    [
        ({}, "sip:+552125551234@sip.example"),
        ({"uri": "sip:{number}@{trunk}"}, "sip:552125551234@sip.example"),
        ({"uri": "sip:0{carrier}{national}@gw.example"}, "sip:0152125551234@gw.example"),
        ({"transport": "tcp"}, "sip:+552125551234@sip.example;transport=tcp"),
        ({"transport": "tcp", "uri": "sip:{e164}@a;transport=udp"}, "sip:+552125551234@a;transport=udp"),
        ({"uri": "sip:{e164}@{trunk};user=phone"}, "sip:+552125551234@sip.example;user=phone"),
    ],
)
def test_it_has_numbers_written_as_it_wants_them(settings: dict[str, Any], dialled: str) -> None:
    given = {"e164": "+552125551234", "national": "2125551234", "carrier": "15"}
    assert trunk(**settings).dialled(**given) == dialled


def test_it_is_called_by_its_contact_its_account_or_its_name() -> None:
    assert trunk().contact_user == "t"
    assert trunk(username="acme").contact_user == "acme"
    assert trunk(username="acme", contact="5511").contact_user == "5511"


def test_the_longest_of_its_beginnings_counts() -> None:
    assert trunk().fits("+55") == 0
    assert trunk(prefixes=("+55", "+5511", "+1")).fits("+551140") == 5
    assert trunk(prefixes=("+351",)).fits("+551140") == -1


def test_the_password_comes_from_where_the_operator_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("s3cret phrase\r\nmore\n")
    assert trunk(password_file=Path("p")).secret(tmp_path) == "s3cret phrase"
    assert trunk(password_env="P").secret(tmp_path, {"P": "x"}) == "x"
    assert trunk(password="y").secret(tmp_path) == "y"
    assert trunk().secret(tmp_path) == ""
    assert "pass phrase" not in repr(trunk(password="pass phrase", username="u"))


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * (LONGEST_PASSWORD + 1), b"\xff\xfe"])
def test_a_file_that_holds_no_password_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(StartError, match=r'trunk "t"') as caught:
        trunk(password_file=Path("p")).secret(tmp_path)
    assert "xxx" not in str(caught.value)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="cannot be read: No such file"):
        trunk(password_file=Path("none")).secret(tmp_path)
    with pytest.raises(StartError, match="the environment has no P"):
        trunk(password_env="P").secret(tmp_path, {})
