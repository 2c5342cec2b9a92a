"""`roda account`: accounts of telephones, and passwords said once."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pytest

from bridge.cli.account import LENGTH, LETTERS
from bridge.store.accounts import Accounts, StoredAccount
from bridge.store.database import open_database
from bridge.store.tables import audit
from sip.proof import SERVED, ha1
from tests.bridge.cli.conftest import Roda

SAID = re.compile(rf"(?m)^  password ([{LETTERS}]{{{LENGTH}}})$")


def kept(folder: Path, name: str) -> StoredAccount | None:
    database = open_database(f"sqlite:///{folder}/var/roda.db")
    with database.transaction() as connection:
        found = Accounts(connection).find(name)
    database.close()
    return found


def proves(account: StoredAccount | None, password: str) -> bool:
    assert account is not None
    return account.secrets[0][1] == ha1(SERVED[0], account.name, account.realm, password)


def test_an_account_is_made_and_its_password_said_once(roda: Roda, tmp_path: Path) -> None:
    roda("customer", "add", "Acme")
    roda("passcode", "new", "Acme")
    status, said, _ = roda(
        "account",
        "add",
        "ana",
        "--number",
        "+5511999990000",
        "--display",
        "Ana Lima",
        "--customer",
        "Acme",
        "--pair",
        "1",
    )
    assert status == 0
    assert said.startswith("Account ana of realm roda\n")
    (password,) = SAID.findall(said)
    assert proves(kept(tmp_path, "ana"), password)
    listed = roda("account", "list")[1]
    for fact in ("ana", "Ana Lima", "+5511999990000", "Acme", "1", "enabled"):
        assert fact in listed
    assert password not in listed
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    with database.transaction() as connection:
        rows = connection.execute(audit.select().where(audit.c.subject == "account ana")).all()
    database.close()
    assert [row.action for row in rows] == ["add account"]
    assert password not in repr(rows)


def test_no_two_passwords_are_alike(roda: Roda) -> None:
    passwords = {SAID.findall(roda("account", "add", f"a{number}")[1])[0] for number in range(3)}
    assert len(passwords) == 3


def test_a_chosen_password_is_read_from_standard_input_and_not_said(
    roda: Roda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("sesame-open\n"))
    said = roda("account", "add", "ana", "--ask")[1]
    assert said == "Account ana of realm roda\n"
    assert proves(kept(tmp_path, "ana"), "sesame-open")
    monkeypatch.setattr(sys, "stdin", io.StringIO("short\n"))
    status, _, told = roda("account", "add", "bob", "--ask")
    assert status == 1
    assert "at least 8" in told


def test_a_new_password_takes_the_place_of_the_old(roda: Roda, tmp_path: Path) -> None:
    (first,) = SAID.findall(roda("account", "add", "ana")[1])
    (second,) = SAID.findall(roda("account", "password", "ana")[1])
    account = kept(tmp_path, "ana")
    assert proves(account, second)
    assert not proves(account, first)


def test_it_is_disabled_enabled_and_removed(roda: Roda, tmp_path: Path) -> None:
    roda("account", "add", "ana")
    assert roda("account", "disable", "ana")[1] == "Account ana is disabled\n"
    assert "disabled" in roda("account", "list")[1]
    assert roda("account", "enable", "ana")[1] == "Account ana is enabled\n"
    assert "enabled" in roda("account", "list")[1]
    assert roda("account", "remove", "ana")[1] == "Account ana is removed\n"
    assert roda("account", "list")[1].startswith("No account yet")
    assert kept(tmp_path, "ana") is None


@pytest.mark.parametrize("what", ["password", "disable", "enable", "remove"])
def test_who_is_not_there_is_told(roda: Roda, what: str) -> None:
    status, _, told = roda("account", what, "nobody")
    assert status == 1
    assert told == 'roda: there is no account "nobody": see roda account list\n'


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a b"], "no name for an account"),
        (["ana", "--number", "5511"], "no telephone number"),
        (["ana", "--customer", "Nobody"], "no customer"),
        (["ana", "--pair", "7"], "no pair 7"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_kept(roda: Roda, words: list[str], told: str) -> None:
    status, said, error = roda("account", "add", *words)
    assert (status, said) == (1, "")
    assert told in error
    assert roda("account", "list")[1].startswith("No account yet")


def test_accounts_of_a_former_realm_are_shown_as_such(roda: Roda, tmp_path: Path) -> None:
    roda("account", "add", "ana")
    (tmp_path / "roda.toml").write_text('[registrar]\nrealm = "new.example"\n')
    assert "password is of roda" in roda("account", "list")[1]
    roda("account", "password", "ana")
    assert "enabled" in roda("account", "list")[1]
