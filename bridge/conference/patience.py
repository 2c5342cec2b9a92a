"""Time for people: those who forgot to hang up are asked (stranded), those who need longer get it (C6)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bridge.conference import course, words
from bridge.conference.answer import Answer, Asker, done, refused
from bridge.conference.events import LeaveReason, TimerKey
from bridge.conference.model import Phase
from bridge.service.role import Role

if TYPE_CHECKING:
    from bridge.conference.commands import Extend
    from bridge.conference.draft import Draft
    from bridge.conference.model import Conference, Participant


def extend(draft: Draft, _asker: Asker, _: Extend) -> Answer:
    """C6: later, and with its own warning, if there is time for one."""
    ends_at, extension_s = draft.due(TimerKey.LENGTH), draft.settings.extension_s
    if ends_at is None or not extension_s:
        return refused(words.EXTENSION_NOT_POSSIBLE)
    course.end_at(draft, ends_at + extension_s)
    utterance = words.extended(max(1, round(extension_s / 60)))
    return done(utterance, f"{extension_s:g} s", to_room=draft.announce(utterance, groups=True))


# Whoever is alone, or waits, for long ----------------------------------------------------------------------------


def _anybody_stranded(draft: Draft) -> bool:
    """Whether people hear nobody and nobody can talk to them: all who wait, or the only one of a conference.

    Asked whenever somebody comes or goes, so it looks at no more people than it must.
    """
    people = (each for each in draft.table.values() if each.dismissed is None)
    if draft.phase is Phase.WAITING:
        return any(each.role is not Role.OPERATOR for each in people)
    first = list(islice(people, 2))
    return draft.talking and len(first) == 1 and first[0].role is not Role.OPERATOR


def _stranded(draft: Draft) -> list[Participant]:
    """Those people."""
    if not _anybody_stranded(draft):
        return []
    return [each for each in draft.present() if each.role is not Role.OPERATOR]


def watch(draft: Draft, before: Conference) -> None:
    """Begin to count anew where people have come, gone or begun to talk since `before`."""
    after_s = draft.settings.stranded_after_s
    if after_s is None or (draft.phase is before.phase and not draft.people_changed):
        return
    draft.unanswered = frozenset()
    draft.cancel_timer(TimerKey.STRANDED_ANSWER)
    if _anybody_stranded(draft):
        draft.set_timer(TimerKey.STRANDED, draft.now + after_s)
    else:
        draft.cancel_timer(TimerKey.STRANDED)


def ask(draft: Draft) -> None:
    """Ask them. Somebody aside is busy with something: dialling, an operator."""
    asked = [each for each in _stranded(draft) if not each.aside]
    if not asked:
        _count_anew(draft)
        return
    for each in asked:
        draft.say(each.leg, words.STILL_THERE)
    draft.unanswered = frozenset(each.leg for each in asked)
    draft.set_timer(TimerKey.STRANDED_ANSWER, draft.now + draft.house.stranded_answer_s)


def still_there(draft: Draft, leg: int) -> bool:
    """Somebody gave a sign of life. True where they had been asked for one."""
    if leg not in draft.unanswered:
        return False
    draft.unanswered -= {leg}
    if not draft.unanswered:
        draft.cancel_timer(TimerKey.STRANDED_ANSWER)
        _count_anew(draft)
    return True


def give_up(draft: Draft) -> None:
    """Let those go who did not answer; it is over where they were all."""
    silent = [each for each in _stranded(draft) if each.leg in draft.unanswered]
    draft.log("stranded", people=len(silent))
    if len(silent) == len(draft.present()):
        course.over(draft, LeaveReason.STRANDED, words.STRANDED_GOODBYE)
        return
    for each in silent:
        course.dismiss(draft, each, LeaveReason.STRANDED, words.STRANDED_GOODBYE)


def _count_anew(draft: Draft) -> None:
    if draft.settings.stranded_after_s is not None:
        draft.set_timer(TimerKey.STRANDED, draft.now + draft.settings.stranded_after_s)
