"""Recorded speech in pieces that PESQ takes: whole sentences with their own pauses, at the level they were recorded at."""

from __future__ import annotations

import wave
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import g711

RATE_HZ: Final = 8_000
FRAME: Final = 160

FOLDER: Final = Path("/usr/share/asterisk/sounds/en")
"""Of Debian's asterisk-core-sounds-en-wav."""
ALLISON: Final = (
    "demo-instruct",
    "demo-congrats",
    "priv-callee-options",
    "basic-pbx-ivr-main",
    "conf-adminmenu-18",
    "vm-options",
    "demo-abouttotry",
    "demo-moreinfo",
    "vm-msginstruct",
    "screen-callee-options",
    "conf-usermenu-162",
    "dir-intro-fn",
    "vm-opts-full",
    "confbridge-mute-extended",
    "demo-nogo",
)

"""Those of them that are speech, and long."""

PIECE_S: Final = (8.0, 10.0)
"""What P.862.3 recommends: 8 to 12 s, with at least 3 s of speech. A piece is cut in the longest pause between these."""
BETWEEN_S: Final = 0.4
"""Silence between recordings."""
QUIET_DBOV: Final = -40.0
"""Below this a frame may be part of a pause."""


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
    """Read the recordings of a folder: 8 kHz WAV, 16 bits, one channel; others are left out.

    Raises
    ------
    FileNotFoundError
        Nothing there is long enough.
    """
    named = [folder / f"{name}.wav" for name in ALLISON]
    paths = [path for path in named if path.exists()] or sorted(folder.glob("*.wav"))
    silence = np.zeros(int(BETWEEN_S * RATE_HZ), np.int16)
    parts = [part for path in paths for part in (_read(path), silence) if part.size]
    samples = np.concatenate(parts) if parts else silence
    bounds = cuts(samples)
    if len(bounds) < 2:
        raise FileNotFoundError(f"no speech of {PIECE_S[0]:.0f} s and more in {folder}")
    codes = g711.encode(samples[: bounds[-1]].astype(np.float64), "pcmu")
    return Speech(codes, tuple(pairwise(bounds)))


def cuts(samples: NDArray[np.int16]) -> list[int]:
    """Where to cut `samples : ndarray of shape (S,), int16`: frame boundaries within pauses."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    level = 20 * np.log10(np.sqrt(np.mean(frames**2, axis=1)) / 32_768 + 1e-9)
    quiet = np.concatenate([[False], level < QUIET_DBOV, [False]])
    edges = np.flatnonzero(np.diff(quiet.astype(np.int8))).reshape(
        -1, 2
    )  # first frame of each pause, and past its last
    middle, length = edges.sum(axis=1) // 2, edges[:, 1] - edges[:, 0]
    least, most = (int(seconds * RATE_HZ / FRAME) for seconds in PIECE_S)
    bounds = [0]
    while True:
        within = np.flatnonzero((middle >= bounds[-1] + least) & (middle <= bounds[-1] + most))
        if bounds[-1] + most > len(frames) or not within.size:
            return [bound * FRAME for bound in bounds]
        bounds.append(int(middle[within[np.argmax(length[within])]]))


def _read(path: Path) -> NDArray[np.int16]:
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getsampwidth(), file.getnchannels()) != (RATE_HZ, 2, 1):
            return np.zeros(0, np.int16)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.int16)
