"""What holds the house together, kept by machine: import contracts, tests where one looks for them, honest lock files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from importlinter.application.use_cases import lint_imports
from importlinter.configuration import configure

from bridge.service.settings import MuteMode
from prompts.catalogue import catalogue

ROOT = Path(__file__).parent.parent
PACKAGES = ("bridge", "media", "sip", "dsp", "prompts")

ELSEWHERE = {
    "__init__.py",  # names only
    "env.py",  # Alembic runs it whenever a store is opened: every test of the store
}


BEHAVIOURS = {
    "bridge/dialogue/test_every_dialogue.py",  # every dialogue with every caller
    "bridge/switchboard/test_callers.py",  # people who press anything at any time: the whole package
    "bridge/switchboard/test_operators_at_random.py",  # operators, consoles and blasts in any order
    "bridge/switchboard/test_troubled_lines.py",  # a trouble from the worker's word to the console
    "media/test_digit_matrix.py",  # keys as telephone-events through the whole engine
    "media/recording/test_hd_takes.py",  # HD rooms, from their telephones to the file
    "media/test_any_order.py",  # an engine to which anything happens in any order, on any network
    "media/test_hd.py",  # rooms of telephones with all codecs
    "media/test_reports_of_calls.py",  # what a call leaves behind, and what its peer is told
    "media/test_troubles.py",  # a line's trouble from its packets to the event
    "prompts/test_grammar.py",  # whole texts with their numbers, in three languages
    "sip/test_every_state.py",  # calls and subscriptions in every state, whatever happens
    "sip/test_lossy_network.py",  # calls over a network that loses and reorders: the whole package
    "sip/test_races.py",  # what crosses on the way, and what never comes
    "sip/test_watching_network.py",  # subscriptions and REFERs over the same
}
"""Tests about a package as a whole, which no module of that name can be."""


def sources() -> list[Path]:
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [
        path.relative_to(ROOT)
        for path in found
        if path.name not in ELSEWHERE and "versions" not in path.parts
    ]


def test_there_are_sources_to_look_at() -> None:
    assert len(sources()) > 30


def test_the_import_contracts_hold(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    configure()
    kept = lint_imports(config_filename="pyproject.toml", no_logo=True, cache_dir=None)
    assert kept, capsys.readouterr().out


def test_every_test_of_a_package_stands_where_its_module_does() -> None:
    """`tests/bridge/store/test_worker.py` is about `bridge/store/worker.py`, or about the package or folder of that name."""
    tests = [
        test.relative_to(ROOT / "tests")
        for package in PACKAGES
        for test in (ROOT / "tests" / package).rglob("test_*.py")
    ]
    assert {str(test) for test in tests if not _subject(test)} == BEHAVIOURS


def _subject(test: Path) -> bool:
    name = test.stem.removeprefix("test_")
    folder = ROOT / test.parent
    return (folder / f"{name}.py").exists() or (folder / name).is_dir()


def pins(name: str) -> set[str]:
    return set(re.findall(r"(?m)^([A-Za-z0-9_.-]+==[^ \\]+)", (ROOT / name).read_text()))


def test_what_serves_is_pinned_as_what_is_tested() -> None:
    assert pins("requirements.txt")
    assert pins("requirements.txt") <= pins("constraints.txt")


def test_every_dependency_is_pinned_and_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[\[<>=~!; ]", requirement)[0].lower() for group in groups for requirement in group}
    pinned = {pin.partition("==")[0] for pin in pins("constraints.txt")}
    explained = set(re.findall(r"(?m)^\| `([a-z0-9-]+)`", (ROOT / "docs" / "dependencies.md").read_text()))
    assert names - pinned == set()
    assert names == explained


@pytest.mark.parametrize("name", ["requirements.txt", "constraints.txt"])
def test_lock_files_name_hashes_and_no_place(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "--hash=sha256:" in text
    assert not re.search(r"https?://|file:|--index|(?m:^#.* /)", text)


def test_every_text_is_said_by_somebody() -> None:
    """A text that nobody says is recorded in three languages for nothing."""
    said = "\n".join((ROOT / source).read_text() for source in sources() if source.parts[0] == "bridge")
    unsaid = {name for name in catalogue().languages["en"].texts if f'"{name}"' not in said}
    assert unsaid == {f"mode_{mode.value}" for mode in MuteMode} - {"mode_questions"}, (
        "modes are said by the name of theirs"
    )
