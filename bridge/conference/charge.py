"""Who is in charge: the moderator's role given and handed on, and a moderator who leaves without ending (C5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.conference import course, floor, naming, words
from bridge.conference.answer import Answer, Asker, done, refused, who
from bridge.conference.events import LeaveReason
from bridge.conference.model import Phase
from bridge.service.role import Role
from bridge.service.settings import LastModerator

if TYPE_CHECKING:
    from bridge.conference.commands import HandOver, LeaveWithoutEnding, SetRole
    from bridge.conference.draft import Draft


def set_role(draft: Draft, asker: Asker, command: SetRole) -> Answer:
    """Make one a moderator or a participant; nobody becomes an operator or stops being one."""
    participant = draft.table[command.leg]
    if Role.OPERATOR in {command.role, participant.role}:
        return refused(words.NOT_NOW)
    utterance = words.ROLE_GIVEN if command.role is Role.MODERATOR else words.ROLE_GIVEN_AWAY
    if command.role is not participant.role:
        last = command.role is Role.PARTICIPANT and draft.moderators == 1
        if last and draft.settings.when_last_moderator_leaves is LastModerator.END:
            return refused(words.NOT_NOW)
        if command.leg != asker.leg:
            draft.say(command.leg, utterance)
        _turn_into(draft, command.leg, command.role)
    return done(utterance, f"{who(participant)}, {command.role.value}")


def hand_over(draft: Draft, asker: Asker, command: HandOver) -> Answer:
    """From the one who asks to another, who is made a moderator first: at no time is nobody in charge."""
    heir = draft.table[command.leg]
    if command.leg == asker.leg or heir.role is Role.OPERATOR:
        return refused(words.NOT_NOW)
    draft.say(command.leg, words.ROLE_GIVEN)
    _turn_into(draft, command.leg, Role.MODERATOR)
    _turn_into(draft, asker.leg, Role.PARTICIPANT)
    return done(words.ROLE_GIVEN_AWAY, who(heir))


def _turn_into(draft: Draft, leg: int, role: Role) -> None:
    participant = draft.table[leg]
    if participant.role is role:
        return
    changed = replace(participant, role=role)
    draft.change(participant, changed)
    if role is Role.PARTICIPANT:
        course.moderator_gone(draft)
        if draft.talking and not changed.muted and not changed.aside:
            floor.tell_silenced(draft, changed)
        return
    draft.moderators += 1
    if draft.phase is Phase.WAITING:
        course.begin(draft)
    elif draft.phase is Phase.ENDING:
        course.moderator_returned(draft)


def leave_without_ending(draft: Draft, asker: Asker, _: LeaveWithoutEnding) -> Answer:
    """The moderator goes, the others stay: until another moderator has come, and leaves."""
    participant = draft.table[asker.leg]
    course.dismiss(draft, participant, LeaveReason.HUNG_UP, words.LEAVING)
    naming.left(draft, participant)
    course.moderator_gone(draft, goes_on=True)
    return done()
