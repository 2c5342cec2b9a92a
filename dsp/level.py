"""How loud a row is, and whether somebody speaks on it.

Levels are in dBov: 0 is a square wave at full scale, a sine at full scale is -3, speech on a good line -20 to -30,
digital silence -127 (RFC 6464 section 3, RFC 6465 section 3).

Speech is what rises above the row's own noise, by more than that noise rises above itself. Both are learnt: the noise
floor is the mean of the frames that are no speech, and the spread how far they lie from it, a decibel on a hissing line
and several where a crowd murmurs. A softer frame takes the floor down at once. Up it goes slowly while all is louder,
since somebody may be speaking without taking breath; but nobody does so for two seconds without a gap of a frame or two
between words or syllables, so the least level of the last windows takes it up at once. A noise that comes to stay (a fan,
a car) is no longer taken for speech after two or three seconds.

Digital silence, which phones with silence suppression send, says nothing about the noise of the line and leaves all that
as it was.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dsp.frames import FRAME_MS, FULL_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Frames, Levels, Mask

SILENCE_DBOV: Final = -127.0
"""The least level there is (RFC 6464): what is quieter counts as this."""

ONSET_LEAST_DB: Final = 5.5
ONSET_DB: Final = 9.0
"""So far above the noise floor speech begins, on the steadiest line and on the most uneven one. Less lets breath and
chairs through, more cuts soft first syllables."""

ONSET_SPREADS: Final = 3.5
"""In between, so many times the spread: of frames of white noise none in a thousand is so loud."""

SUSTAIN: Final = 0.5
"""Of the onset's margin: a frame so loud is as good as the one before, if that was speech, and the hangover waits. The
ends of words are softer than their beginnings. (Would it begin the hangover anew, an uneven noise went on for ever.)"""

SUSTAIN_DB: Final = 6.0
"""Above the noise floor, on an ordinary line: who measures a voice (`agc`) counts no softer frame."""

LEAST_SPEECH_DBOV: Final = -50.0
"""Nothing softer begins to be speech however quiet the line: 25 dB below an ordinary talker."""

LEAST_SUSTAIN_DBOV: Final = -56.0
"""Nor goes on to be speech: voices of -45 dBov, the softest that one understands, lose no syllable."""

HANGOVER_MS: Final = 300
"""So long after the last loud frame somebody still speaks: bridges stops within words and the gaps between them."""

FLOOR_START_DBOV: Final = -60.0
"""The noise floor of a row of which nothing is known yet: an ordinary line."""

FLOOR_LEAST_DBOV: Final = -75.0
"""The noise floor sinks no deeper, about the smallest signal that G.711 carries: it could not come back in time."""

FLOOR_MOST_DBOV: Final = -26.0
"""The noise floor rises no higher: on the worst of lines a loud voice is still heard."""

FLOOR_FALL: Final = 0.5
"""Of the way down to a frame below all spread, so much is gone at once: a gap of three frames is enough to be noticed."""

FLOOR_FOLLOW: Final = 0.05
"""Of the way to a frame that is noise like the last ones: the floor is a mean over some 0.4 s of them."""

NOISE_SPREADS: Final = 2.0
NOISE_LEAST_DB: Final = 4.0
"""Above the floor a frame is noise like the last ones within so many times their spread, and so much at the least. (The spread itself is learnt
from frames below the floor alone: speech never makes a frame softer.)"""

FLOOR_RISE_DB_PER_S: Final = 3.0
"""So fast the noise floor climbs while all is louder: slower than anybody speaks without taking breath."""

WINDOW_MS: Final = 1_000
"""The least level is kept of windows of this length. The floor goes up to the lesser of the last two."""

START_SPREAD_DB: Final = 2.0
SPREAD_LEAST_DB: Final = 0.5
SPREAD_MOST_DB: Final = 4.0
"""The mean distance of the noise from its floor: before anything is known, and as far as it is believed."""

DIGITAL_SILENCE_DBOV: Final = -80.0
"""Below the smallest step of G.711: not a quiet line but none, and the noise floor stays what it was."""

HANGOVER_TICKS: Final = HANGOVER_MS // FRAME_MS
WINDOW_TICKS: Final = WINDOW_MS // FRAME_MS

LINE: Final = np.dtype(
    [
        ("floor_dbov", np.float32),
        ("spread_db", np.float32),
        ("least_dbov", np.float32),  # of the window that runs
        ("least_before_dbov", np.float32),  # of the one before
        ("window", np.int16),  # ticks that it has run
        ("hangover", np.int16),  # ticks that speech lasts yet, 0 where nobody speaks
    ]
)
"""What is remembered of a row: `new_lines` makes some of which nothing is known yet."""

_RISE_DB: Final = np.float32(FLOOR_RISE_DB_PER_S * FRAME_MS / 1_000)
_LEAST_POWER: Final = np.float32(10 ** (SILENCE_DBOV / 10))


def rms_dbov(frames: Frames) -> Levels:
    """Return the level of each row.

    frames : ndarray of shape (N, S), int16, S > 0
    returns : ndarray of shape (N,), float32, from -127 to 0 dBov
    """
    samples = frames.astype(np.float32)
    power: Levels = np.vecdot(samples, samples)
    power /= np.float32(frames.shape[-1] * FULL_SCALE**2)
    return dbov(power)


def dbov(power: Levels) -> Levels:
    """Return levels, -127 or more, of mean powers; a power of 1 is a square wave at full scale."""
    levels: Levels = np.maximum(power, _LEAST_POWER)
    np.log10(levels, out=levels)
    levels *= np.float32(10)
    return levels


def powers(frames: Frames) -> tuple[Levels, Levels]:
    """Return the mean power of each row without hum and offset, and that of these, as `dbov` wants them.

    What a constant and one cycle of a sine can make of a frame of 20 ms is taken for hum: all of 50 Hz, 60 Hz but for a
    tenth, and of a voice at 100 Hz nothing. That costs an eighth of a filter, and needs no memory.

    frames : ndarray of shape (N, S), int16, 20 ms at any rate
    returns : two of shape (N,), float32
    """
    samples = frames.astype(np.float32)
    hum: Levels = samples @ _slow(frames.shape[-1])
    hum = np.vecdot(hum, hum)
    power: Levels = np.vecdot(samples, samples)
    power -= hum
    scale = np.float32(1 / (frames.shape[-1] * FULL_SCALE**2))
    power *= scale
    hum *= scale
    np.maximum(power, np.float32(0), out=power)
    return power, hum


@cache
def _slow(size: int) -> NDArray[np.float32]:
    """A constant and a cycle of a cosine and of a sine, of power 1 each; shape (size, 3)."""
    turn = 2 * np.pi * np.arange(size) / size
    waves = np.stack((np.full(size, np.sqrt(0.5)), np.cos(turn), np.sin(turn)), axis=1) * np.sqrt(2 / size)
    slow: NDArray[np.float32] = waves.astype(np.float32)
    return slow


def new_lines(rows: int) -> NDArray[Any]:
    """Return the memory of rows of which nothing is known yet: ndarray of shape (rows,), LINE."""
    lines = np.zeros(rows, LINE)
    lines["floor_dbov"] = FLOOR_START_DBOV
    lines["spread_db"] = START_SPREAD_DB
    lines["least_dbov"] = lines["least_before_dbov"] = FLOOR_LEAST_DBOV
    return lines


def speech_step(levels: Levels, lines: NDArray[Any]) -> tuple[Mask, NDArray[Any]]:
    """Tell who speaks in this frame, from the level and from what the last step returned.

    For some of the rows only: `active, lines[rows] = speech_step(levels, lines[rows])`.

    levels : ndarray of shape (N,), float32, dBov
    lines : ndarray of shape (N,), LINE: of `new_lines`, or what the last step returned
    returns : who speaks, (N,) bool, and the lines after this frame, (N,) LINE
    """
    after = lines.copy()
    floors, spreads, hangovers = after["floor_dbov"], after["spread_db"], after["hangover"]
    way = levels - floors
    onset = _between(np.float32(ONSET_SPREADS) * spreads, ONSET_LEAST_DB, ONSET_DB)
    loud = (way >= onset) & (levels >= np.float32(LEAST_SPEECH_DBOV))
    holds = (way >= np.float32(SUSTAIN) * onset) & (levels >= np.float32(LEAST_SUSTAIN_DBOV))
    left = np.maximum(hangovers - ~holds, np.int16(0))
    left[loud] = HANGOVER_TICKS
    after["hangover"] = left
    active: Mask = left > 0

    told = levels > np.float32(DIGITAL_SILENCE_DBOV)
    beneath = way < -onset
    near = np.maximum(np.float32(NOISE_SPREADS) * spreads, np.float32(NOISE_LEAST_DB))
    step = np.where(way <= near, way * np.float32(FLOOR_FOLLOW), _RISE_DB)
    step = np.where(beneath, way * np.float32(FLOOR_FALL), step)
    step *= told
    least = np.minimum(after["least_dbov"], levels * told)  # 0 is no level that is less
    risen = np.maximum(floors + step, np.minimum(least, after["least_before_dbov"]))
    after["floor_dbov"] = _between(risen, FLOOR_LEAST_DBOV, FLOOR_MOST_DBOV)
    softer = told & ~beneath & (way < 0)
    spread = spreads - softer * (np.float32(FLOOR_FOLLOW) * (way + spreads))
    after["spread_db"] = _between(spread, SPREAD_LEAST_DB, SPREAD_MOST_DB)

    after["least_dbov"] = least
    after["window"] += told
    over = (after["window"] >= WINDOW_TICKS).nonzero()[0]
    if over.size:
        after["window"][over] = 0
        after["least_before_dbov"][over] = least[over]
        after["least_dbov"][over] = levels[over]
    return active, after


def _between(values: Levels, least: float, most: float) -> Levels:
    """In place. `np.clip` costs four times as much for few rows."""
    np.maximum(values, np.float32(least), out=values)
    np.minimum(values, np.float32(most), out=values)
    return values


def hold_levels(levels: Levels, held: Levels, *, decay_db: float = 0.5) -> Levels:
    """Return levels that rise at once and fall by `decay_db` per tick: loudness as a listener remembers it.

    The choice of the loudest is made by these, so that nobody loses his place between two syllables.

    levels : ndarray of shape (N,), float32, dBov
    held : ndarray of shape (N,), float32, dBov: what the last call returned
    returns : ndarray of shape (N,), float32, dBov
    """
    louder: Levels = np.maximum(levels, held - np.float32(decay_db))
    return louder
