"""What can be asked of a conference from inside: one name per star command of service.md, and who may ask.

One layer for all: the keypad reaches these names through `keymap`, an operator's console and the API directly.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from bridge.service.role import Role


class Command(Enum):
    """A thing a person in a conference can ask for. The comment is the default key."""

    ASK_FOR_HELP = "ask_for_help"  # *0
    DIAL_OUT = "dial_out"  # *1
    RETURN_WITH_GUEST = "return_with_guest"  # *2
    RETURN_ALONE = "return_alone"  # *3
    LEVEL_VOICES = "level_voices"  # *4
    LECTURE = "lecture"  # *5
    MUTE_SELF = "mute_self"  # *6
    LOCK = "lock"  # *7
    ROLL_CALL = "roll_call"  # *8
    STOP_ROLL_CALL = "stop_roll_call"  # *9
    BLAST = "blast"  # *92
    LIST_COMMANDS = "list_commands"  # *#


_EVERYBODY: Final = frozenset(Role)
_MODERATORS: Final = frozenset({Role.MODERATOR})

PERMITTED: Final[dict[Command, frozenset[Role]]] = {
    Command.ASK_FOR_HELP: _EVERYBODY,
    Command.DIAL_OUT: _MODERATORS,
    Command.RETURN_WITH_GUEST: _MODERATORS,
    Command.RETURN_ALONE: _MODERATORS,
    Command.LEVEL_VOICES: _MODERATORS,
    Command.LECTURE: _MODERATORS,
    Command.MUTE_SELF: _EVERYBODY,
    Command.LOCK: _MODERATORS,
    Command.ROLL_CALL: _MODERATORS,
    Command.STOP_ROLL_CALL: _MODERATORS,
    Command.BLAST: _MODERATORS,
    Command.LIST_COMMANDS: _EVERYBODY,
}
"""Who may give a command. Every command has its row; a test sees to it."""
