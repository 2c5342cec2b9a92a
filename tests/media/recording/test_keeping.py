"""The folder as time goes by: leftovers are found, old recordings removed, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

from media.recording.keeping import DAY_S, remove_old, unfinished
from media.recording.messages import FileFormat
from media.recording.track import Track

OLD = "board-20260101T000000Z-1.flac"
NEW = "board-20260301T000000Z-2.flac"


def put(folder: Path, name: str, age_days: float, now: float) -> Path:
    path = folder / name
    path.write_bytes(b"x")
    os.utime(path, (now, now - age_days * DAY_S))
    return path


def test_recordings_are_removed_when_their_days_are_over_and_nothing_else_is(tmp_path: Path) -> None:
    now = 1_772_373_902.0
    put(tmp_path, OLD, 31, now)
    put(tmp_path, OLD.replace("flac", "json"), 31, now)
    put(tmp_path, OLD + ".part", 31, now)
    put(tmp_path, NEW, 29, now)
    put(tmp_path, "minutes.odt", 400, now)
    (tmp_path / "elsewhere").write_text("kept")
    (tmp_path / "board-20250101T000000Z-3.wav").symlink_to(tmp_path / "elsewhere")
    assert remove_old(tmp_path, 30, now) == [OLD, OLD + ".part", OLD.replace("flac", "json")]
    assert {path.name for path in tmp_path.iterdir()} == {
        NEW,
        "minutes.odt",
        "elsewhere",
        "board-20250101T000000Z-3.wav",
    }


def test_a_folder_that_is_not_there_has_nothing_old(tmp_path: Path) -> None:
    assert remove_old(tmp_path / "missing", 1, 1e9) == []
    assert unfinished(tmp_path / "missing") == []


def test_what_is_being_written_is_no_leftover(tmp_path: Path) -> None:
    track = Track(tmp_path / NEW, FileFormat.FLAC, 8_000)
    (tmp_path / (OLD + ".part")).write_bytes(b"")
    assert unfinished(tmp_path) == [OLD + ".part"]
    assert remove_old(tmp_path, 1, 4e9) == [OLD + ".part"]
    track.finish()
    assert unfinished(tmp_path) == []
