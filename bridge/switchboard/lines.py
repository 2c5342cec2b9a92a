"""The table of legs and what can be done to one: give it audio, speak to it, end it.

Whatever ends a leg comes through `end`, which is the only place that takes a leg out of the tables. Whoever had the leg
in a conference learns of it from `departures`, so that no end is handled inside another.
"""

from __future__ import annotations

from collections import Counter, deque
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

from bridge.conference.events import LeaveReason
from bridge.switchboard.effects import CloseStream, Effect, HangUpCall, Level, Log, MediaCommand
from bridge.switchboard.legs import Leg, LegState, LegTimer, StreamState
from media.control import Music, Play, PlayRoom, Segment, StopPlay
from prompts.phrases import Utterance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.conference.events import TimerKey
    from bridge.switchboard.room import Room
    from bridge.switchboard.timers import Timers
    from media.control import AnyCommand

SAMPLES_PER_S: Final = 8000
"""Of the shared audio, whose segments are counted at 8 kHz (`media.control.Segment`)."""

SPEECH_GUARD_S: Final = 3.0
"""How much later than its length a speech is taken as ended when no worker says so: longer than a busy worker or a
take-over by a spare delays it, shorter than a caller's patience."""


HOLD_MUSIC: Final = Utterance("music.hold")
"""To whoever waits (C3)."""


class Voice(Protocol):
    """What turns an utterance into audio: `prompts.library.Library`."""

    def segments(self, utterance: Utterance, language: str) -> Sequence[tuple[int, int]]:
        """Find what says it, in order: offset and length in the shared audio, in samples at 8 kHz."""


class BoardTimer(Enum):
    """What is due for none of the legs."""

    BLAST = "blast"
    """The campaign of a room."""
    HELP = "help"
    """The help desk."""
    ROSTER = "roster"
    """The next look at a room that is watched."""
    SPENDING = "spending"
    """The next minute of some call out."""


TimerName = tuple[LegTimer, int] | tuple["TimerKey", int] | tuple[BoardTimer, int]
"""What is due, and for which leg or room."""


class Lines:
    """All legs, by their own number and by the agent's call."""

    __slots__ = (
        "_number",
        "_playback",
        "_voice",
        "by_call",
        "by_number",
        "departures",
        "effects",
        "ending",
        "figures",
        "late_streams",
        "timers",
    )

    def __init__(self, voice: Voice, timers: Timers[TimerName]) -> None:
        self.by_number: dict[int, Leg] = {}
        self.by_call: dict[int, Leg] = {}
        self.effects: list[Effect] = []
        self.figures: Counter[str] = Counter()
        """What has happened so far, by name and reason."""
        self.ending: dict[int, dict[str, object]] = {}
        """What the log says of legs that have ended and whose streams have not: each is told of when it has (`sound`)."""
        self.departures: deque[tuple[Leg, LeaveReason]] = deque()
        """Legs that have ended and are still in a room; whoever keeps the rooms takes them from here."""
        self.late_streams: set[int] = set()
        """Asked for by legs that ended before the pool answered: closed when it does."""
        self.timers = timers
        self._voice = voice
        self._playback = 0
        self._number = 0

    def next_number(self) -> int:
        """Find a number for a new leg; it is the number of its stream, too."""
        self._number += 1
        return self._number

    def add(self, leg: Leg) -> None:
        """Take a new leg into the tables."""
        self.by_number[leg.number] = leg
        if leg.call:
            self.by_call[leg.call] = leg

    def command(self, command: AnyCommand) -> None:
        """Tell a media worker."""
        self.effects.append(MediaCommand(command))

    def log(self, level: Level, event: str, leg: Leg, **fields: object) -> None:
        """Write a line about a leg."""
        self.effects.append(Log(level, event, {**_known(leg), **fields}))

    def note(self, level: Level, event: str, **fields: object) -> None:
        """Write a line about no leg."""
        self.effects.append(Log(level, event, fields))

    def refusal(self, room: Room, why: str, leg: Leg | None = None) -> None:
        """Write that a number was refused (G3): why, and to whom, never the digits."""
        who: dict[str, object] = {} if leg is None else {"leg": leg.number, "call_id": leg.call_id}
        self.note(
            Level.WARNING, "number refused", why=why, conference=room.conference_id, pair=room.pair, **who
        )

    def clips(self, utterance: Utterance, language: str) -> list[Segment]:
        """Find the audio of an utterance."""
        return [Segment(*place) for place in self._voice.segments(utterance, language)]

    def music(self, leg: Leg, loop: Utterance | None) -> None:
        """What the leg hears while it is in no room, round and round; None: silence."""
        segment = None if loop is None else self.clips(loop, leg.language)[0]
        self.command(Music(leg.number, segment))

    def say(self, leg: Leg, utterance: Utterance, language: str) -> None:
        """Speak to one, after what is being said to it."""
        self.command(Play(leg.number, self._speech(), self.clips(utterance, language)))

    def say_list(self, leg: Leg, utterances: Sequence[Utterance], language: str) -> None:
        """Speak to one, one utterance after another, as one speech: a hush ends it all."""
        clips = [clip for each in utterances for clip in self.clips(each, language)]
        self.command(Play(leg.number, self._speech(), clips))

    def say_room(self, room: int, utterance: Utterance, language: str) -> None:
        """Speak to everybody in a room."""
        self.command(PlayRoom(room, self._speech(), self.clips(utterance, language)))

    def say_and_wait(self, leg: Leg, utterance: Utterance, language: str, now: float) -> None:
        """Speak to one at once, and wait for the end: `leg.playback` is spoken, or the SPEECH timer runs out."""
        clips = self.clips(utterance, language)
        leg.playback = self._speech()
        self.command(Play(leg.number, leg.playback, clips, replace=True))
        length_s = sum(clip.length for clip in clips) / SAMPLES_PER_S
        self.timers.set((LegTimer.SPEECH, leg.number), now + length_s + SPEECH_GUARD_S)

    def hush(self, leg: Leg) -> None:
        """Stop speaking to one. Last words are heard to their end: the hang-up waits for it."""
        if leg.state is LegState.LAST_WORDS:
            return
        self.spoken(leg)
        self.command(StopPlay(leg.number))

    def spoken(self, leg: Leg) -> None:
        """Wait no longer for the end of a speech."""
        leg.playback = 0
        self.timers.cancel((LegTimer.SPEECH, leg.number))

    def part(self, leg: Leg, utterance: Utterance | None, because: LeaveReason, now: float) -> None:
        """Say last words, then hang up. Who would not hear them is hung up at once."""
        if utterance is None or leg.stream is not StreamState.OPEN:
            self.hang_up(leg, because)
            return
        leg.leaves_because = because
        leg.state = LegState.LAST_WORDS
        self.say_and_wait(leg, utterance, leg.language, now)

    def hang_up(self, leg: Leg, because: LeaveReason, reason: str = "") -> None:
        """End a call that we have answered."""
        because = leg.leaves_because or because
        if leg.call:  # a call of ours that is not placed yet is taken back when it is
            self.effects.append(HangUpCall(leg.call, reason or because.value.replace("_", " ")))
        self.end(leg, because)

    def end(self, leg: Leg, because: LeaveReason) -> None:
        """Take the leg out of the tables and give back all that it holds. Nothing of it is left but its departure."""
        if self.by_number.pop(leg.number, None) is None:
            return
        self.by_call.pop(leg.call, None)
        for timer in LegTimer:
            self.timers.cancel((timer, leg.number))
        if leg.runner is not None:
            leg.runner.close()
        if leg.stream is StreamState.ASKED:
            self.late_streams.add(leg.number)
        elif leg.stream is StreamState.OPEN:
            self.ending[leg.number] = _known(leg)
            self.effects.append(CloseStream(leg.number))
        self.departures.append((leg, leg.leaves_because or because))

    def _speech(self) -> int:
        self._playback += 1
        return self._playback


def _known(leg: Leg) -> dict[str, object]:
    """What every line of the log says of the leg that it is about."""
    known: dict[str, object] = {"leg": leg.number, "call_id": leg.call_id}
    if leg.room is not None and leg.room.conference_id:
        known["conference"] = leg.room.conference_id
    return known
