"""Certificates that end: told before, and no fault."""

from datetime import timedelta
from pathlib import Path

import pytest

from bridge.config import read
from bridge.config.certificates import tls_settings
from bridge.config.expiry import SOON, warnings
from tests.support.certificates import NOW, Authority

LISTENING = "[server]\ntls = ['127.0.0.1:5061']\n[server.identity]\n"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    authority = Authority(tmp_path)
    authority.issue("ours")
    return authority


def test_an_end_is_a_warning_and_no_fault(authority: Authority) -> None:
    authority.issue("old", days=-1)
    text = "certificate = 'old.crt'\nkey = 'old.key'"
    config, faults = read(LISTENING + text, directory=authority.folder)
    assert faults == []
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
