"""The part of the shared audio that is written while the bridge runs: what callers record becomes segments to be played.

Behind the prompts, in the same array and so within reach of the same gathers, lies the *arena*: control gives out
segments of it (`Arena`), a worker or control writes into them (`ArenaAudio`), everybody plays them. Nothing is locked:
a segment belongs to whoever was last told to write it, until `RecordingEnded` says that it can be played, and control
gives it back only then.

The memory is sparse: a page costs nothing before it is written. What was never written reads as zeros, which is
silence in int16 and full-scale noise in PCMU; so nobody plays a segment, or a part of one, that was not written.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from media.control import Segment

FRAME: Final = 160
"""Segments are whole frames, as those of prompts are: no frame of a playback is made of two things."""
SAMPLE_BYTES: Final = 4
"""int16, PCMU and PCMA of one sample."""
WIDE_BYTES: Final = 4
"""Two int16 at 16 kHz of one sample, where there are."""


class Arena:
    """Who has which part of `samples` samples from `first` on: first fit, and neighbours that are free become one."""

    def __init__(self, first: int, samples: int) -> None:
        whole = samples - samples % FRAME
        self._starts = [first] if whole else []  # of what is free, in order
        self._lengths = [whole] if whole else []
        self._taken: dict[int, int] = {}
        self.free = whole
        """Samples that are left, maybe in pieces."""

    def take(self, length: int) -> Segment | None:
        """Give out `length` samples, rounded up to whole frames; None where no piece is so large."""
        wanted = _whole(length)
        for place, available in enumerate(self._lengths):
            if available >= wanted:
                start = self._starts[place]
                if available == wanted:
                    del self._starts[place], self._lengths[place]
                else:
                    self._starts[place] += wanted
                    self._lengths[place] -= wanted
                self._taken[start] = wanted
                self.free -= wanted
                return Segment(start, wanted)
        return None

    def trim(self, segment: Segment, length: int) -> Segment:
        """Keep the first `length` samples of a segment, rounded up to whole frames, and take the others back.

        A recording is nearly always shorter than what was reserved for it. Of nothing, a frame is kept: `give` ends it.
        """
        held = self._held(segment)
        kept = _whole(length)
        if kept >= held:
            return Segment(segment.offset, held)
        self._taken[segment.offset] = kept
        self._free_up(segment.offset + kept, held - kept)
        return Segment(segment.offset, kept)

    def give(self, segment: Segment) -> None:
        """Take a segment back, all that is still held of it. Raises ValueError for one that is not out."""
        length = self._held(segment)
        del self._taken[segment.offset]
        self._free_up(segment.offset, length)

    def _held(self, segment: Segment) -> int:
        try:
            return self._taken[segment.offset]
        except KeyError:
            raise ValueError(f"no segment of the arena begins at {segment.offset}") from None

    def _free_up(self, start: int, length: int) -> None:
        self.free += length
        place = bisect(self._starts, start)
        if place < len(self._starts) and start + length == self._starts[place]:
            length += self._lengths[place]
            del self._starts[place], self._lengths[place]
        if place and self._starts[place - 1] + self._lengths[place - 1] == start:
            self._lengths[place - 1] += length
        else:
            self._starts.insert(place, start)
            self._lengths.insert(place, length)


class ArenaAudio(NamedTuple):
    """The arena's samples in the three forms, and only those: what lies before them cannot be written from here."""

    first: int
    """Offset of the arena in the shared audio, in samples."""
    pcm: NDArray[np.int16]
    mu: NDArray[np.uint8]
    a: NDArray[np.uint8]

    @classmethod
    def over(cls, buffer: memoryview, samples: int, arena: int) -> ArenaAudio:
        """Views on a writable buffer as `control.Load` describes it. One that is too short raises ValueError."""
        first = samples - arena
        return cls(
            first,
            np.frombuffer(buffer, np.int16, arena, offset=2 * first),
            np.frombuffer(buffer, np.uint8, arena, offset=2 * samples + first),
            np.frombuffer(buffer, np.uint8, arena, offset=3 * samples + first),
        )

    @classmethod
    def nowhere(cls) -> ArenaAudio:
        """Before anything is loaded: no segment lies in it."""
        return cls(0, np.zeros(0, np.int16), np.zeros(0, np.uint8), np.zeros(0, np.uint8))

    def holds(self, segment: Segment) -> bool:
        """Tell whether a segment lies in the arena, whole."""
        begin = segment.offset - self.first
        return segment.length > 0 and 0 <= begin <= len(self.pcm) - segment.length

    def write(self, segment: Segment, pcm: NDArray[np.int16]) -> None:
        """Put samples into a segment, in all three forms; where they end it is silent.

        Raises ValueError where they are more than it holds, and for a segment that is not of the arena.
        """
        place = self._place(segment)
        if len(pcm) > segment.length:
            raise ValueError(f"{len(pcm)} samples do not fit into {segment.length}")
        whole = np.zeros(segment.length, np.int16)
        whole[: len(pcm)] = pcm
        self.put(place.start, whole)

    def put(self, at: int, pcm: NDArray[np.int16]) -> None:
        """Put samples `at` so many from the arena's beginning, in all three forms."""
        place = slice(at, at + len(pcm))
        self.pcm[place] = pcm
        g711.encode(pcm, g711.Law.MU, out=self.mu[place])
        g711.encode(pcm, g711.Law.A, out=self.a[place])

    def read(self, segment: Segment) -> NDArray[np.int16]:
        """Return a copy of a segment's samples. Raises ValueError for one that is not of the arena."""
        return self.pcm[self._place(segment)].copy()

    def _place(self, segment: Segment) -> slice:
        if not self.holds(segment):
            raise ValueError(f"{segment} does not lie in the arena")
        begin = segment.offset - self.first
        return slice(begin, begin + segment.length)


def lay_out(buffer: memoryview, pieces: Iterable[bytes], static: int, arena: int, *, wide: int = 0) -> int:
    """Write the prompts where they belong in a buffer that has room for an arena behind each form.

    Parameters
    ----------
    buffer : writable memoryview
        At least `SAMPLE_BYTES` * (`static` + `arena`) + `WIDE_BYTES` * `wide` bytes.
    pieces : iterable of bytes
        int16 samples, then PCMU, then PCMA of the `static` samples, then the first `wide` of them at 16 kHz; cut
        anywhere. There is no arena at 16 kHz: it would cost as much again, for names.

    Returns
    -------
    samples : int
        What `control.Load` tells a worker. The arena itself is not touched.
    """
    samples = static + arena
    starts = (0, 2 * samples, 3 * samples, SAMPLE_BYTES * samples)  # of each form, in the buffer
    narrow = SAMPLE_BYTES * static
    ends = (
        2 * static,
        3 * static,
        narrow,
        narrow + WIDE_BYTES * wide,
    )  # of each form, in what the pieces say
    said, form = 0, 0
    for piece in pieces:
        left = memoryview(piece)
        while left:
            while form < len(ends) and said == ends[form]:
                form += 1
            if form == len(ends):
                raise ValueError(f"the pieces hold more than {static} samples")
            begin = ends[form - 1] if form else 0
            part = left[: ends[form] - said]
            at = starts[form] + said - begin
            buffer[at : at + len(part)] = part
            said += len(part)
            left = left[len(part) :]
    if said != ends[-1]:
        raise ValueError(f"the pieces hold less than {static} samples")
    return samples


def _whole(length: int) -> int:
    return max(FRAME, -(-length // FRAME) * FRAME)
