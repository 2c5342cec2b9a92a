"""libopus through ctypes: the few calls that a stream needs, and nothing else. Debian calls it libopus0.

States are blocks of our own memory, which the library initialises and never reaches beyond: so nothing is to be freed, and
a coder is copied as its bytes are, which opus.h allows: a state is contiguous and points to nothing of its own.

The calls keep Python's lock (`PyDLL`). They take far less than a millisecond; would they let the lock go, another thread of
the worker, one that writes a recording, could have it for five milliseconds in the middle of a tick.
"""

from __future__ import annotations

import ctypes
from ctypes import c_char_p, c_int, c_int32, c_void_p
from functools import cache
from typing import Final

from media.codecs.face import CodecError

NAME: Final = "libopus.so.0"

OK: Final = 0
APPLICATION_VOIP: Final = 2_048

SET_BITRATE: Final = 4_002
SET_MAX_BANDWIDTH: Final = 4_004
SET_VBR: Final = 4_006
SET_COMPLEXITY: Final = 4_010
SET_INBAND_FEC: Final = 4_012
SET_PACKET_LOSS_PERC: Final = 4_014
SET_DTX: Final = 4_016
SET_SIGNAL: Final = 4_024
RESET_STATE: Final = 4_028
SIGNAL_VOICE: Final = 3_001

BANDWIDTHS: Final = ((8_000, 1_101), (12_000, 1_102), (16_000, 1_103), (24_000, 1_104), (48_000, 1_105))
"""Sample rates and what the library calls the bandwidth that they carry (RFC 6716 table 1)."""


@cache
def library() -> ctypes.PyDLL | None:
    """Return the library, loaded at the first call; None where the machine has none."""
    try:
        found = ctypes.PyDLL(NAME)
    except OSError:
        return None
    number, at = c_int, c_void_p
    found.opus_encoder_get_size.argtypes = (number,)
    found.opus_encoder_init.argtypes = (at, c_int32, number, number)
    found.opus_encode.argtypes = (at, at, number, at, c_int32)
    found.opus_decoder_get_size.argtypes = (number,)
    found.opus_decoder_init.argtypes = (at, c_int32, number)
    found.opus_decode.argtypes = (at, c_char_p, c_int32, at, number, number)
    return found


def loaded() -> ctypes.PyDLL:
    """As `library`, for whoever cannot do without.

    Raises CodecError where there is none.
    """
    found = library()
    if found is None:
        raise CodecError(f"{NAME} is not on this machine; Debian and Ubuntu have it in libopus0")
    return found


def check(result: int, what: str) -> None:
    """Raise CodecError where the library says that it cannot do `what`: it never does to what we ask."""
    if result != OK:
        raise CodecError(f"libopus: {what}: error {result}")
