from __future__ import annotations

import pytest

from media.codecs import kind
from media.control import Codec


def test_numbers_are_those_of_control() -> None:
    assert set(kind.KINDS) == {int(codec) for codec in Codec}
    assert kind.facts(Codec.PCMU) is kind.PCMU
    assert kind.facts(Codec.PCMA) is kind.PCMA
    assert kind.facts(Codec.G722) is kind.G722
    assert kind.facts(Codec.OPUS) is kind.OPUS
    assert kind.facts(Codec.L16_8) is kind.L16_8
    assert kind.facts(Codec.L16_16) is kind.L16_16
    assert kind.facts(Codec.L16_48) is kind.L16_48


@pytest.mark.parametrize(
    ("codec", "rtpmap", "static"),
    [
        (Codec.PCMU, "PCMU/8000", True),
        (Codec.PCMA, "PCMA/8000", True),
        (Codec.G722, "G722/8000", True),
        (Codec.OPUS, "opus/48000/2", False),
        (Codec.L16_8, "L16/8000", False),
        (Codec.L16_16, "L16/16000", False),
        (Codec.L16_48, "L16/48000", False),
    ],
)
def test_sdp_names_them(codec: Codec, rtpmap: str, static: bool) -> None:
    facts = kind.facts(codec)
    assert (facts.rtpmap, facts.static) == (rtpmap, static)


def test_a_sample_at_8_khz_is_so_many_ticks_of_the_rtp_clock() -> None:
    assert [facts.ticks for facts in kind.KINDS.values()] == [1, 1, 1, 6, 1, 2, 6]


def test_the_band_is_the_widest() -> None:
    assert [facts.band for facts in kind.KINDS.values()] == [1, 1, 2, 6, 1, 2, 6]


@pytest.mark.parametrize("facts", [one for one in kind.KINDS.values() if one is not kind.OPUS])
def test_twenty_milliseconds_are_160_samples_of_any_band(facts: kind.Kind) -> None:
    assert facts.duration(160 * facts.sample_bytes) == 160


@pytest.mark.parametrize("facts", [one for one in kind.KINDS.values() if one is not kind.OPUS])
def test_what_is_longer_than_a_packet_may_be_is_none(facts: kind.Kind) -> None:
    assert facts.duration(kind.LONGEST_SAMPLES * facts.sample_bytes) == 960
    assert facts.duration((kind.LONGEST_SAMPLES + 1) * facts.sample_bytes) == 0
    assert facts.duration(0) == 0


@pytest.mark.parametrize("facts", [kind.L16_8, kind.L16_16, kind.L16_48])
def test_half_a_sample_is_none(facts: kind.Kind) -> None:
    assert facts.duration(160 * facts.sample_bytes - 1) == 0


@pytest.mark.parametrize("facts", [one for one in kind.KINDS.values() if one is not kind.OPUS])
def test_our_packets_fit_into_one_ethernet_frame(facts: kind.Kind) -> None:
    assert facts.packet_ms * 8 * facts.sample_bytes <= 1_200
