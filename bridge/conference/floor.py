"""Who is heard, and how: own mute, the three modes, mutes by those in charge, gain, noise (`*4`, `*5`, `*6`, O4).

Nobody is silenced for two reasons that could be mixed up: `Participant.muted` is the person's line, the mode is the
room's. A change of one leaves the other as it was, and whoever is not heard is told which of them it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.conference import words
from bridge.conference.answer import Answer, Asker, done, refused, switched, who
from bridge.conference.commands import MuteSelf, RaiseHand
from bridge.conference.effects import SetAutoGain, SetGain, SetSuppression, ToneName, ToneRoom
from bridge.conference.model import Phase, silenced_by_mode
from bridge.service.role import Role
from bridge.service.settings import MuteMode

if TYPE_CHECKING:
    from bridge.conference import commands
    from bridge.conference.commands import Command
    from bridge.conference.draft import Draft
    from bridge.conference.model import Participant
    from prompts.phrases import Utterance

LARGEST_GAIN_DB: Final = 24.0
"""O4: a line is made louder or softer by at most this: sixteen times the amplitude is all that a whisper needs, and more
would only lift its noise. What is beyond is taken as this."""

NEXT_MODE: Final = {
    MuteMode.CONVERSATION: MuteMode.QUESTIONS,
    MuteMode.QUESTIONS: MuteMode.PRESENTATION,
    MuteMode.PRESENTATION: MuteMode.CONVERSATION,
}
"""Where the single key for modes leads."""


# One's own -------------------------------------------------------------------------------------------------------


def mute_self(draft: Draft, asker: Asker, command: MuteSelf) -> Answer:
    """`*6`. Whom something else silences is told what, and keeps the own mute as it was."""
    participant = draft.table[asker.leg]
    muted = not participant.muted if command.on is None else command.on
    waiting = draft.phase is Phase.WAITING and not participant.aside
    if not waiting and silenced_by_mode(draft, participant):
        return refused(why_silenced(draft, participant))
    if not muted and _bound(draft, participant):
        return refused(words.MUTED_BY_MODERATOR)
    if muted != participant.muted:
        by_other = participant.muted_by_other and participant.aside
        draft.change(participant, replace(participant, muted=muted, muted_by_other=by_other))
    if waiting:
        return done(words.MUTED_WAITING if muted else words.UNMUTED_WAITING)
    return done(words.MUTED if muted else words.UNMUTED)


def _bound(draft: Draft, participant: Participant) -> bool:
    """Whether strict muting holds this one: never in a private talk, nor where nobody is left who could undo it."""
    nobody_in_charge = draft.phase is Phase.RUNNING and not draft.moderators
    return (
        draft.settings.strict_mute
        and participant.muted
        and participant.muted_by_other
        and participant.role is Role.PARTICIPANT
        and not participant.aside
        and not nobody_in_charge
    )


def keys_for(draft: Draft, command: type[Command], role: Role) -> str | None:
    """The shortest keys that give a command of this kind, whichever way round."""
    keymap = draft.keymap.of(role)
    return min((keys for keys, bound in keymap.items() if type(bound) is command), key=len, default=None)


def why_silenced(draft: Draft, participant: Participant) -> Utterance:
    """The reason of somebody whom the mode silences."""
    if draft.mode is MuteMode.QUESTIONS:
        return words.muted_by_questions(keys_for(draft, RaiseHand, participant.role))
    return words.MUTED_BY_LECTURE if draft.lecture else words.MUTED_BY_PRESENTATION


def tell_silenced(draft: Draft, participant: Participant) -> None:
    """Nobody who comes in silenced is left to find out."""
    if silenced_by_mode(draft, participant):
        draft.say(participant.leg, why_silenced(draft, participant))
    elif participant.muted:
        keys = None if _bound(draft, participant) else keys_for(draft, MuteSelf, participant.role)
        draft.say(participant.leg, words.muted_on_entry(keys))


# Modes -----------------------------------------------------------------------------------------------------------


def change_mode(draft: Draft, mode: MuteMode, *, lecture: bool = False) -> None:
    """Whom the new mode silences is silenced, whom the old one silenced is heard. Questions end with their mode."""
    with draft.rearranging(draft.everybody()):
        if mode is not MuteMode.QUESTIONS:
            draft.asking = None
        if mode is MuteMode.PRESENTATION:
            draft.hands = ()
        draft.mode, draft.lecture = mode, lecture


def lecture(draft: Draft, _asker: Asker, command: commands.Lecture) -> Answer:
    """`*5`. The tone warns everybody before the silence falls, and tells when it lifts."""
    was_on = draft.mode is MuteMode.PRESENTATION
    on = not was_on if command.on is None else command.on
    if on != was_on:
        if draft.talking:
            draft.effects.append(ToneRoom(ToneName.LECTURE))
        change_mode(draft, MuteMode.PRESENTATION if on else MuteMode.CONVERSATION, lecture=on)
    return done(words.LECTURE_ON if on else words.LECTURE_OFF, switched(on))


def set_mode(draft: Draft, _asker: Asker, command: commands.SetMode) -> Answer:
    """To one mode, or on to the next."""
    mode = command.mode or NEXT_MODE[draft.mode]
    utterance = words.mode(mode, keys_for(draft, RaiseHand, Role.PARTICIPANT))
    if mode is draft.mode:
        return done(utterance, mode.value)
    told = draft.announce(utterance)
    change_mode(draft, mode)
    return done(utterance, mode.value, to_room=told)


def free_floor(draft: Draft) -> None:
    """Nobody is left who could lift the mode: without this the others would stay silenced for good."""
    if draft.mode is MuteMode.CONVERSATION:
        return
    words_for_it = words.LECTURE_OFF if draft.lecture else words.mode(MuteMode.CONVERSATION)
    change_mode(draft, MuteMode.CONVERSATION)
    draft.announce(words_for_it)


# By those in charge ----------------------------------------------------------------------------------------------


def mute_one(draft: Draft, asker: Asker, command: commands.MuteOne) -> Answer:
    """O4. They are told, if it makes a difference to them now."""
    participant = draft.table[command.leg]
    heard_or_not = draft.change(participant, participant.muted_for_the_room(command.on, by_other=True))
    utterance = words.MUTED if command.on else words.UNMUTED
    if heard_or_not and command.leg != asker.leg:
        bound = _bound(draft, draft.table[command.leg])
        draft.say(command.leg, words.MUTED_BY_MODERATOR if bound else utterance)
    return done(utterance, who(participant) if command.on else f"{who(participant)}, {switched(on=False)}")


def mute_all(draft: Draft, _asker: Asker, command: commands.MuteAll) -> Answer:
    """O4: every participant; and when it is undone, whoever else was muted by another."""
    people = draft.present()
    with draft.rearranging(people):
        for each in people:
            if each.role is Role.PARTICIPANT or (each.muted_by_other and not command.on):
                draft.put(each.muted_for_the_room(command.on, by_other=True))
    utterance = words.EVERYBODY_MUTED if command.on else words.EVERYBODY_UNMUTED
    return done(utterance, switched(command.on), to_room=draft.announce(utterance, groups=True))


def set_gain(draft: Draft, _asker: Asker, command: commands.SetGain) -> Answer:
    """O4. Nobody is told but the one who asked: it is heard."""
    participant = draft.table[command.leg]
    gain_db = max(-LARGEST_GAIN_DB, min(LARGEST_GAIN_DB, command.gain_db))
    if gain_db != participant.gain_db:
        changed = replace(participant, gain_db=gain_db)
        draft.put(changed)
        draft.effects.append(SetGain(command.leg, changed.heard_gain_db))
    return done(words.GAIN_CHANGED, f"{who(participant)}, {gain_db:+.1f} dB")


def level_voices(draft: Draft, _asker: Asker, command: commands.LevelVoices) -> Answer:
    """`*4`: every line here, and those that come."""
    on = not draft.levelling if command.on is None else command.on
    if on != draft.levelling:
        draft.levelling = on
        draft.effects.extend(SetAutoGain(each.leg, on) for each in draft.present())
    return done(words.LEVELLING_ON if on else words.LEVELLING_OFF, switched(on))


def suppress_noise(draft: Draft, _asker: Asker, command: commands.SuppressNoise) -> Answer:
    """Of one line, or of all and those that come: then also of those that were set one by one."""
    one = draft.table[command.leg] if command.leg else None
    was_on = draft.suppressing if one is None else one.suppressed
    on = not was_on if command.on is None else command.on
    if one is None:
        draft.suppressing = on
    for each in draft.present() if one is None else [one]:
        if each.suppressed != on:
            draft.put(replace(each, suppressed=on))
            draft.effects.append(SetSuppression(each.leg, on))
    subject = switched(on) if one is None else f"{who(one)}, {switched(on)}"
    return done(words.SUPPRESSION_ON if on else words.SUPPRESSION_OFF, subject)
