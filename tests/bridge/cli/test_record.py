"""`roda record` (C6)."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from bridge.conference import commands
from bridge.conference.commands import Command
from bridge.store.database import open_database
from bridge.store.recordings import Recorded, RecordedFile
from bridge.store.records import ConferenceStarted, Joined, Records
from tests.bridge.cli.bridge_in_a_thread import FakeBridge
from tests.bridge.cli.conftest import Roda

NOON = 1767279600.0
"""2026-01-01, 12:00 in São Paulo."""


@pytest.mark.parametrize(
    ("word", "command"),
    [
        ("start", commands.RecordConference(on=True)),
        ("stop", commands.RecordConference(on=False)),
        ("pause", commands.PauseRecording(on=True)),
        ("resume", commands.PauseRecording(on=False)),
    ],
)
def test_a_command_is_given_to_the_conference_that_is_meant(
    roda: Roda, bridge: FakeBridge, word: str, command: Command
) -> None:
    assert roda("record", word, "Board")[0] == 0
    assert bridge.command == command


@pytest.fixture
def kept(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path}/var/roda.db")
    files = (
        RecordedFile("c1-1.flac", "", 0.0, 61.0, 1_500_000),
        RecordedFile("c1-1-p01.flac", "p1", 3.4, 20.0, 400_000),
    )
    with database.transaction() as connection:
        Records(connection).append(
            [
                ConferenceStarted("c1", NOON, "roda", None, "Board"),
                Joined("p1", "c1", NOON, "id1", "moderator", "=1+1", "1000"),
                Recorded("r1", NOON, "roda", "c1", "stopped", 0.0, files),
                Recorded("r2", NOON + 60, "elsewhere", "c1", "disk_full", 0.0, ()),
            ]
        )
    database.close()
    folder = tmp_path / "var" / "recordings"
    folder.mkdir()
    (folder / "c1-1.flac").write_bytes(b"")


def cells(line: str) -> list[str]:
    return [cell for cell in (part.strip() for part in line.split("  ")) if cell]


@pytest.mark.usefixtures("kept")
def test_recordings_are_shown_for_reading_and_a_star_marks_what_is_gone(roda: Roda) -> None:
    none, mix, apart = (cells(line) for line in roda("record", "list")[1].splitlines()[1:])
    assert none[-2:] == ["disk full", "none"]
    assert mix == [
        *("2026-01-01 12:00", "Board", "everybody", "0:00:00", "0:01:01", "1.5", "stopped", "c1-1.flac"),
    ]
    assert apart[2:5] == ["=1+1", "0:00:03", "0:00:20"]
    assert apart[-2:] == ["*", "c1-1-p01.flac"]


@pytest.mark.usefixtures("kept")
def test_recordings_for_programs_have_every_fact(roda: Roda) -> None:
    rows = json.loads(roda("record", "list", "--format", "json", "--until", "2026-01-01T12:00:30")[1])
    assert [(row["file"], row["begins_s"], row["size_bytes"]) for row in rows] == [
        ("c1-1.flac", 0.0, 1_500_000),
        ("c1-1-p01.flac", 3.4, 400_000),
    ]
    rows = list(csv.DictReader(io.StringIO(roda("record", "list", "--format", "csv", "--limit", "3")[1])))
    assert rows[2]["participant"] == "'=1+1"


def test_where_nothing_was_recorded_that_is_said(roda: Roda) -> None:
    assert "No recordings." in roda("record", "list")[1]
