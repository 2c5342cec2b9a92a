"""`roda blast-list` (O5)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.service.blast_list import BlastEntry, BlastList
from bridge.store.blast_lists import BlastLists
from bridge.store.database import open_database
from bridge.store.messages import Messages
from tests.bridge.cli.conftest import Roda


def kept(folder: Path) -> list[BlastList]:
    database = open_database(f"sqlite:///{folder}/var/roda.db")
    try:
        with database.transaction() as connection:
            return BlastLists(connection).list(1)
    finally:
        database.close()


@pytest.fixture
def pair(roda: Roda, tmp_path: Path) -> None:
    """Pair 1, a table of people, and a table of an old spreadsheet."""
    roda("customer", "add", "Acme")
    roda("passcode", "new", "Acme")
    (tmp_path / "people.csv").write_text("Ana,+55 11 99999-0000\nRui,+55 21 99999-0000\n")
    (tmp_path / "old.csv").write_bytes("Nome;Telefone\r\nJoão;+551130001000\r\n".encode("cp1252"))


@pytest.mark.usefixtures("pair")
def test_a_list_grows_is_shown_and_shrinks(roda: Roda, tmp_path: Path) -> None:
    assert roda("blast-list", "show", "1")[1] == "No list yet: roda blast-list add 1 people.csv\n"
    assert roda("blast-list", "add", "1", "people.csv")[1] == 'List "default" of pair 1 has 2 people\n'
    roda("blast-list", "add", "1", "old.csv", "--press-one")
    roda("blast-list", "add", "1", "--number", "4711", "--person", "Eva")
    (found,) = kept(tmp_path)
    assert found.press_one is True
    assert found.entries == (
        BlastEntry("Ana", "+5511999990000"),
        BlastEntry("Rui", "+5521999990000"),
        BlastEntry("João", "+551130001000"),
        BlastEntry("Eva", "4711"),
    )
    out = roda("blast-list", "show", "1")[1]
    assert 'List "default" of pair 1; message: none; press 1: yes' in out
    assert "João" in out
    roda("blast-list", "remove", "1", "--number", "+55 21 99999 0000")
    assert len(kept(tmp_path)[0].entries) == 3
    roda("blast-list", "remove", "1")
    assert kept(tmp_path) == []


@pytest.mark.usefixtures("pair")
def test_of_several_lists_one_is_named(roda: Roda) -> None:
    roda("blast-list", "add", "1", "people.csv", "--name", "team")
    roda("blast-list", "add", "1", "old.csv", "--name", "board")
    assert roda("blast-list", "show", "1")[1].split() == [
        *("LIST", "PEOPLE", "MESSAGE", "board", "1", "none", "team", "2", "none"),
    ]
    assert "Rui" in roda("blast-list", "show", "1", "--name", "team")[1]
    assert "several" in roda("blast-list", "remove", "1")[2]


@pytest.mark.usefixtures("pair")
def test_a_message_is_copied_and_goes_with_its_list(roda: Roda, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "hello.wav", np.zeros((44100, 2), np.float32), 44100)
    roda("blast-list", "add", "1", "people.csv")
    assert roda("blast-list", "message", "1", "hello.wav")[1] == (
        'List "default" of pair 1 has its message\n'
    )
    (found,) = kept(tmp_path)
    messages = Messages(tmp_path / "var")
    message = messages.load(found.message)
    assert message is not None
    assert message.shape == (8000,)
    roda("blast-list", "message", "1")
    assert kept(tmp_path)[0].message == ""
    assert messages.load(found.message) is None
    roda("blast-list", "message", "1", "hello.wav")
    roda("blast-list", "remove", "1")
    assert messages.load(found.message) is None


@pytest.mark.usefixtures("pair")
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("add", "9", "people.csv"), "roda: there is no pair 9"),
        (("add", "1"), "roda: say whom: a table, or one --number"),
        (("add", "1", "people.csv", "--number", "1"), "roda: say whom"),
        (("add", "1", "nowhere.csv"), "roda: nowhere.csv cannot be read: No such file"),
        (("add", "1", "wrong.csv"), "roda: wrong.csv: line 2: 'soon' is no number"),
        (("add", "1", "empty.csv"), "roda: empty.csv: there is nobody in it"),
        (("add", "1", "--number", "soon"), 'roda: "soon" is no number'),
        (("show", "1", "--name", "team"), 'roda: pair 1 has no list "team"'),
        (("remove", "1"), "roda: pair 1 has no list, or several"),
        (("message", "1", "people.csv", "--name", "there"), "roda: the store: people.csv: cannot be read"),
        (("remove", "1", "--name", "there", "--number", "4712"), 'roda: 4712 is not on list "there"'),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    roda: Roda, tmp_path: Path, words: tuple[str, ...], error: str
) -> None:
    (tmp_path / "wrong.csv").write_text("Ana,4711\nRui,soon\n")
    (tmp_path / "empty.csv").write_text("Name,Number\n")
    if "there" in words:
        roda("blast-list", "add", "1", "people.csv", "--name", "there")
    status, out, err = roda("blast-list", *words)
    assert (status, out) == (1, "")
    assert err.startswith(error)
    assert err.count("\n") == 1
