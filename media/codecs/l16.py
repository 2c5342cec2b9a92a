"""L16: linear samples of 16 bits, the higher byte first (RFC 3551 section 4.5.11), mono, at 8, 16 or 48 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

import numpy as np

from media.codecs.face import Unrepaired
from media.codecs.kind import Kind

if TYPE_CHECKING:
    from dsp.frames import Frames

_WIRE: Final = np.dtype(">i2")

QUIET_PEAK: Final = 24
"""A payload whose loudest sample is no louder is silent: the idle hiss that `dsp.g711.quiet` passes over as well."""


class L16Decoder(Unrepaired):
    """A decoder (`face.Decoder`) without a state."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    def decode(self, payload: bytes) -> Frames | None:
        return np.frombuffer(payload, _WIRE).astype(np.int16) if self.duration(payload) else None

    def duration(self, payload: bytes) -> int:
        return self._kind.duration(len(payload))

    def silent(self, payload: bytes) -> bool:
        frame = self.decode(payload)
        return frame is not None and bool(
            frame.max(initial=0) <= QUIET_PEAK and frame.min(initial=0) >= -QUIET_PEAK
        )

    def reset(self) -> None:
        """Nothing is remembered."""


class L16Encoder:
    """An encoder (`face.Encoder`) without a state."""

    def encode(self, frame: Frames) -> bytes:
        return frame.astype(_WIRE).tobytes()

    def copy(self) -> Self:
        return self

    def expect_loss(self, percent: int) -> None:
        """Nothing can be done about it."""

    def reset(self) -> None:
        """Nothing is remembered."""
