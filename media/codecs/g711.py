"""G.711 with the face of the other codecs, for whoever has one stream at hand; all rows at once go through `dsp.g711`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from dsp import g711
from media.codecs.face import Unrepaired
from media.codecs.kind import PCMU

if TYPE_CHECKING:
    from dsp.frames import Frames
    from dsp.g711 import Law


class G711Decoder(Unrepaired):
    """A decoder (`face.Decoder`) without a state."""

    def __init__(self, law: Law) -> None:
        self._law = law

    def decode(self, payload: bytes) -> Frames | None:
        return g711.decode(np.frombuffer(payload, np.uint8), self._law) if self.duration(payload) else None

    def duration(self, payload: bytes) -> int:
        return PCMU.duration(len(payload))

    def silent(self, payload: bytes) -> bool:
        if not self.duration(payload):
            return False
        return bool(g711.quiet(np.frombuffer(payload, np.uint8)[np.newaxis], self._law)[0])

    def reset(self) -> None:
        """Nothing is remembered."""


class G711Encoder:
    """An encoder (`face.Encoder`) without a state."""

    def __init__(self, law: Law) -> None:
        self._law = law

    def encode(self, frame: Frames) -> bytes:
        return g711.encode(frame, self._law).tobytes()

    def copy(self) -> Self:
        return self

    def expect_loss(self, percent: int) -> None:
        """Nothing can be done about it."""

    def reset(self) -> None:
        """Nothing is remembered."""
