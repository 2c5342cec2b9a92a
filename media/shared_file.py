"""The file that control and all workers map: prompts, and behind them the arena. Made once, at the start.

A memfd has no name and no disk: it lives as long as somebody has it open or mapped, and what was recorded in it is gone
with the last process.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable

from media.arena import SAMPLE_BYTES, WIDE_BYTES, ArenaAudio, lay_out


class SharedFile:
    """A memfd with the shared audio as `control.Load` describes it.

    Parameters
    ----------
    pieces : iterable of bytes
        The prompts: int16 samples, then PCMU, then PCMA, then samples at 16 kHz (`prompts.library.Library.shared`).
    static : int
        How many samples those are.
    arena : int
        Samples for recordings. They cost address space at first, and four bytes each once written.
    wide : int
        How many of the prompts' samples, from the first on, are there at 16 kHz too.
    """

    def __init__(self, pieces: Iterable[bytes], *, static: int, arena: int, wide: int = 0) -> None:
        self.arena = arena
        self.wide = wide
        self.descriptor = os.memfd_create("roda-audio", os.MFD_CLOEXEC)
        """Stays ours; `Pool.load` hands out copies."""
        size = SAMPLE_BYTES * (static + arena) + WIDE_BYTES * wide
        os.ftruncate(self.descriptor, size)
        buffer = memoryview(mmap.mmap(self.descriptor, size))
        self.samples = lay_out(buffer, pieces, static, arena, wide=wide)
        """Of prompts and arena."""
        self.audio = ArenaAudio.over(buffer, self.samples, arena)
        """Control's own view of the arena; it stays valid after `close`."""

    def close(self) -> None:
        """Give the descriptor back. The memory goes with the last map of it."""
        os.close(self.descriptor)
