"""ITU-T G.711: mu-law and A-law, both ways by table, and what can be learned of a frame without decoding it.

Both laws write a sample as sign, three bits of segment and four bits of step within the segment. Without its sign and
with the law's pattern of inverted bits undone, a code counts the magnitude upwards: louder is a larger number. So the
peak of a row is the maximum over its codes, found on bytes, and one table look-up at the end.

The tables are computed from the Recommendation's definition (tables 1a to 2b); the samples are its 14 and 13 bit values
shifted up to fill 16 bits, which is how the whole field holds them.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dsp.frames import Codes, Frames, Mask


class Law(Enum):
    """Which of the two companding laws a stream speaks."""

    MU = "PCMU"
    A = "PCMA"


_SIGN: Final = 0x80
_MAGNITUDE: Final = 0x7F

_MU_INVERTED: Final = 0xFF
"""mu-law sends all bits inverted, so that silence is a line full of ones (G.711 section 3.2)."""
_A_INVERTED: Final = 0x55
"""A-law inverts the even bits (G.711 section 3.3)."""

_MU_BIAS: Final = 33
"""Added to the 14 bit magnitude so that segment n begins at 2**(n+5)."""
_MU_CLIP: Final = 8_158
"""The largest 14 bit magnitude that still lies in the last segment once the bias is added."""


def _decoded_mu() -> Frames:
    count = np.arange(256) ^ _MU_INVERTED
    segment, step = (count >> 4) & 7, count & 15
    magnitude = (((2 * step + _MU_BIAS) << segment) - _MU_BIAS) << 2
    return np.where(count & _SIGN, -magnitude, magnitude).astype(np.int16)


def _decoded_a() -> Frames:
    count = np.arange(256) ^ _A_INVERTED
    segment, step = (count >> 4) & 7, count & 15
    chord = np.where(segment == 0, 2 * step + 1, (2 * step + 33) << np.maximum(segment - 1, 0))
    magnitude = chord << 3
    return np.where(count & _SIGN, magnitude, -magnitude).astype(np.int16)


def _all_samples() -> NDArray[np.int64]:
    """Every int16 value, at the index that it has when it is viewed as uint16."""
    return np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int64)


def _encoded_mu() -> Codes:
    sample = _all_samples() >> 2
    magnitude = np.minimum(np.abs(sample), _MU_CLIP) + _MU_BIAS
    segment = np.frexp(magnitude)[1] - 6
    step = (magnitude >> (segment + 1)) & 15
    sign = np.where(sample < 0, _SIGN, 0)
    codes: Codes = ((sign | segment << 4 | step) ^ _MU_INVERTED).astype(np.uint8)
    return codes


def _encoded_a() -> Codes:
    sample = _all_samples() >> 3
    magnitude = np.where(sample < 0, ~sample, sample)  # ~x is -x - 1: both signs have steps of equal width
    segment = np.maximum(np.frexp(magnitude)[1] - 5, 0)
    step = (magnitude >> np.maximum(segment, 1)) & 15
    sign = np.where(sample < 0, 0, _SIGN)
    codes: Codes = ((sign | segment << 4 | step) ^ _A_INVERTED).astype(np.uint8)
    return codes


DECODE_MU: Final[Frames] = _decoded_mu()
DECODE_A: Final[Frames] = _decoded_a()
"""The sample of each code."""

ENCODE_MU: Final[Codes] = _encoded_mu()
ENCODE_A: Final[Codes] = _encoded_a()
"""The code of each sample, at the index of the sample viewed as uint16."""

SILENCE: Final[dict[Law, int]] = {Law.MU: 0xFF, Law.A: 0xD5}
"""The code of a sample of zero, to fill what is empty."""


def _pairs(table: Frames) -> NDArray[np.uint32]:
    """Two codes to two samples in one look-up (256 KiB, fits the second cache): half the index arithmetic."""
    pairs = np.empty((65_536, 2), np.int16)
    codes = np.arange(65_536, dtype=np.uint16).view(np.uint8).reshape(65_536, 2)
    pairs[...] = table[codes]
    return pairs.view(np.uint32)[:, 0]


_DECODE: Final[dict[Law, Frames]] = {Law.MU: DECODE_MU, Law.A: DECODE_A}
_DECODE_PAIRS: Final = {Law.MU: _pairs(DECODE_MU), Law.A: _pairs(DECODE_A)}
_ENCODE: Final[dict[Law, Codes]] = {Law.MU: ENCODE_MU, Law.A: ENCODE_A}

_COUNTED: Final = {Law.MU: _MAGNITUDE, Law.A: _A_INVERTED & _MAGNITUDE}
"""The bits to flip so that a code without its sign counts the magnitude upwards."""
_MAGNITUDES: Final[dict[Law, Frames]] = {
    law: np.abs(table[np.arange(128) ^ _COUNTED[law]]).astype(np.int16) for law, table in _DECODE.items()
}

QUIET_COUNT: Final = 3
"""The loudest count that is `quiet`: a magnitude of 24 (mu-law) or 56 (A-law), the idle hiss of a digital line,
some 55 dB below full scale at its very peak. One less than a power of two, so that OR can stand for maximum."""

_LOUDER: Final = np.uint64(int.from_bytes(bytes([_MAGNITUDE & ~QUIET_COUNT] * 8), "little"))
_A_FLIPS: Final = np.uint64(int.from_bytes(bytes([_COUNTED[Law.A]] * 8), "little"))
"""Eight codes at a time: the bits that only a count above `QUIET_COUNT` has, and those that A-law inverts."""


def decode(codes: Codes, law: Law, *, out: Frames | None = None) -> Frames:
    """Return the samples of `codes`.

    codes : ndarray of shape (..., S), uint8
    out : ndarray of the same shape, int16, optional; filled and returned
    returns : ndarray of the same shape, int16
    """
    if out is None:
        out = np.empty(codes.shape, np.int16)
    if codes.shape[-1] % 2 == 0 and codes.flags.c_contiguous and out.flags.c_contiguous:
        np.take(_DECODE_PAIRS[law], codes.view(np.uint16), out=out.view(np.uint32), mode="clip")
    else:
        np.take(_DECODE[law], codes, out=out, mode="clip")  # "raise" would buffer what goes to `out`
    return out


def encode(pcm: Frames, law: Law, *, out: Codes | None = None) -> Codes:
    """Return the codes of the samples `pcm`.

    pcm : ndarray of shape (..., S), int16
    out : ndarray of the same shape, uint8, optional; filled and returned; may be a column range of a wider block
    returns : ndarray of the same shape, uint8
    """
    if out is None:
        out = np.empty(pcm.shape, np.uint8)
    np.take(_ENCODE[law], pcm.view(np.uint16), out=out, mode="clip")
    return out


def peak(codes: Codes, law: Law) -> NDArray[np.int16]:
    """Return the largest magnitude of each row, without decoding it.

    codes : ndarray of shape (N, S), uint8, S > 0
    returns : ndarray of shape (N,), int16: what `abs(decode(codes, law)).max(axis=-1)` would be
    """
    counts = codes & np.uint8(_MAGNITUDE)
    if law is Law.MU:
        loudest = counts.min(axis=-1) ^ np.uint8(_COUNTED[Law.MU])
    else:
        counts ^= np.uint8(_COUNTED[Law.A])
        loudest = counts.max(axis=-1)
    magnitudes: Frames = _MAGNITUDES[law].take(loudest)
    return magnitudes


def quiet(codes: Codes, law: Law) -> Mask:
    """Tell which rows are silence or idle hiss: no count above `QUIET_COUNT`. Half the time of `peak`.

    codes : ndarray of shape (N, S), uint8, S > 0
    returns : ndarray of shape (N,), bool
    """
    is_quiet: Mask
    if codes.shape[-1] % 8 or not codes.flags.c_contiguous:
        is_quiet = peak(codes, law) <= _MAGNITUDES[law][QUIET_COUNT]
    elif (
        law is Law.MU
    ):  # counts are inverted codes: none has a bit of `louder` where all codes have all of them
        is_quiet = np.bitwise_and.reduce(codes.view(np.uint64), axis=-1) & _LOUDER == _LOUDER
    else:
        is_quiet = np.bitwise_or.reduce(codes.view(np.uint64) ^ _A_FLIPS, axis=-1) & _LOUDER == 0
    return is_quiet
