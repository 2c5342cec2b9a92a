from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge import demo
from bridge.service.digests import Digests
from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.store.database import Database, open_database
from bridge.store.issuance import Issuer
from bridge.store.passcodes import Passcodes

DIGESTS = Digests(b"k" * 32)


@pytest.fixture
def database() -> Iterator[Database]:
    opened = open_database("sqlite://")
    yield opened
    opened.close()


def ensure(database: Database, folder: Path, *, at: float = 0.0) -> demo.Demo:
    with database.transaction() as connection:
        issuer = Issuer(connection, DIGESTS, digits=8, entropy=os.urandom)
        return demo.ensure(connection, issuer, DIGESTS, folder, language="en", at=at, expires_at=at + 100.0)


def test_the_demo_conference_has_what_a_first_call_should_hear(database: Database, tmp_path: Path) -> None:
    made = ensure(database, tmp_path)
    with database.transaction() as connection:
        found = Passcodes(connection).find(DIGESTS.passcode(made.moderator))
    assert found is not None
    settings = found.pair.settings
    assert settings.level is Level.HIGHLY_SECURE
    assert settings.entry_exit_tones
    assert settings.music_until_moderator
    kept = DIGESTS.counter_password(found.pair.id, Role.MODERATOR, made.counter_password)
    assert [each.digest for each in found.counter_passwords] == [kept]


def test_made_again_it_is_the_same(database: Database, tmp_path: Path) -> None:
    assert ensure(database, tmp_path) == ensure(database, tmp_path)
    assert (tmp_path / demo.FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "lost", ["", "not json", '{"moderator":"1","counter_password":"2","participant":"3"}']
)
def test_codes_that_are_lost_or_not_its_own_are_replaced_and_the_pair_stays(
    database: Database, tmp_path: Path, lost: str
) -> None:
    ensure(database, tmp_path)
    (tmp_path / demo.FILE).write_text(lost)
    again = ensure(database, tmp_path)
    with database.transaction() as connection:
        assert Passcodes(connection).find(DIGESTS.passcode(again.participant)) is not None
        assert len(Passcodes(connection).list()) == 1


def test_over_its_time_it_gets_new_codes_and_lives_on(database: Database, tmp_path: Path) -> None:
    first = ensure(database, tmp_path)
    second = ensure(database, tmp_path, at=200.0)
    assert first != second
    with database.transaction() as connection:
        (pair,) = Passcodes(connection).list()
    assert pair.expires_at == 300.0
