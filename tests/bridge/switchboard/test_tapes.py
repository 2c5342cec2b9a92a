"""Recordings as the switchboard has them: who is told what, in which order, and what is put down (C6)."""

from __future__ import annotations

import pytest

from bridge.conference.events import RecordingStopped
from bridge.conference.model import Conference
from bridge.conference.tape import Tape
from bridge.service.settings import Settings
from bridge.switchboard.effects import (
    BeginRecording,
    Effect,
    EndRecording,
    Level,
    Log,
    MediaCommand,
    PauseRecording,
    RecordAct,
    RecordRecording,
    Taped,
)
from bridge.switchboard.lines import Lines
from bridge.switchboard.room import Room
from bridge.switchboard.tapes import Tapes
from bridge.switchboard.timers import Timers
from media.control import RecordRoom
from media.recording.messages import Ended, File, Reason
from tests.support.builders import ReadableVoice, ids

FILES = (
    File("c1.flac", 80_000, 8_000, 900),
    File("c1-p01.flac", 40_000, 8_000, 500, stream=2, offset_samples=4_000),
    File("c1-p02.flac", 8_000, 8_000, 300, stream=3, offset_samples=8_000),
)


class Studio:
    """A conference with one participant on record, and the tapes of its bridge."""

    def __init__(self) -> None:
        self.lines = Lines(ReadableVoice(), Timers())
        self.told: list[RecordingStopped] = []
        self.tapes = Tapes(self.lines, new_id=ids(), tell=lambda _room, event, _now: self.told.append(event))
        self.room = Room(7, 4, Conference(Settings()))
        self.room.conference_id = "c1"
        self.room.records = {2: "p1"}

    def set(self, tape: Tape) -> list[Effect | RecordRoom]:
        self.tapes.set(self.room, tape)
        return self.effects()

    def over(self, reason: Reason = Reason.STOPPED, recording: int = 1) -> list[Effect | RecordRoom]:
        self.tapes.over(Ended(recording, reason, FILES, 0.5, "no space left"), 5.0)
        return self.effects()

    def effects(self) -> list[Effect | RecordRoom]:
        """All but the log, commands without their wrapping."""
        done, self.lines.effects = self.lines.effects, []
        self.log = [each for each in done if isinstance(each, Log)]
        return [
            each.command if isinstance(each, MediaCommand) else each
            for each in done
            if not isinstance(each, Log)
        ]


def test_the_process_is_told_before_any_frame_can_come_and_pauses_begin_at_the_worker() -> None:
    studio = Studio()
    assert studio.set(Tape.RUNNING) == [BeginRecording(1, "c1"), RecordRoom(4, 1)]
    assert studio.set(Tape.PAUSED) == [RecordRoom(4, 0), PauseRecording(1, on=True)]
    assert studio.set(Tape.RUNNING) == [PauseRecording(1, on=False), RecordRoom(4, 1)]
    assert studio.set(Tape.OFF) == [RecordRoom(4, 0), EndRecording(1)]
    assert studio.set(Tape.OFF) == []
    assert studio.set(Tape.RUNNING) == [BeginRecording(2, "c1"), RecordRoom(4, 2)]


def test_what_there_is_goes_on_record_by_who_was_in_though_they_and_the_conference_are_gone() -> None:
    studio = Studio()
    studio.set(Tape.RUNNING)
    studio.set(Tape.OFF)
    studio.room.records, studio.room.conference_id = {}, "c2"
    assert studio.over() == [
        RecordRecording(
            "id-1",
            "c1",
            "stopped",
            0.5,
            (
                Taped("c1.flac", "", 0.0, 10.0, 900),
                Taped("c1-p01.flac", "p1", 0.5, 5.0, 500),
                Taped("c1-p02.flac", "", 1.0, 1.0, 300),
            ),
        )
    ]
    assert studio.told == []
    assert studio.log[0].fields["conference"] == "c1"
    assert studio.log[0].level is Level.INFO
    assert studio.over() == [], "told twice, put down once"


@pytest.mark.parametrize("reason", [Reason.DISK_FULL, Reason.LONGEST, Reason.PROCESS_LOST])
def test_an_end_that_nobody_asked_for_is_told_to_the_conference_logged_and_audited(reason: Reason) -> None:
    studio = Studio()
    studio.set(Tape.RUNNING)
    failed = reason is not Reason.LONGEST
    _, act, command = studio.over(reason)
    assert act == RecordAct("bridge", "end_recording", "c1", {"conference": "c1", "reason": reason.value})
    assert command == RecordRoom(4, 0)
    assert studio.told == [RecordingStopped(reason.value, failed)]
    assert studio.log[0].level is (Level.ERROR if failed else Level.INFO)
    assert studio.log[0].fields["detail"] == "no space left"
    assert studio.lines.figures[f"recordings ended:{reason.value}"] == 1
    assert studio.set(Tape.OFF) == []


def test_the_end_of_one_that_was_begun_anew_meanwhile_ends_only_itself() -> None:
    studio = Studio()
    studio.set(Tape.RUNNING)
    studio.set(Tape.OFF)
    studio.set(Tape.RUNNING)
    studio.over(recording=1)
    assert studio.room.recording == 2
    assert studio.told == []
