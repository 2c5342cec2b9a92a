from __future__ import annotations

import numpy as np
import pytest

from media.codecs import kind
from media.codecs.l16 import L16Decoder, L16Encoder

KINDS = pytest.mark.parametrize("facts", [kind.L16_8, kind.L16_16, kind.L16_48])


def ramp(facts: kind.Kind) -> np.ndarray:
    return np.linspace(-32_768, 32_767, 80 * facts.band).astype(np.int16)


@KINDS
def test_every_sample_arrives_as_it_was(facts: kind.Kind) -> None:
    frame = ramp(facts)
    decoded = L16Decoder(facts).decode(L16Encoder().encode(frame))
    assert decoded is not None
    assert decoded.dtype == np.int16
    assert np.array_equal(decoded, frame)
    decoded[0] = 1  # the caller's own


def test_the_higher_byte_goes_first() -> None:
    """RFC 3551 section 4.5.11."""
    assert L16Encoder().encode(np.array([0x0102, -2], np.int16)) == b"\x01\x02\xff\xfe"


@KINDS
def test_a_payload_that_is_cut_is_none(facts: kind.Kind) -> None:
    payload = L16Encoder().encode(ramp(facts))
    decoder = L16Decoder(facts)
    for end in range(len(payload)):
        decoded = decoder.decode(payload[:end])
        assert (decoded is None) == (end % facts.sample_bytes != 0 or end == 0)
        assert decoder.duration(payload[:end]) == (0 if decoded is None else len(decoded) // facts.band)


@KINDS
def test_hiss_is_silent_and_a_click_is_not(facts: kind.Kind) -> None:
    decoder, frame = L16Decoder(facts), np.full(80 * facts.band, 24, np.int16)
    frame[::2] = -24
    assert decoder.silent(L16Encoder().encode(frame))
    for click in (25, -25, 32_767, -32_768):
        frame[7] = click
        assert not decoder.silent(L16Encoder().encode(frame))
    assert not decoder.silent(b"")


def test_there_is_nothing_to_conceal_with() -> None:
    decoder = L16Decoder(kind.L16_16)
    assert decoder.conceal(160) is None
    assert decoder.recover(b"\0" * 640) is None
    assert decoder.repeats(b"\0" * 640) == 0


def test_one_encoder_is_as_good_as_another() -> None:
    encoder = L16Encoder()
    encoder.expect_loss(20)
    encoder.reset()
    L16Decoder(kind.L16_8).reset()
    assert encoder.copy().encode(np.array([1], np.int16)) == b"\0\1"
