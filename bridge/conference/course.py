"""The course of a conference: it begins, its last moderator leaves and returns, it ends (C3 to C6, level 1)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.conference import doors, floor, words
from bridge.conference.effects import ConferenceBegan, ConferenceEnded, HangUp, Music, RecordLeave
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import Phase, standing
from bridge.conference.phases import Turn
from bridge.conference.questions import lower
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


def hold(draft: Draft, newcomer: Participant) -> None:
    """Let somebody wait for the moderator (C3): they hear music or silence, and nobody."""
    if draft.phase is Phase.EMPTY:
        draft.turn(Turn.HELD)
    tell_to_wait(draft, newcomer)
    if standing(draft, newcomer).music:
        draft.effects.append(Music(newcomer.leg, on=True))


def tell_to_wait(draft: Draft, participant: Participant) -> None:
    """Say what they wait for, again and again where there is no music."""
    draft.say(participant.leg, words.WAIT_FOR_MODERATOR)
    if not draft.settings.music_until_moderator and draft.due(TimerKey.WAITING_PROMPT) is None:
        draft.set_timer(TimerKey.WAITING_PROMPT, draft.now + WAITING_PROMPT_S)


def begin(draft: Draft, newcomer: Participant | None = None) -> None:
    """Lead everybody in at once: those who waited and the newcomer whose coming begins it (C4). Who is aside stays so."""
    people = draft.present()
    waited = len(people) - (newcomer is not None)
    draft.cancel_timer(TimerKey.WAITING_PROMPT)
    draft.began_at = draft.now
    draft.effects.append(ConferenceBegan(draft.now))
    with draft.rearranging(people, None if newcomer is None else newcomer.leg):
        draft.turn(Turn.BEGAN)
    if waited:
        draft.announce(words.CONFERENCE_STARTS)
    elif newcomer is not None and not draft.settings.open_room:
        draft.say(newcomer.leg, words.YOU_ARE_FIRST)
    for each in people:
        if not each.aside:
            floor.tell_silenced(draft, each)
    if draft.settings.maximum_length_s is not None:
        end_at(draft, draft.now + draft.settings.maximum_length_s)


def end_at(draft: Draft, at: float) -> None:
    """C6: when it ends, and when people are warned of it, if there is time left for that."""
    draft.set_timer(TimerKey.LENGTH, at)
    if at - LENGTH_WARNING_S > draft.now:
        draft.set_timer(TimerKey.LENGTH_WARNING, at - LENGTH_WARNING_S)


def moderator_gone(draft: Draft, *, goes_on: bool = False) -> None:
    """One moderator fewer; the last one's leaving is what C5 is about, unless this one has said that it `goes_on`."""
    draft.moderators -= 1
    if draft.moderators or not draft.talking:
        return
    goes_on |= draft.settings.when_last_moderator_leaves is LastModerator.CONTINUE
    draft.log("last moderator left", then=(LastModerator.CONTINUE if goes_on else LastModerator.END).value)
    if goes_on:
        floor.free_floor(draft)
    elif draft.settings.grace_s:
        draft.turn(Turn.LAST_MODERATOR_LEFT)
        draft.set_timer(TimerKey.GRACE, draft.now + draft.settings.grace_s)
        draft.announce(words.moderator_left(round(draft.settings.grace_s)), groups=True)
    else:
        over(draft, LeaveReason.MODERATOR_LEFT, words.CONFERENCE_ENDED)


def moderator_returned(draft: Draft) -> None:
    """In time (C5)."""
    draft.turn(Turn.MODERATOR_RETURNED)
    draft.cancel_timer(TimerKey.GRACE)
    draft.announce(words.MODERATOR_RETURNED, groups=True)
    draft.log("moderator returned")


def over(draft: Draft, reason: LeaveReason, last_words: Utterance) -> None:
    """End it for everybody. They are out of the room at once, so that nobody talks over the last words."""
    if draft.phase in {Phase.EMPTY, Phase.ENDED}:
        return
    for key in TimerKey:
        draft.cancel_timer(key)
    for each in draft.present():
        dismiss(draft, each, reason, None if draft.settings.open_room else last_words)
    doors.lead_out_monitors(draft)
    draft.moderators = 0
    draft.unanswered = frozenset()
    draft.turn(Turn.OVER)
    draft.set_timer(TimerKey.STRAGGLERS, draft.now + STRAGGLERS_S)


def dismiss(
    draft: Draft, participant: Participant, reason: LeaveReason, last_words: Utterance | None
) -> None:
    """Tell one to go, wherever they are. Their hand falls; their record ends when their call does."""
    lower(draft, participant.leg)
    participant = draft.table[participant.leg]
    draft.change(participant, replace(participant, dismissed=reason))
    draft.people_changed = True
    draft.effects.append(HangUp(participant.leg, reason, last_words))


def emptied(draft: Draft, reason: LeaveReason) -> None:
    """The last call is gone: lock and modes fall away, changed settings hold from now on."""
    doors.lead_out_monitors(draft)
    draft.turn(Turn.EMPTIED)
    draft.clear()
    draft.effects.append(ConferenceEnded(draft.now, reason))


def hours_end_at(draft: Draft, event: HoursEndAt) -> None:
    """Note when the hours of level 1 are over."""
    if draft.phase not in {Phase.EMPTY, Phase.ENDED}:
        draft.set_timer(TimerKey.HOURS_END, max(event.at, draft.now))


def waiting_prompt(draft: Draft) -> None:
    """C3: a word to those who wait without music."""
    for each in draft.present():
        if not each.aside:
            draft.say(each.leg, words.WAIT_FOR_MODERATOR)
    draft.set_timer(TimerKey.WAITING_PROMPT, draft.now + WAITING_PROMPT_S)


def grace_over(draft: Draft) -> None:
    """C5: no moderator has come back."""
    draft.log("grace time over")
    over(draft, LeaveReason.MODERATOR_LEFT, words.CONFERENCE_ENDED)


def warn_of_length(draft: Draft) -> None:
    """C6."""
    draft.announce(words.maximum_length_warning(round(LENGTH_WARNING_S / 60)), groups=True)


def length_reached(draft: Draft) -> None:
    """C6."""
    draft.log("maximum length reached")
    over(draft, LeaveReason.MAXIMUM_LENGTH, words.MAXIMUM_LENGTH_REACHED)


def hours_ended(draft: Draft) -> None:
    """Level 1 at midnight: who talks is told and talks on; who still waits would wait for nobody until the morning."""
    hours = LEVELS[draft.settings.level].hours
    if draft.talking or hours is None:
        draft.announce(words.HOURS_ENDING, groups=True)
        return
    draft.log("hours over while waiting", people=len(draft.present()))
    over(draft, LeaveReason.HOURS_ENDED, words.outside_hours(hours.opens.hour))


def forget_stragglers(draft: Draft) -> None:
    """Take the calls that have still not ended as gone."""
    stragglers = draft.everybody()
    for each in stragglers:
        draft.take(each.leg)
        draft.effects.append(RecordLeave(each.leg, each.dismissed or LeaveReason.LOST, draft.now))
    draft.log("stragglers forgotten", calls=len(stragglers))
    emptied(draft, stragglers[-1].dismissed or LeaveReason.LOST)
