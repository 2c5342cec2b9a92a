"""Codes and samples of rows that speak PCMU and PCMA side by side: one look-up where all speak the same."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dsp import g711
from media.control import Codec

CODECS: Final = (Codec.PCMU, Codec.PCMA)
"""Those of G.711: tables, which all rows go through at once."""


def decode(codes: NDArray[np.uint8], a_law: NDArray[np.bool_]) -> NDArray[np.int16]:
    """Return the samples of rows; `codes` of shape (M, S), `a_law` of shape (M,): PCMA, otherwise PCMU."""
    if not a_law.any():
        return g711.decode(codes, g711.Law.MU)
    frames = g711.decode(codes, g711.Law.A)
    if not a_law.all():
        frames[~a_law] = g711.decode(codes[~a_law], g711.Law.MU)
    return frames


def encode(frames: NDArray[np.int16], a_law: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the codes of rows, likewise."""
    if not a_law.any():
        return g711.encode(frames, g711.Law.MU)
    codes = g711.encode(frames, g711.Law.A)
    if not a_law.all():
        codes[~a_law] = g711.encode(frames[~a_law], g711.Law.MU)
    return codes


def quiet(codes: NDArray[np.uint8], a_law: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which rows are silence or idle hiss, likewise."""
    is_quiet = g711.quiet(codes, g711.Law.MU)
    if a_law.any():
        is_quiet = np.where(a_law, g711.quiet(codes, g711.Law.A), is_quiet)
    return is_quiet
