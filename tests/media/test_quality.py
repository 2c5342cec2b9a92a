"""The E-model against what ITU-T has published of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media import quality
from media.control import Codec


def rated(
    codec: Codec, *, loss_percent: float = 0.0, burst_ratio: float = 1.0, delay_ms: float = 0.0
) -> float:
    return quality.rate(
        codec, loss_percent=loss_percent, burst_ratio=burst_ratio, delay_ms=delay_ms
    ).conversing


def test_with_all_defaults_the_rating_is_that_of_the_recommendation() -> None:
    assert round(rated(Codec.PCMU), 1) == 93.2  # G.107 section 7.7
    assert round(quality.opinion(rated(Codec.PCMU)), 2) == 4.41
    assert round(quality.DEFAULT_RATING, 6) == 93.206208


@pytest.mark.parametrize(
    ("rating", "opinion"),
    [(90, 4.34), (80, 4.02), (70, 3.60), (60, 3.10), (50, 2.58), (100, 4.5), (0, 1.0), (-5, 1.0), (130, 4.5)],
)
def test_opinions_are_those_of_annex_b(rating: float, opinion: float) -> None:
    # Table B.1: 4.34, 4.03, 3.60, 3.10 and 2.58 are the limits between its kinds of users.
    assert quality.opinion(rating) == pytest.approx(opinion, abs=0.006)


@pytest.mark.parametrize(
    ("delay_ms", "rating"), [(100, 90.7), (150, 89.5), (200, 85.8), (250, 79.2), (300, 72.7), (400, 62.2)]
)
def test_delay_costs_what_the_curve_of_perfect_echo_control_shows(delay_ms: float, rating: float) -> None:
    """G.107 Figure I.2 (TELR 65 dB), read to a point; the decimals are of the equations."""
    assert rated(Codec.PCMA, delay_ms=delay_ms) == pytest.approx(rating, abs=0.06)


def test_loss_costs_what_equation_7_29_says() -> None:
    lost = rated(Codec.PCMU) - rated(Codec.PCMU, loss_percent=5.0)
    assert lost == pytest.approx(95 * 5 / (5 + 25.1))
    in_bursts = rated(Codec.PCMU) - rated(Codec.PCMU, loss_percent=5.0, burst_ratio=2.0)
    assert in_bursts == pytest.approx(95 * 5 / (2.5 + 25.1))


def test_wideband_codecs_are_rated_on_the_scale_of_wideband_telephones() -> None:
    assert rated(Codec.G722) == pytest.approx((129 - 13) / 1.29)  # G.113 Table IV.1
    assert rated(Codec.L16_16) == pytest.approx(100)
    assert rated(Codec.G722) < rated(Codec.OPUS) < rated(Codec.L16_48)


def test_who_only_listens_does_not_mind_delay() -> None:
    late = quality.rate(Codec.PCMA, loss_percent=2.0, delay_ms=400)
    assert late.listening == pytest.approx(rated(Codec.PCMA, loss_percent=2.0))
    assert late.conversing < late.listening - 20


def test_every_codec_is_known() -> None:
    assert set(quality.IMPAIRMENTS) == set(Codec)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(Codec),
    st.floats(-1, 200),
    st.floats(0, 100),
    st.floats(-10, 1e7),
    st.floats(0, 20),
    st.floats(0, 300),
)
def test_more_loss_and_more_delay_are_never_better(
    codec: Codec, loss: float, ratio: float, delay: float, more_loss: float, more_delay: float
) -> None:
    before = rated(codec, loss_percent=loss, burst_ratio=ratio, delay_ms=delay)
    after = rated(codec, loss_percent=loss + more_loss, burst_ratio=ratio, delay_ms=delay + more_delay)
    assert 0 <= after <= before + 0.07  # a first millisecond of echo makes G.107 a little happier
    assert before <= 100
    assert 1 <= quality.opinion(after) <= quality.opinion(before) + 0.01
