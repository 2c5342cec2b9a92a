"""C7: a profile gives a pair what it names, and nothing else."""

from __future__ import annotations

import pytest

from bridge.service.levels import Level
from bridge.service.profiles import SHIPPED, apply, profile_of
from bridge.service.settings import Settings, SettingsError


@pytest.mark.parametrize("name", ["automatic", "assisted"])
def test_the_shipped_profiles_fit_any_pair_and_leave_what_was_bought(name: str) -> None:
    before = Settings(level=Level.HIGHLY_SECURE, language="es", grace_s=5.0)
    after = apply(SHIPPED[name], before)
    assert after.assisted is (name == "assisted")
    assert (after.level, after.language, after.grace_s) == (Level.HIGHLY_SECURE, "es", 5.0)
    assert apply(SHIPPED[name], after) == after


def test_a_pair_given_to_another_makes_the_other_alike_but_for_level_and_language() -> None:
    one = Settings(level=Level.MODERATE, language="en", strict_mute=True, stranded_after_s=None)
    other = apply(profile_of(one), Settings(level=Level.HIGHLY_SECURE, mask_numbers=True))
    assert profile_of(other) == profile_of(one)
    assert (other.level, other.language) == (Level.HIGHLY_SECURE, "pt-BR")


def test_a_profile_may_block_calls_out_and_never_lifts_a_block_o7() -> None:
    blocked, free = Settings(dial_out_blocked=True), Settings()
    assert apply(profile_of(free), blocked).dial_out_blocked
    assert apply(profile_of(blocked), free).dial_out_blocked
    assert not apply(profile_of(free), free).dial_out_blocked


def test_a_profile_that_contradicts_a_pair_is_refused() -> None:
    with pytest.raises(SettingsError, match="grace_s"):
        apply({"grace_s": -1.0}, Settings())
