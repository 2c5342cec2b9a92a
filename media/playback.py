"""What callers hear from the shared audio: a queue per row, a queue per room, and music that all who wait share.

Positions are columns, so a tick reads all playing rows' frames with one gather; a queue is looked at only when a
segment ends. A segment that ends within a frame is followed by silence to the frame's end: between prompts that is
a pause nobody notices, and no frame is ever made of two.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dsp.resample import DELAY, PAST, upsample
from media.control import Segment

FRAME: Final = 160
_WITHIN: Final = np.arange(FRAME)
_WIDE: Final = 2
"""The band of the wide form, 16 kHz."""
_NARROW_ALONE: Final = np.zeros(0, np.int16)
QUEUE_LIMIT: Final = 64
"""Playbacks waiting for one row or room; beyond, the oldest that has not begun is dropped and counts as ended: feedback
that is a minute late is worse than none."""


class SharedAudio(NamedTuple):
    """The one array of prompts, tones and music, in the forms that a tick needs."""

    pcm: NDArray[np.int16]
    mu: NDArray[np.uint8]
    a: NDArray[np.uint8]
    wide: NDArray[np.int16] = _NARROW_ALONE
    """The beginning of `pcm`, or nothing, at 16 kHz: sample 2k is heard when sample k of `pcm` is."""

    @classmethod
    def silent(cls) -> SharedAudio:
        """Before anything is loaded."""
        return cls(np.zeros(FRAME, np.int16), np.full(FRAME, 0xFF, np.uint8), np.full(FRAME, 0xD5, np.uint8))

    @classmethod
    def over(cls, buffer: memoryview, samples: int, wide: int = 0) -> SharedAudio:
        """Views on a shared buffer as `control.Load` describes it. One that is too short raises ValueError."""
        pcm = np.frombuffer(buffer, np.int16, samples)
        codes = np.frombuffer(buffer, np.uint8, 2 * samples, offset=2 * samples)
        twice = np.frombuffer(buffer, np.int16, _WIDE * wide, offset=4 * samples) if wide else pcm[:0]
        return cls(pcm, codes[:samples], codes[samples:], twice)

    @property
    def samples(self) -> int:
        """Length of the array."""
        return len(self.pcm)

    @property
    def band(self) -> int:
        """The best there is."""
        return _WIDE if len(self.wide) else 1

    def frames(self, offsets: NDArray[np.intp], band: int) -> NDArray[np.int16]:
        """The frames that begin at `offsets`, at a rate of `band` times 8 kHz; what lies beyond the end is its last sample.

        Above 8 kHz they are of the wide form as far as it goes; what callers have recorded lies behind it and is narrow.
        """
        if band == 1:
            pcm: NDArray[np.int16] = self.pcm[np.minimum(offsets[:, None] + _WITHIN, self.samples - 1)]
            return pcm
        wide = offsets < len(self.wide) // _WIDE
        if not wide.any():
            return _raised(self.pcm, offsets, 1, band)
        if wide.all():
            return _raised(self.wide, _WIDE * offsets, _WIDE, band)
        frames = np.empty((len(offsets), FRAME * band), np.int16)
        frames[wide] = _raised(self.wide, _WIDE * offsets[wide], _WIDE, band)
        frames[~wide] = _raised(self.pcm, offsets[~wide], 1, band)
        return frames


def _raised(samples: NDArray[np.int16], places: NDArray[np.intp], given: int, band: int) -> NDArray[np.int16]:
    """Frames at `band` of an array at the band `given`, from `places` on.

    The filter sees what lies before and behind each frame, so frames that follow one another do so without a seam,
    nothing has to be remembered, and nothing is late.
    """
    around = 0 if band == given else DELAY
    index = places[:, None] + np.arange(-around, FRAME * given + around)
    near: NDArray[np.int16] = samples[index.clip(0, len(samples) - 1)]
    return near if band == given else upsample(near[:, PAST:], near[:, :PAST], band // given)[0]


class Due(NamedTuple):
    """What plays this tick."""

    keys: NDArray[np.intp]
    """Rows, or room slots."""
    offset: NDArray[np.intp]
    """Where each one's frame begins in the shared audio."""
    length: NDArray[np.intp]
    """How much of the frame there is; the rest is silence."""


class Ended(NamedTuple):
    """A playback whose last sample went out, or that was dropped unasked."""

    key: int
    playback: int


class Player:
    """Queues of segments for keys 0 .. `keys`-1 (rows or room slots)."""

    def __init__(self, keys: int) -> None:
        self._offset = np.zeros(keys, np.intp)
        self._left = np.zeros(keys, np.intp)
        self._queues: dict[int, deque[tuple[int, deque[Segment]]]] = {}
        self._dropped: list[Ended] = []

    @property
    def idle(self) -> bool:
        """Nothing plays anywhere."""
        return not self._queues

    def queue(self, key: int, playback: int, segments: Sequence[Segment], *, total: int) -> None:
        """Add a playback; what of its segments lies outside the `total` samples there are is cut off."""
        kept = deque(_inside(segment, total) for segment in segments)
        waiting = self._queues.get(key)
        if waiting is None:
            waiting = self._queues[key] = deque()
        elif len(waiting) >= QUEUE_LIMIT:
            self._dropped.append(Ended(key, waiting[1][0]))
            del waiting[1]
        waiting.append((playback, kept))

    def stop(self, key: int) -> list[int]:
        """Drop all that plays and waits for `key`; returns the playbacks, with those whose end was still to be told."""
        waiting = self._queues.pop(key, ())
        self._left[key] = 0
        untold = [each.playback for each in self._dropped if each.key == key]
        if untold:
            self._dropped = [each for each in self._dropped if each.key != key]
        return [*untold, *(playback for playback, _ in waiting)]

    def tick(self) -> tuple[Due, list[Ended]]:
        """Move every playing key on by one frame."""
        ended, self._dropped = self._dropped, []
        for key in [key for key in self._queues if self._left[key] <= 0]:
            self._next_segment(key, ended)
        index = np.array(list(self._queues), np.intp)
        offset = self._offset[index]
        length = np.minimum(self._left[index], FRAME)
        self._offset[index] += length
        self._left[index] -= length
        return Due(index, offset, length), ended

    def _next_segment(self, key: int, ended: list[Ended]) -> None:
        waiting = self._queues[key]
        while waiting:
            playback, segments = waiting[0]
            while segments:
                segment = segments.popleft()
                if segment.length > 0:
                    self._offset[key] = segment.offset
                    self._left[key] = segment.length
                    return
            ended.append(Ended(key, playback))
            waiting.popleft()
        del self._queues[key]


def _inside(segment: Segment, total: int) -> Segment:
    offset = min(max(segment.offset, 0), total)
    return Segment(offset, max(0, min(segment.length, total - offset)))


class MusicLoops:
    """Loops that many rows hear at the same moment: one position per distinct segment."""

    def __init__(self) -> None:
        self._slots: dict[Segment, int] = {}
        self._users: list[int] = []
        self._segments: list[Segment] = []
        self._at: list[int] = []
        self.offsets = np.zeros(0, np.intp)
        """Where in the shared audio this tick's frame of every slot begins."""

    def join(self, segment: Segment) -> int:
        """One more listener of `segment`; returns its slot."""
        slot = self._slots.get(segment)
        if slot is None:
            slot = self._users.index(0) if 0 in self._users else len(self._users)
            if slot == len(self._users):
                self._users.append(0)
                self._segments.append(segment)
                self._at.append(0)
            self._slots[segment] = slot
            self._segments[slot] = segment
            self._at[slot] = 0
        self._users[slot] += 1
        return slot

    def leave(self, slot: int) -> None:
        """One listener less; a loop that nobody hears stands still and is forgotten."""
        self._users[slot] -= 1
        if self._users[slot] == 0:
            del self._slots[self._segments[slot]]

    @property
    def idle(self) -> bool:
        """Nobody hears any of them."""
        return not self._slots

    def tick(self) -> NDArray[np.intp]:
        """Move on by a frame; returns `offsets`."""
        self.offsets = np.zeros(
            len(self._users), np.intp
        )  # of one that nobody hears, the beginning of everything
        for slot, users in enumerate(self._users):
            if users:
                segment = self._segments[slot]
                whole = segment.length - segment.length % FRAME
                self.offsets[slot] = segment.offset + self._at[slot]
                self._at[slot] = (self._at[slot] + FRAME) % whole
        return self.offsets
