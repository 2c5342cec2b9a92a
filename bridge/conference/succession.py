"""One telephone in the place of another: an attended transfer (RFC 3891).

Whoever speaks over the new leg is the same one to everybody else: role, name, place, mute, hand and floor go over to it,
nobody is announced, and the record goes on. Only the telephone has to be brought to where the old one was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.conference import noisy
from bridge.conference.effects import (
    Enter,
    Music,
    SetAutoGain,
    SetGain,
    SetMute,
    SetSuppression,
    Withdraw,
)
from bridge.conference.model import standing

if TYPE_CHECKING:
    from bridge.conference.draft import Draft
    from bridge.conference.events import Replaced


def replaced(draft: Draft, event: Replaced) -> None:
    """Let the new leg be who the old one was. Not while they are aside: what is going on there is the old leg's."""
    old = draft.find(event.leg)
    if old is None or old.aside or draft.has(event.by):
        return
    new = noisy.on_another_line(replace(old, leg=event.by))
    draft.exchange(old, new)
    draft.hands = tuple([event.by if leg == event.leg else leg for leg in draft.hands])
    if draft.asking == event.leg:
        draft.asking = event.by
    draft.unanswered -= {event.leg}
    stands = standing(draft, new)
    effects = draft.effects
    if stands.place is not None:
        effects.append(Withdraw(event.leg))
    if stands.silenced:
        effects.append(SetMute(event.by, muted=True))
    if new.heard_gain_db:
        effects.append(SetGain(event.by, new.heard_gain_db))
    if draft.levelling:
        effects.append(SetAutoGain(event.by, on=True))
    if new.suppressed:
        effects.append(SetSuppression(event.by, on=True))
    if stands.place is not None:
        effects.append(Enter(event.by, stands.place))
    elif stands.music:
        effects.append(Music(event.by, on=True))
    draft.log("telephone replaced", leg=event.by, instead_of=event.leg)
