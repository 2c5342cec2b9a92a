"""Who is heard in a room, and what each of them hears: the room's sum, and the sum minus oneself.

Sums are exact in int32: 65,535 rows at full scale fit (65,535 x 32,768 < 2**31), so nothing saturates before the
limiter, and subtracting oneself leaves what all others said, bit for bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Frames, Indices, Levels, Mask, Mix

MOST_TALKERS: Final = 65_535
"""So many rows one room may sum; one more could leave int32. No worker has so many sockets."""

HYSTERESIS_DB: Final = 9.0
"""Somebody new must be so much louder to take the place of somebody who is being heard. With 6 dB, ten recorded voices
that talk at once cut each other three times as often in the middle of a sound."""

ALONE: Final = 2
"""So many voices at once are a conversation and sound as loud as they are; of more, each is made softer."""

_TO_POWER: Final = np.float32(np.log(10) / 10)
"""From decibels: `np.exp` takes a tenth of the time of `np.power`."""

_FEW: Final = 8
"""Up to so many rows, rooms are summed all at once, rank by rank. A larger room is worth a call of its own, which adds
whole rows at memory speed; there are at most T / 9 of them, and with the loudest few chosen first there are none."""


def room_sums(frames: Frames, starts: Indices) -> Mix:
    """Return the sum of each room's rows.

    frames : ndarray of shape (T, S), int16: the rows that are heard, sorted by room
    starts : ndarray of shape (R,), intp: where each room's rows begin; starts[0] is 0 and they increase strictly
    returns : ndarray of shape (R, S), int32
    """
    sizes = np.diff(starts, append=len(frames))
    sums = frames[starts].astype(np.int32)
    small = np.where(sizes <= _FEW, sizes, 0)
    for rank in range(1, int(small.max(initial=0))):
        having = np.flatnonzero(small > rank)
        sums[having] += frames[starts[having] + rank]
    for room in np.flatnonzero(sizes > _FEW):
        rows = frames[starts[room] : starts[room] + sizes[room]]
        np.add.reduce(rows, axis=0, dtype=np.int32, out=sums[room])
    return sums


def minus_self(sums: Mix, frames: Frames, room_index: Indices, *, out: Mix | None = None) -> Mix:
    """Return what each of those who are heard hears: the room without himself.

    sums : ndarray of shape (R, S), int32: of `room_sums`
    frames : ndarray of shape (T, S), int16: what each row put in
    room_index : ndarray of shape (T,), intp: each row's room, an index into `sums`
    out : ndarray of shape (T, S), int32, optional; filled and returned
    returns : ndarray of shape (T, S), int32
    """
    if out is None:
        out = np.empty(frames.shape, np.int32)
    np.take(sums, room_index, axis=0, out=out, mode="clip")  # "raise" would buffer what goes to `out`
    np.subtract(out, frames, out=out)
    return out


def choose_loudest(
    levels: Levels,
    rooms: NDArray[np.integer],
    limit: int,
    incumbent: Mask,
    *,
    hysteresis_db: float = HYSTERESIS_DB,
) -> Mask:
    """Tell who is heard: the loudest `limit` of each room, where a place once held is not lost for a trifle.

    Give it the rows that speak, and their levels as `level.hold_levels` remembers them. Of rows that are equally loud
    the incumbent is taken, then the one that comes first.

    levels : ndarray of shape (N,), float32, dBov
    rooms : ndarray of shape (N,), int: each row's room, in any order
    limit : int >= 0
    incumbent : ndarray of shape (N,), bool: who was heard in the last frame
    returns : ndarray of shape (N,), bool
    """
    order = np.lexsort((~incumbent, -(levels + np.float32(hysteresis_db) * incumbent), rooms))
    sorted_rooms = rooms[order]
    begins = np.ones(len(order), np.bool_)
    np.not_equal(sorted_rooms[1:], sorted_rooms[:-1], out=begins[1:])
    first = np.flatnonzero(begins)
    places = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
    chosen = np.empty(len(order), np.bool_)
    chosen[order] = places < limit
    return chosen


def crowding_db(
    levels: Levels, rooms: NDArray[np.integer]
) -> tuple[NDArray[np.integer], NDArray[np.intp], Levels]:
    """Tell how much softer a room must become to be as loud as if two spoke in it.

    How many speak is how often the power of the loudest goes into that of all: who is 10 dB softer counts a tenth.

    levels : ndarray of shape (T,), float32, dBov: of those that are heard, as `level.hold_levels` remembers them
    rooms : ndarray of shape (T,), int, 0 or more and not far more: each row's room, in any order
    returns : the rooms (R,), each row's index into them (T,), and what to add in decibels (R,), 0 or less
    """
    power = np.exp(levels * _TO_POWER)
    sums = np.bincount(rooms, power)
    most = np.zeros(len(sums))
    np.maximum.at(most, rooms, power)
    which = most.nonzero()[0]
    index = np.empty(len(sums), np.intp)
    index[which] = np.arange(len(which))
    voices = sums[which] / most[which]
    softer: Levels = (-10 * np.log10(np.maximum(voices / ALONE, 1.0))).astype(np.float32)
    return which, index[rooms], softer
