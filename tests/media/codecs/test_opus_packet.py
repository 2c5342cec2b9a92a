"""The libopus of the machine is the judge: what it takes for a packet is one, with the same frames."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.codecs import libopus, opus_packet
from media.codecs.coders import encoder
from media.codecs.kind import OPUS
from tests.media.codecs.sounds import prompts

judged = pytest.mark.skipif(libopus.library() is None, reason="libopus is not installed")


def theirs(payload: bytes) -> list[tuple[int, int]]:
    library = libopus.loaded()
    begins, sizes = (ctypes.c_void_p * 48)(), (ctypes.c_int16 * 48)()
    memory = ctypes.create_string_buffer(payload, max(len(payload), 1))
    count = library.opus_packet_parse(memory, len(payload), None, begins, sizes, None)
    start = ctypes.addressof(memory)
    return [(begins[index] - start, sizes[index]) for index in range(max(count, 0))]


def packets() -> st.SearchStrategy[bytes]:
    """Any bytes, and such as get past the first rules."""
    several = st.builds(
        lambda config, count, flags, rest: bytes([config << 3 | 3, flags << 6 | count]) + rest,
        st.integers(0, 31),
        st.integers(0, 12),
        st.integers(0, 3),
        st.binary(max_size=60),
    )
    return st.binary(max_size=1_500) | st.binary(max_size=8) | several


@judged
@given(packets())
def test_frames_are_those_that_libopus_finds(payload: bytes) -> None:
    assert opus_packet.frames(payload) == theirs(payload)


@judged
@given(packets())
def test_durations_are_those_that_libopus_counts(payload: bytes) -> None:
    library = libopus.loaded()
    samples = library.opus_packet_get_samples_per_frame(payload or b"\0", 8_000) * len(theirs(payload))
    assert opus_packet.duration(payload) == samples


@pytest.mark.parametrize(
    ("config", "samples"),
    [(0, 80), (3, 480), (9, 160), (12, 80), (15, 160), (16, 20), (29, 40), (31, 160)],
)
def test_the_first_byte_says_how_long_a_frame_is(config: int, samples: int) -> None:
    assert opus_packet.duration(bytes([config << 3, 1, 2, 3])) == samples


def test_a_packet_lasts_120_ms_at_most() -> None:
    wideband_20_ms = 9 << 3 | 3
    assert opus_packet.duration(bytes([wideband_20_ms, 6]) + bytes(60)) == 960
    assert opus_packet.duration(bytes([wideband_20_ms, 7]) + bytes(70)) == 0


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_a_frame_has_1275_bytes_at_most(code: int) -> None:
    lengths = {0: b"", 1: b"", 2: b"\xff\xff", 3: b"\x01"}[code]
    bodies = {0: 1, 1: 2, 2: 2, 3: 1}[code]
    fits = bytes([9 << 3 | code]) + lengths + bytes(1_275 * bodies)
    assert opus_packet.frames(fits)
    assert not opus_packet.frames(fits + bytes(bodies))


def test_a_pause_is_one_byte() -> None:
    assert opus_packet.silent(b"\x48")
    assert opus_packet.silent(b"\x48\x00")
    assert not opus_packet.silent(b"\x48\x00\x00")
    assert not opus_packet.silent(b"")
    assert opus_packet.duration(b"\x48") == 160


@pytest.mark.parametrize(
    ("payload", "repeats"),
    [
        (bytes([9 << 3, 0b0100_0000, 0]), True),  # 20 ms: one bit of activity, then the one that counts
        (bytes([9 << 3, 0b1010_0000, 0]), False),
        (bytes([11 << 3, 0b0001_0000, 0]), True),  # 60 ms: three of activity
        (bytes([11 << 3, 0b1110_1000, 0]), False),
        (bytes([9 << 3 | 4, 0b0001_0000, 0]), True),  # stereo: activity, repeats; activity, repeats
        (bytes([9 << 3 | 4, 0b1010_0000, 0]), False),
        (bytes([11 << 3 | 4, 0b0000_0001, 0]), True),
        (bytes([13 << 3, 0b0100_0000, 0]), True),  # SILK under CELT
        (bytes([31 << 3, 0b0100_0000, 0]), False),  # CELT alone
        (bytes([9 << 3, 0b0100_0000]), False),  # a frame of one byte is a pause
        (b"", False),
    ],
)
def test_whether_a_packet_repeats_is_a_bit_behind_those_of_activity(payload: bytes, repeats: bool) -> None:
    samples = opus_packet.frame_samples(payload) if payload else 0
    assert opus_packet.repeats(payload) == (samples if repeats else 0)


@judged
@pytest.mark.parametrize("band", [2, 6])
def test_pauses_are_told_from_speech_by_what_the_encoder_heard(band: int) -> None:
    coder = encoder(OPUS.number, band)
    random = np.random.default_rng(3)
    said = prompts(band)[:300]
    payloads = [coder.encode(frame) for frame in said]
    level = np.sqrt((said.astype(np.float64) ** 2).mean(axis=1))
    voiceless = np.array([opus_packet.voiceless(payload) for payload in payloads])
    assert not voiceless[level > 1_000].any()
    pause = [coder.encode(random.integers(-4, 5, 160 * band).astype(np.int16)) for _ in range(60)]
    assert all(opus_packet.voiceless(payload) for payload in pause[20:])


@given(packets())
def test_any_bytes_can_be_asked_whether_there_is_a_voice(payload: bytes) -> None:
    if opus_packet.voiceless(payload):
        assert payload
        assert payload[0] >> 3 < 16
