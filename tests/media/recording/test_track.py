"""A file that cannot be written is told of as such, and never more than that."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import numpy as np
import pytest

from media.recording.messages import FileFormat, Reason
from media.recording.track import Track, TrackError
from tests.media.real import descriptors


def test_a_file_that_is_taken_away_as_it_is_finished_is_an_error_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = Track(tmp_path / "a.wav", FileFormat.WAV, 8_000)
    track.write(np.zeros(160, np.int16))

    def renamed_and_removed(self: Path, _: Path) -> None:
        self.unlink()

    monkeypatch.setattr(Path, "rename", renamed_and_removed)
    with pytest.raises(TrackError) as failed:
        track.finish()
    assert failed.value.reason is Reason.FOLDER_MISSING


def test_a_disk_without_locks_leaves_nothing_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    before = descriptors(os.getpid())
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(TrackError):
        Track(tmp_path / "a.wav", FileFormat.WAV, 8_000)
    assert descriptors(os.getpid()) == before
