"""Certificates of a configuration: faults where they are said, and warnings before they end."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.config import read
from bridge.config.certificates import SOON, tls_settings, warnings
from tests.support.certificates import NOW, Authority

LISTENING = "[server]\ntls = ['127.0.0.1:5061']\n[server.identity]\n"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path)
    authority.issue("ours")
    authority.issue("other")
    (tmp_path / "garbage").write_text("nothing that anybody could use")
    authority.issue("locked", password=b"secret")
    return authority


def said(authority: Authority, text: str) -> list[str]:
    return [str(fault) for fault in read(LISTENING + text, directory=authority.folder)[1]]


def test_a_certificate_and_its_key_are_no_fault(authority: Authority) -> None:
    assert said(authority, "certificate = 'ours.crt'\nkey = 'ours.key'\nclient_ca = 'Tests.pem'\n") == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("certificate = 'gone'\nkey = 'ours.key'", "line 4: server.identity.certificate: {0}/gone cannot be read: No"),
        ("certificate = 'ours.crt'\nkey = 'gone'", "line 4: server.identity.certificate: {0}/gone cannot be read: No"),
        (
            "certificate = 'ours.crt'\nkey = 'other.key'",
            "line 4: server.identity.certificate: the key {0}/other.key is not that of {0}/ours.crt",
        ),
        ("certificate = 'garbage'\nkey = 'garbage'", "line 4: server.identity.certificate: {0}/garbage and"),
        ("certificate = 'locked.crt'\nkey = 'locked.key'", "line 4: server.identity.certificate: {0}/locked.key is locked"),
        ("certificate = 'ours.crt'", "line 3: server.identity needs both certificate and key"),
        (
            "certificate = 'ours.crt'\nkey = 'ours.key'\nclient_ca = 'gone'",
            "line 6: server.identity.client_ca: {0}/gone cannot be read: No such file",
        ),
        (
            "certificate = 'ours.crt'\nkey = 'ours.key'\nserver_ca = 'garbage'",
            "line 6: server.identity.server_ca: {0}/garbage has no certificates",
        ),
        (
            "certificate = 'ours.crt'\nkey = 'ours.key'\nrequire_client_certificate = true",
            "line 6: server.identity.require_client_certificate needs server.identity.client_ca",
        ),
        (
            (
                "certificate = 'ours.crt'\nkey = 'ours.key'\n[[server.identity.others]]\nname = 'a.example'\n"
                "certificate = 'other.crt'\nkey = 'ours.key'"
            ),
            "line 8: server.identity.others.certificate: the key {0}/ours.key is not that of {0}/other.crt",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said_where_it_is_named(authority: Authority, text: str, fault: str) -> None:
    (found,) = said(authority, text)
    assert found.startswith(fault.format(authority.folder))


def test_an_end_is_a_warning_and_no_fault(authority: Authority) -> None:
    authority.issue("old", days=-1)
    text = "certificate = 'old.crt'\nkey = 'old.key'"
    assert said(authority, text) == []
    config, _ = read(LISTENING + text, directory=authority.folder)
    (warning,) = warnings(tls_settings(config.server.identity, config.resolve), NOW)
    assert warning.startswith(f"{authority.folder}/old.crt has ended on ")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (timedelta(days=0), ""),
        (timedelta(days=90) - SOON + timedelta(hours=1), "ends on"),
        (timedelta(days=91), "has ended on"),
        (timedelta(days=-10), "is not valid before"),
    ],
)
def test_a_certificate_is_good_for_some_time(authority: Authority, at: timedelta, expected: str) -> None:
    config, _ = read(LISTENING + "certificate = 'ours.crt'\nkey = 'ours.key'", directory=authority.folder)
    found = warnings(tls_settings(config.server.identity, config.resolve), NOW + at)
    assert [expected in text for text in found] == ([True] if expected else [])


def test_a_file_that_is_gone_meanwhile_is_a_warning(authority: Authority) -> None:
    config, _ = read(LISTENING + "certificate = 'ours.crt'\nkey = 'ours.key'", directory=authority.folder)
    (authority.folder / "ours.crt").unlink()
    (warning,) = warnings(tls_settings(config.server.identity, config.resolve), NOW)
    assert warning.endswith("cannot be read")
