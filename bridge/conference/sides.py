"""Side rooms: private talks, and sub-conferences that a room is split into.

Where somebody is stands in `Participant.place`; `model.standing` makes of it where they hear and are heard. A private
talk outranks a group: who is aside when the room is split, or brought together again, finds the new place on return.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.conference import course, floor, words
from bridge.conference.answer import Answer, Asker, done, refused, who
from bridge.conference.model import ALONE, LARGEST_GROUP, MAIN, silenced_by_mode

if TYPE_CHECKING:
    from bridge.conference.commands import Rejoin, Split
    from bridge.conference.draft import Draft
    from bridge.conference.events import StepAside, StepBack
    from bridge.conference.model import Participant


def step_aside(draft: Draft, event: StepAside) -> None:
    """Out of the room, or from one private place into another."""
    participant = draft.find(event.leg)
    if participant is None or not (event.place == ALONE or event.place > LARGEST_GROUP):
        return
    if participant.aside:
        draft.change(participant, replace(participant, place=event.place))
        return
    draft.change(
        participant,
        replace(
            participant,
            place=event.place,
            aside=True,
            muted=False,
            returns_to=participant.place,
            returns_muted=participant.muted,
        ),
    )


def step_back(draft: Draft, event: StepBack) -> None:
    """Back into what has become of the conference meanwhile."""
    participant = draft.find(event.leg)
    if participant is None or not participant.aside:
        return
    back = replace(
        participant,
        place=participant.returns_to,
        aside=False,
        muted=participant.returns_muted,
        returns_to=MAIN,
        returns_muted=False,
    )
    draft.change(participant, back)
    if draft.talking:
        draft.say(event.leg, words.BACK_IN_ROOM)
        floor.tell_silenced(draft, back)
    else:
        course.tell_to_wait(draft, back)


def split(draft: Draft, asker: Asker, command: Split) -> Answer:
    """All of these or none: a list that is out of date is to be looked at again."""
    people = [each for each in map(draft.find, dict.fromkeys(command.legs)) if each is not None]
    if (
        not draft.talking
        or not 0 <= command.group <= LARGEST_GROUP
        or not people
        or len(people) < len(set(command.legs))
    ):
        return refused(words.NOT_NOW)
    return _move(draft, asker, people, command.group)


def rejoin(draft: Draft, asker: Asker, _: Rejoin) -> Answer:
    """Everybody together again."""
    apart = [each for each in draft.present() if (each.returns_to if each.aside else each.place) > MAIN]
    return _move(draft, asker, apart, MAIN)


def _move(draft: Draft, asker: Asker, people: list[Participant], group: int) -> Answer:
    moved_words = words.moved_apart(group) if group else words.MOVED_BACK
    moved = [each for each in people if not each.aside and each.place != group]
    with draft.rearranging(people):
        for each in people:
            draft.put(replace(each, returns_to=group) if each.aside else replace(each, place=group))
    for each in moved:
        if each.leg != asker.leg:
            draft.say(each.leg, moved_words)
        _tell_mode(draft, draft.table[each.leg])
    return done(moved_words, ", ".join(map(who, people)))


def _tell_mode(draft: Draft, participant: Participant) -> None:
    if silenced_by_mode(draft, participant):
        draft.say(participant.leg, floor.why_silenced(draft, participant))
