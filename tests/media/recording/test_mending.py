"""Files that a crash left: what can be played of them is made whole."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from media.recording.mending import mend
from media.recording.messages import FileFormat
from media.recording.track import Track


def crashed(folder: Path, format_: FileFormat, rate_hz: int, seconds: int) -> tuple[Path, np.ndarray]:
    """A file as a process leaves it that is killed while it writes."""
    random = np.random.default_rng(7)
    samples = random.integers(-3_000, 3_000, seconds * rate_hz, np.int16)
    path = folder / f"board-20260301T140502Z-17.{format_.value}"
    child = os.fork()
    if not child:
        track = Track(path, format_, rate_hz)
        for begin in range(0, len(samples), rate_hz):
            track.write(samples[begin : begin + rate_hz])
        os._exit(0)
    os.waitpid(child, 0)
    return path, samples


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning"
)  # of fork, from Python 3.12 on, where a library has threads
@pytest.mark.parametrize("format_", list(FileFormat))
@pytest.mark.parametrize(("rate_hz", "seconds"), [(8_000, 30), (48_000, 4), (16_000, 30)])
def test_all_but_the_last_moment_of_a_killed_recording_can_be_played(
    tmp_path: Path, format_: FileFormat, rate_hz: int, seconds: int
) -> None:
    path, samples = crashed(tmp_path, format_, rate_hz, seconds)
    assert mend(path.with_name(path.name + ".part"))
    back, rate = soundfile.read(path, dtype="int16")
    assert rate == rate_hz
    assert len(samples) - 2.1 * rate_hz < len(back) <= len(samples) + 1
    if format_ is not FileFormat.OPUS:
        assert np.array_equal(back, samples[: len(back)])


@pytest.mark.parametrize(
    "content", [b"", b"fLaC", b"fLaC" + bytes(60), os.urandom(5_000), b"\xff\xf8" * 3_000]
)
@pytest.mark.parametrize("format_", list(FileFormat))
def test_what_cannot_be_played_keeps_the_name_of_something_unfinished(
    tmp_path: Path, format_: FileFormat, content: bytes
) -> None:
    part = tmp_path / f"board-20260301T140502Z-17.{format_.value}.part"
    part.write_bytes(content)
    assert not mend(part)
    assert part.exists()


def test_nothing_finished_is_overwritten(tmp_path: Path) -> None:
    path, _ = crashed(tmp_path, FileFormat.WAV, 8_000, 1)
    path.write_bytes(b"another")
    assert not mend(path.with_name(path.name + ".part"))
    assert path.read_bytes() == b"another"
