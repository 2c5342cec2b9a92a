from __future__ import annotations

import re
from pathlib import Path

import pytest

from bridge.cli import setup
from bridge.config import load
from tests.bridge.cli.conftest import Roda


def codes(out: str) -> list[str]:
    return re.findall(r"(\d+) #", out)


def test_init_makes_all_that_a_first_call_needs_and_says_what_to_dial(
    roda: Roda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "own_address", lambda: "192.0.2.7")
    status, out, _ = roda("init")
    assert status == 0
    assert "sip:1000@192.0.2.7\n" in out
    assert [len(code) for code in codes(out)] == [8, 4, 8]
    config = load(tmp_path / "roda.toml")
    assert [str(each) for each in config.server.udp + config.server.tcp] == ["0.0.0.0:5060"] * 2
    assert config.access_number("1000") is not None
    for name in ("roda.db", "passcodes.key", "demo.json"):
        assert (tmp_path / "var" / name).stat().st_mode & 0o777 == 0o600


def test_init_again_says_the_same_codes_and_leaves_the_configuration_alone(
    roda: Roda, tmp_path: Path
) -> None:
    first = codes(roda("init")[1])
    with (tmp_path / "roda.toml").open("a") as file:
        file.write("# mine\n")
    assert codes(roda("init")[1]) == first
    assert "# mine" in (tmp_path / "roda.toml").read_text()


def test_without_a_network_only_this_machine_can_call(
    roda: Roda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "own_address", lambda: setup.LOOPBACK)
    assert "sip:1000@127.0.0.1\n" in roda("init")[1]
    assert load(tmp_path / "roda.toml").server.udp[0].is_loopback


def test_init_refuses_a_faulty_configuration(roda: Roda, tmp_path: Path) -> None:
    (tmp_path / "roda.toml").write_text("x = 1\n")
    assert roda("init")[0] == 1
    assert not (tmp_path / "var").exists()


def test_this_machine_has_an_address() -> None:
    assert re.fullmatch(r"[0-9.]+", setup.own_address())
