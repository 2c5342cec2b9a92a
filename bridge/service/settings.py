"""What is set per passcode pair: C1 to C6, the level, what was asked for in advance, and what callers may expect.

A conference copies its settings when the first caller comes in and keeps them until it is empty again (A7).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from bridge.service.levels import Level, Right, may

DEFAULT_GRACE_S: Final = 60.0
"""C5: how long a conference waits for its last moderator to come back before everybody is disconnected."""


DEFAULT_EXTENSION_S: Final = 900.0
"""C6: a quarter of an hour, what a meeting that runs late asks for."""

DEFAULT_STRANDED_AFTER_S: Final = 1800.0
"""Half an hour alone or waiting: whoever forgot to hang up is found, and hardly anybody else is disturbed."""

KEY_MAP_NAME: Final = re.compile(r"|[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
"""How a key map may be called; which there are, the configuration says."""


class LastModerator(Enum):
    """C5: what happens when the last moderator leaves."""

    END = "end"
    """A spoken warning, the grace time, then everybody is disconnected. A moderator who returns cancels it."""
    CONTINUE = "continue"
    """The others go on talking."""


class MuteMode(Enum):
    """Who is heard when the conference begins; a moderator may change it at any time."""

    CONVERSATION = "conversation"
    """Everybody may speak."""
    QUESTIONS = "questions"
    """Participants are muted; they raise the hand and are given the floor one after another."""
    PRESENTATION = "presentation"
    """Only moderators are heard; there are no questions."""


class NoisyLines(Enum):
    """What is done about a line that disturbs the others by noise, music on hold, howl or echo."""

    TELL = "tell"
    """It is shown, no more."""
    LOWER = "lower"
    """It is softer until that has passed."""
    MUTE = "mute"
    """It is muted, and its owner told how to open it."""


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
    """C6: participants come in muted and may unmute themselves unless `strict_mute`; moderators never are."""
    recording_allowed: bool = False
    """C6."""
    lock_allowed: bool = False
    """Asked for in advance: what level 2 needs before `*7` works. Level 3 has it anyway, level 1 never."""
    dial_out_allowed: bool = False
    """The same for `*1`."""
    blast_allowed: bool = False
    """The same for `*92`."""
    key_map: str = ""
    """The name of a profile of keys; empty: that of the access number, or the default."""
    assisted: bool = False
    """O2: an operator greets each caller and admits or refuses them."""
    keep_names: bool = False
    """C2: recorded names of known people are kept for their next conference."""
    mute_mode: MuteMode = MuteMode.CONVERSATION
    """Who is heard at the beginning."""
    strict_mute: bool = False
    """Whoever was muted on entry, by a moderator or by an operator may not unmute themselves by `*6`."""
    noisy_lines: NoisyLines = NoisyLines.TELL
    """What is done about lines that disturb."""
    noisy_notices: bool = False
    """Moderators hear of them, from time to time."""
    suppress_noise: bool = False
    """Noise is taken out of every line."""
    level_voices: bool = False
    """Conferences begin as after `*4`."""
    monitor_announced: bool = True
    """O4: the room is told when an operator listens."""
    extension_s: float = DEFAULT_EXTENSION_S
    """What the moderator's key adds to the maximum length; 0: it cannot be extended."""
    stranded_after_s: float | None = DEFAULT_STRANDED_AFTER_S
    """Whoever is alone or waits for so long is asked whether they are still there; None: never."""
    mask_numbers: bool = False
    """Callers' numbers are shown to others only in part."""
    max_calls_out: int | None = None
    """G3: calls out of this conference at once; None leaves it to the limits of customer and service."""
    dial_out_blocked: bool = False
    """O7: no dial-out and no blast by moderators, whatever the level says. Operators may."""
    open_room: bool = False
    """Entered without a passcode from a trusted network: nothing is played or announced to anybody, everyone talks
    at once. Made by `Settings.for_open_room`."""

    def __post_init__(self) -> None:
        if not 0 <= self.grace_s < float("inf"):
            raise SettingsError(f"grace_s is {self.grace_s}: it cannot be negative or without end")
        if self.maximum_participants is not None and self.maximum_participants < 1:
            raise SettingsError(f"maximum_participants is {self.maximum_participants}: it must be at least 1")
        if self.maximum_length_s is not None and not 0 < self.maximum_length_s < float("inf"):
            raise SettingsError(f"maximum_length_s is {self.maximum_length_s}: it must be more than 0")
        if not KEY_MAP_NAME.fullmatch(self.key_map):
            raise SettingsError(
                f"key_map is {self.key_map!r}: a name has up to 32 letters, digits, dots and hyphens"
            )
        if not 0 <= self.extension_s < float("inf"):
            raise SettingsError(f"extension_s is {self.extension_s}: it cannot be negative or without end")
        if self.stranded_after_s is not None and not 0 < self.stranded_after_s < float("inf"):
            raise SettingsError(f"stranded_after_s is {self.stranded_after_s}: it must be more than 0")
        if self.max_calls_out is not None and self.max_calls_out < 1:
            raise SettingsError(
                f"max_calls_out is {self.max_calls_out}: it must be at least 1; dial_out_blocked is for none"
            )
        if self.open_room and (
            self.entry_exit_tones
            or self.announce_names
            or self.begins_with_moderator
            or self.mute_on_entry
            or self.assisted
            or self.mute_mode is not MuteMode.CONVERSATION
            or self.stranded_after_s is not None
            or self.noisy_lines is NoisyLines.MUTE
            or self.noisy_notices
        ):
            raise SettingsError(
                "open_room goes with no tones, names, muting, notices, questions to callers, operator or waiting for a moderator"
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
            stranded_after_s=None,
            open_room=True,
        )

    def may(self, right: Right) -> bool:
        """Whether the level, with what was asked for in advance, gives `right` to the moderator.

        A block (O7) takes dial-out and blast away whatever the level gives.
        """
        if self.dial_out_blocked and right is not Right.LOCK:
            return False
        asked = {
            Right.LOCK: self.lock_allowed,
            Right.DIAL_OUT: self.dial_out_allowed,
            Right.BLAST: self.blast_allowed,
        }
        return may(self.level, right, asked_in_advance=asked[right])
