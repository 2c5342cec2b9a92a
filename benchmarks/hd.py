"""G.722 and Opus as phones speak and hear them: the libraries themselves, apart from how the bridge uses them.

Everything is prepared before a run and heard after it; nothing here is called for a packet on its way. Sound goes in at 16 kHz,
which both carry, and comes out at 8 kHz, where `hearing` judges it.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

RATE_HZ = 16_000
"""Of what is encoded."""
HEARD_HZ = 8_000
"""Of what is decoded."""
G722_BITS_PER_S = 64_000
LIBOPUS = "libopus.so.0"
OPUS_VOIP = 2_048
OPUS_PACKET_BYTES = 1_275
LONGEST_SAMPLES = 960
"""120 ms at `HEARD_HZ`, the longest packet that Opus knows."""


class Encoder(Protocol):
    """Encodes one stream."""

    def encode(self, frame: NDArray[np.int16]) -> bytes:
        """Return the payload of `frame : ndarray of shape (S,)`, at `RATE_HZ`."""


class Decoder(Protocol):
    """Decodes one stream."""

    def decode(self, payload: bytes) -> NDArray[np.int16]:
        """Return what is heard, `ndarray of shape (S,)`, at `HEARD_HZ`; of what is no payload nothing."""


def missing(codec: str) -> str:
    """Say what this machine lacks for `codec`; nothing: ''."""
    if codec == "opus":
        return "" if _libopus() else f"{LIBOPUS} is not on this machine"
    try:
        import G722  # noqa: F401, PLC0415
    except ImportError:
        return "the package G722 is not installed"
    return ""


def encoder(codec: str) -> Encoder:
    """Return an encoder of `g722` or `opus`."""
    return OpusEncoder() if codec == "opus" else G722Encoder()


def decoder(codec: str) -> Decoder:
    """Return a decoder of `g722` or `opus`."""
    return OpusDecoder() if codec == "opus" else G722Decoder()


def encode(codec: str, sound: NDArray[np.float64], ptime_ms: int) -> list[bytes]:
    """Return the packets of `sound : ndarray of shape (N,)` at `RATE_HZ`, after half a second of silence that is thrown away."""
    size = RATE_HZ * ptime_ms // 1_000
    silent = 500 // ptime_ms
    samples = np.concatenate([np.zeros(silent * size), sound]).astype(np.int16)
    coder = encoder(codec)
    return [coder.encode(frame) for frame in samples.reshape(-1, size)][silent:]


def decode(codec: str, payloads: Sequence[bytes], samples: int) -> NDArray[np.int16]:
    """Return one stream's packets as heard, `ndarray of shape (len(payloads), samples)`; of one that is longer or shorter than
    that, the beginning, and silence.
    """
    heard = np.zeros((len(payloads), samples), np.int16)
    coder = decoder(codec)
    for place, payload in enumerate(payloads):
        found = coder.decode(payload)[:samples]
        heard[place, : len(found)] = found
    return heard


class G722Encoder:
    """By the package G722."""

    def __init__(self) -> None:
        import G722  # noqa: PLC0415

        self._codec = G722.G722(RATE_HZ, G722_BITS_PER_S)

    def encode(self, frame: NDArray[np.int16]) -> bytes:
        return bytes(self._codec.encode(np.ascontiguousarray(frame)))


class G722Decoder:
    """Of the lower band, which is what it comes to at 8 kHz."""

    def __init__(self) -> None:
        import G722  # noqa: PLC0415

        self._codec = G722.G722(HEARD_HZ, G722_BITS_PER_S)

    def decode(self, payload: bytes) -> NDArray[np.int16]:
        return np.frombuffer(self._codec.decode(payload), np.int16)


class OpusEncoder:
    """By libopus, set as a phone has it that sets nothing."""

    def __init__(self) -> None:
        self._library = _opus()
        self._state = ctypes.create_string_buffer(self._library.opus_encoder_get_size(1))
        self._library.opus_encoder_init(self._state, RATE_HZ, 1, OPUS_VOIP)
        self._payload = ctypes.create_string_buffer(OPUS_PACKET_BYTES)

    def encode(self, frame: NDArray[np.int16]) -> bytes:
        samples = np.ascontiguousarray(frame).ctypes.data_as(ctypes.c_void_p)
        size = self._library.opus_encode(
            self._state, samples, len(frame), self._payload, ctypes.c_int32(OPUS_PACKET_BYTES)
        )
        return self._payload.raw[: max(0, size)]


class OpusDecoder:
    """By libopus."""

    def __init__(self) -> None:
        self._library = _opus()
        self._state = ctypes.create_string_buffer(self._library.opus_decoder_get_size(1))
        self._library.opus_decoder_init(self._state, HEARD_HZ, 1)

    def decode(self, payload: bytes) -> NDArray[np.int16]:
        heard = np.empty(LONGEST_SAMPLES, np.int16)
        into = heard.ctypes.data_as(ctypes.c_void_p)
        size = self._library.opus_decode(
            self._state, payload, ctypes.c_int32(len(payload)), into, LONGEST_SAMPLES, 0
        )
        return heard[: max(0, size)]


def _opus() -> ctypes.CDLL:
    library = _libopus()
    if library is None:
        raise RuntimeError(missing("opus"))
    return library


@cache
def _libopus() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(LIBOPUS)
    except OSError:
        return None
