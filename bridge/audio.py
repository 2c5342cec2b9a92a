"""The audio that control and workers share: prompts, and the arena where callers' recordings go.

One file in memory, mapped by all. What callers say is written by the worker that hears it; what was kept on disk is written
from here. A page costs nothing before it is written, so the arena may be large (`names.arena_s`).
"""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Final

from media.arena import SAMPLE_BYTES, Arena, ArenaAudio, lay_out
from media.control import Segment

if TYPE_CHECKING:
    from numpy import int16
    from numpy.typing import NDArray

    from prompts.library import Library
    from prompts.values import Clip

RATE_HZ: Final = 8000
"""Of the shared array."""
FRAME_SAMPLES: Final = 160
"""Everything in it begins on a whole frame of 20 ms."""


class SharedAudio:
    """One bridge's. `descriptor`, `samples` and `arena_samples` are what the pool is told."""

    def __init__(self, library: Library, arena_s: float) -> None:
        static = library.samples
        self.arena_samples = int(arena_s * RATE_HZ) // FRAME_SAMPLES * FRAME_SAMPLES
        self.samples = static + self.arena_samples
        self.descriptor = os.memfd_create("roda-audio", os.MFD_CLOEXEC)
        os.ftruncate(self.descriptor, SAMPLE_BYTES * self.samples)
        self._memory = mmap.mmap(self.descriptor, SAMPLE_BYTES * self.samples)
        with memoryview(self._memory) as view:
            lay_out(view, library.shared(), static, self.arena_samples)
        self._audio = ArenaAudio.over(memoryview(self._memory), self.samples, self.arena_samples)
        self.arena = Arena(static, self.arena_samples)

    def write(self, into: Segment, audio: NDArray[int16]) -> None:
        """Put samples into the arena, in all forms."""
        self._audio.write(into, audio)

    def read(self, clip: Clip) -> NDArray[int16]:
        """Return a copy of what is there."""
        return self._audio.read(Segment(*clip))

    def close(self) -> None:
        """Let go of the file; the memory goes with the last worker that maps it."""
        os.close(self.descriptor)
