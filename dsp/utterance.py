"""Where in a recording somebody speaks, and how loud, from the levels of its frames alone.

A voice stands out of the line's noise and goes on for longer than a click. Its level is never the same twice: syllables
rise and fall by many decibels, where a tone keeps its level. And it rises and falls smoothly, over several frames, where
the level of a hiss or a hum jumps about from each frame to the next. What fails any of these is no speech, and a caller
who only breathed is asked again rather than announced as a hiss.

The noise floor is taken from the softest frames of the whole recording; so it needs no time to settle, unlike that of
`level.speech_step`, which cannot know what comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from dsp.level import FLOOR_LEAST_DBOV, FLOOR_MOST_DBOV, ONSET_DB

if TYPE_CHECKING:
    from dsp.frames import Indices, Levels

FLOOR_PERCENTILE: Final = 5.0
"""The noise floor is the level that so many frames of a hundred lie below. Fewer would let a lost packet, more a name that
was said from the first to the last frame, be taken for the line."""
LEAST_DBOV: Final = -55.0
"""Nothing softer is speech: 10 dB below a caller who mumbles from across the room. 5 dB below what `level` demands in a
conference, since here somebody was asked to speak."""
LEAST_RUN: Final = 3
"""Frames (60 ms) in a row: a click fills one, or two where it falls between."""
LEAST_SYLLABLE: Final = 5
"""Frames (100 ms) in a row, once at least: the shortest name is a syllable. Clicks that fall close together are less."""
LEAST_SPREAD_DB: Final = 2.0
"""Between the softest tenth and the loudest twentieth of the loud frames: a tone has 0, white noise 1.5, one word in a
thousand less than 2.7."""
WIDE_SPREAD_DB: Final = 8.0
"""No noise of one loudness spreads so far, however narrow its band."""
MOST_ROUGHNESS: Final = 1.1
"""From one frame to the next, relative to how far the levels spread at all: 1.4 for noise of any band (the square root of
two: nothing is remembered), 0.7 for speech, and no more than 1.1 for 99 of 100 single words on a bad line."""
ACTIVE_DB: Final = 15.9
"""Frames so far below the level of the active part are pauses (the margin of ITU-T P.56)."""


class Utterance(NamedTuple):
    """What was said in a recording."""

    first: int
    """The frame it begins with."""
    end: int
    """The frame after its last."""
    level_dbov: float
    """Of the parts of it in which somebody speaks."""


def find_utterance(levels: Levels) -> Utterance | None:
    """Tell from the levels of a recording's frames what of it is speech; None where nothing is.

    levels : ndarray of shape (F,), float32, dBov, one for each 20 ms
    """
    if not len(levels):
        return None
    floor = np.clip(np.percentile(levels, FLOOR_PERCENTILE), FLOOR_LEAST_DBOV, FLOOR_MOST_DBOV)
    loud = levels >= max(float(floor) + ONSET_DB, LEAST_DBOV)
    edges = np.diff(loud.astype(np.int8), prepend=0, append=0)
    begins, ends = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    long = ends - begins >= LEAST_RUN
    begins, ends = begins[long], ends[long]
    if (ends - begins).max(initial=0) < LEAST_SYLLABLE:
        return None
    if not _sounds_like_speech(levels, begins, ends):
        return None
    first, end = int(begins[0]), int(ends[-1])
    return Utterance(first, end, active_level(levels[first:end]))


def _sounds_like_speech(levels: Levels, begins: Indices, ends: Indices) -> bool:
    """Judge how the level moves within the loud parts; their first and last frames may be loud in part only."""
    inner = [levels[begin + 1 : end - 1] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]
    steady = np.concatenate(inner)
    soft, strong = np.percentile(steady, (10, 95))
    spread = float(strong - soft)
    if spread < LEAST_SPREAD_DB:
        return False
    steps = np.concatenate([np.diff(part) for part in inner])
    roughness = float(np.sqrt((steps * steps).mean()) / steady.std())
    return spread >= WIDE_SPREAD_DB or roughness <= MOST_ROUGHNESS


def active_level(levels: Levels) -> float:
    """Return the level of those frames in which somebody speaks: the pauses between words do not count.

    levels : ndarray of shape (F,), float32, dBov, F > 0
    """
    power = np.power(10.0, levels.astype(np.float64) / 10)
    active = power
    for _ in range(8):  # settles in three or four
        active = power[power >= active.mean() * 10 ** (-ACTIVE_DB / 10)]
    return float(10 * np.log10(active.mean()))
