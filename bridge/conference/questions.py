"""Hands and the floor: who wants to speak, and who may (mode QUESTIONS).

In QUESTIONS a hand is a place in the queue, and the one who has the floor is heard although the mode silences
participants. In CONVERSATION everybody is heard, and a hand is no more than a sign to the moderators. In PRESENTATION
there are no hands.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.conference import words
from bridge.conference.answer import Answer, Asker, done, refused, who
from bridge.conference.model import MAIN
from bridge.service.role import Role
from bridge.service.settings import MuteMode

if TYPE_CHECKING:
    from bridge.conference.commands import ClearHands, GiveFloor, NextQuestion, RaiseHand
    from bridge.conference.draft import Draft
    from bridge.conference.model import Participant


def raise_hand(draft: Draft, asker: Asker, command: RaiseHand) -> Answer:
    """Into the queue or out of it. Whoever has the floor gives it back so."""
    leg = asker.leg
    if not draft.talking or draft.mode is MuteMode.PRESENTATION or asker.actor.role is Role.OPERATOR:
        return refused(words.HAND_NOT_NOW)
    raised = leg in draft.hands or leg == draft.asking
    wanted = not raised if command.on is None else command.on
    if not wanted:
        lower(draft, leg)
        return done(words.HAND_LOWERED)
    if leg == draft.asking:
        return done(words.YOUR_TURN)
    if not raised:
        draft.hands = (*draft.hands, leg)
        if len(draft.hands) == 1:
            _tell_moderators(draft, leg)
    return done(words.hand_raised(draft.hands.index(leg) + 1))


def _tell_moderators(draft: Draft, but: int) -> None:
    """The first hand is told to those who can take questions, no later one: they know that there is a queue."""
    for each in draft.present():
        if each.role is Role.MODERATOR and each.leg != but and not each.aside:
            draft.say(each.leg, words.questions_waiting(len(draft.hands)))


def lower(draft: Draft, leg: int) -> None:
    """Take somebody out of the queue, and the floor from them: by own wish, or because they leave."""
    if leg in draft.hands:
        draft.hands = tuple(each for each in draft.hands if each != leg)
    if leg == draft.asking:
        give_floor_to(draft, None)


def give_floor_to(draft: Draft, leg: int | None) -> None:
    """Let this one be heard, and nobody else who is not anyway. Whoever is given the floor is not left muted."""
    before = [draft.table[each] for each in (draft.asking, leg) if each is not None and draft.has(each)]
    with draft.rearranging(before):
        draft.asking = leg
        if leg is not None:
            draft.put(replace(draft.table[leg], muted=False, muted_by_other=False))


def _can_have_the_floor(participant: Participant) -> bool:
    return participant.place == MAIN and not participant.aside


def next_question(draft: Draft, asker: Asker, _: NextQuestion) -> Answer:
    """The first hand of those who are in the main room."""
    if not draft.talking:
        return refused(words.NOT_NOW)
    if draft.mode is MuteMode.PRESENTATION:
        return refused(words.HAND_NOT_NOW)
    for leg in draft.hands:
        if _can_have_the_floor(draft.table[leg]):
            return _take(draft, asker, leg)
    if draft.asking is not None:
        give_floor_to(draft, None)
    return done(words.QUESTIONS_NONE)


def give_floor(draft: Draft, asker: Asker, command: GiveFloor) -> Answer:
    """Somebody chosen, whether or not the hand is up."""
    if not draft.talking or not _can_have_the_floor(draft.table[command.leg]):
        return refused(words.NOT_NOW)
    if draft.mode is MuteMode.PRESENTATION:
        return refused(words.HAND_NOT_NOW)
    return _take(draft, asker, command.leg)


def _take(draft: Draft, asker: Asker, leg: int) -> Answer:
    draft.hands = tuple(each for each in draft.hands if each != leg)
    if draft.mode is MuteMode.QUESTIONS:
        give_floor_to(draft, leg)
    participant = draft.table[leg]
    if leg == asker.leg:
        return done(words.YOUR_TURN, who(participant))
    draft.say(leg, words.YOUR_TURN)
    return done(words.question_next(participant.clip), who(participant))


def clear_hands(draft: Draft, _asker: Asker, _: ClearHands) -> Answer:
    """All down; whoever has the floor keeps it."""
    draft.hands = ()
    return done(words.HANDS_CLEARED)
