"""The next conference while it is being made: the last one, what has changed of it, and the effects so far.

A draft lives for one call of `reduce`. What it shares with the conference it came from it copies before the first
change, so that the conference stays what it was.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from bridge.conference.effects import (
    CancelTimer,
    Enter,
    Log,
    Music,
    Say,
    SayRoom,
    SetMute,
    SetTimer,
    ToneRoom,
    Withdraw,
)
from bridge.conference.model import (
    LARGEST_GROUP,
    MAIN,
    TALKING,
    Conference,
    Participant,
    Standing,
    standing,
)
from bridge.conference.phases import NEXT, Turn
from bridge.conference.tape import Tape
from bridge.service.settings import MuteMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bridge.conference.effects import Effect, ToneName
    from bridge.conference.events import TimerKey
    from bridge.conference.keymap import Keymap
    from bridge.conference.model import House
    from prompts.phrases import Utterance

NEW_LEG: Final = Standing(place=None, silenced=False, music=False)
"""How a leg stands when it comes: nothing has been done for it yet."""

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
        "announced_until",
        "asking",
        "began_at",
        "effects",
        "hands",
        "lecture",
        "levelling",
        "locked",
        "mode",
        "moderators",
        "moderators_lock",
        "monitors",
        "next_settings",
        "noisy",
        "noticed_at",
        "now",
        "people_changed",
        "phase",
        "settings",
        "suppressing",
        "tape",
        "unanswered",
    )

    def __init__(self, conference: Conference, now: float) -> None:
        self.now = now
        self.effects: list[Effect] = []
        self.people_changed = False
        self._conference = conference
        self._participants = conference.participants
        self._own_participants: dict[int, Participant] | None = None
        self._deadlines = conference.deadlines
        self._toned_at = conference.toned_at
        self.phase = conference.phase
        self.settings = conference.settings
        self.next_settings = conference.next_settings
        self.moderators = conference.moderators
        self.mode = conference.mode
        self.lecture = conference.lecture
        self.hands = conference.hands
        self.asking = conference.asking
        self.levelling = conference.levelling
        self.suppressing = conference.suppressing
        self.noisy = conference.noisy
        self.noticed_at = conference.noticed_at
        self.monitors = conference.monitors
        self.unanswered = conference.unanswered
        self.announced_until = conference.announced_until
        self.locked = conference.locked
        self.moderators_lock = conference.moderators_lock
        self.tape = conference.tape
        self.began_at = conference.began_at

    def finished(self) -> Conference:
        """The conference as it now is."""
        return Conference(
            settings=self.settings,
            phase=self.phase,
            participants=self._participants,
            moderators=self.moderators,
            mode=self.mode,
            lecture=self.lecture,
            hands=self.hands,
            asking=self.asking,
            levelling=self.levelling,
            suppressing=self.suppressing,
            noisy=self.noisy,
            noticed_at=self.noticed_at,
            monitors=self.monitors,
            unanswered=self.unanswered,
            announced_until=self.announced_until,
            locked=self.locked,
            moderators_lock=self.moderators_lock,
            tape=self.tape,
            began_at=self.began_at,
            deadlines=self._deadlines,
            toned_at=self._toned_at,
            keymap=self._conference.keymap,
            house=self._conference.house,
            next_settings=self.next_settings,
        )

    def clear(self) -> None:
        """Forget what one meeting leaves behind: the next one begins afresh."""
        for key in list(self._deadlines):
            self.cancel_timer(key)
        self._toned_at = {}
        self.mode = MuteMode.CONVERSATION
        self.lecture = self.levelling = self.suppressing = self.locked = self.moderators_lock = False
        self.hands, self.asking = (), None
        self.monitors = self.unanswered = self.noisy = frozenset()
        self.moderators = 0
        self.noticed_at = None
        self.tape = Tape.OFF
        self.began_at = None
        self.announced_until = 0.0
        self.settings, self.next_settings = self.next_settings or self.settings, None

    @property
    def keymap(self) -> Keymap:
        """What people can key."""
        return self._conference.keymap

    @property
    def house(self) -> House:
        """What holds in every conference."""
        return self._conference.house

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

    @property
    def table(self) -> Mapping[int, Participant]:
        """Everybody whose call is left, by leg; not to be written to."""
        return self._participants

    def put(self, participant: Participant) -> None:
        """Somebody new, or changed in what nobody hears or sees; see `rearranging` for the rest."""
        table = self._writable()
        if participant.leg not in table:
            self.people_changed = True
        table[participant.leg] = participant

    def take(self, leg: int) -> Participant | None:
        """Out of the table; None where nobody has this leg."""
        participant = self._participants.get(leg)
        if participant is not None:
            self.people_changed |= participant.dismissed is None
            del self._writable()[leg]
        return participant

    def exchange(self, old: Participant, new: Participant) -> None:
        """Put `new` where `old` was in the order of people; their legs are different."""
        self._own_participants = {
            (new.leg if leg == old.leg else leg): (new if leg == old.leg else each)
            for leg, each in self._participants.items()
        }
        self._participants = self._own_participants
        self.people_changed = True

    def _writable(self) -> dict[int, Participant]:
        if self._own_participants is None:
            self._own_participants = dict(self._participants)
            self._participants = self._own_participants
        return self._own_participants

    # Where people are, and who is heard

    @contextmanager
    def rearranging(self, people: Iterable[Participant], newcomer: int | None = None) -> Iterator[None]:
        """Whatever the block changes (the phase, the mode, a place, a mute), do for each of `people` what follows from it.

        Nobody is heard on the way where they must not be: music ends and mutes hold before anybody enters a room, and
        whoever may speak again has left the old one first. Of the `newcomer` nothing has been done so far but the mute.
        """
        before = [(each.leg, standing(self, each)) for each in people]
        yield
        ways = []
        for leg, was in before:
            known = was if leg != newcomer else NEW_LEG._replace(silenced=was.silenced)
            now = standing(self, self._participants[leg])
            if now != known:
                ways.append((leg, known, now))
        effects = self.effects
        effects.extend(Music(leg, on=False) for leg, was, now in ways if was.music and not now.music)
        effects.extend(
            SetMute(leg, muted=True) for leg, was, now in ways if now.silenced and not was.silenced
        )
        for leg, was, now in ways:
            if now.place is not None and now.place != was.place:
                effects.append(Enter(leg, now.place))
            elif now.place is None and was.place is not None:
                effects.append(Withdraw(leg))
        effects.extend(
            SetMute(leg, muted=False) for leg, was, now in ways if was.silenced and not now.silenced
        )
        effects.extend(Music(leg, on=True) for leg, was, now in ways if now.music and not was.music)

    def change(self, participant: Participant, changed: Participant) -> bool:
        """Put `changed` for one person and do what follows; true where that makes them heard or unheard."""
        with self.rearranging([participant]):
            self.put(changed)
        return standing(self, participant).silenced != standing(self, changed).silenced

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

    def announce(self, utterance: Utterance, *, groups: bool = False) -> bool:
        """To everybody in the main room, or in the groups too; never in an open room. Whether anybody was told."""
        if not self.talking or self.settings.open_room:
            return False
        self.effects.append(SayRoom(utterance))
        if groups:
            apart = {each.place for each in self._participants.values()}
            self.effects.extend(
                SayRoom(utterance, place) for place in sorted(apart) if MAIN < place <= LARGEST_GROUP
            )
        return True

    def tone(self, tone: ToneName) -> None:
        """A tone of C1, if C1 is set and none of its kind has just been."""
        last = self._toned_at.get(tone)
        if not self.settings.entry_exit_tones or (last is not None and self.now - last < TONE_SPACING_S):
            return
        self._toned_at = {**self._toned_at, tone: self.now}
        self.effects.append(ToneRoom(tone))

    def log(self, event: str, **fields: float | str) -> None:
        self.effects.append(Log(event, tuple(fields.items())))
