from __future__ import annotations

import numpy as np
import pytest

from dsp import g711 as law_tables
from dsp.g711 import Law
from media.codecs.g711 import G711Decoder, G711Encoder

LAWS = pytest.mark.parametrize("law", list(Law))


@LAWS
def test_the_face_says_what_the_tables_say(law: Law) -> None:
    frame = np.linspace(-32_768, 32_767, 160).astype(np.int16)
    payload = G711Encoder(law).encode(frame)
    decoded = G711Decoder(law).decode(payload)
    assert decoded is not None
    assert payload == law_tables.encode(frame, law).tobytes()
    assert np.array_equal(decoded, law_tables.decode(np.frombuffer(payload, np.uint8), law))


@LAWS
def test_payloads_of_any_length_up_to_120_ms_are_played(law: Law) -> None:
    decoder = G711Decoder(law)
    for size in (1, 79, 240, 960):
        decoded = decoder.decode(bytes(size))
        assert decoded is not None
        assert len(decoded) == decoder.duration(bytes(size)) == size
    for size in (0, 961, 1_500):
        assert decoder.decode(bytes(size)) is None
        assert decoder.duration(bytes(size)) == 0
        assert not decoder.silent(bytes(size))


@LAWS
def test_silence_is_seen_without_decoding(law: Law) -> None:
    quiet = bytes([law_tables.SILENCE[law]]) * 160
    assert G711Decoder(law).silent(quiet)
    assert not G711Decoder(law).silent(quiet[1:] + b"\0")


@LAWS
def test_nothing_is_remembered(law: Law) -> None:
    decoder, encoder = G711Decoder(law), G711Encoder(law)
    decoder.reset()
    encoder.reset()
    encoder.expect_loss(10)
    assert decoder.conceal(160) is None
    assert decoder.recover(bytes(160)) is None
    assert decoder.repeats(bytes(160)) == 0
    assert encoder.copy() is encoder
