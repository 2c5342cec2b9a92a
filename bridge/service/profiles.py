"""Named profiles of settings (C7): what a kind of conference needs, given to a pair whole.

A profile names the settings that it is about and leaves the others alone. It never speaks of the level, which was bought,
of the language, which is the callers', nor does it lift a block (O7): that was somebody's decision about this pair.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

from bridge.service.settings import LastModerator, Settings

NEVER: Final = frozenset({"level", "language", "open_room"})
"""Settings that no profile has."""

PROFILED: Final = tuple(each.name for each in fields(Settings) if each.name not in NEVER)

Profile = Mapping[str, Any]
"""Settings by the names of their fields."""

SHIPPED: Final[Mapping[str, Profile]] = {
    # People come by themselves: they are announced by name, and nothing happens without the moderator.
    "automatic": {
        "assisted": False,
        "entry_exit_tones": True,
        "announce_names": True,
        "music_until_moderator": True,
        "begins_with_moderator": True,
        "when_last_moderator_leaves": LastModerator.END,
        "mute_on_entry": False,
    },
    # An operator has asked everybody who they are: no need to announce them, and the floor is the speakers'.
    "assisted": {
        "assisted": True,
        "entry_exit_tones": False,
        "announce_names": False,
        "music_until_moderator": True,
        "begins_with_moderator": True,
        "when_last_moderator_leaves": LastModerator.END,
        "mute_on_entry": True,
    },
}
"""Always there, under these names; a customer's own of the same name comes first."""


def apply(profile: Profile, settings: Settings) -> Settings:
    """`settings` with what the profile says; raises `SettingsError` where the two contradict each other."""
    blocked = settings.dial_out_blocked or bool(profile.get("dial_out_blocked"))
    return replace(settings, **{**profile, "dial_out_blocked": blocked})


def profile_of(settings: Settings) -> Profile:
    """All that a profile can say, as it is in `settings`."""
    return {name: getattr(settings, name) for name in PROFILED}
