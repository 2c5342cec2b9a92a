"""All takes and all rings: what control says, and what it is told."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from media.recording import messages
from media.recording.messages import Begin, Ended, FileFormat, Reason
from media.recording.mixdown import LAG_S
from media.recording.ring import Ring
from media.recording.studio import DISK_CHECK_S, KEEPING_S, Studio
from media.recording.track import Track

WALL_S = 1_772_373_902.0


def begin(folder: Path, recording: int = 1) -> Begin:
    return Begin(recording, str(folder), "board", FileFormat.WAV, 100.0, WALL_S)


def write(ring: Ring, tick: int, *, recording: int = 1, level: int = 1_000) -> None:
    frame = np.full((1, 160), level, np.int16)
    ring.write(100.0 + 0.02 * tick, tick, np.array([recording]), np.array([5]), frame)


def ended(studio: Studio) -> list[Ended]:
    return [event for event in studio.events() if isinstance(event, Ended)]


def test_what_a_worker_that_is_gone_had_handed_over_is_taken_before_its_ring_is_given_up(
    tmp_path: Path,
) -> None:
    studio, ring = Studio(least_free=0), Ring.private(64)
    studio.attach("one", ring)
    studio.receive(begin(tmp_path), WALL_S)
    for tick in range(5):
        write(ring, tick)
    studio.advance(100.1, WALL_S)
    studio.receive(messages.Detach("one"), WALL_S)
    studio.advance(100.2, WALL_S)
    studio.advance(100.2 + LAG_S, WALL_S)
    write(ring, 60)
    studio.receive(messages.End(1, 102.0), WALL_S)
    studio.advance(102.0 + LAG_S, WALL_S)
    studio.advance(102.1 + LAG_S, WALL_S)
    [over] = ended(studio)
    assert (over.reason, over.gap_s) == (Reason.STOPPED, 0.0)
    assert over.files[0].samples == 16_000
    assert not studio.busy


def test_frames_of_what_is_not_recorded_fall_away(tmp_path: Path) -> None:
    studio, ring = Studio(least_free=0), Ring.private(64)
    studio.attach("one", ring)
    write(ring, 0, recording=9)
    studio.advance(100.0, WALL_S)
    studio.advance(100.1, WALL_S)
    studio.receive(messages.Pause(9, 100.0), WALL_S)
    studio.receive(messages.End(9, 100.0), WALL_S)
    assert studio.events() == []


def test_a_disk_that_fills_up_is_noticed_while_it_is_recorded(tmp_path: Path) -> None:
    studio = Studio(least_free=0)
    studio.advance(100.0, WALL_S)
    studio.receive(begin(tmp_path), WALL_S)
    studio._takes[1]._least_free = 1 << 60
    studio.advance(100.0 + DISK_CHECK_S - 1, WALL_S)
    assert ended(studio) == []
    studio.advance(100.0 + DISK_CHECK_S, WALL_S)
    [over] = ended(studio)
    assert over.reason is Reason.DISK_FULL
    assert over.files[0].samples >= 8_000, "what there is, is whole"


def test_at_the_end_all_is_finished(tmp_path: Path) -> None:
    studio = Studio(least_free=0)
    studio.receive(begin(tmp_path, 1), WALL_S)
    studio.receive(begin(tmp_path, 2), WALL_S)
    studio.receive(messages.Stop(100.5), WALL_S)
    assert not studio.done
    studio.advance(100.5 + LAG_S, WALL_S)
    assert studio.done
    assert {over.files[0].samples for over in ended(studio)} == {4_000}
    assert len(list(tmp_path.glob("*.wav"))) == 2


def test_the_folder_is_looked_after_at_the_start_and_every_hour(tmp_path: Path) -> None:
    leftover = Track(tmp_path / "board-20260301T000000Z-1.wav", FileFormat.WAV, 8_000)
    leftover.write(np.ones(8_000, np.int16))
    leftover.finish()
    leftover.path.rename(tmp_path / (leftover.path.name + ".part"))  # as if it had not come to that
    old = tmp_path / "board-20260101T000000Z-1.flac"
    old.write_bytes(b"")
    os.utime(old, (WALL_S, WALL_S - 40 * 86_400))
    studio = Studio(least_free=0)
    studio.receive(messages.Keep(str(tmp_path), 30), WALL_S)
    removed, mended = studio.events()
    assert removed == messages.Removed((old.name,))
    assert mended == messages.Mended(("board-20260301T000000Z-1.wav",))
    studio.advance(1.0, WALL_S + KEEPING_S - 1)
    assert studio.events() == []
    os.utime(tmp_path / mended.names[0], (WALL_S, WALL_S - 40 * 86_400))
    studio.advance(2.0, WALL_S + KEEPING_S)
    assert studio.events() == [messages.Removed(mended.names)]
