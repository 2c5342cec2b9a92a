"""ITU-T G.722: 16 kHz in 64 kbit/s, as two bands of ADPCM behind a filter; on the package `G722`, which is C.

A byte holds two samples: six bits of the lower band, two of the upper. There is no packet smaller than that and none that is
malformed: any byte continues the sound.

Theory of `copy`
----------------
A decoder follows its encoder only as long as it hears every code of it: both adapt by what was coded. An encoder that takes
over in the middle has to be in the same state, bit for bit; one that has merely heard the same signal quantises it in
another way, and does so for good (measured: 20 dB below the speech as a rule, and as loud as it one time in twenty). The
package cannot copy an encoder, though its state is one block of plain numbers without pointers. So we copy the block. Where
it is follows from the layout of the package's object, which is looked at, not trusted: the numbers that we gave it must
stand behind the two pointers, and a trial copy must go on as its original does. If not, `copy` makes do with an encoder that
has heard the last of the signal.
"""

from __future__ import annotations

import ctypes
import sys
from collections import deque
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Final, Self

import G722
import numpy as np

from media.codecs.face import CodecError, Unrepaired
from media.codecs.kind import G722 as KIND

if TYPE_CHECKING:
    from dsp.frames import Frames

SAMPLE_RATE_HZ: Final = 16_000
BIT_RATE: Final = 64_000
"""The only mode that RTP has (RFC 3551 section 4.5.2)."""

REMEMBERED: Final = 3
"""Frames (60 ms) that a stand-in for a copy has heard; more make it no better."""

_TRIAL_SAMPLES: Final = 320


class G722Decoder(Unrepaired):
    """A decoder (`face.Decoder`)."""

    def __init__(self) -> None:
        self.reset()

    def decode(self, payload: bytes) -> Frames | None:
        return np.frombuffer(self._codec.decode(payload), np.int16) if self.duration(payload) else None

    def duration(self, payload: bytes) -> int:
        return KIND.duration(len(payload))

    def silent(self, payload: bytes) -> bool:  # noqa: ARG002 - the face has it
        """Nothing can be told: what a code means depends on those before it."""
        return False

    def reset(self) -> None:
        self._codec = _codec()


class G722Encoder:
    """An encoder (`face.Encoder`)."""

    def __init__(self) -> None:
        self.reset()

    def encode(self, frame: Frames) -> bytes:
        if len(frame) % 2:
            raise CodecError(f"{len(frame)} samples: G.722 codes two at a time")
        pcm = np.ascontiguousarray(frame, np.int16)
        self._last.append(pcm.tobytes())
        payload: bytes = self._codec.encode(pcm)
        return payload

    def copy(self) -> Self:
        twin = type(self)()
        if copies_states():
            _copy_state(self._codec, twin._codec)  # noqa: SLF001 - one of us
            twin._last.extend(self._last)  # noqa: SLF001
        else:
            for frame in self._last:
                twin.encode(np.frombuffer(frame, np.int16))
        return twin

    def expect_loss(self, percent: int) -> None:
        """Nothing can be done about it."""

    def reset(self) -> None:
        self._codec = _codec()
        self._last: deque[bytes] = deque(maxlen=REMEMBERED)


def _codec() -> G722.G722:
    return G722.G722(SAMPLE_RATE_HZ, BIT_RATE, False)


class _Layout(ctypes.Structure):
    """What follows Python's own head in the package's object."""

    _fields_ = (
        ("decoder", ctypes.c_void_p),
        ("encoder", ctypes.c_void_p),
        ("sample_rate_hz", ctypes.c_int),
        ("bit_rate", ctypes.c_int),
    )


@cache
def copies_states() -> bool:
    """Whether an encoder's state can be copied with the package as it is installed here; found out once."""
    if sys.implementation.name != "cpython":
        return False  # `id` is no address there
    fits = G722.G722.__basicsize__ >= object.__basicsize__ + ctypes.sizeof(_Layout)
    first, second = _codec(), _codec()
    if not fits or _usable() is None or not _recognised(first):
        return False
    times = np.arange(_TRIAL_SAMPLES)
    chirp = (8_000 * np.sin(0.001 * times * times)).astype(np.int16)
    first.encode(chirp)
    _copy_state(first, second)
    return bool(first.encode(chirp) == second.encode(chirp))


def _layout(codec: G722.G722) -> _Layout:
    return _Layout.from_address(id(codec) + object.__basicsize__)


def _recognised(codec: G722.G722) -> bool:
    layout = _layout(codec)
    told = (layout.sample_rate_hz, layout.bit_rate) == (SAMPLE_RATE_HZ, BIT_RATE)
    return bool(told and layout.encoder and layout.decoder)


@cache
def _usable() -> Callable[[int], int] | None:
    """Return what tells the size of a block that malloc gave; None where the C library cannot."""
    usable = getattr(ctypes.CDLL(None), "malloc_usable_size", None)
    if usable is not None:
        usable.restype = ctypes.c_size_t
        usable.argtypes = (ctypes.c_void_p,)
    return usable


def _copy_state(source: G722.G722, target: G722.G722) -> None:
    """Make the encoder of `target` go on as that of `source` would.

    Both blocks were asked for with the same size, so the smaller of what malloc gave holds all of the state.
    """
    begin, end = _layout(source).encoder, _layout(target).encoder
    usable = _usable()
    assert usable is not None, "copies_states() was asked first"
    ctypes.memmove(end, begin, min(usable(begin), usable(end)))
