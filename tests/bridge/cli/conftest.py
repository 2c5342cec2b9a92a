from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bridge.cli import main
from tests.bridge.cli.bridge_in_a_thread import FakeBridge
from tests.bridge.control.living import living_door

Roda = Callable[..., "tuple[int, str, str]"]


@pytest.fixture
def roda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Roda:
    """The command in an empty folder: status, standard output, standard error. No server is ever started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["roda", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


@pytest.fixture
def bridge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBridge]:
    """One that runs by the default configuration in the folder where the command is given; rosa gives it."""
    monkeypatch.setenv("LOGNAME", "rosa")
    (tmp_path / "var").mkdir()
    fake = FakeBridge()
    with living_door(tmp_path / "var" / "control.sock", fake.answer):
        yield fake
