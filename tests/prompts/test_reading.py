from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from prompts.errors import PromptError
from prompts.reading import Take, narrowband, read, wideband


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_any_rate_becomes_telephone_audio_of_the_same_length_and_level(rate_hz: int):
    time = np.arange(rate_hz) / rate_hz
    tone = (0.25 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    narrow = narrowband(Take(tone[None], rate_hz))
    assert narrow.dtype == np.int16
    assert len(narrow) == 8_000
    assert np.abs(narrow[1_000:-1_000]).max() == pytest.approx(8_192, rel=0.002)


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_wideband_is_at_twice_the_rate_and_heard_at_the_same_time(rate_hz: int):
    time = np.arange(rate_hz) / rate_hz
    take = Take((0.25 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[None], rate_hz)
    wide = wideband(take)
    assert wide.dtype == np.int16
    assert len(wide) == 16_000
    assert np.abs(wide[2_000:-2_000:2].astype(int) - narrowband(take)[1_000:-1_000]).max() < 20


def test_what_is_wideband_already_stays_as_it_is():
    samples = np.random.default_rng(1).integers(-32_768, 32_768, 1_000).astype(np.int16)
    take = Take((samples / 32_768).astype(np.float32)[None], 16_000)
    assert np.array_equal(wideband(take), samples)
    assert np.array_equal(wideband(take, loop=True), samples)


@pytest.mark.parametrize("form", [narrowband, wideband])
def test_a_loop_stays_a_loop(form: Callable[..., np.ndarray]):
    time = np.arange(48_000) / 48_000
    tone = (0.25 * np.sin(2 * np.pi * 441 * time)).astype(np.float32)  # whole periods
    turn = form(Take(tone[None], 48_000), loop=True).astype(int)
    twice = np.concatenate([turn, turn])
    bends = np.abs(np.diff(twice, 2))
    seam = len(turn)
    assert bends[seam - 10 : seam + 10].max() <= bends[2_000:6_000].max() + 2


def test_two_channels_become_one():
    both = np.stack([np.full(800, 0.5, np.float32), np.full(800, -0.5, np.float32)])
    assert not narrowband(Take(both, 8_000)).any()


def test_overload_is_clipped_and_does_not_wrap():
    loud = np.full((1, 800), 1.5, np.float32)
    assert narrowband(Take(loud, 8_000)).max() == 32_767


def test_what_cannot_be_used_is_refused_with_its_name(tmp_path: Path):
    text, empty, slow = (tmp_path / name for name in ("text.wav", "empty.wav", "slow.wav"))
    text.write_text("not audio")
    soundfile.write(empty, np.zeros(0), 8_000)
    soundfile.write(slow, np.zeros(10), 100)
    for path, fault in (
        (text, "cannot be read"),
        (empty, "empty"),
        (slow, "no rate of speech"),
        (tmp_path / "none.wav", "cannot"),
    ):
        with pytest.raises(PromptError, match=f"{path.name}: .*{fault}"):
            read(path)


def test_a_recording_with_holes_is_read_as_silence_there(tmp_path: Path):
    soundfile.write(tmp_path / "nan.wav", np.full(80, np.nan, np.float32), 8_000, subtype="FLOAT")
    assert not read(tmp_path / "nan.wav").samples.any()


def test_a_file_of_hours_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("prompts.reading.LONGEST_FILE_S", 1)
    soundfile.write(tmp_path / "long.wav", np.zeros(8_001), 8_000)
    with pytest.raises(PromptError, match="longer than 1 s"):
        read(tmp_path / "long.wav")
