"""Short recordings on the disk: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from bridge.store import sounds
from bridge.store.errors import StoreRefusedError, StoreUnavailableError

SPEECH = (8000 * np.sin(np.arange(4000) / 7)).astype(np.int16)


def test_a_recording_comes_back_sample_by_sample(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "1.flac"
    assert sounds.load(path) is None
    sounds.keep(path, SPEECH, longest_s=1.0)
    kept = sounds.load(path)
    assert kept is not None
    np.testing.assert_array_equal(kept, SPEECH)
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path], "no draft is left"
    sounds.forget(path)
    sounds.forget(path)
    assert sounds.load(path) is None


@pytest.mark.parametrize(("samples", "words"), [(0, "nothing"), (8001, "at most 1 s")])
def test_a_recording_of_nothing_or_too_much_is_refused(tmp_path: Path, samples: int, words: str) -> None:
    with pytest.raises(StoreRefusedError, match=words):
        sounds.keep(tmp_path / "1.flac", np.zeros(samples, np.int16), longest_s=1.0)


def test_a_full_disk_is_told_and_leaves_the_old_recording(tmp_path: Path) -> None:
    """/dev/full takes no byte: ENOSPC, as a full disk says it."""
    path = tmp_path / "1.flac"
    sounds.keep(path, SPEECH, longest_s=1.0)
    draft = path.with_suffix(f".{sounds.os.getpid()}")
    draft.symlink_to("/dev/full")
    with pytest.raises(StoreUnavailableError, match="No space left"):
        sounds.keep(path, SPEECH[:100], longest_s=1.0)
    kept = sounds.load(path)
    assert kept is not None
    assert kept.size == SPEECH.size
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "1.flac").write_text("a letter")
    with pytest.raises(StoreUnavailableError, match="no recording"):
        sounds.load(tmp_path / "1.flac")
    with pytest.raises(StoreUnavailableError, match="directory"):
        sounds.load(tmp_path)
    with pytest.raises(StoreUnavailableError, match="directory"):
        sounds.forget(tmp_path)
    with pytest.raises(StoreRefusedError, match="cannot be read"):
        sounds.read(tmp_path / "1.flac")


def test_somebodys_file_of_any_rate_becomes_telephone_audio(tmp_path: Path) -> None:
    path = tmp_path / "studio.wav"
    soundfile.write(path, np.zeros((44100, 2), np.float32), 44100)
    assert sounds.read(path).shape == (8000,)
