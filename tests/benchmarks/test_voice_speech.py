import wave
from pathlib import Path

import numpy as np
import pytest

from benchmarks import g711, voice_speech
from benchmarks.voice_speech import FRAME, RATE_HZ, Speech


def talk(*parts: tuple[float, bool]) -> np.ndarray:
    """Noise where somebody speaks and nothing in the pauses, each so many seconds long."""
    random = np.random.default_rng(1)
    return np.concatenate(
        [
            random.normal(0, 3_000 * speaks, int(seconds * RATE_HZ)).astype(np.int16)
            for seconds, speaks in parts
        ]
    )


def keep(folder: Path, name: str, samples: np.ndarray, rate_hz: int = RATE_HZ) -> None:
    with wave.open(str(folder / name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(samples.astype("<i2").tobytes())


def test_a_piece_is_cut_in_the_middle_of_the_longest_pause_that_comes_in_time():
    said = talk((8.2, True), (0.2, False), (0.5, True), (0.4, False), (9.0, True), (0.3, False), (9.0, True))

    first, second, third = voice_speech.cuts(said)

    assert first == 0
    assert second / RATE_HZ == pytest.approx(8.2 + 0.2 + 0.5 + 0.2, abs=0.02)
    assert third / RATE_HZ == pytest.approx(18.3 + 0.15, abs=0.02)
    assert second % FRAME == third % FRAME == 0


def test_speech_without_pauses_has_no_piece():
    assert voice_speech.cuts(talk((30.0, True))) == [0]


def test_a_folder_is_read_as_it_was_recorded_and_what_is_no_8_khz_wav_is_left_out(tmp_path):
    said = talk((8.5, True), (0.5, False), (8.5, True), (0.5, False), (3.0, True))
    keep(tmp_path, "a.wav", said)
    keep(tmp_path, "b.wav", said, rate_hz=16_000)

    speech = voice_speech.load(tmp_path)

    (_, end), *_ = speech.pieces
    assert len(speech.pieces) == 2
    assert np.array_equal(speech.codes[:end], g711.encode(said[:end].astype(float), "pcmu"))
    assert np.abs(speech.samples[:end] - said[:end].astype(int)).max() < 400


def test_a_folder_without_speech_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no speech"):
        voice_speech.load(tmp_path)


def test_rolled_speech_begins_at_another_piece_and_says_the_same():
    codes = np.arange(5 * FRAME, dtype=np.int64).astype(np.uint8)
    speech = Speech(codes, ((0, FRAME), (FRAME, 3 * FRAME), (3 * FRAME, 5 * FRAME)))

    rolled = speech.rolled(4)

    assert rolled.pieces == ((0, 2 * FRAME), (2 * FRAME, 4 * FRAME), (4 * FRAME, 5 * FRAME))
    assert np.array_equal(rolled.codes, np.concatenate([codes[FRAME:], codes[:FRAME]]))
    assert speech.rolled(3).pieces == speech.pieces
