"""The last moments of one recording: frames find their places here before they are written.

A frame may come a little late: its tick was, or it came through another worker's ring. So what is written lags behind by
`LAG_S`; what comes later still is counted as missing. Where nothing came there is silence, so the clock stays right
whatever is lost.

The mix is what a listener hears who does not speak: the sum of all, through the same limiter as in the room, which begins
a recording with no memory and keeps it from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.frames import FRAME_SAMPLES
from dsp.limiter import CEILING, MOST, limit
from media.pacer import TICK_S
from media.recording.ring import NOBODY

LAG_S: Final = 1.0
"""How far behind the clock a recording is written: a worker's death and its heir's first tick lie within it."""
HELD: Final = 4 * round(LAG_S / TICK_S)
"""Frames that are held at the most. One beyond (its clock is wrong, or nobody has written for so long) is not taken."""
MOST_TRACKS: Final = 64
"""Participants with files of their own in one recording. More have spoken in none that anybody edits by hand, and each is
an open file; whoever comes beyond is in the mix alone, and that is counted."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is ready to be written, from the place `first` on."""

    first: int
    mix: NDArray[np.int16]
    """(N,): samples."""
    tracks: dict[int, NDArray[np.int16]]
    """The same of each participant who has been heard, by stream."""
    fresh: dict[int, int]
    """Participants who are heard for the first time here, and the place of their first frame: no earlier one of their
    samples is to be written."""


class Mixdown:
    """`band` is that of the files; frames come at it."""

    def __init__(self, *, band: int, participants: bool) -> None:
        self._size = FRAME_SAMPLES * band
        self._participants = participants
        self._mix = np.zeros((HELD, self._size), np.int32)
        self._gain = np.ones(1, np.float32)  # of the limiter, where the last frame that was taken ends
        self._tracks: dict[int, NDArray[np.int32]] = {}
        self._fresh: dict[int, int] = {}
        self._first = 0
        self.late = 0
        """Frames that came too late, or from too far ahead, to be written."""
        self.beyond: set[int] = set()
        """Participants for whom there was no track left."""

    @property
    def first(self) -> int:
        """The place that is written next."""
        return self._first

    def add(self, place: int, stream: int, frame: NDArray[np.int16]) -> None:
        """Put a frame where it belongs; what is said at the same place is mixed.

        frame : ndarray of shape (160 * band + T,), int16; T, less than a frame, more that sounds with what comes after it
        """
        if not self._first <= place < self._first + HELD:
            self.late += 1
            return
        self._lay(self._mix, place, frame)
        if self._participants and stream != NOBODY:
            track = self._track(stream, place)
            if track is not None:
                self._lay(track, place, frame)

    def _lay(self, onto: NDArray[np.int32], place: int, frame: NDArray[np.int16]) -> None:
        onto[place % HELD] += frame[: self._size]
        after = frame[self._size :]
        if len(after) and place + 1 < self._first + HELD:
            onto[(place + 1) % HELD, : len(after)] += after

    def _track(self, stream: int, place: int) -> NDArray[np.int32] | None:
        track = self._tracks.get(stream)
        if track is None:
            if len(self._tracks) >= MOST_TRACKS:
                self.beyond.add(stream)
                return None
            track = self._tracks[stream] = np.zeros((HELD, self._size), np.int32)
            self._fresh[stream] = place
        elif stream in self._fresh:
            self._fresh[stream] = min(self._fresh[stream], place)
        return track

    def take(self, until: int) -> Stretch | None:
        """Return what lies before the place `until` and was not taken before; None where that is nothing.

        No more than `HELD` frames at once: call again until it is None.
        """
        first, until = self._first, min(until, self._first + HELD)
        if until <= first:
            return None
        index = np.arange(first, until) % HELD
        mix = self._limited(self._mix[index]).reshape(-1)
        self._mix[index] = 0
        fresh = {stream: place for stream, place in self._fresh.items() if place < until}
        tracks = {}
        for stream, track in self._tracks.items():
            if stream in self._fresh and stream not in fresh:
                continue
            tracks[stream] = track[index].clip(-MOST, MOST).astype(np.int16).reshape(-1)
            track[index] = 0
        for stream in fresh:
            del self._fresh[stream]
        self._first = until
        return Stretch(first, mix, tracks, fresh)

    def _limited(self, mix: NDArray[np.int32]) -> NDArray[np.int16]:
        """Frames that follow one another. Nearly always none is too loud; then they need not be looked at one by one."""
        if self._gain[0] == 1 and mix.max() <= CEILING and mix.min() >= -CEILING:
            return mix.astype(np.int16)
        frames = np.empty(mix.shape, np.int16)
        for at in range(len(mix)):
            frames[at : at + 1], self._gain = limit(mix[at : at + 1], self._gain)
        return frames
