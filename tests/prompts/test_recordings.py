from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from prompts.errors import PromptError
from prompts.mastering import LEVEL_DBOV, MARGIN_MS, PEAK_DBFS, RATE_HZ, active_level
from prompts.recordings import AUDIO, MANIFEST, Made, find, read_manifest, recordings, write_manifest
from prompts.render import out_of_date

REPOSITORY_LIMIT_BYTES = 25_000_000


def test_every_recording_is_of_todays_text_and_untouched():
    assert out_of_date() == [], "texts and audio differ: run `roda prompts render`"


def test_every_recording_has_the_level_and_a_sane_length():
    for recording in list(recordings())[
        :-1:7
    ]:  # each seventh: a second's work; all went through the same mastering
        samples, rate_hz = soundfile.read(recording.path(), dtype="float64")
        assert rate_hz == RATE_HZ
        assert samples.ndim == 1
        assert active_level(samples) == pytest.approx(LEVEL_DBOV, abs=0.5), recording.key
        assert abs(samples).max() <= 10 ** (PEAK_DBFS / 20) + 1e-3, recording.key
        assert not samples[0], recording.key


def test_nothing_is_said_much_faster_or_slower_than_people_speak():
    manifest = read_manifest()
    for recording in recordings():
        if recording.text:
            spoken_s = manifest[recording.key].samples / RATE_HZ - 2 * MARGIN_MS / 1_000
            assert 0.03 < spoken_s / len(recording.text) < 0.2, recording.key
            assert spoken_s < 12, recording.key


def test_the_audio_stays_small_enough_for_a_repository():
    assert sum(path.stat().st_size for path in AUDIO.rglob("*.flac")) < REPOSITORY_LIMIT_BYTES


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path):
    made = {"en/b": Made("r2", "a2", 2), "en/a": Made("r1", "a1", 1)}
    assert read_manifest(tmp_path) == {}
    write_manifest(made, tmp_path)
    assert read_manifest(tmp_path) == made
    assert (tmp_path / MANIFEST).read_text().index("en/a") < (tmp_path / MANIFEST).read_text().index("en/b")


def test_a_broken_manifest_is_said_to_be(tmp_path: Path):
    (tmp_path / MANIFEST).write_text('{"en/a": 3}')
    with pytest.raises(PromptError, match=MANIFEST):
        read_manifest(tmp_path)


def test_a_name_with_dots_is_found_whatever_its_type(tmp_path: Path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "number.21.ogg").touch()
    assert find(tmp_path, "en", "number.21") == tmp_path / "en" / "number.21.ogg"
    assert find(tmp_path, "en", "number.2") is None
