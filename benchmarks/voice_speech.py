"""Recorded speech in pieces that PESQ takes: whole sentences with pauses between, at the level they were recorded at."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import g711

RATE_HZ: Final = 8_000
FRAME: Final = 160

FOLDER: Final = Path("/usr/share/asterisk/sounds/en")
"""Of Debian's asterisk-core-sounds-en-wav."""
NO_SPEECH: Final = ("ascending", "beep", "descending", "silence", "tt-monkeys")
"""What is tones and noises in it begins so."""

SENTENCE_S: Final = (1.5, 5.0)
"""Recordings of this length are taken for a sentence."""
PAUSE_S: Final = 0.5
"""Between sentences, so that people speak for somewhat less than 80 % of the time: P.862.3 recommends 40 to 80 %."""
PIECE_S: Final = 8.0
"""A piece has as many sentences as it takes to fill this, and so is 8 to 13 s long."""
PIECES: Final = 36


@dataclass(frozen=True, slots=True)
class Speech:
    """What a talker says, over and over."""

    codes: NDArray[np.uint8]
    """(S,): PCMU, a whole number of frames."""
    pieces: tuple[tuple[int, int], ...]
    """Where each begins and ends, in samples; one follows the other."""

    @property
    def samples(self) -> NDArray[np.int16]:
        """(S,): what whoever receives every packet hears. This is the reference: the codec's own loss is no fault of
        the network or the bridge.
        """
        return g711.decode(self.codes, "pcmu")

    def rolled(self, pieces: int) -> Speech:
        """The same, from another piece on."""
        at = pieces % len(self.pieces)
        first = self.pieces[at][0]
        turned = self.pieces[at:] + tuple(
            (begin + len(self.codes), end + len(self.codes)) for begin, end in self.pieces[:at]
        )
        return Speech(
            np.roll(self.codes, -first), tuple((begin - first, end - first) for begin, end in turned)
        )


def load(folder: Path) -> Speech:
    """Join the recordings of a folder that are as long as a sentence: 8 kHz WAV, 16 bits, one channel.

    Raises
    ------
    FileNotFoundError
        There are not enough for two pieces.
    """
    paths = sorted(path for path in folder.glob("*.wav") if not path.stem.startswith(NO_SPEECH))
    # Names sort by what they are about; neighbours in speech should not all be passcodes.
    np.random.default_rng(1).shuffle(paths)
    pause = np.zeros(int(PAUSE_S * RATE_HZ), np.int16)
    joined: list[NDArray[np.int16]] = []
    pieces: list[tuple[int, int]] = []
    begin = end = 0
    for samples in map(_read, paths):
        if not SENTENCE_S[0] <= len(samples) / RATE_HZ <= SENTENCE_S[1]:
            continue
        whole = np.zeros(-(len(samples) + len(pause)) % FRAME, np.int16)
        joined += [samples, pause, whole]
        end += len(samples) + len(pause) + len(whole)
        if end - begin >= PIECE_S * RATE_HZ:
            pieces.append((begin, end))
            begin = end
        if len(pieces) == PIECES:
            break
    if len(pieces) < 2:
        raise FileNotFoundError(f"not enough speech in {folder}: 8 kHz WAV files of {SENTENCE_S} seconds")
    codes = g711.encode(np.concatenate(joined)[: pieces[-1][1]].astype(np.float64), "pcmu")
    codes[g711.decode(codes, "pcmu") == 0] = g711.SILENCE[
        "pcmu"
    ]  # mu-law has two zeros, phones send this one
    return Speech(codes, tuple(pieces))


def _read(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (RATE_HZ, 2, 1):
            return np.zeros(0, np.int16)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
