"""One codec or another, and under which number."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sip.codec import G722, L16, OPUS, PCMA, PCMU, Codec, event_for, events_for, number, same
from sip.sdp import Format

ALL = (OPUS, G722, PCMU, PCMA, L16)
EVENTS = [Format(97, "Telephone-Event", 48000), Format(101, "telephone-event", 8000)]


def test_a_codec_is_its_name_its_clock_and_its_channels() -> None:
    assert [codec.rtpmap for codec in ALL] == [
        "111 opus/48000/2", "9 G722/8000", "0 PCMU/8000", "8 PCMA/8000", "98 L16/16000",
    ]  # fmt: skip
    assert same(OPUS, Format(96, "OPUS", 48000, 2))
    assert not same(OPUS, Format(96, "opus", 48000))
    assert not same(L16, Format(11, "L16", 44100))
    assert OPUS.under(96) == Codec("opus", 48000, 96, 2)


@pytest.mark.parametrize(("clock", "found"), [(8000, 101), (48000, 97), (16000, 97)])
def test_a_telephone_event_has_the_clock_of_the_audio_or_is_better_than_none(clock: int, found: int) -> None:
    event = event_for(clock, EVENTS)
    assert event is not None
    assert event.payload_type == found
    assert event_for(clock, [Format(0, "PCMU", 8000)]) is None


def test_several_codecs_have_the_telephone_events_of_their_clocks_once_each() -> None:
    assert events_for([PCMU, OPUS, PCMA], EVENTS) == [EVENTS[1], EVENTS[0]]
    assert events_for([PCMU, PCMA], EVENTS) == [EVENTS[1]]


@given(st.dictionaries(st.integers(96, 127), st.sampled_from([*ALL, Codec("iLBC", 8000, 97)]), max_size=20))
@settings(max_examples=60, deadline=None)
def test_a_number_is_nobody_elses(before: dict[int, Codec]) -> None:
    known = [Format(at, codec.name, codec.clock_rate, codec.channels) for at, codec in before.items()]
    for codec in ALL:
        chosen = number(codec, known)
        owner = next((each for each in known if each.payload_type == chosen), None)
        assert owner is None or same(codec, owner)
        assert owner is not None or not any(same(codec, each) for each in known), "it had one"
