"""The doors: the lock (`*7`), and those who listen without being in (O4).

A locked conference is closed to everybody, the house included: who listens is led out when the lock falls, and nobody
may begin to listen, visit or whisper until it is lifted. What an operator does without hearing anything stays allowed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.conference import words
from bridge.conference.answer import Answer, Asker, done, refused, switched
from bridge.conference.effects import Enter, SetMute, Withdraw
from bridge.conference.model import Phase
from bridge.service.levels import Right
from bridge.service.role import Role

if TYPE_CHECKING:
    from bridge.conference.commands import Lock
    from bridge.conference.draft import Draft
    from bridge.conference.events import Listen


def lock(draft: Draft, asker: Asker, command: Lock) -> Answer:
    """`*7`, where the level has it: where it has none nobody locks, operators neither.

    What a moderator locked no operator opens: else the house could unlock, listen, and lock again. What an operator locked
    they may open, and whoever is in hears it, as they hear what is opened from a page.
    """
    if not draft.settings.may(Right.LOCK):
        return refused(words.LOCK_NOT_ALLOWED)
    was_locked = draft.locked
    locks = not was_locked if command.on is None else command.on
    moderator = asker.actor.role is Role.MODERATOR
    if was_locked and not locks and draft.moderators_lock and not moderator:
        return refused(words.CONFERENCE_LOCKED)
    draft.locked = locks
    draft.moderators_lock = locks and (moderator or draft.moderators_lock)
    told = (
        was_locked
        and not draft.locked
        and _is_of_the_house(asker)
        and draft.announce(words.UNLOCKED, groups=True)
    )
    if draft.locked:
        for leg in sorted(draft.monitors):
            _lead_out(draft, leg)
            draft.say(leg, words.MONITOR_LOCKED)
    return done(words.LOCKED if draft.locked else words.UNLOCKED, switched(draft.locked), to_room=told)


def _is_of_the_house(asker: Asker) -> bool:
    """Whether no moderator gives it whose own keys it comes from."""
    return not asker.leg or asker.actor.role is Role.OPERATOR


def listen(draft: Draft, event: Listen) -> None:
    """Let an operator's phone listen or leave. It is muted before it hears anything, so nobody can hear it."""
    if not event.on:
        _lead_out(draft, event.leg)
    elif event.leg in draft.monitors or draft.has(event.leg):
        return
    elif draft.locked:
        draft.say(event.leg, words.MONITOR_LOCKED)
    elif draft.phase in {Phase.EMPTY, Phase.ENDED}:
        draft.say(event.leg, words.NOT_NOW)
    else:
        draft.monitors |= {event.leg}
        draft.effects += [SetMute(event.leg, muted=True), Enter(event.leg)]
        if event.announced:
            draft.announce(words.MONITOR_ANNOUNCED)


def lead_out_monitors(draft: Draft) -> None:
    """There is nothing more to listen to."""
    for leg in sorted(draft.monitors):
        _lead_out(draft, leg)


def stop_listening(draft: Draft, leg: int) -> None:
    """Their call is over, or they come in to talk."""
    _lead_out(draft, leg)


def _lead_out(draft: Draft, leg: int) -> None:
    if leg in draft.monitors:
        draft.monitors -= {leg}
        draft.effects += [Withdraw(leg), SetMute(leg, muted=False)]
