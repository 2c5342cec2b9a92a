"""What is wrong with a line: steady loud noise, music, howl, or the room coming back out of it.

Each trouble has a counter that fills while its sign is there and drains while it is not. It is declared when its counter
reaches the top and withdrawn when that is empty: a long time is needed either way, and nobody's cough is reported.

- *Noise*: frames lie about a noise floor (`level.LINE`) that is itself loud, and their spectra differ from one to the
  next as those of noise do.
- *Music*: sound without a pause, not the shortest; people take breath. And the spectra of neighbouring frames are alike,
  since tones last: their cosine is above 0.9, where noise comes to pi / 4, whatever its colour.
- *Howl*: nearly all power in one place of the spectrum that does not move, growing or already as loud as can be.
- *Echo*: the line's level follows, 40 to 500 ms later, the level of what was sent to it, by the same lag for seconds.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from dsp.frames import FRAME_MS, FRAME_SAMPLES
from dsp.level import FLOOR_MOST_DBOV

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Frames, Levels


class Trouble(IntEnum):
    """What a line suffers from, and with it the room."""

    NONE = 0
    NOISE = 1
    MUSIC = 2
    HOWL = 3
    ECHO = 4


LOUD_DBOV: Final = -45.0
"""What is softer disturbs nobody: no trouble comes of it."""

NOISE_DBOV: Final = -42.0
"""A noise floor this high is a noise that everybody hears: 20 dB below an ordinary talker."""
NOISE_BAND_DB: Final = 5.0
"""So far about its floor a frame is noise; where the floor can rise no higher, so far below the last peaks."""
NOISE_MS: Final = 6_000

PAUSE_DB: Final = 18.0
"""So far below the last peaks a frame is a pause; those of speech are 30 dB and more below."""
PEAK_FALL_DB_PER_S: Final = 4.0
"""A peak is remembered so long."""
PAUSE_COST: Final = 25
"""Frames of sound that one frame of pause undoes: speech has one in ten, music one in a hundred at the most."""
MUSIC_MS: Final = 10_000
ALIKE: Final = 0.9
"""Mean cosine of the spectra of neighbouring frames. White noise: 0.79, speech: 0.7 to 0.85, music: 0.92 to 0.99."""
FORGET: Final = np.float32(0.01)
"""Per frame: a mean over two seconds."""

HOWL_DBOV: Final = -30.0
HOWL_SHARE: Final = 0.85
"""Of the power, so much in five neighbouring bins (250 Hz, what the window makes of one tone). Vowels have overtones."""
HOWL_GROWTH_DB: Final = 3.0
"""Since its tone began. A dial tone does not grow."""
HOWL_MOST_DBOV: Final = -9.0
"""A tone this loud has nowhere to grow."""
HOWL_LEAST_HZ: Final = 300.0
HOWL_MS: Final = 1_200

LAG_LEAST: Final = 2
LAG_MOST: Final = 25
"""In frames: 40 to 500 ms. What is sooner the network cannot do, what is later a listener takes for another voice."""
ECHO_FRAMES: Final = 100
"""2 s of levels are compared."""
ECHO_EVERY: Final = 25
"""Frames between two comparisons."""
ECHO_ALIKE: Final = 0.85
"""Correlation of the two level curves, in decibels."""
ECHO_SWING_DB: Final = 5.0
"""What was sent must vary by so much (standard deviation), or anything would follow it."""
ECHO_BOTTOM_DBOV: Final = -60.0
"""Levels are compared down to this: below it is the noise of either line."""
ECHO_TIMES: Final = 5
"""Comparisons in a row with one lag: 4 s of echo in all."""

_TOPS: Final = {
    Trouble.NOISE: NOISE_MS // FRAME_MS,
    Trouble.MUSIC: MUSIC_MS // FRAME_MS,
    Trouble.HOWL: HOWL_MS // FRAME_MS,
    Trouble.ECHO: ECHO_TIMES * ECHO_EVERY,
}
_LIMITS: Final = np.array([_TOPS.get(which, 32_767) for which in Trouble], np.int16)
"""The same by `Trouble`; nothing counts how much nothing there is."""
_PEAK_FALL_DB: Final = np.float32(PEAK_FALL_DB_PER_S * FRAME_MS / 1_000)
_LAGS: Final = LAG_MOST - LAG_LEAST + 1
_PLACE: Final = np.arange(ECHO_FRAMES + LAG_MOST)[:, None] - np.arange(_LAGS)
_WINDOWS: Final = ((_PLACE >= 0) & (_PLACE < ECHO_FRAMES)).astype(np.float32) / np.float32(ECHO_FRAMES)
"""(ECHO_FRAMES + LAG_MOST, _LAGS): the mean over the window of each lag, from the longest to the shortest."""
_BINS: Final = FRAME_SAMPLES // 2 + 1
_BIN_HZ: Final = 50.0

WATCH: Final = np.dtype(
    [
        ("trouble", np.uint8),
        ("counters", np.int16, len(Trouble)),
        ("peak_dbov", np.float32),
        ("alike", np.float32),  # mean cosine of neighbouring spectra
        ("spectrum", np.float32, _BINS),  # of the last loud frame, of length 1
        ("tone", np.int16),  # the bin that held nearly all power, 0: none did
        ("tone_dbov", np.float32),  # as it began
        ("lag", np.int16),  # of the last likely echo, in frames
    ]
)
"""What is remembered of a row. All zero: nothing is known yet."""


@cache
def _window(size: int) -> NDArray[np.float32]:
    return np.hanning(size).astype(np.float32)


def watch_step(
    frames: Frames,
    levels: Levels,
    floors: Levels,
    watches: NDArray[Any],
    *,
    follows: bool = True,
    stands_for: int = 1,
) -> NDArray[Any]:
    """Return the rows' watches after this frame.

    Who wants it cheaper gives two neighbouring frames of each sixteen, the second with `follows`, each standing for eight.

    frames : ndarray of shape (N, S), int16: at any rate; what is above 4 kHz is not looked at
    levels : ndarray of shape (N,), float32, dBov: of the frames
    floors : ndarray of shape (N,), float32, dBov: the noise floors, of `level.speech_step`
    watches : ndarray of shape (N,), WATCH: what the last step returned
    follows : bool: these frames came directly after those of the last step
    stands_for : int > 0: so many ticks pass from step to step, in the mean
    returns : ndarray of shape (N,), WATCH
    """
    after = watches.copy()
    weight = np.int16(stands_for)
    fall = np.float32(stands_for) * _PEAK_FALL_DB
    loud = levels >= np.float32(LOUD_DBOV)
    peaks = np.maximum(levels, watches["peak_dbov"] - fall)
    after["peak_dbov"] = np.where(watches["peak_dbov"] < 0, peaks, levels)
    pause = ~loud | (levels < after["peak_dbov"] - np.float32(PAUSE_DB))

    howling = np.zeros(len(frames), np.bool_)
    here = loud.nonzero()[0]
    if here.size:
        power = _spectra(frames[here])
        magnitude = np.sqrt(power)
        magnitude /= np.sqrt(power.sum(axis=1, keepdims=True)) + np.float32(1e-9)
        if follows:
            cosine = np.vecdot(magnitude, watches["spectrum"][here])
            mean = watches["alike"][here]
            share = FORGET * (stands_for if stands_for == 1 else 2 * stands_for)  # of two it tells, or of one
            after["alike"][here] = np.where(mean > 0, mean + share * (cosine - mean), cosine)
        after["spectrum"][here] = magnitude
        howling[here] = _tone(power, levels[here], after, here)

    counters = after["counters"]
    tonal = after["alike"] >= np.float32(ALIKE)
    about = np.abs(levels - floors) <= np.float32(NOISE_BAND_DB)
    about |= (floors >= np.float32(FLOOR_MOST_DBOV)) & (
        levels >= after["peak_dbov"] - np.float32(NOISE_BAND_DB)
    )
    noisy = loud & about & (floors >= np.float32(NOISE_DBOV))
    counters[:, Trouble.NOISE] += np.where(noisy & ~tonal, weight, -weight)
    music = np.where(tonal, weight, -weight)
    counters[:, Trouble.MUSIC] += np.where(pause, np.int16(-PAUSE_COST) * weight, music)
    counters[:, Trouble.HOWL] += np.where(howling, weight, np.int16(-3) * weight)
    return _judge(after)


def resumed(trouble: Trouble) -> NDArray[Any]:
    """Return the watch of a row of which no more is known than that it has this trouble; shape (), WATCH."""
    watch = np.zeros((), WATCH)
    watch["trouble"] = trouble
    watch["counters"][trouble] = _TOPS.get(trouble, 0)
    return watch


def rest(watches: NDArray[Any], ticks: NDArray[np.integer]) -> NDArray[Any]:
    """Return watches of rows that made no sound for so many ticks: all signs are gone.

    watches : ndarray of shape (N,), WATCH
    ticks : ndarray of shape (N,), int
    """
    after = watches.copy()
    after["counters"] -= np.minimum(ticks, 10_000).astype(np.int16)[:, None]
    after["tone"] = 0
    after["spectrum"] = 0
    return _judge(after)


def echo_step(own: Levels, sent: Levels, watches: NDArray[Any]) -> NDArray[Any]:
    """Return the watches after the level curves of rows were compared with what was sent to them; each `ECHO_EVERY` frames.

    own : ndarray of shape (N, ECHO_FRAMES), float32, dBov: the lines' levels, the latest last
    sent : ndarray of shape (N, ECHO_FRAMES + LAG_MOST), float32, dBov: of what they heard, the latest last
    returns : ndarray of shape (N,), WATCH
    """
    after = watches.copy()
    bottom = np.float32(ECHO_BOTTOM_DBOV)
    mine = np.maximum(own, bottom) - bottom
    average = mine.mean(axis=1, keepdims=True)
    loud = mine.max(axis=1) >= np.float32(LOUD_DBOV) - bottom
    mine -= average
    theirs = np.maximum(sent, bottom) - bottom
    mean = theirs @ _WINDOWS  # of all windows, and their mean squares: two products
    swing = np.sqrt(np.maximum(np.square(theirs) @ _WINDOWS - np.square(mean), np.float32(0)))
    windows = np.lib.stride_tricks.sliding_window_view(theirs, ECHO_FRAMES, axis=1)[:, :_LAGS]
    along = np.vecdot(mine[:, None], windows) / np.float32(ECHO_FRAMES)
    own_swing = np.sqrt(np.vecdot(mine, mine) / np.float32(ECHO_FRAMES))
    alike = along / (swing * own_swing[:, None] + np.float32(1e-3))
    best = alike.argmax(axis=1)
    rows = np.arange(len(own))
    lags = (LAG_MOST - best).astype(np.int16)
    swing = swing[rows, best]
    found = loud & (alike[rows, best] >= np.float32(ECHO_ALIKE)) & (swing >= np.float32(ECHO_SWING_DB))
    found &= average[:, 0] <= mean[rows, best]  # an echo is softer than what it is of
    same = np.abs(lags - watches["lag"]) <= 1
    count = watches["counters"][:, Trouble.ECHO]
    silent = swing < np.float32(ECHO_SWING_DB)  # nothing was sent that could have come back
    step = np.int16(ECHO_EVERY)
    again = np.where(same | (count <= 0), count + step, step)
    after["counters"][:, Trouble.ECHO] = np.where(found, again, np.where(silent, count, count - step))
    after["lag"] = np.where(found, lags, watches["lag"])
    return _judge(after)


def _judge(after: NDArray[Any]) -> NDArray[Any]:
    """Keep the counters in their bounds and declare what has reached the top; the last of `Trouble` comes first."""
    counters = np.maximum(after["counters"], np.int16(0))
    np.minimum(counters, _LIMITS, out=counters)
    after["counters"] = counters
    trouble = after["trouble"].copy()
    if not (trouble.any() or (counters >= _LIMITS).any()):
        return after
    after["trouble"] = Trouble.NONE
    for which, top in _TOPS.items():
        there = (counters[:, which] >= top) | ((trouble == which) & (counters[:, which] > 0))
        after["trouble"][there] = which
    return after


def _spectra(frames: Frames) -> NDArray[np.float32]:
    """Power up to 4 kHz in bins of 50 Hz."""
    windowed = frames * _window(frames.shape[1])
    spectra = np.fft.rfft(windowed, axis=-1)[:, :_BINS]
    power: NDArray[np.float32] = np.square(spectra.real) + np.square(spectra.imag)
    return power


def _tone(
    power: NDArray[np.float32], levels: Levels, after: NDArray[Any], here: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Which of the rows `here` howl in this frame; notes their tones in `after`."""
    least = int(HOWL_LEAST_HZ / _BIN_HZ)
    peak = power[:, least : _BINS - 2].argmax(axis=1) + least
    about = power[np.arange(len(peak))[:, None], peak[:, None] + np.arange(-2, 3)].sum(axis=1)
    single = (about >= np.float32(HOWL_SHARE) * power.sum(axis=1)) & (levels >= np.float32(HOWL_DBOV))
    held = single & (np.abs(peak - after["tone"][here]) <= 1)
    after["tone_dbov"][here] = np.where(held, np.minimum(after["tone_dbov"][here], levels), levels)
    after["tone"][here] = np.where(single, peak, 0)
    grown = levels - after["tone_dbov"][here] >= np.float32(HOWL_GROWTH_DB)
    howling: NDArray[np.bool_] = held & (grown | (levels >= np.float32(HOWL_MOST_DBOV)))
    return howling
