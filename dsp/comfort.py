"""Comfort noise: the background of each line, learnt where nobody speaks and made again where nothing comes.

A line that goes dead between words sounds like a line that broke. So each row's background is described by its level and
its colour (`dsp.prediction`), learnt from frames that the caller says are background, or told by the other side in the
payload of RFC 3389; and noise that is like it is made for as long as it is wanted, while the other side sends nothing on
purpose.

Noise is white noise convolved with a short answer of the row's colour. The last white samples are kept, so that one frame
continues the one before; and where the description changed in between, one frame is faded from the old noise to the new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dsp.frames import FULL_SCALE
from dsp.prediction import ORDER, autocorrelation, reflection, response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dsp.frames import Frames, Levels

    Backgrounds = NDArray[Any]

PAYLOAD_TYPE: Final = 13
"""Comfort noise at 8 kHz (RFC 3389 section 4, RFC 3551 table 4)."""

LOUDEST_DBOV: Final = -30.0
"""No background is made louder than this, whatever was learnt or told: a peer that asks for a roar gets a rush."""

SILENCE_DBOV: Final = -127.0
"""The least level that RFC 3389 can write: nothing is to be heard."""

FOLLOW: Final = 0.1
"""Of the way to what a new background frame says: the description is a mean over some 0.2 s."""

MOST_RISE: Final = 4.0
"""A frame counts with no more than so many times the power known (6 dB): half a word taken for background harms little."""

TAPS: Final = 64
"""Length of the answer that makes white noise coloured: 8 ms at 8 kHz, as long as the echo of a small room is heard as colour."""

_NOTHING: Final = 1e-6
"""Power of no sample in 16 bits."""

_SCALE: Final = 258 / 32_768
"""RFC 3389 section 3.2: an octet N says the coefficient 258 * (N - 127) / 32768."""
_ZERO: Final = 127
_LARGEST: Final = 254
_MOST: Final = _ZERO * _SCALE

BACKGROUND: Final = np.dtype(
    [
        ("own", np.float64, (ORDER + 1,)),  # autocorrelation, learnt
        ("power", np.float64),  # as described: learnt or told
        ("reflection", np.float64, (ORDER,)),
        ("answer", np.float32, (TAPS,)),  # of the noise last made
        ("white", np.float32, (TAPS - 1,)),  # what it was made of
        ("known", np.bool_),
        ("learnt", np.bool_),
        ("changed", np.bool_),  # since noise was last made
    ]
)
"""What is remembered of a row: `new_backgrounds` makes some of which nothing is known yet."""


@dataclass(frozen=True, slots=True)
class Sid:
    """What a payload of comfort noise says: a silence insertion descriptor (RFC 3389 section 3)."""

    level_dbov: float
    """-127 to 0."""
    reflection: tuple[float, ...] = ()
    """None: white."""

    def encode(self) -> bytes:
        """Return the payload: an octet of the level in -dBov, and an octet for each reflection coefficient."""
        level = round(min(max(-self.level_dbov, 0), 127))
        steps = (round(min(max(k, -1), 1) / _SCALE) + _ZERO for k in self.reflection)
        return bytes([level, *(min(max(step, 0), _LARGEST) for step in steps)])


def decode(payload: bytes) -> Sid | None:
    """Return what a payload of comfort noise says, or None where it says nothing.

    The highest bit of the level is to be ignored, and 255 stands for no coefficient: it is read as the largest (section 3).
    Coefficients beyond `ORDER` are left out, as section 3 allows.
    """
    if not payload:
        return None
    steps = (min(octet, _LARGEST) - _ZERO for octet in payload[1 : 1 + ORDER])
    return Sid(-float(payload[0] & 0x7F), tuple(step * _SCALE for step in steps))


def new_backgrounds(rows: int) -> Backgrounds:
    """Return the memory of rows of which nothing is known yet: ndarray of shape (rows,), BACKGROUND."""
    return np.zeros(rows, BACKGROUND)


def learn(backgrounds: Backgrounds, frames: Frames) -> Backgrounds:
    """Return what is known of rows after frames that are background.

    backgrounds : ndarray of shape (N,), BACKGROUND
    frames : ndarray of shape (N, S), int16, S > ORDER
    """
    new = backgrounds.copy()
    sound = frames.astype(np.float32)
    sound -= sound.mean(axis=1, keepdims=True)
    said, before, learnt = autocorrelation(sound), new["own"], new["learnt"][:, None]
    # Of digital silence there is no next step: then the first sound counts whole.
    most = np.where(learnt & (before[:, :1] > 0), MOST_RISE * before[:, :1], np.inf)
    said *= np.minimum(1, most / np.maximum(said[:, :1], _NOTHING))
    new["own"] += np.where(learnt, FOLLOW, 1.0) * (said - before)
    new["learnt"] = new["known"] = new["changed"] = True
    return new


def describe(backgrounds: Backgrounds, sids: Sequence[Sid]) -> Backgrounds:
    """Return what is known of rows of which the other side told; what is learnt of them from now on counts afresh.

    backgrounds : ndarray of shape (N,), BACKGROUND
    sids : N of them
    """
    new = backgrounds.copy()
    new["reflection"] = 0
    for row, sid in enumerate(sids):
        coefficients = np.clip(sid.reflection[:ORDER], -_MOST, _MOST)
        new["reflection"][row, : len(coefficients)] = coefficients
        new["power"][row] = _power(sid.level_dbov)
    new["learnt"] = False
    new["known"] = new["changed"] = True
    return new


def tell(backgrounds: Backgrounds) -> list[Sid]:
    """Return the description of each row's background, to be sent to somebody."""
    settled = _settled(backgrounds)
    levels_dbov = 10 * np.log10(np.maximum(settled["power"], _power(SILENCE_DBOV + 0.1)) / FULL_SCALE**2)
    levels_dbov[settled["power"] <= 0] = SILENCE_DBOV
    return [
        Sid(*row)
        for row in zip(levels_dbov.tolist(), map(tuple, settled["reflection"].tolist()), strict=True)
    ]


def generate(backgrounds: Backgrounds, size: int, random: np.random.Generator) -> tuple[Levels, Backgrounds]:
    """Return noise like the background of each row, from where its last noise ended, and what is known then.

    backgrounds : ndarray of shape (N,), BACKGROUND; where nothing is known there is silence
    random : where chance comes from: with the same, the same noise is made
    returns : ndarray of shape (N, size), float32, within +-32767, and ndarray of shape (N,), BACKGROUND
    """
    new = backgrounds.copy()
    dice = random.standard_normal((len(new), size), np.float32)
    white = np.concatenate((new["white"], dice), axis=1)
    new["white"] = white[:, size:]
    noise = _coloured(white, new["answer"])
    changed = np.flatnonzero(new["changed"])
    if changed.size:
        settled = _settled(new[changed])
        answer = response(settled["reflection"], TAPS) * np.sqrt(settled["power"])[:, None]
        # What was silent so far has nothing to be faded from.
        first = ~settled["answer"].any(axis=1, keepdims=True)
        settled["answer"], settled["changed"] = answer, False
        new[changed] = settled
        weight = np.where(first, 1, np.arange(1, size + 1, dtype=np.float32) / size)
        noise[changed] += weight * (_coloured(white[changed], settled["answer"]) - noise[changed])
    np.clip(noise, -32_767, 32_767, out=noise)
    return noise, new


def _settled(backgrounds: Backgrounds) -> Backgrounds:
    """The description of rows that learnt, brought up to what they learnt."""
    new = backgrounds.copy()
    which = np.flatnonzero(new["learnt"] & new["changed"])
    new["power"][which] = np.minimum(new["own"][which, 0], _power(LOUDEST_DBOV))
    new["reflection"][which] = reflection(new["own"][which])
    return new


def _power(level_dbov: float) -> float:
    """Mean square of samples; none at the least level."""
    if level_dbov <= SILENCE_DBOV:
        return 0.0
    return float(FULL_SCALE**2 * 10 ** (min(level_dbov, LOUDEST_DBOV) / 10))


def _coloured(white: Levels, answer: Levels) -> Levels:
    """Convolve each row of `white`, of shape (N, TAPS - 1 + S), with its answer."""
    stretches = np.lib.stride_tricks.sliding_window_view(white, TAPS, axis=1)
    coloured: Levels = np.einsum("nst,nt->ns", stretches, np.ascontiguousarray(answer[:, ::-1]))
    return coloured
