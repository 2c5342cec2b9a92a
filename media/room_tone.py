"""Room tone: the faint noise of a line that is up, heard where nobody is, so that a pause does not sound like a call that broke.

It is made once, a few seconds of it at each rate that is listened at, and played around and around for everybody at once: in
a tick it costs one frame per rate, however many hear it, encoded like silence would be. What noise has in common with silence
is that nobody can say where it begins again.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp.comfort import Sid, describe, generate, new_backgrounds
from dsp.resample import PAST, upsample
from media.jitter import FRAME

NONE_DBOV: Final = 0.0
"""In place of a level: pauses are digital silence."""
_FRAMES: Final = 200
"""4 s."""
_COLOUR: Final = (-0.5, 0.1)
"""Reflection coefficients (`dsp.prediction`): duller than white, as rooms are."""
_SEED: Final = 1
"""Any: the same noise is made everywhere."""


class RoomTone:
    """Noise of this level."""

    def __init__(self, level_dbov: float) -> None:
        described = describe(new_backgrounds(1), [Sid(level_dbov, _COLOUR)])
        noise, _ = generate(described, _FRAMES * FRAME, np.random.default_rng(_SEED))
        self._loops = {1: np.rint(noise).astype(np.int16).reshape(_FRAMES, FRAME)}
        self._at = 0

    def tick(self) -> None:
        """Go on to the next frame."""
        self._at = (self._at + 1) % _FRAMES

    def frame(self, band: int) -> NDArray[np.int16]:
        """The frame of the tick at a rate, of shape (1, 160 * band)."""
        if band not in self._loops:
            narrow = self._loops[1].reshape(1, -1)
            self._loops[band] = upsample(narrow, narrow[:, -PAST:], band)[0].reshape(_FRAMES, FRAME * band)
        return self._loops[band][self._at : self._at + 1]
