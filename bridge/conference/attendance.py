"""Who comes in and who goes (C1, C6, lock)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.conference import course, words
from bridge.conference.effects import (
    ConferenceOpened,
    Enter,
    RecordJoin,
    RecordLeave,
    SetMute,
    ToneName,
    TurnAway,
    Withdraw,
)
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import Admitted, Participant, Phase, Refusal, Refused
from bridge.service.role import Role

if TYPE_CHECKING:
    from bridge.conference.draft import Draft
    from bridge.conference.events import Disconnect, Join, Leave
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
    if settings.maximum_participants is not None:
        # C6: the last place is kept for a moderator as long as the conference wants one and has none.
        wants_moderator = settings.begins_with_moderator and not conference.moderators
        places = settings.maximum_participants - (wants_moderator and not moderator)
        if len(conference.participants) >= places:
            return Refused(Refusal.FULL)
    return Admitted(
        waits=phase in {Phase.EMPTY, Phase.WAITING} and settings.begins_with_moderator and not moderator
    )


def join(draft: Draft, event: Join, verdict: Admitted | Refused) -> None:
    """Let somebody in, have them wait, or turn them away. Who is in already stays as they are."""
    if draft.has(event.leg):
        return
    if isinstance(verdict, Refused):
        draft.log("turned away", leg=event.leg, role=event.role.value, reason=verdict.reason.value)
        draft.effects.append(TurnAway(event.leg, REFUSAL_WORDS[verdict.reason]))
        return
    moderator = event.role is Role.MODERATOR
    participant = Participant(
        leg=event.leg,
        role=event.role,
        name=event.name,
        joined_at=draft.now,
        muted=event.muted or (draft.settings.mute_on_entry and not moderator),
    )
    if draft.phase is Phase.EMPTY:
        draft.effects.append(ConferenceOpened(draft.now))
    draft.put(participant)
    draft.moderators += moderator
    draft.effects.append(RecordJoin(event.leg, event.role, event.name, draft.now))
    if draft.silenced(participant):
        draft.effects.append(SetMute(event.leg, muted=True))
    if verdict.waits:
        course.hold(draft, participant)
    elif not draft.talking:
        course.begin(draft, participant)
    else:
        _enter(draft, participant)


def _enter(draft: Draft, participant: Participant) -> None:
    """Into a conference that runs."""
    draft.effects.append(Enter(participant.leg))
    draft.tone(ToneName.ENTRY)
    course.tell_silenced(draft, participant)
    if draft.phase is not Phase.ENDING:
        return
    grace_ends_at = draft.due(TimerKey.GRACE)
    if participant.role is Role.MODERATOR:
        course.moderator_returned(draft)
    elif grace_ends_at is not None:
        draft.say(participant.leg, words.moderator_left(max(1, round(grace_ends_at - draft.now))))


def leave(draft: Draft, event: Leave) -> None:
    """Somebody's call is over."""
    participant = draft.take(event.leg)
    if participant is None:
        return
    was_present = participant.dismissed is None
    was_in_room = was_present and draft.talking
    reason = participant.dismissed or event.reason
    if was_in_room:
        draft.effects.append(Withdraw(event.leg))
    draft.effects.append(RecordLeave(event.leg, reason, draft.now))
    if not draft.calls:
        course.emptied(draft, reason)
        return
    if was_in_room:
        draft.tone(ToneName.EXIT)
    if was_present and participant.role is Role.MODERATOR:
        course.moderator_gone(draft)


def disconnect(draft: Draft, event: Disconnect) -> None:
    """Put one out (O4). Their call ends once they have been told."""
    participant = draft.find(event.leg)
    if participant is None:
        return
    course.dismiss(draft, participant, LeaveReason.DISCONNECTED, words.REMOVED)
    draft.log("disconnected", leg=event.leg)
    if draft.talking:
        draft.tone(ToneName.EXIT)
    if participant.role is Role.MODERATOR:
        course.moderator_gone(draft)
