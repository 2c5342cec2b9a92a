"""Recording (C6): begun and ended by those in charge, only while people talk, and never without a word about it.

Whoever is in hears that it begins, and whoever comes in hears that it runs; both are on the recording, too, since it
begins before the words. It is of the main room: sub-conferences and private talks are not on it. Where the pair does not
allow it nobody records, the house neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.conference import words
from bridge.conference.answer import Answer, Asker, done, refused, switched
from bridge.conference.effects import SetRecording
from bridge.conference.model import TALKING
from bridge.conference.tape import Tape
from bridge.service.role import Role

if TYPE_CHECKING:
    from bridge.conference import commands
    from bridge.conference.draft import Draft
    from bridge.conference.events import RecordingStopped
    from bridge.conference.model import Conference
    from prompts.phrases import Utterance


def record(draft: Draft, _asker: Asker, command: commands.RecordConference) -> Answer:
    """Begin or end it. Who waits for the moderator is not recorded: nothing has begun."""
    if not can_be_had(draft):
        return refused(words.RECORDING_NOT_ALLOWED)
    running = draft.tape is not Tape.OFF
    on = not running if command.on is None else command.on
    if on and not draft.talking:
        return refused(words.NOT_NOW)
    utterance = words.RECORDING_STARTED if on else words.RECORDING_ENDED
    if on == running:
        return done(utterance, switched(on))
    _set(draft, Tape.RUNNING if on else Tape.OFF)
    return done(utterance, switched(on), to_room=_announce(draft, utterance))


def pause(draft: Draft, _asker: Asker, command: commands.PauseRecording) -> Answer:
    """Leave out what is said from now on, or no longer."""
    if draft.tape is Tape.OFF:
        return refused(words.NOT_NOW)
    paused = draft.tape is Tape.PAUSED
    on = not paused if command.on is None else command.on
    utterance = words.RECORDING_PAUSED if on else words.RECORDING_RESUMED
    if on == paused:
        return done(utterance, switched(on))
    _set(draft, Tape.PAUSED if on else Tape.RUNNING)
    return done(utterance, switched(on), to_room=_announce(draft, utterance))


def can_be_had(draft: Draft) -> bool:
    """Whether this conference may be recorded at all."""
    return draft.house.records and draft.settings.recording_allowed


def tell(draft: Draft, leg: int) -> None:
    """Nobody who comes in is recorded without knowing it."""
    if draft.tape is Tape.RUNNING and draft.house.announce_recording:
        draft.say(leg, words.BEING_RECORDED)


def stopped(draft: Draft, event: RecordingStopped) -> None:
    """It ended by itself: it was as long as it may be, or there is no room on the disk. Everybody hears that it is over,
    those in charge why.
    """
    if draft.tape is Tape.OFF:
        return
    draft.tape = Tape.OFF
    draft.log("recording stopped", reason=event.reason)
    _announce(draft, words.RECORDING_ENDED)
    if event.failed:
        for each in draft.present():
            if each.role is not Role.PARTICIPANT:
                draft.say(each.leg, words.RECORDING_FAILED)


def watch(draft: Draft, before: Conference) -> None:
    """End it where people no longer hear each other."""
    if before.tape is not Tape.OFF and draft.phase not in TALKING:
        draft.tape = Tape.OFF
        draft.effects.append(SetRecording(Tape.OFF))


def _set(draft: Draft, tape: Tape) -> None:
    if draft.tape is not tape:
        draft.tape = tape
        draft.effects.append(SetRecording(tape))


def _announce(draft: Draft, utterance: Utterance) -> bool:
    return draft.house.announce_recording and draft.announce(utterance)
