from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.codecs.terms import HIGHEST_BITRATE, LOWEST_BITRATE, OpusTerms

RATES = st.integers(8_000, 48_000)
TERMS = st.builds(
    OpusTerms,
    max_playback_hz=RATES,
    max_capture_hz=RATES,
    max_average_bitrate=st.integers(LOWEST_BITRATE, HIGHEST_BITRATE),
    stereo=st.booleans(),
    sprop_stereo=st.booleans(),
    cbr=st.booleans(),
    fec=st.booleans(),
    dtx=st.booleans(),
)


@given(TERMS)
def test_what_is_written_is_read(terms: OpusTerms) -> None:
    assert OpusTerms.from_fmtp(terms.fmtp()) == terms


@given(TERMS)
def test_terms_travel_in_messages(terms: OpusTerms) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(terms), type=OpusTerms) == terms


@given(st.text() | st.text("maxplybckrte=;0123456789 -", max_size=60))
def test_any_text_is_read(text: str) -> None:
    terms = OpusTerms.from_fmtp(text)
    assert 8_000 <= terms.max_playback_hz <= 48_000
    assert LOWEST_BITRATE <= terms.max_average_bitrate <= HIGHEST_BITRATE


def test_nothing_said_is_the_defaults() -> None:
    assert OpusTerms.from_fmtp("") == OpusTerms()
    assert OpusTerms().fmtp() == ""


def test_what_a_browser_says() -> None:
    terms = OpusTerms.from_fmtp("minptime=10;useinbandfec=1")
    assert terms == OpusTerms(fec=True)
    assert terms.fmtp() == "useinbandfec=1"


def test_the_example_of_the_rfc() -> None:
    """RFC 7587 section 7, with spaces behind the semicolons as it has them."""
    said = "maxplaybackrate=16000; sprop-maxcapturerate=16000; maxaveragebitrate=20000; stereo=1; useinbandfec=1; usedtx=0"
    assert OpusTerms.from_fmtp(said) == OpusTerms(
        max_playback_hz=16_000,
        max_capture_hz=16_000,
        max_average_bitrate=20_000,
        stereo=True,
        fec=True,
    )


@pytest.mark.parametrize(
    ("said", "terms"),
    [
        ("MaxPlaybackRate=8000", OpusTerms(max_playback_hz=8_000)),
        ("maxplaybackrate=1", OpusTerms(max_playback_hz=8_000)),
        ("maxplaybackrate=96000", OpusTerms()),
        ("maxaveragebitrate=1", OpusTerms(max_average_bitrate=6_000)),
        ("maxaveragebitrate=-1", OpusTerms()),
        ("maxaveragebitrate=20000.5", OpusTerms()),
        ("maxaveragebitrate=" + "9" * 5_000, OpusTerms()),
        ("useinbandfec=1;useinbandfec=0", OpusTerms(fec=True)),
        ("useinbandfec=2", OpusTerms()),
        ("useinbandfec=\u0661", OpusTerms()),  # one, in Arabic-Indic digits
        (";;=;usedtx = 1;", OpusTerms(dtx=True)),
        ("useinbandfec", OpusTerms()),
    ],
)
def test_odd_lines_are_read_for_what_they_mean(said: str, terms: OpusTerms) -> None:
    assert OpusTerms.from_fmtp(said) == terms


@pytest.mark.parametrize(
    ("hz", "band"), [(8_000, 1), (12_000, 1), (16_000, 2), (22_050, 2), (24_000, 6), (48_000, 6)]
)
def test_the_band_worth_encoding(hz: int, band: int) -> None:
    assert OpusTerms(max_playback_hz=hz).band == band
