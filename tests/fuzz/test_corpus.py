"""What fuzzing has found worth keeping, played again: each input reaches something that no shorter one did."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, call
from tests.support.sip_playbook import TCP

CORPUS = Path(__file__).parent / "corpus"
FILES_MAX, BYTES_MAX = 320, 500_000
"""In all: a corpus that nobody can look through is a weight."""


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_was_found_does_harm(target: str) -> None:
    inputs = sorted((CORPUS / target).iterdir())
    assert len(inputs) > 5
    for path in inputs:
        try:
            TARGETS[target](path.read_bytes())
        except Exception as error:
            error.add_note(f"the input is {path.name}")
            raise


@pytest.mark.parametrize("target", TARGETS)
def test_neither_does_what_is_left_when_its_end_is_cut_off(target: str) -> None:
    for path in sorted((CORPUS / target).iterdir()):
        data = path.read_bytes()
        for share in (1, 2, 3):
            TARGETS[target](data[: len(data) * share // 4])


@pytest.mark.parametrize("transport", ["tcp", "wss"])
def test_neither_does_a_call_that_was_found_where_it_comes_by_a_connection(transport: str) -> None:
    for path in sorted((CORPUS / "call").iterdir()):
        call(path.read_bytes(), replace(TCP, transport=transport))


def test_the_corpus_is_small_and_of_targets_that_there_are() -> None:
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} == set(TARGETS)
    assert len(files) <= FILES_MAX
    assert sum(path.stat().st_size for path in files) <= BYTES_MAX
