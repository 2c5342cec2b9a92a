"""The course of a conference: it begins, its last moderator leaves and returns, it ends (C3 to C6, level 1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.conference import words
from bridge.conference.commands import Command
from bridge.conference.effects import (
    ConferenceBegan,
    ConferenceEnded,
    Enter,
    HangUp,
    Music,
    RecordLeave,
    Withdraw,
)
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import Phase
from bridge.conference.phases import Turn
from bridge.service.levels import LEVELS
from bridge.service.settings import LastModerator

if TYPE_CHECKING:
    from bridge.conference.draft import Draft
    from bridge.conference.events import HoursEndAt
    from bridge.conference.model import Participant
    from prompts.phrases import Utterance

LENGTH_WARNING_S: Final = 300.0
"""C6: so long before the maximum length people are warned: time to bring a talk to its end. A conference that may
last no longer than this gets no warning."""

WAITING_PROMPT_S: Final = 60.0
"""C3: who waits without music hears a word this often, to know that the line is alive. More often annoys."""

STRAGGLERS_S: Final = 30.0
"""A call that has not ended so long after its conference is taken as gone, so that the room can be used again. The
last words take five seconds; what is left then is a lost BYE."""

TIMER_SLACK_S: Final = 0.05
"""A timer may fire this much early, as the clocks of event loops do. One that fires earlier was meant for a deadline
that has been moved since, and is ignored."""


def hold(draft: Draft, participant: Participant) -> None:
    """Let somebody wait for the moderator (C3): they hear music or silence, and nobody."""
    if draft.phase is Phase.EMPTY:
        draft.turn(Turn.HELD)
    draft.say(participant.leg, words.WAIT_FOR_MODERATOR)
    if draft.settings.music_until_moderator:
        draft.effects.append(Music(participant.leg, on=True))
    elif draft.due(TimerKey.WAITING_PROMPT) is None:
        draft.set_timer(TimerKey.WAITING_PROMPT, draft.now + WAITING_PROMPT_S)


def begin(draft: Draft, beginner: Participant) -> None:
    """Lead everybody in at once: those who waited and `beginner`, who came just now (C4)."""
    people = draft.present()
    waited = [each for each in people if each.leg != beginner.leg]
    draft.cancel_timer(TimerKey.WAITING_PROMPT)
    draft.turn(Turn.BEGAN)
    draft.began_at = draft.now
    draft.effects.append(ConferenceBegan(draft.now))
    if draft.settings.music_until_moderator:
        draft.effects.extend(Music(each.leg, on=False) for each in waited)
    draft.effects.extend(Enter(each.leg) for each in people)
    if waited:
        draft.announce(words.CONFERENCE_STARTS)
    elif not draft.settings.open_room:
        draft.say(beginner.leg, words.YOU_ARE_FIRST)
    for each in people:
        tell_silenced(draft, each)
    length_s = draft.settings.maximum_length_s
    if length_s is not None:
        draft.set_timer(TimerKey.LENGTH, draft.now + length_s)
        if length_s > LENGTH_WARNING_S:
            draft.set_timer(TimerKey.LENGTH_WARNING, draft.now + length_s - LENGTH_WARNING_S)


def tell_silenced(draft: Draft, participant: Participant) -> None:
    """Nobody who comes in silenced is left to find out."""
    if draft.silenced_by_lecture(participant):
        draft.say(participant.leg, words.MUTED_BY_LECTURE)
    elif participant.muted:
        keys = draft.keymap.keys_of(Command.MUTE_SELF, participant.role)
        draft.say(participant.leg, words.muted_on_entry(keys))


def moderator_gone(draft: Draft) -> None:
    """One moderator fewer; the last one's leaving is what C5 is about."""
    draft.moderators -= 1
    if draft.moderators or not draft.talking:
        return
    draft.log("last moderator left", then=draft.settings.when_last_moderator_leaves.value)
    if draft.settings.when_last_moderator_leaves is LastModerator.CONTINUE:
        # Nobody is left who could end the lecture: the others would stay silenced for good.
        if draft.lecture:
            draft.set_lecture(on=False)
            draft.announce(words.LECTURE_OFF)
    elif draft.settings.grace_s:
        draft.turn(Turn.LAST_MODERATOR_LEFT)
        draft.set_timer(TimerKey.GRACE, draft.now + draft.settings.grace_s)
        draft.announce(words.moderator_left(round(draft.settings.grace_s)))
    else:
        over(draft, LeaveReason.MODERATOR_LEFT, words.CONFERENCE_ENDED)


def moderator_returned(draft: Draft) -> None:
    """In time (C5)."""
    draft.turn(Turn.MODERATOR_RETURNED)
    draft.cancel_timer(TimerKey.GRACE)
    draft.announce(words.MODERATOR_RETURNED)
    draft.log("moderator returned")


def over(draft: Draft, reason: LeaveReason, last_words: Utterance) -> None:
    """End it for everybody. They are out of the room at once, so that nobody talks over the last words."""
    if draft.phase in {Phase.EMPTY, Phase.ENDED}:
        return
    for key in TimerKey:
        draft.cancel_timer(key)
    for each in draft.present():
        dismiss(draft, each, reason, None if draft.settings.open_room else last_words)
    draft.moderators = 0
    draft.turn(Turn.OVER)
    draft.set_timer(TimerKey.STRAGGLERS, draft.now + STRAGGLERS_S)


def dismiss(
    draft: Draft, participant: Participant, reason: LeaveReason, last_words: Utterance | None
) -> None:
    """Tell one to go. Their record ends when their call does."""
    if draft.talking:
        draft.effects.append(Withdraw(participant.leg))
    elif draft.phase is Phase.WAITING and draft.settings.music_until_moderator:
        draft.effects.append(Music(participant.leg, on=False))
    draft.effects.append(HangUp(participant.leg, reason, last_words))
    draft.put(replace(participant, dismissed=reason))


def emptied(draft: Draft, reason: LeaveReason) -> None:
    """The last call is gone: lock and lecture fall away, changed settings hold from now on."""
    draft.turn(Turn.EMPTIED)
    draft.clear()
    draft.effects.append(ConferenceEnded(draft.now, reason))


def hours_end_at(draft: Draft, event: HoursEndAt) -> None:
    """Note when the hours of level 1 are over."""
    if draft.phase not in {Phase.EMPTY, Phase.ENDED}:
        draft.set_timer(TimerKey.HOURS_END, max(event.at, draft.now))


def timer_fired(draft: Draft, key: TimerKey) -> None:
    """Do what the timer was for, unless it was cancelled or set anew meanwhile."""
    due = draft.due(key)
    if due is None or draft.now < due - TIMER_SLACK_S:
        return
    draft.forget_timer(key)
    match key:
        case TimerKey.WAITING_PROMPT:
            for each in draft.present():
                draft.say(each.leg, words.WAIT_FOR_MODERATOR)
            draft.set_timer(TimerKey.WAITING_PROMPT, draft.now + WAITING_PROMPT_S)
        case TimerKey.GRACE:
            draft.log("grace time over")
            over(draft, LeaveReason.MODERATOR_LEFT, words.CONFERENCE_ENDED)
        case TimerKey.LENGTH_WARNING:
            draft.announce(words.maximum_length_warning(round(LENGTH_WARNING_S / 60)))
        case TimerKey.LENGTH:
            draft.log("maximum length reached")
            over(draft, LeaveReason.MAXIMUM_LENGTH, words.MAXIMUM_LENGTH_REACHED)
        case TimerKey.HOURS_END:
            _hours_ended(draft)
        case TimerKey.STRAGGLERS:
            _forget_stragglers(draft)


def _hours_ended(draft: Draft) -> None:
    """Level 1 at midnight: who talks is told and talks on; who still waits would wait for nobody until the morning."""
    hours = LEVELS[draft.settings.level].hours
    if draft.talking or hours is None:
        draft.announce(words.HOURS_ENDING)
        return
    draft.log("hours over while waiting", people=len(draft.present()))
    over(draft, LeaveReason.HOURS_ENDED, words.outside_hours(hours.opens.hour))


def _forget_stragglers(draft: Draft) -> None:
    stragglers = draft.everybody()
    for each in stragglers:
        draft.take(each.leg)
        draft.effects.append(RecordLeave(each.leg, each.dismissed or LeaveReason.LOST, draft.now))
    draft.log("stragglers forgotten", calls=len(stragglers))
    emptied(draft, stragglers[-1].dismissed or LeaveReason.LOST)
