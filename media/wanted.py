"""What control wants of a stream: enough to open it again in another worker as it was, without asking the old one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from media import control

_M = TypeVar("_M", bound=msgspec.Struct)


@dataclass(slots=True)
class Wanted:
    """The sum of all commands for one stream."""

    opening: control.OpenStream
    """As it would be opened now; its numbers are those it began with in the worker where it is."""
    music: control.Music | None = None
    plays: dict[int, control.Play] = field(default_factory=dict)
    """What is queued or plays, as far as no end of it was told."""
    recordings: set[int] = field(default_factory=set)
    """What is being recorded, likewise. It does not go on elsewhere: what was said in between would be missing."""

    def remember(self, command: control.AnyCommand) -> None:
        """Keep what another worker would have to be told."""
        match command:
            case control.Music():
                self.music = command
            case control.Play(_, playback, _, anew):
                if anew:
                    self.plays.clear()
                self.plays[playback] = command
            case control.StopPlay():
                self.plays.clear()
            case control.Record(_, recording):
                self.recordings.add(recording)
            case _:
                self.change(**_opened_with(command))

    def learn(self, event: control.AnyEvent) -> None:
        """Keep what a worker told, for the next."""
        match event:
            case control.SourceLatched(_, remote):
                self.change(remote=remote, latched=True)
            case control.LineTroubled(_, trouble):
                self.change(trouble=trouble)
            case control.PlaybackEnded(playback):
                self.plays.pop(playback, None)
            case control.RecordingEnded(_, recording):
                self.recordings.discard(recording)

    def unfinished(self) -> list[control.RecordingEnded]:
        """The worker is dead: what it had recorded is not whole, and nobody knows how far it came."""
        stream, recordings = self.opening.stream, sorted(self.recordings)
        self.recordings.clear()
        return [control.RecordingEnded(stream, recording, 0) for recording in recordings]

    def change(self, **changes: object) -> None:
        """Another opening."""
        self.opening = changed(self.opening, **changes)

    def again(self, last: control.StreamClosed) -> tuple[control.OpenStream, Iterator[control.AnyCommand]]:
        """What opens the stream where `last` left off, and what is then said to it."""
        opening = changed(
            self.opening,
            sequence=last.sequence,
            timestamp=last.timestamp,
            due_s=last.due_s,
            auto_gain_db=last.auto_gain_db,
            srtp=last.srtp,
        )
        # Should the next worker die before it has begun, these are where another goes on: of a secured stream no number
        # may be used again.
        self.opening = opening
        return opening, self._afterwards()

    def _afterwards(self) -> Iterator[control.AnyCommand]:
        if self.music is not None:
            yield self.music
        for play in self.plays.values():
            yield changed(play, replace=False)


def _opened_with(command: control.AnyCommand) -> dict[str, object]:
    """What an opening has to say so that this command need not be repeated."""
    said: dict[str, object] = {}
    match command:
        case control.Route(_, room):
            said = {"room": room}
        case control.Mute(_, muted):
            said = {"muted": muted}
        case control.Gain(_, gain_db):
            said = {"gain_db": gain_db}
        case control.AutoGain(_, on):
            said = {"auto_gain": on}
        case control.Suppress(_, on):
            said = {"suppress": on}
        case control.Whisper(_, to):
            said = {"whisper_to": to}
        case control.UpdateStream(_, format_, None):
            said = {"format": format_}
        case control.UpdateStream(_, format_, remote):
            said = {"format": format_, "remote": remote, "latched": False}
    return said


def changed(message: _M, **changes: object) -> _M:
    """Return a message with other values."""
    return msgspec.structs.replace(message, **changes)
