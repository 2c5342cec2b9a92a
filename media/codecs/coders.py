"""Decoders and encoders by the number of their codec."""

from __future__ import annotations

from typing import Final

from dsp.g711 import Law
from media.codecs import libopus
from media.codecs.face import CodecError, Decoder, Encoder
from media.codecs.g711 import G711Decoder, G711Encoder
from media.codecs.g722 import G722Decoder, G722Encoder
from media.codecs.kind import G722, KINDS, OPUS, PCMA, PCMU, Kind, facts
from media.codecs.l16 import L16Decoder, L16Encoder
from media.codecs.opus import OpusDecoder, OpusEncoder
from media.codecs.terms import OpusTerms

_LAWS: Final = {PCMU: Law.MU, PCMA: Law.A}

_NO_TERMS: Final = OpusTerms()


def available(codec: int) -> bool:
    """Whether this machine can speak `codec`: all but Opus always, Opus where libopus is installed."""
    return codec in KINDS and (codec != OPUS.number or libopus.library() is not None)


def decoder(codec: int, band: int) -> Decoder:
    """Return a decoder of `codec` whose samples are at `band`.

    Raises CodecError where the codec has no such band, or its library is missing.
    """
    kind = _kind(codec, band)
    if kind in _LAWS:
        return G711Decoder(_LAWS[kind])
    if kind is G722:
        return G722Decoder()
    return OpusDecoder(band) if kind is OPUS else L16Decoder(kind)


def encoder(codec: int, band: int, terms: OpusTerms | None = None) -> Encoder:
    """Return an encoder of `codec` for samples at `band`; `terms` are what the peer said of its Opus.

    Raises CodecError where the codec has no such band, or its library is missing.
    """
    kind = _kind(codec, band)
    if kind in _LAWS:
        return G711Encoder(_LAWS[kind])
    if kind is G722:
        return G722Encoder()
    return OpusEncoder(band, terms or _NO_TERMS) if kind is OPUS else L16Encoder()


def _kind(codec: int, band: int) -> Kind:
    if codec not in KINDS:
        raise CodecError(f"no codec has the number {codec}")
    kind = facts(codec)
    if band not in kind.bands:
        raise CodecError(f"{kind.name} has no band {band}, only {', '.join(map(str, kind.bands))}")
    return kind
