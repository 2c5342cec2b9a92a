from dataclasses import replace

import pytest

from bridge.service.levels import Level, Right
from bridge.service.settings import LastModerator, MuteMode, Settings, SettingsError


def test_the_defaults_are_the_manuals():
    settings = Settings()
    assert settings.entry_exit_tones
    assert settings.music_until_moderator
    assert settings.begins_with_moderator
    assert settings.when_last_moderator_leaves is LastModerator.END
    assert settings.grace_s == 60.0


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"grace_s": -1.0}, "grace_s"),
        ({"grace_s": float("nan")}, "grace_s"),
        ({"maximum_length_s": float("inf")}, "maximum_length_s"),
        ({"maximum_participants": 0}, "maximum_participants"),
        ({"maximum_length_s": 0.0}, "maximum_length_s"),
        ({"key_map": "two words"}, "key_map"),
        ({"key_map": "x" * 33}, "key_map"),
        ({"extension_s": -1.0}, "extension_s"),
        ({"extension_s": float("inf")}, "extension_s"),
        ({"stranded_after_s": 0.0}, "stranded_after_s"),
        ({"stranded_after_s": float("nan")}, "stranded_after_s"),
        ({"max_calls_out": 0}, "max_calls_out"),
        ({"open_room": True}, "open_room"),
        ({"open_room": True, "begins_with_moderator": False}, "open_room"),
    ],
)
def test_settings_that_contradict_themselves_are_refused_by_name(wrong, named):
    with pytest.raises(SettingsError, match=named):
        Settings(**wrong)


def test_an_open_room_begins_at_once_and_plays_nothing():
    settings = Settings.for_open_room(maximum_participants=500)
    assert settings.open_room
    assert not settings.entry_exit_tones
    assert not settings.music_until_moderator
    assert not settings.begins_with_moderator
    assert settings.maximum_participants == 500
    assert settings.stranded_after_s is None
    for asked in ({"assisted": True}, {"mute_mode": MuteMode.QUESTIONS}, {"stranded_after_s": 60.0}):
        with pytest.raises(SettingsError, match="open_room"):
            replace(settings, **asked)


def test_each_right_is_asked_for_by_itself():
    settings = Settings(level=Level.SECURE, lock_allowed=True)
    assert settings.may(Right.LOCK)
    assert not settings.may(Right.DIAL_OUT)
    assert not settings.may(Right.BLAST)
    assert Settings(level=Level.SECURE, blast_allowed=True).may(Right.BLAST)
    assert Settings(level=Level.SECURE, dial_out_allowed=True).may(Right.DIAL_OUT)


@pytest.mark.parametrize("level", Level)
def test_a_block_takes_calls_out_away_whatever_the_level_says_o7(level):
    blocked = Settings(
        level=level, lock_allowed=True, dial_out_allowed=True, blast_allowed=True, dial_out_blocked=True
    )
    assert not blocked.may(Right.DIAL_OUT)
    assert not blocked.may(Right.BLAST)
    assert blocked.may(Right.LOCK) is (level is not Level.MODERATE)
