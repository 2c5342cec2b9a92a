from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from prompts import inspection
from prompts.inspection import check, export, listing
from prompts.library import PAUSE_MS, Library
from prompts.phrases import say


def record(path: Path, *, duration_s: float = 1.0, amplitude: float = 0.1, channels: int = 1) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange(round(duration_s * 16_000)) / 16_000
    tone = amplitude * np.sin(2 * np.pi * 440 * time)
    soundfile.write(path, np.stack([tone] * channels, axis=-1), 16_000)


def test_ours_are_well():
    assert check() == []


@pytest.mark.parametrize(
    ("name", "options", "fault"),
    [
        ("en/greeting.wav", {"amplitude": 0.99}, "too loud: peaks at -0.1 dBFS"),
        ("en/greeting.wav", {"amplitude": 0.5}, "too loud: -9.0 dBov"),
        ("en/greeting.wav", {"amplitude": 0.005}, "too quiet: -49.0 dBov"),
        ("en/greeting.wav", {"amplitude": 0.0}, "silent"),
        ("en/greeting.wav", {"duration_s": 31.0}, "31.0 s long"),
        ("tone/join.flac", {"duration_s": 7.0}, "7.0 s long"),
        ("en/greeting.wav", {"channels": 2}, "2 channels"),
        ("en/gretting.wav", {}, "no clip of this name"),
        ("de/greeting.wav", {}, "no clip of this name"),
    ],
)
def test_every_fault_of_a_replacement_is_said(
    name: str, options: dict[str, float], fault: str, tmp_path: Path
):
    record(tmp_path / name, **options)
    found = check(tmp_path)
    assert all(Path(name).name in sentence for sentence in found)
    assert fault in found[0]


def test_a_good_replacement_is_well(tmp_path: Path):
    record(tmp_path / "pt-BR" / "greeting.ogg")
    record(tmp_path / "music" / "hold.wav", duration_s=40.0)
    (tmp_path / "pt-BR" / "notes.txt").write_text("recorded on a Tuesday")
    assert check(tmp_path) == []


def test_faults_do_not_hide_each_other(tmp_path: Path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "goodbye.wav").write_text("not audio")
    record(tmp_path / "es" / "greeting.wav", amplitude=0.5, channels=2)
    faults = check(tmp_path)
    assert len(faults) == 3
    assert "cannot be read" in faults[0]


def test_a_directory_that_is_not_there_is_a_fault(tmp_path: Path):
    assert check(tmp_path / "none") == [f"{tmp_path / 'none'}: no such directory"]


def test_one_of_ours_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(inspection, "AUDIO", tmp_path)
    assert "en/greeting: our recording is missing" in check()


def test_the_list_has_every_clip_with_text_and_length(monkeypatch: pytest.MonkeyPatch, library: Library):
    monkeypatch.setattr(Library, "load", lambda **_: library)
    clips = {(entry.folder, entry.clip): entry for entry in listing()}
    assert clips["en", "goodbye"].text == "Thank you for calling. Goodbye."
    assert 1 < clips["en", "goodbye"].duration_s < 4
    assert clips["tone", "join"].duration_s < 1
    assert not clips["music", "hold"].replaced
    assert len(clips) == len(library.places)


def test_an_utterance_can_be_written_to_a_file_and_heard(
    monkeypatch: pytest.MonkeyPatch, library: Library, tmp_path: Path
):
    monkeypatch.setattr(Library, "load", lambda **_: library)
    duration_s = export(say("participants_count", count=3), "es", tmp_path / "heard.wav")
    samples, rate_hz = soundfile.read(tmp_path / "heard.wav")
    assert rate_hz == 8_000
    assert len(samples) == round(duration_s * rate_hz)
    assert duration_s > 2 + PAUSE_MS / 1_000
    assert export(say("participants_count", count=3), "es", tmp_path / "hd.wav", hd=True) == duration_s
    wide, rate_hz = soundfile.read(tmp_path / "hd.wav")
    assert rate_hz == 16_000
    power = np.abs(np.fft.rfft(wide)) ** 2
    above = power[np.fft.rfftfreq(len(wide), 1 / 16_000) > 4_000].sum() / power.sum()
    assert above > 0.001
