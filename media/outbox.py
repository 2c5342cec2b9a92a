"""What one worker lays out for those that share a room with it: of each of its last ticks, what its people said in such rooms.

An outbox is a piece of shared memory that one worker writes, and that any number read and never write. It has places for the
frames of the last `HISTORY` ticks. A frame has the moment at which its tick was due, and entries: what was said in one room by
all who are there at one rate, or to one person by somebody elsewhere. Samples are int32, since six voices do not fit into less,
in pieces of 20 ms at 8 kHz, so that all entries are of one size.

**Whose frame belongs to which tick.** Workers tick each on a grid of its own, all 20 ms apart and by one clock. Who reads in a
tick that is due at D takes the frame that was due after D - `LEAD_S` - 20 ms and up to D - `LEAD_S`: of every grid exactly one, in
every tick the next. So there is no buffer, nothing that fills or drains, and nothing drifts. Two grids whose distance is `LEAD_S`
to the last bit would make rounding decide; so the next frame after the last one is taken where it misses by no more than `SLACK_S`.

A tick that is late still has the moment at which it was due, and so has the one that makes up for it at once. Where the writer gave
ticks up, their frames are not there. Where the reader did, it goes on with what belongs to its next tick; `follows` tells.

**No locks.** The writer takes the number off a place, fills it, and puts the new number and a checksum of all of it on. Who reads
copies, and believes the copy only where the checksum is that of its bytes: what is half written, being overwritten, or not to be
seen whole by this processor yet is as if it were not there. Nobody relies on the order in which memory is seen.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.frames import FRAME_SAMPLES
from media.pacer import TICK_S
from media.speakers import LOUDEST

LEAD_S: Final = 0.010
"""So old is what is read at the least, by the moments at which it was due: half a tick. A worker with all the people that it can
hold has chosen and summed its voices some 5 ms after its tick was due, and is woken up to 5 ms late. What is laid out later than
that may be missed by who reads; each millisecond more would be one more of delay, which is 20 ms on average as it is."""
SLACK_S: Final = 0.002
"""Above what rounding moves a grid in a year, and far below the 20 ms that would make it another frame."""
HISTORY: Final = 8
"""Frames that are kept, 160 ms: who reads wants one that is 10 to 30 ms old, and is itself late by less than 40 (`pacer`)."""
ENTRIES: Final = 1_024
"""Of a tick: as many rooms in which people speak at 8 kHz, each six times as many at 48. What does not fit is not heard
elsewhere, and counted. 5.8 MB in all, of which only what is used is ever taken."""

VOICES: Final = 0
"""The entry is what is said in a room."""
WHISPER: Final = 1
"""The entry is said to the stream `key` alone."""
NOBODY: Final = np.float32(-np.inf)
"""In place of a rank, and of a level: there is no further voice in the entry."""

_ENTRY: Final = np.dtype(
    [
        ("room", np.int64),
        ("key", np.int64),
        ("power", np.float32),  # of all its voices, as `lines` measures them
        ("kind", np.uint8),
        ("band", np.uint8),
        ("spare", np.uint8, (2,)),
        ("ranks", np.float32, (LOUDEST,)),  # by which the loudest of a room are chosen
        ("levels", np.float32, (LOUDEST,)),  # dBov, by which it is known how many speak
        ("samples", np.int32, (FRAME_SAMPLES,)),
    ]
)
_HEADER: Final = np.dtype(
    {  # of a frame, a cache line each
        "names": ["number", "due_s", "count", "checksum"],
        "formats": [np.int64, np.float64, np.int64, np.int64],
        "itemsize": 64,
    }
)
_LABEL: Final = struct.Struct("<qdq")
_NONE: Final = 0
"""The number of a place that has no frame."""


def outbox_bytes() -> int:
    """Bytes that an outbox needs."""
    return HISTORY * (_HEADER.itemsize + ENTRIES * _ENTRY.itemsize)


class Part(NamedTuple):
    """Entries of one kind and band, K of them, in a frame."""

    kind: int
    band: int
    rooms: NDArray[np.int64]
    """(K,)"""
    keys: NDArray[np.int64]
    """(K,): streams, of whispers."""
    frames: NDArray[np.int32]
    """(K, 160 * band)"""
    ranks: NDArray[np.float32]
    """(K, LOUDEST): of each voice, `NOBODY` behind the last."""
    levels: NDArray[np.float32]
    """(K, LOUDEST)"""
    powers: NDArray[np.float32]
    """(K,)"""


class Frame(NamedTuple):
    """What a worker laid out in one tick."""

    number: int
    follows: bool
    """It is the next after the one that was read in the tick before."""
    parts: list[Part]


def _places(buffer: Any) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """The headers, (HISTORY,), and the entries, (HISTORY, ENTRIES), in a buffer."""
    headers = np.frombuffer(buffer, _HEADER, HISTORY)
    entries = np.frombuffer(buffer, _ENTRY, HISTORY * ENTRIES, offset=HISTORY * _HEADER.itemsize)
    return headers, entries.reshape(HISTORY, ENTRIES)


def _checksum(number: int, due_s: float, entries: NDArray[np.void]) -> int:
    return zlib.crc32(entries.tobytes(), zlib.crc32(_LABEL.pack(number, due_s, len(entries))))


class Outbox:
    """The writer's end.

    Parameters
    ----------
    buffer : writable buffer of `outbox_bytes()`
        Zeros are an empty outbox.
    """

    def __init__(self, buffer: Any) -> None:
        self._headers, self._entries = _places(buffer)
        self._number = int(self._headers["number"].max())

    def write(self, due_s: float, parts: Sequence[Part]) -> int:
        """Lay out the frame of the tick that was due then; returns how many entries did not fit and are left out."""
        self._number += 1
        place = self._number % HISTORY
        header, entries = self._headers[place : place + 1], self._entries[place]
        header["number"] = _NONE
        count = dropped = 0
        for part in parts:
            fitting = min(len(part.rooms), (ENTRIES - count) // part.band)
            dropped += len(part.rooms) - fitting
            heads = entries[count : count + fitting * part.band : part.band]
            heads["room"], heads["key"] = part.rooms[:fitting], part.keys[:fitting]
            heads["kind"], heads["band"] = part.kind, part.band
            heads["ranks"], heads["levels"] = part.ranks[:fitting], part.levels[:fitting]
            heads["power"] = part.powers[:fitting]
            pieces = entries[count : count + fitting * part.band]
            pieces["samples"] = part.frames[:fitting].reshape(-1, FRAME_SAMPLES)
            for piece in range(1, part.band):  # what belongs together says the same of itself
                others = entries[count + piece : count + fitting * part.band : part.band]
                others["kind"], others["band"] = part.kind, part.band
            count += fitting * part.band
        header["due_s"], header["count"] = due_s, count
        header["checksum"] = _checksum(self._number, due_s, entries[:count])
        header["number"] = self._number
        return dropped


class Inbox:
    """Another worker's outbox, as one of its readers sees it.

    Parameters
    ----------
    buffer : buffer of `outbox_bytes()`
        It may be read-only.
    """

    def __init__(self, buffer: Any) -> None:
        self._headers, self._entries = _places(buffer)
        self._last = _NONE  # the number that was read last
        self._read = False  # in the tick before
        self._expected = False
        self._waited = 0  # ticks since, in which there was none

    def take(self, due_s: float) -> Frame | None:
        """The frame that belongs to the reader's tick that is due at `due_s`; None where it is not there."""
        numbers, dues = self._headers["number"].copy(), self._headers["due_s"]
        age_s = due_s - LEAD_S - dues
        found = (numbers > self._last) & (age_s >= 0) & (age_s < TICK_S)
        if self._read:
            following = (numbers == self._last + 1) & (age_s >= -SLACK_S) & (age_s < TICK_S + SLACK_S)
            found = following if following.any() else found
        places = found.nonzero()[0]
        frame = self._copied(int(places[numbers[places].argmax()])) if places.size else None
        if frame is None:
            self._read = False
            self._waited += self._expected
        else:
            self._last, self._read, self._expected = frame.number, True, True
        return frame

    def missed(self) -> int:
        """Ticks in which a frame was not there though the worker lives, since the last call: told when there is one again, for
        a worker that has died is not late.
        """
        if not self._read:
            return 0
        missed, self._waited = self._waited, 0
        return missed

    def rest(self) -> None:
        """Nothing is expected of this worker any more, until it is asked for again."""
        self._read = self._expected = False
        self._waited = 0

    def _copied(self, place: int) -> Frame | None:
        header = self._headers[place]
        number, due_s, count = int(header["number"]), float(header["due_s"]), int(header["count"])
        if not 0 <= count <= ENTRIES:
            return None
        entries = self._entries[place, :count].copy()
        if int(header["checksum"]) != _checksum(number, due_s, entries):
            return None
        return Frame(number, self._read and number == self._last + 1, _parts(entries))


def _parts(entries: NDArray[np.void]) -> list[Part]:
    parts = []
    sorts = entries["kind"].astype(np.intp) * 256 + entries["band"]
    for sort in sorted(set(sorts.tolist())):
        kind, band = divmod(sort, 256)
        here = sorts == sort
        mine = entries if here.all() else entries[here]
        heads = mine[::band]
        frames = mine["samples"].reshape(-1, FRAME_SAMPLES * band)
        parts.append(
            Part(
                kind,
                band,
                heads["room"],
                heads["key"],
                frames,
                heads["ranks"],
                heads["levels"],
                heads["power"],
            )
        )
    return parts
