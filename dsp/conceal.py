"""What to play for a frame that never came: the voice goes on as it was, then sinks away.

A voice repeats itself with each pulse of the glottis. So the last good samples are searched for the period at which
they repeat best, and the last period is played over and over (the spirit of G.711 Appendix I, with a design of our own):

- The signal made up is a pure function of the history before the loss and of the time since. Whoever loses two frames
  asks twice, with the same history and a later time, and the second frame continues the first: nothing is remembered.
- No delay: what was played cannot be changed any more, so the seam to it is mended afterwards. The first sample would
  follow the sample one period before the last good one; the difference between these two is added and fades out within a millisecond or so.
- Where the period wraps around, its end is faded into what came before its beginning: every wrap is seamless.
- The same period for long is a buzzer. After 10 ms two periods are repeated, after 20 ms three.
- What does not repeat (hiss, s, f) is extended with the longest period, whose repetition the ear notices least.
- After 10 ms it grows softer, after 100 ms it is silence: nobody's vowel lasts for ever.

Numbers of samples are meant at 8 kHz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dsp.frames import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from dsp.frames import Frames, Indices, Levels

SHORTEST_PERIOD: Final = RATE_HZ * 25 // 10_000
"""2.5 ms: 400 Hz, a child's voice. Anything faster repeats also at a multiple that is found."""

LONGEST_PERIOD: Final = RATE_HZ * 15 // 1_000
"""15 ms: 67 Hz, the deepest bass."""

WINDOW: Final = RATE_HZ * 20 // 1_000
"""20 ms, the end of the history that is compared with what came before it: holds a period of the deepest voice."""

HISTORY: Final = RATE_HZ * 60 // 1_000
"""60 ms, what callers keep of each row: three of the longest periods, and room to fade between them."""

VOICED: Final = 0.5
"""A history whose likeness to itself one period before is less than this has no pitch: it is extended as noise."""

ANOTHER_PERIOD: Final = RATE_HZ * 10 // 1_000
"""After 10 ms of loss, and again after 20 ms, one more period is taken into what is repeated."""

MOST_PERIODS: Final = 3

FADE_BEGINS: Final = RATE_HZ * 10 // 1_000
FADE_ENDS: Final = RATE_HZ * 100 // 1_000
"""From 10 ms on the made-up signal sinks in a straight line to silence at 100 ms."""

_FADE_PER_SAMPLE: Final = np.float32(1 / (FADE_ENDS - FADE_BEGINS))

RECOVERY: Final = RATE_HZ * 5 // 1_000
"""5 ms, a good `fade_samples` for `recover`."""

MEND: Final = RATE_HZ // 800
"""1.25 ms, over which the difference at the first seam fades out: long enough for a voice, short enough that hiss does
not begin louder than it was."""

_WRAP: Final = LONGEST_PERIOD >> 2
"""Samples at the end of the history that a wrap may change: a quarter of the longest period."""

_TRANSFORM: Final = 288
"""Length of the Fourier transform: at least window and longest period together, and 2**5 * 3**2 is a fast one."""


def find_period(history: Frames) -> Indices:
    """Return the number of samples after which the end of each row best repeats what came before.

    history : ndarray of shape (N, H), int16, H >= WINDOW + LONGEST_PERIOD
    returns : ndarray of shape (N,), intp, SHORTEST_PERIOD to LONGEST_PERIOD; the longest where nothing repeats
    """
    past = history[:, -(WINDOW + LONGEST_PERIOD) :].astype(np.float32)
    recent = np.zeros_like(past)
    recent[:, LONGEST_PERIOD:] = past[:, LONGEST_PERIOD:]
    spectrum = np.fft.rfft(recent, _TRANSFORM)
    spectrum *= np.conj(np.fft.rfft(past, _TRANSFORM))
    likeness = np.fft.irfft(spectrum, _TRANSFORM)[:, SHORTEST_PERIOD : LONGEST_PERIOD + 1]

    energies = np.zeros((len(past), past.shape[1] + 1))
    np.cumsum(past * past, axis=1, dtype=np.float64, out=energies[:, 1:])
    windows = (
        energies[:, WINDOW:] - energies[:, :-WINDOW]
    )  # column c: the window that begins LONGEST_PERIOD - c ago
    earlier = windows[:, LONGEST_PERIOD - SHORTEST_PERIOD :: -1]
    likeness = likeness / np.sqrt(np.maximum(earlier * windows[:, -1:], 1.0))

    best = likeness.argmax(axis=1)
    voiced = likeness[np.arange(len(best)), best] >= VOICED
    return np.where(voiced, best + SHORTEST_PERIOD, LONGEST_PERIOD)


def _with_wraps(past: Levels, period: NDArray[np.int32]) -> Levels:
    """`past` and, behind it, how its end is played where one, two and three periods wrap around.

    The last quarter of a period is faded into what came before the first sample of what is repeated.
    """
    rows, length = past.shape
    fade = period >> 2
    column = np.arange(-_WRAP, 0)
    weight = np.maximum((column + fade + 1) / (fade + 1), 0).astype(np.float32)[:, None]
    tail = past[:, None, -_WRAP:]
    spans = period * np.arange(1, MOST_PERIODS + 1)
    origin = (np.arange(1, rows + 1) * length)[:, None, None]
    before = past.ravel().take(origin + column - spans[:, :, None])
    wraps = tail + weight * (before - tail)
    return np.concatenate((past, wraps.reshape(rows, MOST_PERIODS * _WRAP)), axis=1)


def _place(
    length: int, period: NDArray[np.int32], count: NDArray[np.int32], time: NDArray[np.int32]
) -> Indices:
    """Where `_with_wraps` holds the sample to play at `time`, when `count` periods are repeated."""
    span = period * count
    place = time % span - span
    columns: Indices = np.where(place < -_WRAP, length + place, length + count * _WRAP + place).astype(
        np.intp
    )
    return columns


def conceal(history: Frames, lost_samples: ArrayLike, size: int, *, periods: Indices | None = None) -> Frames:
    """Return what to play instead of `size` lost samples.

    Ask for a few samples more than a frame and hand them to `recover` when the next good frame comes, or ask again
    with a larger `lost_samples` when it does not.

    history : ndarray of shape (N, H), int16, H >= HISTORY: the last samples played before the loss began
    lost_samples : array of shape (N,) or int: how long the loss already lasts where the answer begins
    periods : ndarray of shape (N,), intp: what `find_period` said, if it was asked already
    returns : ndarray of shape (N, size), int16
    """
    if periods is None:
        periods = find_period(history)
    rows, length = history.shape
    past = history.astype(np.float32)
    period = periods.astype(np.int32)[:, None]
    time = (np.asarray(lost_samples).reshape(-1, 1) + np.arange(size)).astype(np.int32)
    time = np.broadcast_to(np.minimum(time, FADE_ENDS), (rows, size))

    table = _with_wraps(past, period)
    origin = np.arange(rows)[:, None] * table.shape[1]
    table = table.ravel()
    stage = time // np.int32(ANOTHER_PERIOD)
    since = time - stage * np.int32(ANOTHER_PERIOD)
    count = np.minimum(stage + np.int32(1), np.int32(MOST_PERIODS))
    made = table.take(origin + _place(length, period, count, time))
    fade = period >> 2
    changing = np.nonzero((since < fade) & (stage > 0) & (stage < MOST_PERIODS))
    if len(changing[0]):  # another period was just taken in: fade from the shorter repetition
        row = changing[0]
        place = _place(length, period[row, 0], stage[changing], time[changing])
        fewer = table.take(origin[row, 0] + place)
        weight = ((since[changing] + 1) / (fade[row, 0] + 1)).astype(np.float32)
        made[changing] = fewer + weight * (made[changing] - fewer)

    before_first = np.take_along_axis(past, length - 1 - period.astype(np.intp), axis=1)
    beginning = time[:, : max(MEND - int(time.min(initial=MEND)), 0)]
    mend = np.maximum(1 - (beginning + 1) / (MEND + 1), 0).astype(np.float32)
    made[:, : beginning.shape[1]] += mend * (past[:, -1:] - before_first)

    made *= np.clip((np.float32(FADE_ENDS) - time) * _FADE_PER_SAMPLE, 0, 1)
    np.rint(made, out=made)
    samples: Frames = np.clip(made, -32_768, 32_767, out=made).astype(np.int16)
    return samples


def recover(synthetic: Frames, good: Frames, fade_samples: ArrayLike = RECOVERY) -> Frames:
    """Return the first good frame after a loss, its beginning faded in from the made-up signal.

    synthetic : ndarray of shape (N, F), int16: how `conceal` would have gone on, F >= the largest of `fade_samples`
    good : ndarray of shape (N, S), int16, S >= F
    fade_samples : int or array of shape (N,), 0 to F; 0 leaves a row alone
    returns : ndarray of shape (N, S), int16
    """
    fade = np.asarray(fade_samples).reshape(-1, 1)
    width = int(fade.max(initial=0))
    mixed = good.copy()
    if width:
        weight = np.minimum((np.arange(width) + 1) / (fade + 1), 1).astype(np.float32)
        weight[np.broadcast_to(np.arange(width) >= fade, weight.shape)] = 1
        made = synthetic[:, :width].astype(np.float32)
        mixed[:, :width] = np.rint(made + weight * (good[:, :width] - made))
    return mixed
