"""Codecs by their three names: the configuration's, SDP's, and the media plane's number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from bridge.config.libraries import NO_LIBOPUS
from bridge.errors import StartError
from media.codecs.coders import available
from media.codecs.kind import facts
from media.codecs.terms import OpusTerms
from media.control import Codec
from sip import codec

if TYPE_CHECKING:
    from bridge.config.audio import Audio
    from bridge.config.settings import Config

_NAMED: Final = {each.name: each for each in (codec.OPUS, codec.G722, codec.PCMU, codec.PCMA, codec.L16)}
"""By the name that the configuration has for them."""
_NUMBERS: Final = {
    codec.OPUS.name: Codec.OPUS,
    codec.G722.name: Codec.G722,
    codec.PCMU.name: Codec.PCMU,
    codec.PCMA.name: Codec.PCMA,
    codec.L16.name: Codec.L16_16,
}


def number_of(agreed: codec.Codec) -> Codec:
    """What the media plane calls a codec that was agreed on."""
    return _NUMBERS[agreed.name]


def spoken(names: Sequence[str], audio: Audio) -> tuple[codec.Codec, ...]:
    """Return those of `names` that this machine can speak, each with what we say of ourselves in SDP.

    Raises StartError where there is none.
    """
    found = tuple(_described(_NAMED[name], audio) for name in names if available(_NUMBERS[name]))
    if not found:
        raise StartError(f"codecs are {', '.join(names)} alone, and {NO_LIBOPUS}")
    return found


def hd(config: Config) -> bool:
    """Whether anybody may speak a codec with us that carries more than a plain telephone."""
    wanted = {_NUMBERS[name] for names in _lists(config) for name in names}
    return any(facts(number).band > 1 and available(number) for number in wanted)


def _lists(config: Config) -> Iterable[tuple[str, ...]]:
    return config.audio.codecs, *(trunk.codecs for trunk in config.trunks)


def _described(spoken_: codec.Codec, audio: Audio) -> codec.Codec:
    """Say of our Opus that it makes use of repeats, what it plays at most and has to say, and whether silence may go unsent."""
    if spoken_ is not codec.OPUS:
        return spoken_
    ours = OpusTerms(
        max_playback_hz=audio.opus_rate_hz, max_capture_hz=audio.opus_rate_hz, fec=True, dtx=audio.opus_dtx
    )
    return replace(spoken_, fmtp=ours.fmtp())
