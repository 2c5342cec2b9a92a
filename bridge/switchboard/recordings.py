"""What callers record: a place in the arena for it, the worker's recording, and who owns it afterwards.

A recording belongs to its leg (`leg.clip`) until somebody takes it over: a room, which keeps the names of its people as
long as it lasts (C2). What nobody took goes when the leg goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bridge.switchboard.effects import Level
from bridge.switchboard.legs import LegTimer
from bridge.switchboard.lines import SAMPLES_PER_S
from media.arena import Arena
from media.control import Record, Segment, StopRecording
from prompts.values import Clip

if TYPE_CHECKING:
    from bridge.switchboard.legs import Leg
    from bridge.switchboard.lines import Lines
    from media.control import RecordingEnded

GUARD_S: Final = 5.0
"""How much later than its longest time a recording counts as failed when no worker tells its end."""


class Recordings:
    """All that run, and the arena that they are in."""

    __slots__ = ("_arena", "_lines", "_number", "_places", "_running")

    def __init__(self, lines: Lines, arena: Arena) -> None:
        self._lines = lines
        self._arena = arena
        self._running: dict[int, int] = {}
        """By leg: the number of the recording that is waited for."""
        self._places: dict[int, dict[int, Segment]] = {}
        """By stream and number, of all that no worker has ended yet."""
        self._number = 0

    def begin(self, leg: Leg, longest_s: float, silence_s: float, now: float) -> bool:
        """Record what the leg says, in place of what was recorded before; False where there is no room for it."""
        self.abandon(leg)
        self.drop(leg)
        into = self._arena.take(int(longest_s * SAMPLES_PER_S))
        if into is None:
            self._lines.figures["recording:no room"] += 1
            self._lines.log(Level.WARNING, "no room for a recording", leg)
            return False
        self._number += 1
        self._running[leg.number] = self._number
        self._places.setdefault(leg.number, {})[self._number] = into
        self._lines.command(Record(leg.number, self._number, into, silence_s))
        self._lines.timers.set((LegTimer.RECORDING, leg.number), now + longest_s + GUARD_S)
        return True

    def stop(self, leg: Leg) -> None:
        """End it with what there is; `ended` follows."""
        if leg.number in self._running:
            self._lines.command(StopRecording(leg.number))

    def ended(self, event: RecordingEnded) -> Clip | None:
        """Take what was recorded: None where nothing was said, or nobody wants it any more."""
        of_stream = self._places.get(event.stream, {})
        into = of_stream.pop(event.recording, None)
        if not of_stream:
            self._places.pop(event.stream, None)
        if into is None:
            return None
        wanted = self._running.get(event.stream) == event.recording
        if wanted:
            del self._running[event.stream]
            self._lines.timers.cancel((LegTimer.RECORDING, event.stream))
        if not wanted or not event.length:
            self._arena.give(into)
            return None
        kept = self._arena.trim(into, event.length)
        return Clip(kept.offset, kept.length)

    def closed(self, stream: int) -> None:
        """Nothing is written for a stream that has closed, whether or not the ends of its recordings were told."""
        for into in self._places.pop(stream, {}).values():
            self._arena.give(into)

    def is_running(self, leg: Leg, recording: int) -> bool:
        """Whether the end of this recording is waited for."""
        return self._running.get(leg.number) == recording

    def abandon(self, leg: Leg) -> None:
        """Nobody wants what is being recorded. Its place is free once the worker says that it has ended."""
        if self._running.pop(leg.number, None) is not None:
            self._lines.timers.cancel((LegTimer.RECORDING, leg.number))
            if leg.number in self._lines.by_number:
                self._lines.command(StopRecording(leg.number))

    def drop(self, leg: Leg) -> None:
        """Give back what the leg owns."""
        if leg.clip is not None:
            self.give(leg.clip)
            leg.clip, leg.clip_kept = None, False

    def give(self, clip: Clip) -> None:
        """Give a recording's place back: it is played no more."""
        self._arena.give(Segment(*clip))

    def place(self, samples: int) -> Clip | None:
        """Find a place for kept audio of that length; None where there is none."""
        if samples <= 0:
            return None
        into = self._arena.take(samples)
        return None if into is None else Clip(into.offset, samples)
