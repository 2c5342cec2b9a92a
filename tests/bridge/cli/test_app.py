import subprocess
import sys
from pathlib import Path

import pytest

from tests.bridge.cli.conftest import Roda


def test_help_names_every_group(roda: Roda) -> None:
    status, out, _ = roda("--help")
    assert status == 0
    for group in (
        *("serve", "check", "init", "passcode", "customer", "people", "profile", "blast-list"),
        *("prompts", "records"),
    ):
        assert group in out


@pytest.mark.parametrize("words", [("nonsense",), ("passcode", "new"), ("serve", "--loudly")])
def test_a_wrong_command_line_is_refused_with_status_2(roda: Roda, words: tuple[str, ...]) -> None:
    status, _, err = roda(*words)
    assert status == 2
    assert "Traceback" not in err


def test_a_mistyped_command_of_a_group_is_told_the_right_one(roda: Roda) -> None:
    status, _, err = roda("passcode", "lsit")
    assert status == 2
    assert "list" in err


@pytest.mark.parametrize("word", ["--help", "conferences", "check"])
def test_a_command_that_needs_neither_store_nor_arrays_does_not_load_them(tmp_path: Path, word: str) -> None:
    """They take half a second each time."""
    loaded = modules_after(tmp_path, word)
    assert "bridge.cli.conferences" in loaded
    assert not loaded & {"sqlalchemy", "numpy"}


def test_a_group_is_loaded_for_who_asks_for_it(tmp_path: Path) -> None:
    assert {"bridge.cli.passcode", "sqlalchemy"} <= modules_after(tmp_path, "passcode")


def modules_after(folder: Path, word: str) -> set[str]:
    """What is loaded when `roda word` has ended, in a process of its own."""
    run = (
        "import sys; from bridge.cli import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", run, word]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    return set(done.stderr.split())
