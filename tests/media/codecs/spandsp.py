"""G.722 by spandsp (Debian: libspandsp2), another house's encoder and decoder to hold ours against."""

from __future__ import annotations

import ctypes
from functools import cache

import numpy as np
import pytest

_BIT_RATE = 64_000


@cache
def _library() -> ctypes.CDLL:
    try:
        found = ctypes.CDLL("libspandsp.so.2")
    except OSError:
        pytest.skip("spandsp is not installed")
    for making in (found.g722_encode_init, found.g722_decode_init):
        making.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_int)
        making.restype = ctypes.c_void_p
    for coding in (found.g722_encode, found.g722_decode):
        coding.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)
    return found


def encoded(pcm: np.ndarray) -> bytes:
    library = _library()
    state = library.g722_encode_init(None, _BIT_RATE, 0)
    pcm, codes = np.ascontiguousarray(pcm), np.zeros(len(pcm), np.uint8)
    size = library.g722_encode(state, codes.ctypes.data, pcm.ctypes.data, len(pcm))
    library.g722_encode_free(ctypes.c_void_p(state))
    return codes[:size].tobytes()


def decoded(payload: bytes) -> np.ndarray:
    library = _library()
    state = library.g722_decode_init(None, _BIT_RATE, 0)
    codes, pcm = np.frombuffer(payload, np.uint8), np.zeros(2 * len(payload) + 8, np.int16)
    size = library.g722_decode(state, pcm.ctypes.data, codes.ctypes.data, len(codes))
    library.g722_decode_free(ctypes.c_void_p(state))
    return pcm[:size]
