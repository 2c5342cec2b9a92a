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


def test_sentences_are_joined_with_pauses_until_a_piece_is_full(tmp_path):
    for number in range(12):
        keep(tmp_path, f"{number}.wav", talk((3.0, True)))

    speech = voice_speech.load(tmp_path)

    frames = int((3.0 + voice_speech.PAUSE_S) * RATE_HZ) // FRAME * 3
    assert [(begin // FRAME, end // FRAME) for begin, end in speech.pieces] == [
        (number * frames, (number + 1) * frames) for number in range(4)
    ]
    assert len(speech.codes) == 4 * frames * FRAME
    silent = (speech.codes == g711.SILENCE["pcmu"]).reshape(-1, FRAME).all(axis=1)
    assert silent.mean() == pytest.approx(voice_speech.PAUSE_S / 3.5, abs=0.01)
    assert np.abs(speech.samples[: 3 * RATE_HZ] - talk((3.0, True)).astype(int)).max() < 500


def test_what_is_no_sentence_no_speech_or_no_8_khz_wav_is_left_out(tmp_path):
    for number in range(6):
        keep(tmp_path, f"{number}.wav", talk((4.5, True)))
    whole = voice_speech.load(tmp_path)
    keep(tmp_path, "word.wav", talk((0.5, True)))
    keep(tmp_path, "novel.wav", talk((30.0, True)))
    keep(tmp_path, "beep.wav", talk((3.0, True)))
    keep(tmp_path, "wide.wav", talk((3.0, True)), rate_hz=16_000)

    assert np.array_equal(voice_speech.load(tmp_path).codes, whole.codes)


def test_a_folder_without_speech_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="not enough speech"):
        voice_speech.load(tmp_path)


def test_rolled_speech_begins_at_another_piece_and_says_the_same():
    codes = np.arange(5 * FRAME, dtype=np.int64).astype(np.uint8)
    speech = Speech(codes, ((0, FRAME), (FRAME, 3 * FRAME), (3 * FRAME, 5 * FRAME)))

    rolled = speech.rolled(4)

    assert rolled.pieces == ((0, 2 * FRAME), (2 * FRAME, 4 * FRAME), (4 * FRAME, 5 * FRAME))
    assert np.array_equal(rolled.codes, np.concatenate([codes[FRAME:], codes[:FRAME]]))
    assert speech.rolled(3).pieces == speech.pieces
