"""G.711 by the formulas of ITU-T G.711, written apart from the bridge's own tables so that a shared slip cannot hide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FULL_SCALE = 32768.0
SILENCE = {"pcmu": 0xFF, "pcma": 0xD5}
"""What a muted handset sends: the code of zero (for A-law, of the smallest positive step)."""


def _mu_law_values() -> NDArray[np.int16]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = (((mantissa << 1) + 33) << (exponent + 2)) - 132
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_law_values() -> NDArray[np.int16]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 15
    magnitude = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 264) << np.maximum(exponent - 1, 0)
    )
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


VALUES = {"pcmu": _mu_law_values(), "pcma": _a_law_values()}
"""For each codec the 256 decoded values : ndarray of shape (256,), int16."""


def decode(codes: NDArray[np.uint8], codec: str) -> NDArray[np.int16]:
    """Return the samples of `codes : ndarray of any shape, uint8`, int16."""
    return VALUES[codec][codes]


def encode(samples: NDArray[np.floating], codec: str) -> NDArray[np.uint8]:
    """Return the codes whose values lie nearest to `samples : ndarray of any shape`, uint8."""
    values = VALUES[codec].astype(np.float64)
    order = np.argsort(values, kind="stable")
    middles = (values[order][1:] + values[order][:-1]) / 2
    return order[np.searchsorted(middles, samples)].astype(np.uint8)
