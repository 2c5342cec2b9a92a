"""Opus (RFC 6716, RFC 7587): a decoder and an encoder of one stream, on libopus.

Whatever a peer sends (any bandwidth, mono or stereo, any packet time) comes out as mono at the decoder's band: the library
resamples and mixes down inside. Encoders are for speech: SILK, with CELT above 8 kHz where the band is 6.
"""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from media.codecs import libopus, opus_packet
from media.codecs.face import CodecError
from media.codecs.kind import LONGEST_SAMPLES, RATE_HZ
from media.codecs.terms import OpusTerms

if TYPE_CHECKING:
    from dsp.frames import Frames

_MONO: Final = 1

_GRAIN: Final = 20
"""Samples at 8 kHz (2.5 ms): the library conceals in multiples of it."""

PACKET_TIMES: Final = frozenset({20, 40, 80, 160, 320, 480, 640, 800, 960})
"""Samples at 8 kHz (2.5 to 120 ms) that a frame to be encoded may have."""

PACKET_BYTES: Final = 1_200
"""An encoded packet is never larger: with all headers it fits through every tunnel. Bit rates that are too high for that are
not reached."""

BITRATE: Final = {1: 20_000, 2: 28_000, 6: 40_000}
"""Bits per second for each band. RFC 7587 section 3.1.1 advises up to 12, 20 and 40 kbit/s for speech; the library repeats
what was lost (in-band FEC) only where it deems the rate sufficient: at 10 % loss from 20, 20 and 24 kbit/s on, at 1 to 5 %
from 20, 28 and 36."""

COMPLEXITY: Final = 2
"""0 to 10. Speech gains 0.1 (PESQ, wideband) to 0.3 from 1 to 2 and no more than 0.08 from there to 10, which costs two and a half
times as much (docs/adr/021-codecs.md). Less than 2 also goes without repeats at 8 kHz."""


class OpusDecoder:
    """A decoder (`face.Decoder`) of one stream: 18 kB."""

    def __init__(self, band: int) -> None:
        self._library = libopus.loaded()
        self._band = band
        self._memory = ctypes.create_string_buffer(self._library.opus_decoder_get_size(_MONO))
        self._at = ctypes.addressof(self._memory)
        self.reset()

    def decode(self, payload: bytes) -> Frames | None:
        samples = opus_packet.duration(payload)
        return self._decoded(payload, samples, repeated=False) if samples else None

    def conceal(self, samples: int) -> Frames | None:
        """Return `samples` (at 8 kHz) that go on from what was last decoded and fade away.

        The library knows steps of 2.5 ms, and 120 ms at a time: what a step is too long is left out.
        """
        made = np.empty(0, np.int16)
        while len(made) < samples * self._band:
            wanted = min(samples - len(made) // self._band, LONGEST_SAMPLES)
            piece = self._decoded(None, -(-wanted // _GRAIN) * _GRAIN, repeated=False)
            if piece is None:
                return None
            made = np.concatenate([made, piece[: wanted * self._band]])
        return made

    def recover(self, following: bytes) -> Frames | None:
        samples = opus_packet.repeats(following)
        return self._decoded(following, samples, repeated=True) if samples else None

    def repeats(self, payload: bytes) -> int:
        return opus_packet.repeats(payload)

    def duration(self, payload: bytes) -> int:
        return opus_packet.duration(payload)

    def silent(self, payload: bytes) -> bool:
        return opus_packet.voiceless(payload) or opus_packet.silent(payload)

    def reset(self) -> None:
        libopus.check(self._library.opus_decoder_init(self._at, RATE_HZ * self._band, _MONO), "decoder")

    def _decoded(self, payload: bytes | None, samples: int, *, repeated: bool) -> Frames | None:
        pcm = np.empty(samples * self._band, np.int16)
        size = len(payload) if payload else 0
        decoded = self._library.opus_decode(self._at, payload, size, pcm.ctypes.data, len(pcm), repeated)
        return pcm if decoded == len(pcm) else None


class OpusEncoder:
    """An encoder (`face.Encoder`): 44 kB, and what it encodes is for all whose terms are `heeded` alike.

    Repeats (in-band FEC) are made while `expect_loss` says that packets are lost and the peer can use them.
    """

    def __init__(self, band: int, terms: OpusTerms, *, complexity: int = COMPLEXITY) -> None:
        self._library = libopus.loaded()
        self._band = band
        self._terms = heeded(terms, band)
        self._complexity = complexity
        self._loss = 0
        self._hold(ctypes.create_string_buffer(self._library.opus_encoder_get_size(_MONO)))
        self.reset()

    def encode(self, frame: Frames) -> bytes:
        samples, rest = divmod(len(frame), self._band)
        if rest or samples not in PACKET_TIMES:
            raise CodecError(f"{len(frame)} samples at band {self._band} are no frame of Opus")
        pcm = np.ascontiguousarray(frame, np.int16)
        size = self._library.opus_encode(self._at, pcm.ctypes.data, len(pcm), self._payload_at, PACKET_BYTES)
        if size < 0:
            raise CodecError(f"libopus: encode: error {size}")
        # "If the return value is 2 bytes or less, then the packet does not need to be transmitted" (opus.h)
        return self._payload.raw[:size] if size > 2 or not self._terms.dtx else b""

    def copy(self) -> Self:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin._hold(ctypes.create_string_buffer(self._memory.raw, len(self._memory)))
        return twin

    def expect_loss(self, percent: int) -> None:
        self._loss = min(max(percent, 0), 100)
        self._set(libopus.SET_INBAND_FEC, int(self._terms.fec and self._loss > 0))
        self._set(libopus.SET_PACKET_LOSS_PERC, self._loss)

    def reset(self) -> None:
        terms = self._terms
        libopus.check(
            self._library.opus_encoder_init(self._at, RATE_HZ * self._band, _MONO, libopus.APPLICATION_VOIP),
            "encoder",
        )
        self._set(libopus.SET_SIGNAL, libopus.SIGNAL_VOICE)
        self._set(libopus.SET_COMPLEXITY, self._complexity)
        self._set(libopus.SET_BITRATE, terms.max_average_bitrate)
        self._set(libopus.SET_MAX_BANDWIDTH, dict(libopus.BANDWIDTHS)[terms.max_playback_hz])
        self._set(libopus.SET_VBR, int(not terms.cbr))
        self._set(libopus.SET_DTX, int(terms.dtx))
        self.expect_loss(self._loss)

    def _hold(self, memory: ctypes.Array[ctypes.c_char]) -> None:
        self._memory = memory
        self._at = ctypes.addressof(memory)
        self._payload = ctypes.create_string_buffer(PACKET_BYTES)
        self._payload_at = ctypes.addressof(self._payload)

    def _set(self, request: int, value: int) -> None:
        # opus_encoder_ctl takes what the request wants (C's "..."): no argument types can be declared once for all.
        at, number = ctypes.c_void_p(self._at), ctypes.c_int32(value)
        libopus.check(self._library.opus_encoder_ctl(at, request, number), f"request {request}")


def heeded(terms: OpusTerms, band: int) -> OpusTerms:
    """Return what of `terms` makes a difference to an encoder at `band`: streams for which it is equal can share one.

    Rates are what will be used: the bandwidth's, and the bits per second that we spend on it.
    """
    playback_hz = min(terms.max_playback_hz, RATE_HZ * band)
    carried_hz = max(rate_hz for rate_hz, _ in libopus.BANDWIDTHS if rate_hz <= playback_hz)
    return OpusTerms(
        max_playback_hz=carried_hz,
        max_average_bitrate=min(BITRATE[min(terms.band, band)], terms.max_average_bitrate),
        cbr=terms.cbr,
        fec=terms.fec,
        dtx=terms.dtx,
    )
