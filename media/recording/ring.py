"""The way from a worker's tick to the recording process: a ring of frames in shared memory, one writer, one reader.

Nothing is locked and nobody waits. The worker writes frames behind the last it wrote and then moves `written` on; the
recording process reads up to there and moves `read` on. Where the reader is so far behind that frames do not fit, they
are dropped, and the worker says so later in a slot of its own (`GAP`): the time they had stays, as silence.

All slots are of one size, a frame at 8 kHz with its label. A frame of a higher band takes as many slots as its band, one
after another, so that the common case is a plain copy of columns.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dsp.frames import FRAME_SAMPLES

SLOTS: Final = 32_768
"""Of one worker, 12 MB once used: five minutes of a conference in which two speak, and 2 s of 300 of them, in which a disk
may stand still before anything is lost."""

SAID: Final = 0
"""The slot holds a frame, or a part of one."""
GAP: Final = 1
"""So many ticks of this recording (in `stream`) were not handed over; the slot has no frame."""

NOBODY: Final = 0
"""The stream of what is said to a room: announcements and tones."""

SLOT: Final = np.dtype(
    [
        ("now_s", np.float64),  # when the tick was, by the machine's steady clock
        ("tick", np.int64),  # which it was: of one worker, in order, with those that were skipped counted
        ("recording", np.int64),
        ("stream", np.int64),
        ("kind", np.uint8),
        ("band", np.uint8),
        ("piece", np.uint8),  # of `band` pieces
        ("spare", np.uint8, (5,)),
        ("samples", np.int16, (FRAME_SAMPLES,)),
    ]
)

_HEADER_BYTES: Final = 128
"""Two counters, each in a cache line of its own: they are written by different processes."""


def ring_bytes(slots: int = SLOTS) -> int:
    """Bytes that a `Ring` of so many slots needs."""
    return _HEADER_BYTES + slots * SLOT.itemsize


class Ring:
    """A ring over `buffer`, shared or private; zeros are an empty ring.

    Parameters
    ----------
    buffer : writable buffer of `ring_bytes(slots)` bytes
    slots : int > 0
    """

    def __init__(self, buffer: Any, slots: int = SLOTS) -> None:
        self._written = np.frombuffer(buffer, np.int64, 1, offset=0)
        self._read = np.frombuffer(buffer, np.int64, 1, offset=_HEADER_BYTES // 2)
        self._slots = np.frombuffer(buffer, SLOT, slots, offset=_HEADER_BYTES)
        self._size = slots
        self._seen = int(self._read[0])

    @classmethod
    def private(cls, slots: int = SLOTS) -> Ring:
        """In memory of its own: where both ends are one process."""
        return cls(bytearray(ring_bytes(slots)), slots)

    def write(
        self,
        now_s: float,
        tick: int,
        recordings: NDArray[np.int64],
        streams: NDArray[np.int64],
        frames: NDArray[np.int16],
    ) -> bool:
        """Hand over frames of one tick; False where they do not fit, and none of them is taken.

        recordings, streams : ndarray of shape (K,), int64
        frames : ndarray of shape (K, 160 * band), int16
        """
        band = frames.shape[1] // FRAME_SAMPLES
        pieces = frames.reshape(-1, FRAME_SAMPLES)
        if band > 1:
            recordings, streams = recordings.repeat(band), streams.repeat(band)
        for here, there in self._places(len(pieces)):
            slots = self._slots[here]
            slots["now_s"] = now_s
            slots["tick"] = tick
            slots["recording"] = recordings[there]
            slots["stream"] = streams[there]
            slots["kind"] = SAID
            slots["band"] = band
            slots["piece"] = np.arange(there.start, there.stop) % band if band > 1 else 0
            slots["samples"] = pieces[there]
        return self._publish(len(pieces))

    def write_gap(self, now_s: float, tick: int, recording: int, ticks: int) -> bool:
        """Tell that frames of so many ticks were dropped; False where even that does not fit."""
        for here, _ in self._places(1):
            slots = self._slots[here]
            slots["now_s"], slots["tick"] = now_s, tick
            slots["recording"], slots["stream"] = recording, ticks
            slots["kind"] = GAP
        return self._publish(1)

    def _places(self, count: int) -> list[tuple[slice, slice]]:
        """Where the next `count` slots are, and which of them: one stretch, two around the end, none where they do not fit."""
        written = int(self._written[0])
        if count > self._size - (written - int(self._read[0])):
            self._fits = False
            return []
        self._fits = True
        begin = written % self._size
        first = min(count, self._size - begin)
        places = [(slice(begin, begin + first), slice(0, first))]
        if first < count:
            places.append((slice(0, count - first), slice(first, count)))
        return places

    def _publish(self, count: int) -> bool:
        if self._fits:
            self._written[0] += count
        return self._fits

    def read(self) -> NDArray[np.void]:
        """Take what was written before the last call: a copy of the slots, in order.

        Not what was written since, though `written` counts it: on some machines another core may see the counter before it
        sees the samples. By the next call, milliseconds later, all is there.
        """
        read, written = int(self._read[0]), int(self._written[0])
        until, self._seen = self._seen, written
        index = np.arange(read, until) % self._size
        slots = self._slots[index]
        self._read[0] = until
        return slots
