"""Recordings of conferences (C6): numbers for them, what the workers and the recording process are told, what is put down.

A recording has a number as long as the bridge runs, and is of one meeting: its files are called by the conference's id. It
is told to begin before anything is said of it, so the words that tell people are on it. When it is over, by command or by
itself, the recording process says what there is, a moment later: that goes into the records.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.conference.events import RecordingStopped
from bridge.conference.tape import Tape
from bridge.switchboard.effects import (
    BeginRecording,
    EndRecording,
    Level,
    Log,
    PauseRecording,
    RecordAct,
    RecordRecording,
    Taped,
)
from media.control import RecordRoom
from media.recording.messages import Ended, Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.switchboard.lines import Lines
    from bridge.switchboard.room import Room

EXPECTED: Final = frozenset({Reason.STOPPED, Reason.LONGEST})
"""Ends that are no failure."""


@dataclass(slots=True)
class _Tape:
    """A recording that runs, or whose end is not told yet."""

    room: Room
    conference: str
    people: dict[int, str]
    """Who was in, by leg: their records."""


class Tapes:
    """All recordings of this bridge."""

    __slots__ = ("_by_number", "_last", "_lines", "_new_id", "_tell")

    def __init__(
        self,
        lines: Lines,
        *,
        new_id: Callable[[], str],
        tell: Callable[[Room, RecordingStopped, float], None],
    ) -> None:
        self._lines = lines
        self._new_id = new_id
        self._tell = tell
        self._by_number: dict[int, _Tape] = {}
        self._last = 0

    def set(self, room: Room, tape: Tape) -> None:
        """Do what a conference wants (`conference.effects.SetRecording`)."""
        effects = self._lines.effects
        if tape is Tape.OFF:
            number, room.recording = room.recording, 0
            if not number:
                return
            self._lines.command(RecordRoom(room.number))
            effects.append(EndRecording(number))
        elif tape is Tape.PAUSED:
            self._lines.command(RecordRoom(room.number))
            effects.append(PauseRecording(room.recording, on=True))
        elif room.recording:
            effects.append(PauseRecording(room.recording, on=False))
            self._lines.command(RecordRoom(room.number, room.recording))
        else:
            self._last += 1
            room.recording = self._last
            self._by_number[self._last] = _Tape(room, room.conference_id, room.records)
            self._lines.figures["recordings"] += 1
            effects.append(BeginRecording(self._last, room.conference_id))
            self._lines.command(RecordRoom(room.number, self._last))
        self._log(Level.INFO, "recording", room.conference_id, state=tape.value)

    def over(self, event: Ended, now: float) -> None:
        """Put down what there is, and tell the conference where nobody had asked for the end."""
        tape = self._by_number.pop(event.recording, None)
        if tape is None:
            return
        failed = event.reason not in EXPECTED
        taped = tuple(
            Taped(
                file.name,
                tape.people.get(file.stream, ""),
                file.offset_samples / file.rate_hz,
                file.samples / file.rate_hz,
                file.size_bytes,
            )
            for file in event.files
        )
        self._lines.figures[f"recordings ended:{event.reason.value}"] += 1
        self._log(
            Level.ERROR if failed else Level.INFO,
            "recording ended",
            tape.conference,
            reason=event.reason.value,
            files=len(taped),
            bytes=sum(file.size_bytes for file in taped),
            missing_s=round(event.gap_s, 2),
            **({"detail": event.detail} if event.detail else {}),
        )
        self._lines.effects.append(
            RecordRecording(self._new_id(), tape.conference, event.reason.value, event.gap_s, taped)
        )
        room = tape.room
        if room.recording == event.recording:
            details = {"conference": tape.conference, "reason": event.reason.value}
            self._lines.effects.append(RecordAct("bridge", "end_recording", tape.conference, details))
            room.recording = 0
            self._lines.command(RecordRoom(room.number))
            self._tell(room, RecordingStopped(event.reason.value, failed), now)

    def _log(self, level: Level, event: str, conference: str, /, **fields: object) -> None:
        self._lines.effects.append(Log(level, event, {"conference": conference, **fields}))
