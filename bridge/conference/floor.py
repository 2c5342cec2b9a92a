"""Who has the floor and how people command it: `*5`, `*6`, `*7`, `*#` and what is refused.

A command comes here from a key (`Press`) or, one day, from a console; either way it is answered to the one who gave
it, by a word that only that person hears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference import words
from bridge.conference.commands import PERMITTED, Command
from bridge.conference.effects import Hush, ToneName, ToneRoom
from bridge.service.levels import Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.draft import Draft
    from bridge.conference.events import MuteOne, Press
    from bridge.conference.model import Participant


def press(draft: Draft, event: Press) -> None:
    """Do what was keyed, or say why not. Who is not in, or is on the way out, is not answered.

    The answer comes at once: it cuts short what is being said to that person, such as the long list of `*#`.
    """
    participant = draft.find(event.leg)
    if participant is None:
        return
    draft.effects.append(Hush(event.leg))
    if event.command is None:
        draft.say(event.leg, words.command_unknown(event.keys))
    elif participant.role not in PERMITTED[event.command]:
        draft.say(event.leg, words.command_forbidden(event.keys))
    elif event.command not in COMMANDS:
        draft.say(event.leg, words.command_not_available(event.keys))
    else:
        COMMANDS[event.command](draft, participant)


def toggle_mute(draft: Draft, participant: Participant) -> None:
    """`*6`. In lecture mode a participant is told why it has no effect, and keeps the own mute as it was."""
    if draft.silenced_by_lecture(participant):
        draft.say(participant.leg, words.MUTED_BY_LECTURE)
        return
    muted = not participant.muted
    draft.set_own_mute(participant, muted)
    draft.say(participant.leg, words.MUTED if muted else words.UNMUTED)


def toggle_lecture(draft: Draft, participant: Participant) -> None:
    """`*5`. The tone warns everybody before the silence falls, and tells when it lifts."""
    on = not draft.lecture
    draft.effects.append(ToneRoom(ToneName.LECTURE))
    changed = draft.set_lecture(on)
    draft.say(participant.leg, words.LECTURE_ON if on else words.LECTURE_OFF)
    draft.log("lecture", leg=participant.leg, on=on, people=changed)


def toggle_lock(draft: Draft, participant: Participant) -> None:
    """`*7`, where the level has it."""
    if not draft.settings.may(Right.LOCK):
        draft.say(participant.leg, words.LOCK_NOT_ALLOWED)
        return
    draft.locked = not draft.locked
    draft.say(participant.leg, words.LOCKED if draft.locked else words.UNLOCKED)
    draft.log("lock", leg=participant.leg, on=draft.locked)


def list_commands(draft: Draft, participant: Participant) -> None:
    """`*#`: the commands this person can give in this conference, with the keys that give them."""
    draft.say(participant.leg, words.HELP_INTRO)
    for command in words.HELP:
        keys = draft.keymap.keys_of(command, participant.role)
        if keys is not None and _can_be_had(draft, participant, command):
            draft.say(participant.leg, words.help_line(command, keys))


def _can_be_had(draft: Draft, participant: Participant, command: Command) -> bool:
    if participant.role not in PERMITTED[command]:
        return False
    return command is not Command.LOCK or draft.settings.may(Right.LOCK)


COMMANDS: Final[dict[Command, Callable[[Draft, Participant], None]]] = {
    Command.LECTURE: toggle_lecture,
    Command.MUTE_SELF: toggle_mute,
    Command.LOCK: toggle_lock,
    Command.LIST_COMMANDS: list_commands,
}
"""What a command does. One without a row here is answered by `command_not_available`: a new command is a row, its
function, and its line in `words.HELP`."""


def mute_one(draft: Draft, event: MuteOne) -> None:
    """An operator's mute (O4) is the person's own: `*6` undoes it."""
    participant = draft.find(event.leg)
    if participant is not None and draft.set_own_mute(participant, event.muted):
        draft.say(event.leg, words.MUTED if event.muted else words.UNMUTED)
