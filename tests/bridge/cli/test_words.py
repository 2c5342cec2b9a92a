"""Settings as operators write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.cli.terminal import UserError
from bridge.cli.words import WORDS, changed, read, shown, written
from bridge.service.profiles import profile_of
from bridge.service.settings import MuteMode, Settings


def test_what_is_shown_can_be_written_again() -> None:
    chosen = Settings(mute_mode=MuteMode.PRESENTATION, maximum_length_s=90.0, stranded_after_s=None)
    values = read(f"{key}={value}" for key, value, _ in shown(chosen))
    assert changed(Settings(grace_s=1.0), values) == chosen
    assert read(written(profile_of(chosen))) == profile_of(chosen)


def test_minutes_are_minutes_and_words_are_forgiving() -> None:
    assert read(["max_minutes = 1.5", "stranded=NEVER", "muted=On"]) == {
        "maximum_length_s": 90.0,
        "stranded_after_s": None,
        "mute_on_entry": True,
    }


@given(st.sampled_from(WORDS), st.text())
@settings(max_examples=100)
def test_whatever_is_written_is_a_setting_or_the_users_error(word, text) -> None:
    with suppress(UserError):
        changed(Settings(), read([f"{word.key}={text}"]))


def test_a_right_that_the_level_never_gives_is_not_sold() -> None:
    with pytest.raises(UserError, match="level 1 never lets"):
        changed(Settings(), read(["level=1", "blast=yes"]))
    assert changed(Settings(lock_allowed=True), read(["level=1"])).lock_allowed
