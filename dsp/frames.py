"""What a frame is: the types and the measures that all of `dsp` shares."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint8]
Frames: TypeAlias = NDArray[np.int16]
Mix: TypeAlias = NDArray[np.int32]
Levels: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]
Indices: TypeAlias = NDArray[np.intp]

RATE_HZ: Final = 8_000
"""Narrowband telephony; every measure below is at this rate."""

FRAME_MS: Final = 20
"""One tick of the engine, and the usual packet of G.711 (RFC 3551 section 4.2)."""

FRAME_SAMPLES: Final = RATE_HZ * FRAME_MS // 1_000

FULL_SCALE: Final = 32_768.0
"""The magnitude that is 0 dBov: one step beyond the largest positive sample."""
