from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from bridge.service.digests import Digests
from bridge.service.role import Role
from bridge.store.database import open_database
from bridge.store.passcodes import FoundPasscode, Passcodes
from bridge.store.secret import read_key
from bridge.store.tables import audit
from tests.bridge.cli.conftest import Roda


def told(out: str, role: str) -> str:
    found = re.search(rf"{role} +(\d+)", out)
    assert found is not None
    return found[1]


def find(folder: Path, code: str) -> FoundPasscode | None:
    database = open_database(f"sqlite:///{folder}/var/roda.db")
    try:
        with database.transaction() as connection:
            key = read_key(folder / "var", may_create=False)
            return Passcodes(connection).find(Digests(key).passcode(code))
    finally:
        database.close()


@pytest.fixture
def pair(roda: Roda) -> str:
    """The output that told the codes of pair 1."""
    roda("customer", "add", "Acme")
    status, out, _ = roda(
        "passcode", "new", "Acme", "--name", "Board", "--level", "3", "--no-tones", "--language", "es"
    )
    assert status == 0
    return out


def test_new_codes_are_said_once_and_work(roda: Roda, pair: str, tmp_path: Path) -> None:
    """A4, A5."""
    moderator = find(tmp_path, told(pair, "moderator"))
    participant = find(tmp_path, told(pair, "participant"))
    assert moderator is not None
    assert participant is not None
    assert (moderator.role, participant.role) == (Role.MODERATOR, Role.PARTICIPANT)
    assert len(moderator.counter_passwords) == 1
    assert participant.counter_passwords == ()
    settings = moderator.pair.settings
    assert (settings.level, settings.language, settings.entry_exit_tones) == (3, "es", False)
    for words in (("passcode", "list"), ("passcode", "show", "1")):
        assert told(pair, "moderator") not in roda(*words)[1]


def test_a_code_in_clear_is_nowhere_on_disk(pair: str, tmp_path: Path) -> None:
    for path in (tmp_path / "var").iterdir():
        assert told(pair, "moderator").encode() not in path.read_bytes()


def test_renewed_codes_stop_the_old_at_once(roda: Roda, pair: str, tmp_path: Path) -> None:
    """A7."""
    out = roda("passcode", "renew", "1", "--only", "participant")[1]
    assert "moderator" not in out
    assert find(tmp_path, told(pair, "participant")) is None
    assert find(tmp_path, told(out, "participant")) is not None
    assert find(tmp_path, told(pair, "moderator")) is not None


def test_a_pair_is_disabled_expired_and_enabled(roda: Roda, pair: str) -> None:
    """A6, O6."""
    assert roda("passcode", "disable", "1")[1] == "Pair 1 is disabled\n"
    assert "disabled" in roda("passcode", "list")[1]
    roda("passcode", "expire", "1", "2020-02-01")
    assert roda("passcode", "enable", "1")[1] == "Pair 1 is expired\n"
    assert "2020-02-01" in roda("passcode", "show", "1")[1]


def test_what_the_moderator_may_is_told_by_the_level_and_what_was_asked_for(roda: Roda, pair: str) -> None:
    roda("passcode", "new", "Acme", "--level", "2", "--lock")
    third, second = (roda("passcode", "show", number)[1] for number in ("1", "2"))
    assert re.findall(r"may .*?  (yes|no)", third) == ["yes", "yes", "yes"]
    assert re.findall(r"may .*?  (yes|no)", second) == ["yes", "no", "no"]


def test_an_end_that_has_come_is_told_as_such(roda: Roda, pair: str) -> None:
    assert roda("passcode", "expire", "1", "now")[1] == "Pair 1 has expired\n"
    assert roda("passcode", "expire", "1", "2100-02-01")[1] == "Pair 1 works until 2100-02-01\n"


def test_every_change_leaves_a_trace_without_codes(roda: Roda, pair: str, tmp_path: Path) -> None:
    """R4."""
    roda("passcode", "disable", "1")
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    with database.transaction() as connection:
        rows = connection.execute(select(audit).order_by(audit.c.id)).all()
    database.close()
    assert [row.action for row in rows] == ["add customer", "new pair", "disable"]
    assert told(pair, "moderator") not in str(rows)


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("new", "Nobody"), 'roda: there is no customer "Nobody"'),
        (("new", "Acme", "--language", "fr"), 'roda: there are no prompts in "fr"'),
        (("new", "Acme", "--level", "1", "--lock"), "roda: level 1 never lets a moderator lock, *7"),
        (("show", "9"), "roda: there is no pair 9"),
        (("disable", "9"), "roda: there is no pair 9"),
        (("expire", "1", "soon"), 'roda: "soon" is no date'),
    ],
)
def test_a_mistake_is_one_line_that_says_what_to_do(
    roda: Roda, pair: str, words: tuple[str, ...], error: str
) -> None:
    status, out, err = roda("passcode", *words)
    assert (status, out) == (1, "")
    assert err.startswith(error)
    assert err.count("\n") == 1


def test_a_lost_key_is_told_and_never_replaced(roda: Roda, pair: str, tmp_path: Path) -> None:
    (tmp_path / "var" / "passcodes.key").unlink()
    status, _, err = roda("passcode", "renew", "1")
    assert status == 1
    assert "restore it from a backup" in err
    assert not (tmp_path / "var" / "passcodes.key").exists()
