"""Certificates of a configuration: faults where they are said."""

from pathlib import Path

import pytest

from bridge.config import read
from tests.support.certificates import Authority

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
