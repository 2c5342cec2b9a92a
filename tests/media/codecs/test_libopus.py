from __future__ import annotations

import pytest

from media.codecs import libopus
from media.codecs.face import CodecError


def test_a_machine_without_the_library_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libopus, "NAME", "libopus.so.of.nobody")
    assert libopus.library.__wrapped__() is None
    monkeypatch.setattr(libopus, "library", libopus.library.__wrapped__)
    with pytest.raises(CodecError, match="is not on this machine"):
        libopus.loaded()


def test_what_the_library_refuses_is_our_mistake() -> None:
    libopus.check(0, "decoder")
    with pytest.raises(CodecError, match="decoder: error -1"):
        libopus.check(-1, "decoder")


@pytest.mark.skipif(libopus.library() is None, reason="libopus is not installed")
def test_the_library_keeps_the_sizes_of_states() -> None:
    library = libopus.loaded()
    assert library is libopus.loaded()
    assert 8_000 < library.opus_decoder_get_size(1) < 200_000
    assert 8_000 < library.opus_encoder_get_size(1) < 200_000
