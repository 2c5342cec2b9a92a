"""The next conference while it is being made: the last one, what has changed of it, and the effects so far.

A draft lives for one call of `reduce`. What it shares with the conference it came from it copies before the first
change, so that the conference stays what it was.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.conference.effects import CancelTimer, Log, Say, SayRoom, SetMute, SetTimer, ToneRoom
from bridge.conference.model import TALKING, Conference, Participant
from bridge.conference.phases import NEXT, Turn
from bridge.service.role import Role

if TYPE_CHECKING:
    from bridge.conference.effects import Effect, ToneName
    from bridge.conference.events import TimerKey
    from bridge.conference.keymap import Keymap
    from prompts.phrases import Utterance

TONE_SPACING_S: Final = 1.0
"""Entry tones follow each other no faster, nor do exit tones: ten people who come in the same second are one tone.
Without it a large meeting would begin with minutes of queued tones over the first words. What comes sooner is
dropped."""


class Draft:
    """A conference in the making. Its plain fields are set freely; the rest goes through the methods."""

    __slots__ = (
        "_conference",
        "_deadlines",
        "_own_participants",
        "_participants",
        "_toned_at",
        "began_at",
        "effects",
        "lecture",
        "locked",
        "moderators",
        "next_settings",
        "now",
        "phase",
        "settings",
    )

    def __init__(self, conference: Conference, now: float) -> None:
        self.now = now
        self.effects: list[Effect] = []
        self._conference = conference
        self._participants = conference.participants
        self._own_participants: dict[int, Participant] | None = None
        self._deadlines = conference.deadlines
        self._toned_at = conference.toned_at
        self.phase = conference.phase
        self.settings = conference.settings
        self.next_settings = conference.next_settings
        self.moderators = conference.moderators
        self.lecture = conference.lecture
        self.locked = conference.locked
        self.began_at = conference.began_at

    def finished(self) -> Conference:
        """The conference as it now is."""
        return Conference(
            settings=self.settings,
            phase=self.phase,
            participants=self._participants,
            moderators=self.moderators,
            lecture=self.lecture,
            locked=self.locked,
            began_at=self.began_at,
            deadlines=self._deadlines,
            toned_at=self._toned_at,
            keymap=self._conference.keymap,
            next_settings=self.next_settings,
        )

    def clear(self) -> None:
        """Forget what one meeting leaves behind: the next one begins afresh."""
        for key in list(self._deadlines):
            self.cancel_timer(key)
        self._toned_at = {}
        self.lecture = self.locked = False
        self.moderators = 0
        self.began_at = None
        self.settings, self.next_settings = self.next_settings or self.settings, None

    @property
    def keymap(self) -> Keymap:
        """What people can key."""
        return self._conference.keymap

    # People

    @property
    def talking(self) -> bool:
        """Whether people hear each other."""
        return self.phase in TALKING

    @property
    def calls(self) -> int:
        """How many calls are left, those told to go among them."""
        return len(self._participants)

    def has(self, leg: int) -> bool:
        """Whether the leg's call is one of them."""
        return leg in self._participants

    def find(self, leg: int) -> Participant | None:
        """Who speaks over `leg`, unless they have been told to go."""
        participant = self._participants.get(leg)
        return None if participant is None or participant.dismissed else participant

    def present(self) -> list[Participant]:
        """Everybody who has not been told to go, in the order they came."""
        return [each for each in self._participants.values() if each.dismissed is None]

    def everybody(self) -> list[Participant]:
        """Everybody whose call is left."""
        return list(self._participants.values())

    def put(self, participant: Participant) -> None:
        """Somebody new, or changed."""
        self._writable()[participant.leg] = participant

    def take(self, leg: int) -> Participant | None:
        """Out of the table; None where nobody has this leg."""
        return self._writable().pop(leg) if leg in self._participants else None

    def _writable(self) -> dict[int, Participant]:
        if self._own_participants is None:
            self._own_participants = dict(self._participants)
            self._participants = self._own_participants
        return self._own_participants

    # Who is heard

    def silenced(self, participant: Participant) -> bool:
        """Whether nobody hears this one."""
        return participant.muted or self.silenced_by_lecture(participant)

    def silenced_by_lecture(self, participant: Participant) -> bool:
        """Whether lecture mode keeps this one quiet."""
        return self.lecture and participant.role is not Role.MODERATOR

    def set_own_mute(self, participant: Participant, muted: bool) -> bool:
        """Change what `*6` changes; true where that makes the person heard or unheard."""
        changed = replace(participant, muted=muted)
        self.put(changed)
        if self.silenced(changed) == self.silenced(participant):
            return False
        self.effects.append(SetMute(participant.leg, muted))
        return True

    def set_lecture(self, on: bool) -> int:
        """Lecture mode on or off for everybody here; those who come later find it so. How many are silenced by it, or
        heard again.
        """
        people = self.everybody()
        before = [self.silenced(each) for each in people]
        self.lecture = on
        changed = [each for each, was in zip(people, before, strict=True) if self.silenced(each) != was]
        self.effects.extend(SetMute(each.leg, on) for each in changed)
        return len(changed)

    # Phases and timers

    def turn(self, turn: Turn) -> None:
        """Go on to the phase that `turn` leads to."""
        self.phase = NEXT[self.phase][turn]

    def due(self, key: TimerKey) -> float | None:
        """When the timer is due; None where it does not run."""
        return self._deadlines.get(key)

    def set_timer(self, key: TimerKey, at: float) -> None:
        self._deadlines = {**self._deadlines, key: at}
        self.effects.append(SetTimer(key, at))

    def cancel_timer(self, key: TimerKey) -> None:
        """Nothing where it does not run."""
        if key in self._deadlines:
            self.forget_timer(key)
            self.effects.append(CancelTimer(key))

    def forget_timer(self, key: TimerKey) -> None:
        """It has fired."""
        self._deadlines = {other: at for other, at in self._deadlines.items() if other is not key}

    # Words and tones

    def say(self, leg: int, utterance: Utterance) -> None:
        """To one: an answer to what they did, said in open rooms too."""
        self.effects.append(Say(leg, utterance))

    def announce(self, utterance: Utterance) -> None:
        """To everybody in the room; never in an open room."""
        if self.talking and not self.settings.open_room:
            self.effects.append(SayRoom(utterance))

    def tone(self, tone: ToneName) -> None:
        """A tone of C1, if C1 is set and none of its kind has just been."""
        last = self._toned_at.get(tone)
        if not self.settings.entry_exit_tones or (last is not None and self.now - last < TONE_SPACING_S):
            return
        self._toned_at = {**self._toned_at, tone: self.now}
        self.effects.append(ToneRoom(tone))

    def log(self, event: str, **fields: float | str) -> None:
        self.effects.append(Log(event, tuple(fields.items())))
