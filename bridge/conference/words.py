"""What a conference says, by the names of the prompt catalogue.

All of it stands here, so that one look tells a translator what callers hear and when.
"""

from __future__ import annotations

from typing import Final

from bridge.conference.commands import Command
from bridge.service.levels import END_OF_DAY_HOUR
from prompts.phrases import Utterance

YOU_ARE_FIRST: Final = Utterance("you_are_first")
WAIT_FOR_MODERATOR: Final = Utterance("wait_for_moderator")
CONFERENCE_STARTS: Final = Utterance("conference_starts")
MODERATOR_RETURNED: Final = Utterance("moderator_returned")
CONFERENCE_ENDED: Final = Utterance("conference_ended")
MAXIMUM_LENGTH_REACHED: Final = Utterance("maximum_length_reached")
HOURS_ENDING: Final = Utterance("hours_ending")
REMOVED: Final = Utterance("removed")

MUTED: Final = Utterance("muted")
UNMUTED: Final = Utterance("unmuted")
MUTED_BY_LECTURE: Final = Utterance("muted_by_lecture")
LECTURE_ON: Final = Utterance("lecture_on")
LECTURE_OFF: Final = Utterance("lecture_off")
LOCKED: Final = Utterance("locked")
UNLOCKED: Final = Utterance("unlocked")
LOCK_NOT_ALLOWED: Final = Utterance("lock_not_allowed")

CONFERENCE_LOCKED: Final = Utterance("conference_locked")
CONFERENCE_FULL: Final = Utterance("conference_full")

HELP_INTRO: Final = Utterance("help_intro")
HELP: Final[dict[Command, str]] = {
    Command.LECTURE: "help_lecture",
    Command.MUTE_SELF: "help_mute",
    Command.LOCK: "help_lock",
    Command.LIST_COMMANDS: "help_commands",
}
"""The line of `*#` for each command that can be had, in the order read out."""


def moderator_left(seconds: int) -> Utterance:
    """The last moderator is gone; so many seconds are left (C5)."""
    return Utterance("moderator_left", (("seconds", seconds),))


def maximum_length_warning(minutes: int) -> Utterance:
    """So many minutes are left (C6)."""
    return Utterance("maximum_length_warning", (("minutes", minutes),))


def outside_hours(opens_hour: int) -> Utterance:
    """Level 1 works from this hour until midnight."""
    return Utterance("outside_hours", (("end", END_OF_DAY_HOUR), ("start", opens_hour)))


def muted_on_entry(keys: str | None) -> Utterance:
    """Somebody comes in muted (C6); `keys` unmute, where the keymap has any."""
    return Utterance("muted_on_entry", (("keys", keys),) if keys else ())


def command_unknown(keys: str) -> Utterance:
    """Nobody can key this."""
    return Utterance("command_unknown", (("keys", keys),))


def command_forbidden(keys: str) -> Utterance:
    """Moderators can key this."""
    return Utterance("command_forbidden", (("keys", keys),))


def command_not_available(keys: str) -> Utterance:
    """Not to be had in this conference."""
    return Utterance("command_not_available", (("keys", keys),))


def help_line(command: Command, keys: str) -> Utterance:
    """What `keys` do."""
    return Utterance(HELP[command], (("keys", keys),))
