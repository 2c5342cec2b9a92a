"""Commands: who may give them, what becomes of them, and who is told.

A command comes from the keypad of somebody who is in, or from a console. What it does is the same; the answer is spoken
to the one or replied to the other. Keys that mean nothing, or that this person may not use, are answered by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from bridge.conference import (
    attendance,
    charge,
    commands,
    doors,
    floor,
    naming,
    patience,
    questions,
    recorded,
    sides,
    words,
)
from bridge.conference.answer import Answer, Asker, done, refused, switched, who
from bridge.conference.commands import EVERYBODY, PERFORMED, Outcome
from bridge.conference.effects import Act, Hush, Perform, Reply
from bridge.conference.model import MAIN, Phase
from bridge.service.levels import Right
from bridge.service.role import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.commands import Command
    from bridge.conference.draft import Draft
    from bridge.conference.events import Given, UnknownKeys
    from prompts.phrases import Utterance

MAY_BE_ABOUT_NOBODY: Final = (
    commands.HandOver,
    commands.Announce,
    commands.Whisper,
    commands.SuppressNoise,
)
"""Commands whose leg may be left out. All others that have one need somebody who is in."""

RIGHTS: Final[dict[type[Command], tuple[Right, Utterance]]] = {
    commands.DialOut: (Right.DIAL_OUT, words.DIAL_NOT_INCLUDED),
    commands.Blast: (Right.BLAST, words.BLAST_NOT_INCLUDED),
    commands.RecordMessage: (Right.BLAST, words.BLAST_NOT_INCLUDED),
}
"""What a moderator's level must give (service.md, levels), and what is said where it does not. Operators may for any."""

HEARING: Final = (commands.Monitor, commands.Visit, commands.Whisper)
"""What brings an operator's ears or voice into a conference."""


def give(draft: Draft, event: Given) -> None:
    """Do what somebody wants, or say why not. Who is not in, or is on the way out, is not answered.

    A spoken answer comes at once: it cuts short what is being said to that person, such as the long list of `*#`.
    """
    asker = _known(draft, event)
    if asker is None:
        return
    if asker.leg:
        draft.effects.append(Hush(asker.leg))
    answer = _refusal(draft, asker, event) or _carry_out(draft, asker, event.command)
    if answer is None:
        draft.effects.append(Perform(event.command, asker.actor))
    elif asker.leg == 0:
        name = answer.utterance.name if answer.utterance else ""
        draft.effects.append(Reply(Outcome(answer.done, name)))
    elif answer.utterance is not None:
        _speak(draft, asker.leg, answer.utterance, answer)
    if (answer is None or answer.done) and type(event.command).givers is not EVERYBODY:
        subject = _subject(draft, event.command) if answer is None else answer.subject
        draft.effects.append(Act(asker.actor, event.command.tag, subject))


def unknown_keys(draft: Draft, event: UnknownKeys) -> None:
    """Say that these keys mean nothing."""
    if draft.find(event.leg) is not None:
        draft.effects.append(Hush(event.leg))
        draft.say(event.leg, words.command_unknown(event.keys))


def _known(draft: Draft, event: Given) -> Asker | None:
    """Who gives it: for somebody in the conference the role they have there, whatever the event says."""
    actor = event.actor
    if not actor.leg:
        return Asker(actor, None)
    participant = draft.find(actor.leg)
    if participant is None:
        return None
    name = participant.name or actor.name
    return Asker(msgspec.structs.replace(actor, role=participant.role, name=name), participant)


def _refusal(draft: Draft, asker: Asker, event: Given) -> Answer | None:
    """Return why this cannot be done, by this one or at all; None where it can."""
    command, role = event.command, asker.actor.role
    if role not in command.givers:
        return refused(words.command_forbidden(event.keys) if event.keys else words.COMMAND_FORBIDDEN)
    if (
        (command.keypad_only and asker.leg == 0)
        or not _in_time(draft, command)
        or not _about_somebody_here(draft, command)
    ):
        return refused(words.NOT_NOW)
    right = RIGHTS.get(type(command))
    if right is not None and role is Role.MODERATOR and not draft.settings.may(right[0]):
        return refused(right[1])
    return _refused_by_lock(command) if draft.locked else None


def _about_somebody_here(draft: Draft, command: Command) -> bool:
    leg = getattr(command, "leg", None)
    if leg is None or (leg == 0 and isinstance(command, MAY_BE_ABOUT_NOBODY)):
        return True
    return draft.find(leg) is not None


def _refused_by_lock(command: Command) -> Answer | None:
    if isinstance(command, HEARING) and not _stops_something(command):
        return refused(words.CONFERENCE_LOCKED)
    if isinstance(command, commands.Blast) or (isinstance(command, commands.DialOut) and command.number):
        # Whoever is called would be turned away at the door.
        return refused(words.UNLOCK_FIRST)
    return None


def _in_time(draft: Draft, command: Command) -> bool:
    """Whether there is a conference for this. People can be called into one in which nobody is yet (O1)."""
    if draft.phase is Phase.EMPTY:
        return type(command) in PERFORMED
    return draft.phase is not Phase.ENDED or _stops_something(command)


def _stops_something(command: Command) -> bool:
    """Whether this ends what the switchboard has begun: to be had at any time."""
    match command:
        case commands.CancelBlast() | commands.Whisper(leg=0):
            return True
        case commands.Monitor(on=on) | commands.Visit(on=on):
            return not on
    return False


def _speak(draft: Draft, leg: int, utterance: Utterance, answer: Answer) -> None:
    participant = draft.find(leg)
    if participant is None:  # told to go: those were the last words
        return
    heard = answer.to_room and participant.place == MAIN
    if not heard:
        draft.say(leg, utterance)


def _carry_out(draft: Draft, asker: Asker, command: Command) -> Answer | None:
    """Return what came of it; None where it is for the switchboard to perform."""
    if type(command) in PERFORMED or (isinstance(command, commands.HandOver) and not command.leg):
        return None
    return COMMANDS[type(command)](draft, asker, command)


def _subject(draft: Draft, command: Command) -> str:
    """What the audit trail says of a command that is performed elsewhere: of whom, and what."""
    leg = getattr(command, "leg", 0)
    about = [who(draft.table[leg])] if leg else []
    match command:
        case commands.DialOut():
            about.append(command.number)
        case commands.Blast():
            about.append(command.list)
        case commands.Move():
            about.append(command.conference)
        case commands.Transfer():
            about.append(command.to)
        case commands.Announce():
            about.append(command.text)
        case commands.Monitor() | commands.Visit():
            about.append(switched(command.on))
    return ", ".join(about)


# `*#` ------------------------------------------------------------------------------------------------------------


def list_commands(draft: Draft, asker: Asker, _: commands.ListCommands) -> Answer:
    """`*#`: the commands this person can give in this conference, with the keys that give them."""
    role = asker.actor.role
    draft.say(asker.leg, words.HELP_INTRO)
    for command in words.HELP:
        keys = floor.keys_for(draft, command, role)
        if keys is not None and role in command.givers and _can_be_had(draft, command, role):
            draft.say(asker.leg, words.help_line(command, keys))
    return done()


def _can_be_had(draft: Draft, command: type[Command], role: Role) -> bool:
    if command is commands.Lock:
        return draft.settings.may(Right.LOCK)
    if command is commands.RecordConference:
        return recorded.can_be_had(draft)
    if command is commands.Extend:
        return bool(draft.settings.maximum_length_s and draft.settings.extension_s)
    right = RIGHTS.get(command)
    if right is not None and not draft.house.calls_out:
        return False
    return right is None or role is Role.OPERATOR or draft.settings.may(right[0])


COMMANDS: Final[dict[type[Command], Callable[..., Answer]]] = {
    commands.MuteSelf: floor.mute_self,
    commands.RaiseHand: questions.raise_hand,
    commands.RollCall: naming.roll_call,
    commands.StopRollCall: naming.stop_roll_call,
    commands.Headcount: naming.headcount,
    commands.ListCommands: list_commands,
    commands.Lecture: floor.lecture,
    commands.SetMode: floor.set_mode,
    commands.NextQuestion: questions.next_question,
    commands.ClearHands: questions.clear_hands,
    commands.GiveFloor: questions.give_floor,
    commands.LevelVoices: floor.level_voices,
    commands.SuppressNoise: floor.suppress_noise,
    commands.MuteOne: floor.mute_one,
    commands.MuteAll: floor.mute_all,
    commands.SetGain: floor.set_gain,
    commands.Lock: doors.lock,
    commands.RecordConference: recorded.record,
    commands.PauseRecording: recorded.pause,
    commands.Disconnect: attendance.disconnect,
    commands.EndConference: attendance.end_conference,
    commands.Extend: patience.extend,
    commands.LeaveWithoutEnding: charge.leave_without_ending,
    commands.HandOver: charge.hand_over,
    commands.SetRole: charge.set_role,
    commands.Identify: naming.identify,
    commands.Split: sides.split,
    commands.Rejoin: sides.rejoin,
}
"""What a command does, by its type: each has a row here or is in `PERFORMED`. A new command is its type, a row, its
function, and its line in `words.HELP` where a key can give it."""
