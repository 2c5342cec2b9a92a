"""What is set per passcode pair: C1 to C6, the level, and what was asked for in advance.

A conference copies its settings when the first caller comes in and keeps them until it is empty again (A7).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from bridge.service.levels import Level, Right, may

DEFAULT_GRACE_S: Final = 60.0
"""C5: how long a conference waits for its last moderator to come back before everybody is disconnected."""


class LastModerator(Enum):
    """C5: what happens when the last moderator leaves."""

    END = "end"
    """A spoken warning, the grace time, then everybody is disconnected. A moderator who returns cancels it."""
    CONTINUE = "continue"
    """The others go on talking."""


class SettingsError(ValueError):
    """A set of settings that contradicts itself; the message names the setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one conference behaves. The defaults are the manual's: nothing starts without its moderator."""

    level: Level = Level.SECURE
    language: str = "pt-BR"
    """C6: the language of every prompt, as a tag of the prompt library."""
    entry_exit_tones: bool = True
    """C1."""
    announce_names: bool = False
    """C2."""
    music_until_moderator: bool = True
    """C3: whoever waits hears music; else silence and, from time to time, a word."""
    begins_with_moderator: bool = True
    """C4: otherwise the first caller begins it, whoever that is, and nobody ever waits."""
    when_last_moderator_leaves: LastModerator = LastModerator.END
    """C5."""
    grace_s: float = DEFAULT_GRACE_S
    """C5: 0 ends at once, without a warning."""
    maximum_participants: int | None = None
    """C6: everybody counts, moderators too; None leaves it to the machine's own limits."""
    maximum_length_s: float | None = None
    """C6: counted from the moment the conference begins; None is without end."""
    mute_on_entry: bool = False
    """C6: participants come in muted and may unmute themselves; moderators never are."""
    recording_allowed: bool = False
    """C6."""
    lock_allowed: bool = False
    """Asked for in advance: what level 2 needs before `*7` works. Level 3 has it anyway, level 1 never."""
    dial_out_allowed: bool = False
    """The same for `*1`."""
    blast_allowed: bool = False
    """The same for `*92`."""
    open_room: bool = False
    """Entered without a passcode from a trusted network: nothing is played or announced to anybody, everyone talks
    at once. Made by `Settings.for_open_room`."""

    def __post_init__(self) -> None:
        if self.grace_s < 0:
            raise SettingsError(f"grace_s is {self.grace_s}: it cannot be negative")
        if self.maximum_participants is not None and self.maximum_participants < 1:
            raise SettingsError(f"maximum_participants is {self.maximum_participants}: it must be at least 1")
        if self.maximum_length_s is not None and self.maximum_length_s <= 0:
            raise SettingsError(f"maximum_length_s is {self.maximum_length_s}: it must be more than 0")
        if self.open_room and (
            self.entry_exit_tones or self.announce_names or self.begins_with_moderator or self.mute_on_entry
        ):
            raise SettingsError(
                "open_room goes with no tones, no names, no muting and no waiting for a moderator"
            )

    @classmethod
    def for_open_room(
        cls,
        *,
        language: str = "pt-BR",
        maximum_participants: int | None = None,
        maximum_length_s: float | None = None,
    ) -> Settings:
        """Like for like with a bare mixer: no tone, no announcement, no music, nobody waits, nobody is in charge."""
        return cls(
            level=Level.SECURE,
            language=language,
            entry_exit_tones=False,
            music_until_moderator=False,
            begins_with_moderator=False,
            when_last_moderator_leaves=LastModerator.CONTINUE,
            maximum_participants=maximum_participants,
            maximum_length_s=maximum_length_s,
            open_room=True,
        )

    def may(self, right: Right) -> bool:
        """Whether the level, with what was asked for in advance, gives `right` to the moderator."""
        asked = {
            Right.LOCK: self.lock_allowed,
            Right.DIAL_OUT: self.dial_out_allowed,
            Right.BLAST: self.blast_allowed,
        }
        return may(self.level, right, asked_in_advance=asked[right])
