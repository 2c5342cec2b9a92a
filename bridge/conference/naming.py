"""Names: said when their owners come and leave (C1, C2), read out in the roll call, counted.

In a large or a busy room a tone stands for the name: talk is never talked over for longer than the house allows. What is
queued to the room is not asked of the media plane but reckoned here, from the lengths of the names.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.conference import words
from bridge.conference.answer import Answer, Asker, done, who
from bridge.conference.effects import RecordIdentity, SayList, ToneName
from bridge.service.role import Role

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.conference.commands import Headcount, Identify, RollCall, StopRollCall
    from bridge.conference.draft import Draft
    from bridge.conference.model import Participant
    from prompts.phrases import Utterance
    from prompts.values import Clip

CLIP_RATE_HZ: Final = 8000
"""Names are recorded from telephones."""
AROUND_A_NAME_S: Final = 1.5
"""How long "has joined the conference" takes, about, in the longest of the languages."""


def joined(draft: Draft, participant: Participant) -> None:
    """Tell the room that somebody came."""
    _tell_of(draft, participant, words.has_joined, ToneName.ENTRY)


def left(draft: Draft, participant: Participant) -> None:
    """Tell the room that somebody is gone."""
    _tell_of(draft, participant, words.has_left, ToneName.EXIT)


def _tell_of(
    draft: Draft, participant: Participant, words_with: Callable[[Clip], Utterance], tone: ToneName
) -> None:
    clip = participant.clip
    house = draft.house
    queued_until = max(draft.announced_until, draft.now)
    if (
        not draft.settings.announce_names
        or clip is None
        or participant.role is Role.OPERATOR
        or draft.calls > house.announce_up_to
        or queued_until - draft.now > house.announce_queue_s
    ):
        draft.tone(tone)
    elif draft.announce(words_with(clip)):
        draft.announced_until = queued_until + clip.length / CLIP_RATE_HZ + AROUND_A_NAME_S


def _listed(draft: Draft) -> list[Participant]:
    return [each for each in draft.present() if each.role is not Role.OPERATOR]


def roll_call(draft: Draft, asker: Asker, _: RollCall) -> Answer:
    """`*8`: everybody in the conference, in the order they came, in one speech that `*9` stops."""
    people = _listed(draft)
    names = [words.recorded(each.clip) for each in people if each.clip is not None]
    speech = [words.roll_call_intro(len(people)), *names]
    if len(names) < len(people):
        speech.append(words.roll_call_unnamed(len(people) - len(names)))
    draft.effects.append(SayList(asker.leg, (*speech, words.ROLL_CALL_END)))
    return done()


def stop_roll_call(_draft: Draft, _asker: Asker, _: StopRollCall) -> Answer:
    """`*9`: every command hushes what is being said to the one who gives it; this one does nothing else."""
    return done()


def headcount(draft: Draft, _asker: Asker, _: Headcount) -> Answer:
    """How many would be read out."""
    return done(words.participants_count(len(_listed(draft))))


def identify(draft: Draft, _asker: Asker, command: Identify) -> Answer:
    """O2, R2: who this is, as somebody in charge has found out."""
    participant = draft.table[command.leg]
    if command.name:
        participant = replace(participant, name=command.name)
        draft.put(participant)
    draft.effects.append(
        RecordIdentity(command.leg, command.name, command.company, command.phone, command.email)
    )
    return done(subject=who(participant))
