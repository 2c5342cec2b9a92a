"""Who comes in and who goes (C1, C6, lock)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference import course, doors, floor, naming, recorded, words
from bridge.conference.answer import Answer, Asker, done, who
from bridge.conference.effects import (
    ConferenceOpened,
    Enter,
    RecordJoin,
    RecordLeave,
    SetAutoGain,
    SetMute,
    SetSuppression,
    TurnAway,
    Withdraw,
)
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import Admitted, Participant, Phase, Refusal, Refused, standing
from bridge.conference.questions import lower
from bridge.service.role import Role

if TYPE_CHECKING:
    from bridge.conference.commands import Disconnect, EndConference
    from bridge.conference.draft import Draft
    from bridge.conference.events import Join, Leave
    from bridge.conference.model import Conference
    from prompts.phrases import Utterance

REFUSAL_WORDS: Final[dict[Refusal, Utterance]] = {
    Refusal.LOCKED: words.CONFERENCE_LOCKED,
    Refusal.FULL: words.CONFERENCE_FULL,
    Refusal.ENDED: words.CONFERENCE_ENDED,
}
"""What somebody hears who is turned away."""


def admit(conference: Conference, role: Role) -> Admitted | Refused:
    """Whether somebody of this role may come in now; nothing changes by asking.

    A lock keeps everybody out, moderators too, as long as a moderator is in who can undo it. A moderator whose line
    dropped finds the door open when no other is left: else the last one could never return (C5), and nobody unlock.
    """
    phase, settings = conference.phase, conference.settings
    moderator = role is Role.MODERATOR
    if phase is Phase.ENDED:
        return Refused(Refusal.ENDED)
    if conference.locked and not (moderator and not conference.moderators):
        return Refused(Refusal.LOCKED)
    if settings.maximum_participants is not None and role is not Role.OPERATOR:
        # C6: the last place is kept for a moderator as long as the conference wants one and has none.
        wants_moderator = settings.begins_with_moderator and not conference.moderators
        places = settings.maximum_participants - (wants_moderator and not moderator)
        if len(conference.participants) >= places and _counted(conference) >= places:
            return Refused(Refusal.FULL)
    if phase not in {Phase.EMPTY, Phase.WAITING} or moderator:
        return Admitted(waits=False)
    return Admitted(waits=settings.begins_with_moderator or role is Role.OPERATOR)


def _counted(conference: Conference) -> int:
    """C6 is about the customer's people, not the house's."""
    return sum(each.role is not Role.OPERATOR for each in conference.participants.values())


def join(draft: Draft, event: Join, verdict: Admitted | Refused) -> None:
    """Let somebody in, have them wait, or turn them away. Who is in already stays as they are."""
    if draft.has(event.leg):
        return
    if isinstance(verdict, Refused):
        draft.log("turned away", leg=event.leg, role=event.role.value, reason=verdict.reason.value)
        draft.effects.append(TurnAway(event.leg, REFUSAL_WORDS[verdict.reason]))
        return
    doors.stop_listening(draft, event.leg)
    if draft.phase is Phase.EMPTY:
        draft.mode = draft.settings.mute_mode
        draft.levelling = draft.settings.level_voices
        draft.suppressing = draft.settings.suppress_noise
        draft.effects.append(ConferenceOpened(draft.now))
    muted_on_entry = draft.settings.mute_on_entry and event.role is Role.PARTICIPANT
    participant = Participant(
        leg=event.leg,
        role=event.role,
        name=event.name,
        joined_at=draft.now,
        muted=event.muted or muted_on_entry,
        muted_by_other=muted_on_entry,
        clip=event.clip,
        caller=event.caller,
        came_by=event.came_by,
        suppressed=draft.suppressing,
    )
    draft.put(participant)
    draft.moderators += event.role is Role.MODERATOR
    draft.effects.append(RecordJoin(event.leg, event.role, event.name, draft.now))
    if standing(draft, participant).silenced:
        draft.effects.append(SetMute(event.leg, muted=True))
    if draft.levelling:
        draft.effects.append(SetAutoGain(event.leg, on=True))
    if draft.suppressing:
        draft.effects.append(SetSuppression(event.leg, on=True))
    if verdict.waits:
        course.hold(draft, participant)
    elif not draft.talking:
        course.begin(draft, participant)
    else:
        _enter(draft, participant)


def _enter(draft: Draft, participant: Participant) -> None:
    """Into a conference that runs."""
    draft.effects.append(Enter(participant.leg))
    naming.joined(draft, participant)
    floor.tell_silenced(draft, participant)
    recorded.tell(draft, participant.leg)
    if draft.phase is not Phase.ENDING:
        return
    grace_ends_at = draft.due(TimerKey.GRACE)
    if participant.role is Role.MODERATOR:
        course.moderator_returned(draft)
    elif grace_ends_at is not None:
        draft.say(participant.leg, words.moderator_left(max(1, round(grace_ends_at - draft.now))))


def leave(draft: Draft, event: Leave) -> None:
    """Somebody's call is over."""
    if not draft.has(event.leg):
        doors.stop_listening(draft, event.leg)
        return
    lower(draft, event.leg)
    participant = draft.table[event.leg]
    present = participant.dismissed is None
    if standing(draft, participant).place is not None:
        draft.effects.append(Withdraw(event.leg))
    draft.take(event.leg)
    draft.effects.append(RecordLeave(event.leg, participant.dismissed or event.reason, draft.now))
    if not draft.calls:
        course.emptied(draft, participant.dismissed or event.reason)
    elif present:
        _missed(draft, participant)


def disconnect(draft: Draft, _asker: Asker, command: Disconnect) -> Answer:
    """Put one out (O4). Their call ends once they have been told."""
    participant = draft.table[command.leg]
    course.dismiss(draft, participant, LeaveReason.DISCONNECTED, words.REMOVED)
    draft.log("disconnected", leg=command.leg)
    _missed(draft, participant)
    return done(words.REMOVED, who(participant))


def _missed(draft: Draft, participant: Participant) -> None:
    """The others notice that somebody is gone."""
    if draft.talking:
        naming.left(draft, participant)
    if participant.role is Role.MODERATOR:
        course.moderator_gone(draft)


def end_conference(draft: Draft, asker: Asker, _: EndConference) -> Answer:
    """For everybody (O4). Who ends it hears it like the others."""
    end(draft, asker.actor.name or asker.actor.role.value, LeaveReason.CONFERENCE_ENDED)
    return done(words.CONFERENCE_ENDED)


def end(draft: Draft, by: str, reason: LeaveReason) -> None:
    """For everybody, whoever says so."""
    draft.log("ended", by=by, reason=reason.value)
    course.over(draft, reason, words.CONFERENCE_ENDED)
