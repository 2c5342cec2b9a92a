from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from media.codecs import coders, libopus
from media.codecs.face import CodecError
from media.codecs.kind import KINDS
from media.codecs.terms import OpusTerms
from media.control import Codec
from tests.media.codecs.sounds import likeness, prompts, speech

ALL = [(Codec(number), band) for number, facts in KINDS.items() for band in facts.bands]
HERE = [pair for pair in ALL if coders.available(pair[0])]


@pytest.fixture
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "library", lambda: None)


@pytest.mark.parametrize(("codec", "band"), HERE)
def test_every_codec_has_the_same_face(codec: Codec, band: int) -> None:
    encoder, decoder = coders.encoder(codec, band), coders.decoder(codec, band)
    sent = [encoder.encode(frame) for frame in speech(band)]
    heard = [decoder.decode(payload) for payload in sent if decoder.duration(payload) == 160]
    whole = np.concatenate([frame for frame in heard if frame is not None])
    assert whole.dtype == np.int16
    assert len(whole) == speech(band).size
    assert likeness(speech(band).ravel()[::band], whole[::band], within=80) > 0.85
    encoder.expect_loss(3)
    encoder.copy().reset()
    decoder.reset()


@pytest.mark.parametrize(
    ("codec", "band", "least"),
    [
        (Codec.PCMA, 1, 2.6),
        (Codec.OPUS, 1, 2.6),
        (Codec.G722, 2, 4.2),
        (Codec.OPUS, 2, 4.2),
        (Codec.OPUS, 6, 4.1),
    ],
)
def test_wide_codecs_sound_wide(codec: Codec, band: int, least: float) -> None:
    """ITU-T P.862.2. What has no more than 4 kHz is marked down for it, as it should be."""
    pesq = pytest.importorskip("pesq").pesq
    if not coders.available(codec):
        pytest.skip("libopus is not installed")
    encoder, decoder = coders.encoder(codec, band), coders.decoder(codec, band)
    heard = [decoder.decode(encoder.encode(frame)) for frame in prompts(band)]
    whole = np.concatenate([frame for frame in heard if frame is not None])
    score = pesq(16_000, prompts(2).ravel(), soxr.resample(whole, 8_000 * band, 16_000), "wb")
    assert score > least
    assert band > 1 or score < 4


@pytest.mark.parametrize(("codec", "band"), HERE)
def test_a_gap_is_concealed_or_left_to_others(codec: Codec, band: int) -> None:
    gap = coders.decoder(codec, band).conceal(160)
    assert gap is None or len(gap) == 160 * band


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=1_500), st.sampled_from(HERE))
def test_no_payload_raises(payload: bytes, codec_and_band: tuple[Codec, int]) -> None:
    decoder = coders.decoder(*codec_and_band)
    heard = decoder.decode(payload)
    assert len(heard if heard is not None else b"") == decoder.duration(payload) * codec_and_band[1]
    decoder.recover(payload)
    decoder.silent(payload)


@pytest.mark.parametrize(
    ("codec", "band"), [(Codec.G722, 1), (Codec.PCMU, 2), (Codec.L16_48, 2), (Codec.OPUS, 3)]
)
def test_a_band_that_a_codec_has_not_is_our_mistake(codec: Codec, band: int) -> None:
    for make in (coders.decoder, coders.encoder):
        with pytest.raises(CodecError, match=f"no band {band}"):
            make(codec, band)


def test_a_number_of_no_codec_is_our_mistake() -> None:
    assert not coders.available(77)
    with pytest.raises(CodecError, match="77"):
        coders.decoder(77, 1)


@pytest.mark.usefixtures("no_library")
def test_without_libopus_all_else_works() -> None:
    assert [codec for codec in Codec if not coders.available(codec)] == [Codec.OPUS]
    for make in (coders.decoder, coders.encoder):
        with pytest.raises(CodecError, match="libopus0"):
            make(Codec.OPUS, 2)
    for codec, band in ALL:
        if codec is not Codec.OPUS:
            assert coders.encoder(codec, band).encode(speech(band)[0])


@pytest.mark.skipif(libopus.library() is None, reason="libopus is not installed")
def test_terms_are_heeded() -> None:
    quiet = np.zeros(320, np.int16)
    encoder = coders.encoder(Codec.OPUS, 2, OpusTerms(dtx=True))
    assert b"" in [encoder.encode(quiet) for _ in range(40)]
