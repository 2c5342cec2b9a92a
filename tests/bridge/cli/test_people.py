"""`roda people` (O6) and callers who are known by number."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from bridge.store.database import open_database
from bridge.store.known_callers import KnownCallers
from bridge.store.names import Names
from bridge.store.tables import audit
from tests.bridge.cli.conftest import Roda

NUMBER = "+5511999990000"


@pytest.fixture
def ana(roda: Roda) -> None:
    """Acme has Ana, who is person 1, and pair 1."""
    roda("customer", "add", "Acme")
    roda(
        "people", "add", "Acme", "Ana", "--phone", NUMBER, "--email", "ana@example.org", "--company", "A Ltd"
    )
    roda("passcode", "new", "Acme")


@pytest.mark.usefixtures("ana")
def test_a_directory_is_listed_and_its_people_disabled_enabled_and_deleted(
    roda: Roda, tmp_path: Path
) -> None:
    """O6, R4."""
    (line,) = roda("people", "list", "--customer", "Acme")[1].splitlines()[1:]
    for fact in ("Acme", "Ana", "A Ltd", NUMBER, "ana@example.org", "enabled"):
        assert fact in line
    assert roda("people", "change", "1", "--phone", "+5521", "--company", "")[1] == (
        "Person 1: company, phone changed\n"
    )
    (line,) = roda("people", "list")[1].splitlines()[1:]
    assert "+5521" in line
    assert "A Ltd" not in line
    assert roda("people", "disable", "1")[1] == "Ana is disabled, and so are the codes of theirs\n"
    assert "disabled" in roda("people", "list")[1]
    assert roda("people", "enable", "1")[1] == "Ana is enabled\n"
    Names(tmp_path / "var").keep(1, np.ones(800, np.int16))
    roda("people", "delete", "1")
    assert Names(tmp_path / "var").load(1) is None
    assert roda("people", "list")[1].startswith("Nobody yet")
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    with database.transaction() as connection:
        rows = connection.execute(audit.select().where(audit.c.subject == "person 1")).all()
    database.close()
    assert [row.action for row in rows] == ["add person", "change person", "disable", "enable", "delete"]


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize(("written", "known"), [("11 99999-0000", NUMBER), ("2001", "2001")])
def test_a_number_is_kept_as_it_will_be_looked_for(roda: Roda, written: str, known: str) -> None:
    """A trunk that writes 11999990000 and one that writes +5511999990000 mean the same caller."""
    assert roda("people", "know", written, "--pair", "1")[1].startswith(f"{known} enters pair 1")
    assert known in roda("people", "known", "--pair", "1")[1]
    assert roda("people", "forget", written, "--pair", "1")[0] == 0


@pytest.mark.usefixtures("ana")
def test_a_number_is_known_for_a_pair_until_it_is_forgotten(roda: Roda, tmp_path: Path) -> None:
    out = roda("people", "know", "+55 (11) 99999-0000", "--pair", "1", "--as", "moderator", "--person", "Ana",
               "--ask-counter-password")[1]  # fmt: skip
    assert out.startswith(f"{NUMBER} enters pair 1 as moderator after the counter-password\n")
    assert "server.trusted_networks" in out
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    with database.transaction() as connection:
        (known,) = KnownCallers(connection).find(NUMBER)
    database.close()
    assert (known.person, known.name, known.asks_counter_password) == (1, "Ana", True)
    assert re.search(r"\+5511999990000 +moderator +Ana +asked", roda("people", "known", "--pair", "1")[1])
    roda("passcode", "new", "Acme")
    assert "the code says which" in roda("people", "know", NUMBER, "--pair", "2")[1]
    assert roda("people", "forget", NUMBER, "--pair", "1")[0] == 0
    assert roda("people", "known", "--pair", "1")[1] == "No number is known for pair 1.\n"


@pytest.mark.usefixtures("ana")
def test_namesakes_are_told_apart_by_number(roda: Roda) -> None:
    roda("people", "add", "Acme", "Ana")
    assert "numbers 1, 2" in roda("people", "know", NUMBER, "--pair", "1", "--person", "Ana")[2]
    assert roda("people", "know", NUMBER, "--pair", "1", "--person", "2")[0] == 0


@pytest.mark.usefixtures("ana")
@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("add", "Nobody", "Ana"), 'roda: there is no customer "Nobody"'),
        (("add", "Acme", " "), "roda: the store: a person needs a name"),
        (("change", "1", "--name", " "), "roda: the store: a person needs a name"),
        (("disable", "9"), "roda: there is no person 9"),
        (("know", "soon", "--pair", "1"), 'roda: "soon" is no number'),
        (("know", NUMBER, "--pair", "9"), "roda: there is no pair 9"),
        (("know", NUMBER, "--pair", "1", "--person", "9"), 'roda: this customer has nobody called "9"'),
        (
            ("know", NUMBER, "--pair", "1", "--ask-counter-password"),
            "roda: the participants of pair 1 have no",
        ),
        (("forget", NUMBER, "--pair", "1"), f"roda: {NUMBER} is not known for pair 1"),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(roda: Roda, words: tuple[str, ...], error: str) -> None:
    status, out, err = roda("people", *words)
    assert (status, out) == (1, "")
    assert err.startswith(error)
    assert err.count("\n") == 1
