"""How a voice repeats itself, and how it would go on if it went on repeating.

A voice repeats itself with each pulse of the glottis. So the past is searched for the place whose last few milliseconds are
most like its end, and what followed there is played, over and over:

- The first sample would follow the sample one period before the last good one; the difference between these two is added and
  fades out within a millisecond or so. Nothing of what was played has to be changed.
- Where the period wraps around, its end is faded into what came before its beginning: every wrap is seamless.
- The same period for long is a buzzer. Later than 20 ms two periods are walked through, later than 40 ms three.
- A little of the neighbouring samples is mixed in: what is highest is least predictable, and is better left softer.
- What does not repeat (hiss, s, f) is extended with the longest period, whose repetition the ear notices least.

Numbers of samples are meant at 8 kHz; at band b (2: 16 kHz, 6: 48 kHz) they are b times as many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from dsp.frames import RATE_HZ

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Levels

    Times = NDArray[np.int32]

SHORTEST_PERIOD: Final = RATE_HZ * 25 // 10_000
"""2.5 ms: 400 Hz, a child's voice. Anything faster repeats also at a multiple that is found."""

LONGEST_PERIOD: Final = RATE_HZ * 15 // 1_000
"""15 ms: 67 Hz, the deepest bass."""

WINDOW: Final = RATE_HZ * 5 // 1_000
"""5 ms, the end of the history that is looked for in what came before it. What matters is how the last moment went on,
not the pitch of the last syllable: 20 ms are worse by 0.1 PESQ at 10 % loss."""

VOICED: Final = 0.5
"""A history whose likeness to itself one period before is less than this has no pitch: it is extended as noise."""

ANOTHER_PERIOD: Final = RATE_HZ * 20 // 1_000
"""After 20 ms of loss, and again after 40 ms, one more period is taken into what is repeated."""

MOST_PERIODS: Final = 3

MEND: Final = RATE_HZ // 800
"""1.25 ms, over which the difference at the first seam fades out: long enough for a voice, short enough that hiss does
not begin louder than it was."""

SOFTENED: Final = 0.1
"""How much of either neighbour is mixed into each sample repeated; the rest is its own."""

WRAP: Final = LONGEST_PERIOD >> 2
"""Samples at the end of the history that a wrap may change: a quarter of the longest period."""

FURTHEST_BACK: Final = MOST_PERIODS * LONGEST_PERIOD + WRAP
"""How much of the past is needed to go on from it."""

FARTHEST: Final = RATE_HZ * 220 // 1_000
"""220 ms: nobody's vowel goes on for longer. Later times are answered like this one."""


_SPANS: Final = np.arange(1, MOST_PERIODS + 1, dtype=np.int32)


def likeness_of(ends: Levels, region: Levels) -> Levels:
    """How like `ends` each stretch of `region` is: 1 for equal but for loudness, 0 for strangers.

    ends : ndarray of shape (N, W), float32
    region : ndarray of shape (N, L), float32
    returns : ndarray of shape (N, L - W + 1), float32
    """
    width, (rows, length) = ends.shape[1], region.shape
    region = np.ascontiguousarray(region)
    steps = region.strides
    # What `sliding_window_view` makes, in a tenth of the time: here one row at a time is what comes most often.
    stretches = np.ndarray((rows, length - width + 1, width), np.float32, region, 0, (*steps, steps[1]))
    product = np.einsum("nkw,nw->nk", stretches, ends)
    energies = np.zeros((rows, length + 1))
    np.cumsum(region * region, axis=1, dtype=np.float64, out=energies[:, 1:])
    energy = (energies[:, width:] - energies[:, :-width]) * np.einsum("nw,nw->n", ends, ends)[:, None]
    likeness: Levels = (product / np.sqrt(np.maximum(energy, 1.0))).astype(np.float32)
    return likeness


def period_of(past: Levels, band: int) -> Times:
    """Return the number of samples after which the end of each row best repeats what came before.

    past : ndarray of shape (N, H), float32, H >= (WINDOW + LONGEST_PERIOD) * band
    returns : ndarray of shape (N,), int32, SHORTEST_PERIOD * band to LONGEST_PERIOD * band; the longest where nothing repeats
    """
    width, longest = WINDOW * band, LONGEST_PERIOD * band
    recent, region = past[:, -width:], past[:, -(width + longest) : -SHORTEST_PERIOD * band]
    likeness = likeness_of(recent[:, ::band], region[:, ::band])[:, ::-1]
    best = likeness.argmax(axis=1)
    voiced = likeness[np.arange(len(best)), best] >= VOICED
    period = (best + SHORTEST_PERIOD) * band
    if band > 1:  # the samples left out tell which of the periods close by it is
        near = np.clip(period[:, None] + np.arange(-band, band + 1), SHORTEST_PERIOD * band, longest)
        places = past.shape[1] - width - near[:, :, None] + np.arange(width)
        stretches = past[np.arange(len(past))[:, None, None], places]
        product = np.einsum("nkw,nw->nk", stretches, recent)
        power = np.sqrt(np.maximum(np.einsum("nkw,nkw->nk", stretches, stretches), 1.0))
        period = np.take_along_axis(near, (product / power).argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(voiced, period, longest).astype(np.int32)


def _periods_back(turn: Times, period: Times, most: int, band: int) -> Times:
    """How many periods before the end of the history each turn begins: 1, 1, ... 2, 1, 2, 1, ... 3, 2, 1, 3, 2, 1 ...

    A walk through two or three periods is always ended: from one of its turns to the next the past goes on by itself.
    """
    if most == 1:
        return np.ones_like(turn)
    another = np.int32(ANOTHER_PERIOD * band)
    singles = -(-another // period)
    after_singles = turn - singles
    pairs = np.maximum(-((singles * period - 2 * another) // (2 * period)), 0)
    after_pairs = after_singles - 2 * pairs
    back = np.where(after_pairs < 0, 2 - after_singles % 2, MOST_PERIODS - after_pairs % MOST_PERIODS)
    return np.where(after_singles < 0, 1, back).astype(np.int32)


def _places(period: Times, time: Times, most: int, band: int) -> Times:
    """Where `_with_wraps` holds the sample to play at each time of a loss.

    period : ndarray of shape (N, 1), int32
    time : ndarray of shape (N, S) or (1, S), int32, not negative
    returns : ndarray of shape (N, S), int32: counted from the end of the history: what is less than 0 lies within it
    """
    wrap = np.int32(WRAP * band)
    turn = time // period
    back = _periods_back(turn, period, most, band)
    place = time - (turn + back) * period
    following = _periods_back(turn + 1, period, most, band)
    places: Times = np.where((back == 1) & (place >= -wrap), following * wrap + place, place)
    return places


def _with_wraps(past: Levels, period: Times, band: int) -> Levels:
    """`past` and, behind it, how its end is played where one, two and three periods wrap around.

    The last quarter of a period is faded into what came before the first sample of what is repeated.
    """
    rows, length = past.shape
    fade = period >> 2
    column = np.arange(-WRAP * band, 0, dtype=np.int32)
    weight = np.maximum((column + fade + 1) * (1 / (fade + 1)), 0).astype(np.float32)[:, None]
    tail = past[:, None, -WRAP * band :]
    spans = period * _SPANS
    origin = (np.arange(1, rows + 1, dtype=np.int32) * length)[:, None, None]
    before = past.ravel().take(origin + column - spans[:, :, None])
    before -= tail
    before *= weight
    before += tail
    return np.concatenate((past, before.reshape(rows, MOST_PERIODS * WRAP * band)), axis=1)


_PERIODS: Final = np.arange(SHORTEST_PERIOD, LONGEST_PERIOD + 1, dtype=np.int32)[:, None]
_TIMES: Final = np.arange(FARTHEST, dtype=np.int32)[None, :]
_PLACES: Final = np.stack([_places(_PERIODS, _TIMES, most, 1) for most in (MOST_PERIODS, 1)])
"""`_places` of all periods at 8 kHz, so that they are looked up: walking through as many as may be, and repeating one only."""


def extend(past: Levels, period: Times, time: Times, band: int) -> Levels:
    """How each row goes on after its end: its last periods, in turns, over and over.

    past : ndarray of shape (N, H), float32, H >= FURTHEST_BACK * band
    period : ndarray of shape (N, 1), int32
    time : ndarray of shape (N, S), int32: not negative; 0 is the sample after the end, which is asked for in time order
    returns : ndarray of shape (N, S), float32
    """
    around = np.empty((len(past), time.shape[1] + 2), np.int32)
    around[:, 1:-1] = time
    around[:, 0] = time[:, 0] - 1
    around[:, -1] = time[:, -1] + 1
    mended = max(MEND * band - int(time.min(initial=MEND * band)), 0)
    return _extended(past, period, around, time[:, :mended], 0, band)


def extend_alike(past: Levels, period: Times, size: int, singly: int, band: int) -> Levels:
    """How all rows go on for `size` samples from their ends on, the last `singly` of them by one period only.

    past, period : as of `extend`; of the rows that repeat one period only as much counts as their `period` asks for
    returns : ndarray of shape (N, size), float32
    """
    around = np.arange(-1, size + 1, dtype=np.int32)
    return _extended(past, period, around[None], around[None, 1 : MEND * band + 1], singly, band)


def _extended(past: Levels, period: Times, around: Times, first: Times, singly: int, band: int) -> Levels:
    """How rows go on at times `around`, but the first and the last of these, which are only asked for as neighbours.

    around : ndarray of shape (N, S + 2) or (1, S + 2), int32
    first : likewise of shape (N, F) or (1, F): those of them at which the seam is mended
    returns : ndarray of shape (N, S), float32
    """
    rows, length = past.shape
    several = rows - singly
    around = np.minimum(np.maximum(around, 0), FARTHEST * band - 1)
    if band == 1:
        lines = (period - SHORTEST_PERIOD) * np.int32(FARTHEST)
        lines[several:] += np.int32(_PLACES[0].size)
        places = _PLACES.take(around + lines)
    else:
        places = _places(period[:several], around, MOST_PERIODS, band)
        if singly:
            places = np.concatenate((places, _places(period[several:], around, 1, band)))
    table = _with_wraps(past, period, band)
    width = np.int32(table.shape[1])
    places += np.arange(length, rows * width + length, width, dtype=np.int32)[:, None]
    turns = table.take(places)
    made = turns[:, 1:-1] * np.float32(1 - 2 * SOFTENED)
    made += np.float32(SOFTENED) * (turns[:, :-2] + turns[:, 2:])
    if first.size:
        step = past[:, -1:] - past[np.arange(rows)[:, None], length - 1 - period]
        weight = 1 - (first + 1).astype(np.float32) * np.float32(1 / (MEND * band + 1))
        made[:, : first.shape[1]] += np.maximum(weight, 0) * step
    return made
