from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest

from bridge.cli.serve import chosen_configuration
from bridge.config import Config
from tests.bridge.cli.conftest import Roda
from tests.support.certificates import Authority


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[Config]:
    """What would have been served: a module in the place of the real edge."""
    seen: list[Config] = []

    def serve(config: Config) -> int:
        seen.append(config)
        return 7

    twin = ModuleType("bridge.server")
    twin.serve = serve  # type: ignore[attr-defined]  # a module made at run time has what it is given
    monkeypatch.setitem(sys.modules, "bridge.server", twin)
    return seen


def test_serve_runs_the_bridge_and_ends_with_its_status(
    roda: Roda, served: list[Config], tmp_path: Path
) -> None:
    (tmp_path / "x.toml").write_text('[server]\nnode = "here"\n')
    assert roda("serve", "-c", "x.toml")[0] == 7
    assert served[0].server.node == "here"


def test_serve_without_a_file_takes_roda_toml_or_the_defaults(
    roda: Roda, served: list[Config], tmp_path: Path
) -> None:
    roda("serve")
    (tmp_path / "roda.toml").write_text('[server]\nnode = "here"\n')
    roda("serve")
    assert [config.server.node for config in served] == ["roda", "here"]


def test_a_fault_stops_the_start_with_its_line(roda: Roda, served: list[Config], tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("\n[media]\nworkers = -1\n")
    status, _, err = roda("serve", "-c", "x.toml")
    assert status == 1
    assert err == "x.toml:3: media.workers must be a whole number from 0 to 256, not -1\n"
    assert served == []


def test_open_rooms_alone_mean_the_defaults_whatever_lies_around(
    roda: Roda, served: list[Config], tmp_path: Path
) -> None:
    (tmp_path / "roda.toml").write_text('[server]\nudp = ["0.0.0.0:5070"]\n')
    roda("serve", "--open-rooms")
    assert served == [Config.with_open_rooms()]


def test_open_rooms_with_a_file_add_to_it(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('[[open_rooms]]\npattern = "team-{room}"\nnetworks = ["10.0.0.0/8"]\n')
    config = chosen_configuration(file, open_rooms=True)
    assert [room.pattern for room in config.open_rooms] == ["team-{room}", "conf-{room}"]


def test_check_says_every_fault_and_how_many(roda: Roda, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("[medai]\n[server]\nudp = 3\n")
    status, _, err = roda("check", "-c", "x.toml")
    assert status == 1
    assert err.splitlines() == [
        'x.toml:1: there is no key "medai": did you mean "media"?',
        "x.toml:3: server.udp must be a list in brackets, not 3",
        "2 faults",
    ]


def test_check_of_a_sound_file_says_so(roda: Roda, tmp_path: Path) -> None:
    (tmp_path / "roda.toml").write_text("")
    assert roda("check") == (0, "roda.toml: no fault\n", "")


def test_check_warns_of_a_certificate_that_has_ended(roda: Roda, tmp_path: Path) -> None:
    old = Authority(tmp_path).issue("old", days=-1)
    (tmp_path / "roda.toml").write_text("[server.identity]\ncertificate = 'old.crt'\nkey = 'old.key'\n")
    status, said, err = roda("check")
    assert (status, said) == (0, "roda.toml: no fault\n")
    assert err.startswith(f"warning: {old.certificate.name} has ended on ")


def test_check_warns_of_rooms_that_any_page_can_dial(roda: Roda, tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text(
        '[server]\nws = ["127.0.0.1:8080"]\n[[open_rooms]]\npattern = "conf-{room}"\nnetworks = ["10.0.0.0/8"]\n'
    )
    status, out, err = roda("check", "-c", "x.toml")
    assert (status, out) == (0, "x.toml: no fault\n")
    assert err.startswith("warning: server.websocket.origins is empty")
