"""Codecs by name, and what of them this machine can speak."""

from __future__ import annotations

from typing import get_args

import pytest

from bridge import codecs
from bridge.config.audio import G711, Audio, CodecName
from bridge.config.settings import Config
from bridge.config.trunks import Trunk
from bridge.errors import StartError
from media.codecs.kind import facts
from media.control import Codec
from sip import codec

AUDIO = Audio()
NAMES: tuple[str, ...] = get_args(CodecName)[1].choices


@pytest.fixture
def without_opus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without libopus."""
    monkeypatch.setattr(codecs, "available", lambda number: number != Codec.OPUS)


@pytest.fixture
def with_opus(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with it."""
    monkeypatch.setattr(codecs, "available", lambda _number: True)


@pytest.mark.usefixtures("with_opus")
def test_sip_and_media_mean_the_same_codec() -> None:
    for spoken in codecs.spoken(NAMES, AUDIO):
        kind = facts(codecs.number_of(spoken))
        assert (spoken.name, spoken.clock_rate, spoken.channels) == (kind.name, kind.clock_hz, kind.channels)
        assert not kind.static or spoken.payload_type == kind.number


@pytest.mark.usefixtures("with_opus")
def test_the_order_is_the_configurations_and_opus_says_what_it_can() -> None:
    found = codecs.spoken(("G722", "opus"), AUDIO)
    assert [each.name for each in found] == ["G722", "opus"]
    assert [each.fmtp for each in found] == ["", "useinbandfec=1"]
    (opus,) = codecs.spoken(("opus",), Audio(opus_rate_hz=16_000, opus_dtx=True))
    assert opus.fmtp == "maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1;usedtx=1"


@pytest.mark.usefixtures("without_opus")
def test_without_libopus_opus_is_left_out() -> None:
    assert codecs.spoken(("opus", "PCMA"), AUDIO) == (codec.PCMA,)
    with pytest.raises(StartError, match="libopus0"):
        codecs.spoken(("opus",), AUDIO)


@pytest.mark.usefixtures("with_opus")
def test_hd_is_where_one_list_has_more_than_g711() -> None:
    plain = Audio(codecs=G711)
    assert not codecs.hd(Config(audio=plain, trunks=(Trunk(name="t", address="a"),)))
    for name in ("opus", "G722", "L16"):
        assert codecs.hd(Config(audio=Audio(codecs=("PCMU", name))))
        assert codecs.hd(Config(audio=plain, trunks=(Trunk(name="t", address="a", codecs=("PCMA", name)),)))


@pytest.mark.usefixtures("without_opus")
def test_a_machine_without_libopus_is_not_hd_for_the_sake_of_opus() -> None:
    assert not codecs.hd(Config(audio=Audio(codecs=("opus", "PCMU"))))
    assert codecs.hd(Config(audio=Audio(codecs=("opus", "G722"))))
