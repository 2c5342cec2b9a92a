"""Profiles that are kept (C7)."""

from __future__ import annotations

from sqlalchemy import update

from bridge.service.profiles import SHIPPED, profile_of
from bridge.service.settings import LastModerator, MuteMode, Settings
from bridge.store.customers import Customers
from bridge.store.database import Database
from bridge.store.profiles import Profiles
from bridge.store.tables import profiles

FULL = profile_of(
    Settings(
        when_last_moderator_leaves=LastModerator.CONTINUE,
        mute_mode=MuteMode.QUESTIONS,
        stranded_after_s=None,
        grace_s=5.5,
        max_calls_out=2,
    )
)


def test_a_profile_comes_back_as_it_was_saved(database: Database) -> None:
    with database.transaction() as connection:
        Profiles(connection).save("lecture", {"mute_on_entry": False})
        Profiles(connection).save("lecture", FULL)
        assert Profiles(connection).find("lecture") == FULL
        assert Profiles(connection).find("nothing") is None


def test_the_shipped_ones_are_there_until_somebody_has_a_better_one(database: Database) -> None:
    with database.transaction() as connection:
        kept = Profiles(connection)
        acme, beta = (Customers(connection).add(name, at=1.0) for name in ("Acme", "Beta"))
        assert kept.find("assisted") == SHIPPED["assisted"]
        kept.save("assisted", {"mute_on_entry": False})
        kept.save("assisted", {"strict_mute": True}, customer=acme)
        assert kept.find("assisted", customer=acme) == {"strict_mute": True}
        assert kept.find("assisted", customer=beta) == {"mute_on_entry": False}
        assert [(each.name, each.customer) for each in kept.list(customer=beta)] == [
            ("automatic", None),
            ("assisted", None),
            ("assisted", None),
        ]
        assert [each.customer for each in kept.list() if not each.shipped] == [None, "Acme"]
        assert kept.remove("assisted")
        assert not kept.remove("assisted")
        assert kept.find("assisted", customer=beta) == SHIPPED["assisted"]
        assert kept.find("assisted", customer=acme) == {"strict_mute": True}


def test_a_setting_of_another_roda_is_passed_over(database: Database) -> None:
    with database.transaction() as connection:
        Profiles(connection).save("x", {})
        connection.execute(update(profiles).values(settings='{"warp_drive":1,"level":3,"strict_mute":true}'))
        assert Profiles(connection).find("x") == {"strict_mute": True}
