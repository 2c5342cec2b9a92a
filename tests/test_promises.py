"""docs/service.md is true: each promise has its row, and each file and test that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/service.md").read_text()

PROMISES = [
    *(f"A{number}" for number in range(1, 9)),
    *(f"C{number}" for number in range(1, 8)),
    *("*0", "*1", "*2", "*3", "*4", "*5", "*6", "*7", "*8", "*9", "*92", "*#"),
    *(f"O{number}" for number in range(1, 8)),
    *(f"R{number}" for number in range(1, 5)),
    *(f"I{number}" for number in range(1, 5)),
    *(f"G{number}" for number in range(1, 6)),
]
"""As the service numbers them."""

QUOTED = re.compile(r"`([^`\s]+)`")
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ")]
NUMBERED = {row.split("|")[1].strip(" `"): row for row in ROWS}
PARAGRAPHS = [*ROWS, *(text for text in PAGE.split("\n\n") if not text.startswith("|"))]


def _file(name: str) -> Path | None:
    """The file that the page means by `name`."""
    places = [ROOT, ROOT / "tests/bridge", ROOT / "tests", ROOT / "bridge"]
    return next((place / name for place in places if (place / name).is_file()), None)


@cache
def _tests(path: Path) -> frozenset[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    return frozenset(each.name for each in tree if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)))


def _claims() -> list[tuple[str, str]]:
    """Each test that the page names, with the file named before it in the same row or paragraph."""
    claims = []
    for paragraph in PARAGRAPHS:
        file = ""
        for word in QUOTED.findall(paragraph):
            if word.endswith(".py"):
                file = word
            elif word.startswith("test_"):
                claims.append((file, word))
    return claims


@pytest.mark.parametrize("promise", PROMISES)
def test_every_promise_has_a_row_that_says_what_proves_it_or_that_it_is_planned(promise: str) -> None:
    row = NUMBERED.get(promise, "")
    assert re.search(r"`test_\w+`", row) or "lanned" in row, f"{promise} is neither proved nor planned"


def test_every_file_that_is_named_is_there() -> None:
    named = {word for word in QUOTED.findall(PAGE) if word.endswith(".py")}
    assert len(named) > len(PROMISES)
    assert sorted(name for name in named if _file(name) is None) == []


def test_every_test_that_is_named_is_there() -> None:
    claims = _claims()
    assert len(claims) > len(PROMISES)
    files = {name: _file(name) for name, _ in claims}
    missing = [
        f"{name}: {test}"
        for name, test in claims
        if (path := files[name]) is None or test not in _tests(path)
    ]
    assert missing == []
