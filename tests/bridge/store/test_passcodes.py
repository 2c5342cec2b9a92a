from dataclasses import fields, replace

import pytest

from bridge.service.levels import Level
from bridge.service.role import Role
from bridge.service.settings import LastModerator, MuteMode, NoisyLines, Settings
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.errors import StoreRefusedError
from bridge.store.passcodes import CounterPassword, Passcodes

SETTINGS = Settings(
    level=Level.HIGHLY_SECURE,
    language="es",
    entry_exit_tones=False,
    announce_names=True,
    music_until_moderator=False,
    begins_with_moderator=False,
    when_last_moderator_leaves=LastModerator.CONTINUE,
    grace_s=5.5,
    maximum_participants=12,
    maximum_length_s=3600.0,
    mute_on_entry=True,
    recording_allowed=True,
    lock_allowed=True,
    dial_out_allowed=True,
    blast_allowed=True,
    key_map="globalmeet",
    assisted=True,
    keep_names=True,
    mute_mode=MuteMode.QUESTIONS,
    strict_mute=True,
    noisy_lines=NoisyLines.MUTE,
    noisy_notices=True,
    suppress_noise=True,
    level_voices=True,
    monitor_announced=False,
    extension_s=60.0,
    stranded_after_s=None,
    mask_numbers=True,
    max_calls_out=3,
    dial_out_blocked=True,
)

CODES = {Role.MODERATOR: b"m" * 32, Role.PARTICIPANT: b"p" * 32}


@pytest.fixture
def pair(database: Database) -> int:
    with database.transaction() as connection:
        customer = Customers(connection).add("Acme", at=1.0)
        return Passcodes(connection).create_pair(
            customer=customer, name="Board", settings=SETTINGS, codes=CODES, at=1.0, expires_at=100.0
        )


def test_either_code_finds_its_pair_and_says_the_role(database: Database, pair: int) -> None:
    """A4."""
    with database.transaction() as connection:
        moderator = Passcodes(connection).find(b"m" * 32)
        participant = Passcodes(connection).find(b"p" * 32)
        assert Passcodes(connection).find(b"x" * 32) is None
    assert moderator is not None
    assert participant is not None
    assert (moderator.role, participant.role) == (Role.MODERATOR, Role.PARTICIPANT)
    assert moderator.pair == participant.pair
    assert moderator.pair.id == pair
    assert moderator.pair.enabled
    assert moderator.counter_passwords == ()


def test_every_setting_comes_back_as_it_was_kept(database: Database, pair: int) -> None:
    """C1 to C6."""
    with database.transaction() as connection:
        kept = Passcodes(connection).pair(pair)
        assert kept is not None
        assert kept.settings == SETTINGS
        Passcodes(connection).change(pair, settings=Settings(), expires_at=200.0, name="Sales")
        changed = Passcodes(connection).pair(pair)
    assert changed == replace(kept, settings=Settings(), own=Settings(), expires_at=200.0, name="Sales")


def test_the_settings_of_these_tests_have_no_default_left() -> None:
    """So that a setting which the store forgets is seen."""
    assert [
        each.name
        for each in fields(Settings)
        if each.name != "open_room" and getattr(SETTINGS, each.name) == getattr(Settings(), each.name)
    ] == []


def test_a_customers_block_counts_for_all_its_pairs_and_goes_as_it_came(database: Database) -> None:
    """O7."""
    with database.transaction() as connection:
        customer = Customers(connection).add("Acme", at=1.0)
        pair = Passcodes(connection).create_pair(
            customer=customer, name="Board", settings=Settings(), codes=CODES, at=1.0, expires_at=2.0
        )
        Customers(connection).block_dial_out(customer, blocked=True)
        found = Passcodes(connection).find(CODES[Role.MODERATOR])
        assert found is not None
        assert found.pair.settings.dial_out_blocked
        assert not found.pair.own.dial_out_blocked
        assert found.pair.customer_id == customer
        Customers(connection).block_dial_out(customer, blocked=False)
        again = Passcodes(connection).pair(pair)
        assert again is not None
        assert not again.settings.dial_out_blocked


def test_no_two_codes_are_equal_whoever_holds_them(database: Database, pair: int) -> None:
    """A4: also across roles and pairs; and what is refused leaves nothing behind."""
    with pytest.raises(StoreRefusedError, match="already"), database.transaction() as connection:
        Passcodes(connection).create_pair(
            customer=1,
            name="Other",
            settings=SETTINGS,
            codes={Role.MODERATOR: b"p" * 32, Role.PARTICIPANT: b"q" * 32},
            at=1.0,
            expires_at=100.0,
        )
    with database.transaction() as connection:
        assert [each.id for each in Passcodes(connection).list()] == [pair]


def test_new_codes_stop_the_old_at_once(database: Database, pair: int) -> None:
    """A7."""
    with database.transaction() as connection:
        Passcodes(connection).set_codes(pair, {Role.PARTICIPANT: b"n" * 32})
        assert Passcodes(connection).find(b"p" * 32) is None
        found = Passcodes(connection).find(b"n" * 32)
        assert found is not None
        assert found.role is Role.PARTICIPANT
        assert Passcodes(connection).find(b"m" * 32) is not None


def test_counter_passwords_belong_to_a_role_or_to_one_person_of_it(database: Database, pair: int) -> None:
    """A5: collective and individual."""
    with database.transaction() as connection:
        passcodes = Passcodes(connection)
        passcodes.set_counter_password(pair, Role.MODERATOR, b"1" * 32)
        passcodes.set_counter_password(pair, Role.MODERATOR, b"2" * 32)
        found = passcodes.find(b"m" * 32)
        assert found is not None
        assert found.counter_passwords == (CounterPassword(b"2" * 32, None),)
        other = passcodes.find(b"p" * 32)
        assert other is not None
        assert other.counter_passwords == ()
        assert passcodes.roles_with_counter_password(pair) == {Role.MODERATOR}
        passcodes.set_counter_password(pair, Role.MODERATOR, None)
        assert passcodes.roles_with_counter_password(pair) == frozenset()


def test_a_disabled_pair_is_found_and_said_to_be_so(database: Database, pair: int) -> None:
    with database.transaction() as connection:
        Passcodes(connection).disable(pair, at=5.0)
        found = Passcodes(connection).find(b"m" * 32)
        assert found is not None
        assert not found.pair.enabled
        Passcodes(connection).enable(pair)
        again = Passcodes(connection).find(b"m" * 32)
        assert again is not None
        assert again.pair.enabled


def test_pairs_are_listed_by_customer(database: Database, pair: int) -> None:
    with database.transaction() as connection:
        assert [each.id for each in Passcodes(connection).list(customer="Acme")] == [pair]
        assert Passcodes(connection).list(customer="Nobody") == []
        assert Passcodes(connection).pair(999) is None


def test_a_store_knows_whether_it_has_codes(database: Database) -> None:
    with database.transaction() as connection:
        assert not Passcodes(connection).any()
        customer = Customers(connection).add("Acme", at=1.0)
        Passcodes(connection).create_pair(
            customer=customer, name="Board", settings=SETTINGS, codes=CODES, at=1.0, expires_at=2.0
        )
        assert Passcodes(connection).any()
