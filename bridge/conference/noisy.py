"""Lines that disturb: noise, music on hold, howl, echo. What is done about them is the pair's to say (`NoisyLines`).

*Tell*: it is seen in the roster, and that is all. *Lower*: the line is softer until its trouble has passed. *Mute*: it is
muted, and whoever speaks over it is told how to open it. Once more when the trouble has passed: whoever had put the conference on
hold was not there to hear it the first time. Only they, or somebody in charge, open it again; no strict muting binds them.

Whoever opens a line by hand means it: it is not muted again for the trouble that it has, nor for another that comes soon.
A line that nobody hears anyway (the mode, a private talk) is left alone until it is heard.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.conference import floor, words
from bridge.conference.commands import MuteSelf
from bridge.conference.effects import SetGain
from bridge.conference.model import silenced_by_mode, standing
from bridge.service.role import Role
from bridge.service.settings import NoisyLines

if TYPE_CHECKING:
    from bridge.conference.draft import Draft
    from bridge.conference.events import LineTroubled
    from bridge.conference.model import Participant

SPARED_S: Final = 120.0
"""Whoever has opened a line that was muted for a trouble is not muted again for so long: to say what they want to say."""

REMINDED_EVERY_S: Final = 30.0
"""How to open the line is not said again sooner than this: music with pauses would have it said in each of them."""

NOTICE_EVERY_S: Final = 300.0
"""Moderators hear of noisy lines no more often. What comes sooner they see in the roster."""


def line_troubled(draft: Draft, event: LineTroubled) -> None:
    """A line disturbs, by something else than before, or no longer. What follows is done by `watch`."""
    participant = draft.find(event.leg)
    if participant is None or participant.trouble is event.trouble:
        return
    if event.trouble is None:
        _passed(draft, participant)
        return
    # Who is muted already, by whomever, disturbs nobody; should they open the line, they mean it.
    dealt_with = participant.trouble_dealt_with or participant.muted_in_room
    draft.put(replace(participant, trouble=event.trouble, trouble_dealt_with=dealt_with))
    draft.noisy |= {event.leg}
    if draft.settings.noisy_lines is NoisyLines.LOWER and not participant.lowered:
        _set_lowered(draft, draft.table[event.leg], lowered=True)


def watch(draft: Draft) -> None:
    """After each event: do what is to be done about lines that disturb now, and see who has opened theirs."""
    for leg in draft.noisy:
        participant = draft.find(leg)
        if participant is not None and participant.hushed_at is not None and not participant.muted_in_room:
            participant = replace(participant, hushed_at=None, opened_at=draft.now)
            draft.put(participant)
        if participant is None or (participant.trouble is None and participant.hushed_at is None):
            draft.noisy -= {leg}
        elif participant.trouble is not None and not participant.trouble_dealt_with:
            _deal_with(draft, participant)


def on_another_line(participant: Participant) -> Participant:
    """Return who they are on a telephone of which nothing is known yet."""
    return replace(
        participant,
        muted=participant.muted and participant.hushed_at is None,
        trouble=None,
        trouble_dealt_with=False,
        lowered=False,
        hushed_at=None,
        opened_at=None,
    )


def _deal_with(draft: Draft, participant: Participant) -> None:
    stands = standing(draft, participant)
    if stands.place is None or stands.silenced or participant.aside:
        return
    spared = participant.opened_at is not None and draft.now < participant.opened_at + SPARED_S
    mutes = draft.settings.noisy_lines is NoisyLines.MUTE and not spared
    dealt = replace(participant, trouble_dealt_with=True)
    if mutes:
        draft.change(participant, replace(dealt, muted=True, muted_by_other=False, hushed_at=draft.now))
        _say_how_to_open(draft, participant)
    else:
        draft.put(dealt)
    done = "muted" if mutes else "lowered" if participant.lowered else "told"
    assert participant.trouble is not None
    draft.log("noisy line", leg=participant.leg, trouble=participant.trouble.value, done=done)
    if not mutes:
        _tell_moderators(draft, participant)


def _passed(draft: Draft, participant: Participant) -> None:
    quiet = replace(participant, trouble=None, trouble_dealt_with=False)
    hushed_at = participant.hushed_at
    if hushed_at is not None and draft.now >= hushed_at + REMINDED_EVERY_S:
        quiet = replace(quiet, hushed_at=draft.now)
        if not participant.aside and not silenced_by_mode(draft, participant):
            _say_how_to_open(draft, participant)
    draft.put(quiet)
    if participant.lowered:
        _set_lowered(draft, quiet, lowered=False)


def _say_how_to_open(draft: Draft, participant: Participant) -> None:
    keys = floor.keys_for(draft, MuteSelf, participant.role)
    draft.say(participant.leg, words.LINE_DISTURBS)
    draft.say(participant.leg, words.muted_on_entry(keys) if keys else words.MUTED)


def _set_lowered(draft: Draft, participant: Participant, *, lowered: bool) -> None:
    changed = replace(participant, lowered=lowered)
    draft.put(changed)
    draft.effects.append(SetGain(participant.leg, changed.heard_gain_db))


def _tell_moderators(draft: Draft, participant: Participant) -> None:
    """Where that is wanted, those in charge who are where the line is heard."""
    noticed_at = draft.noticed_at
    if not draft.settings.noisy_notices or (
        noticed_at is not None and draft.now < noticed_at + NOTICE_EVERY_S
    ):
        return
    draft.noticed_at = draft.now
    for each in draft.present():
        in_charge = each.role is not Role.PARTICIPANT
        if in_charge and each.leg != participant.leg and each.place == participant.place:
            draft.say(each.leg, words.NOISY_LINE)
            if participant.clip is not None:
                draft.say(each.leg, words.recorded(participant.clip))
