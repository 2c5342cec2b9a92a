"""What a conference says, by the names of the prompt catalogue.

All of it stands here, so that one look tells a translator what callers hear and when.
"""

from __future__ import annotations

from typing import Final

from bridge.conference import commands
from bridge.conference.commands import Command
from bridge.service.levels import END_OF_DAY_HOUR
from bridge.service.settings import MuteMode
from prompts.phrases import RECORDED, Utterance, say
from prompts.values import Clip

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
MUTED_WAITING: Final = Utterance("muted_waiting")
UNMUTED_WAITING: Final = Utterance("unmuted_waiting")
MUTED_BY_MODERATOR: Final = Utterance("muted_by_moderator")
MUTED_BY_PRESENTATION: Final = Utterance("muted_by_presentation")
EVERYBODY_MUTED: Final = Utterance("everybody_muted")
EVERYBODY_UNMUTED: Final = Utterance("everybody_unmuted")
MUTED_BY_LECTURE: Final = Utterance("muted_by_lecture")
LECTURE_ON: Final = Utterance("lecture_on")
LECTURE_OFF: Final = Utterance("lecture_off")
LOCKED: Final = Utterance("locked")
UNLOCKED: Final = Utterance("unlocked")
LOCK_NOT_ALLOWED: Final = Utterance("lock_not_allowed")

RECORDING_STARTED: Final = Utterance("recording_started")
BEING_RECORDED: Final = Utterance("being_recorded")
RECORDING_PAUSED: Final = Utterance("recording_paused")
RECORDING_RESUMED: Final = Utterance("recording_resumed")
RECORDING_ENDED: Final = Utterance("recording_ended")
RECORDING_FAILED: Final = Utterance("recording_failed")
RECORDING_NOT_ALLOWED: Final = Utterance("recording_not_allowed")

MONITOR_ANNOUNCED: Final = Utterance("monitor_announced")
MONITOR_LOCKED: Final = Utterance("monitor_locked")

HAND_LOWERED: Final = Utterance("hand_lowered")
HAND_NOT_NOW: Final = Utterance("hand_not_now")
YOUR_TURN: Final = Utterance("your_turn")
QUESTIONS_NONE: Final = Utterance("questions_none")
HANDS_CLEARED: Final = Utterance("hands_cleared")
LEVELLING_ON: Final = Utterance("levelling_on")
LEVELLING_OFF: Final = Utterance("levelling_off")
LINE_DISTURBS: Final = Utterance("line_disturbs")
NOISY_LINE: Final = Utterance("noisy_line")
SUPPRESSION_ON: Final = Utterance("suppression_on")
SUPPRESSION_OFF: Final = Utterance("suppression_off")
GAIN_CHANGED: Final = Utterance("gain_changed")

ROLL_CALL_END: Final = Utterance("roll_call_end")
ROLE_GIVEN: Final = Utterance("role_given")
ROLE_GIVEN_AWAY: Final = Utterance("role_given_away")
LEAVING: Final = Utterance("leaving")
EXTENSION_NOT_POSSIBLE: Final = Utterance("extension_not_possible")
STILL_THERE: Final = Utterance("still_there")
STILL_THERE_THANKS: Final = Utterance("still_there_thanks")
STRANDED_GOODBYE: Final = Utterance("stranded_goodbye")
BACK_IN_ROOM: Final = Utterance("back_in_room")
MOVED_BACK: Final = Utterance("moved_back")

NOT_NOW: Final = Utterance("not_now")
COMMAND_FORBIDDEN: Final = Utterance("command_forbidden")
DIAL_NOT_INCLUDED: Final = Utterance("dial_not_included")
BLAST_NOT_INCLUDED: Final = Utterance("blast_not_included")
UNLOCK_FIRST: Final = Utterance("invited_locked")

CONFERENCE_LOCKED: Final = Utterance("conference_locked")
CONFERENCE_FULL: Final = Utterance("conference_full")

HELP_INTRO: Final = Utterance("help_intro")
HELP: Final[dict[type[Command], str]] = {
    commands.DialOut: "help_dial_out",
    commands.Blast: "help_blast",
    commands.RecordMessage: "help_message",
    commands.LevelVoices: "help_level",
    commands.Lecture: "help_lecture",
    commands.MuteSelf: "help_mute",
    commands.Lock: "help_lock",
    commands.RecordConference: "help_record",
    commands.RollCall: "help_roll_call",
    commands.StopRollCall: "help_stop_roll_call",
    commands.Headcount: "help_count",
    commands.RaiseHand: "help_hand",
    commands.NextQuestion: "help_next_question",
    commands.SetMode: "help_mode",
    commands.Extend: "help_extend",
    commands.HandOver: "help_role",
    commands.LeaveWithoutEnding: "help_leave",
    commands.AskForHelp: "help_operator",
    commands.EndConference: "help_end",
    commands.ListCommands: "help_commands",
}
"""The line of `*#` for each command that can be had, in the order read out. What has none is of use only to those who
were just told of its keys."""


def mode(mode: MuteMode, keys: str | None = None) -> Utterance:
    """Who may speak from now on; `keys` raise the hand, where questions are taken and the keymap has any."""
    if mode is MuteMode.QUESTIONS and keys:
        return say("mode_questions", keys=keys)
    return say(f"mode_{mode.value}")


def muted_by_questions(keys: str | None) -> Utterance:
    """Why somebody is not heard who has not the floor; `keys` raise the hand."""
    return say("muted_by_questions", keys=keys) if keys else say("muted_by_questions")


def has_joined(clip: Clip) -> Utterance:
    """C2."""
    return say("has_joined", name=clip)


def has_left(clip: Clip) -> Utterance:
    """C2."""
    return say("has_left", name=clip)


def roll_call_intro(count: int) -> Utterance:
    """How many names there would be, if all had one."""
    return say("roll_call_intro", count=count)


def recorded(clip: Clip) -> Utterance:
    """A name as its owner said it, and nothing else."""
    return say(RECORDED, name=clip)


def roll_call_unnamed(count: int) -> Utterance:
    """And so many without a name."""
    return say("roll_call_unnamed", count=count)


def participants_count(count: int) -> Utterance:
    """How many are in."""
    return say("participants_count", count=count)


def hand_raised(position: int) -> Utterance:
    """The place in the queue, from 1 on."""
    return say("hand_raised", position=position)


def question_next(clip: Clip | None) -> Utterance:
    """Who asks now."""
    return say("question_next") if clip is None else say("question_next", name=clip)


def questions_waiting(count: int) -> Utterance:
    """So many hands are up."""
    return say("questions_waiting", count=count)


def extended(minutes: int) -> Utterance:
    """By so much (C6)."""
    return say("extended", minutes=minutes)


def moved_apart(group: int) -> Utterance:
    """Into a sub-conference."""
    return say("moved_apart", room=group)


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


def help_line(command: type[Command], keys: str) -> Utterance:
    """What `keys` do."""
    return say(HELP[command], keys=keys)
