from __future__ import annotations

import ctypes
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.codecs import libopus, opus_packet
from media.codecs.face import CodecError
from media.codecs.opus import PACKET_BYTES, OpusDecoder, OpusEncoder, heeded
from media.codecs.terms import OpusTerms
from tests.media.codecs import avcodec
from tests.media.codecs.sounds import apart_db, likeness, sine, speech

pytestmark = pytest.mark.skipif(libopus.library() is None, reason="libopus is not installed")

PLAIN = OpusTerms()
BANDS = pytest.mark.parametrize("band", [1, 2, 6])


def encoded(frames: Iterable[np.ndarray], encoder: OpusEncoder) -> list[bytes]:
    return [encoder.encode(frame) for frame in frames]


def decoded(payloads: Iterable[bytes], decoder: OpusDecoder) -> np.ndarray:
    return np.concatenate([heard for payload in payloads if (heard := decoder.decode(payload)) is not None])


def stereo(frames: Iterable[np.ndarray]) -> list[bytes]:
    """Packets with `frames` on the left and silence on the right, at 48 kHz."""
    library = libopus.loaded()
    state = ctypes.create_string_buffer(library.opus_encoder_get_size(2))
    at = ctypes.addressof(state)
    assert library.opus_encoder_init(at, 48_000, 2, libopus.APPLICATION_VOIP) == 0
    library.opus_encoder_ctl(ctypes.c_void_p(at), libopus.SET_BITRATE, ctypes.c_int32(96_000))
    payload, payloads = ctypes.create_string_buffer(1_500), []
    for frame in frames:
        pcm = np.stack([frame, np.zeros_like(frame)], axis=1)
        size = library.opus_encode(at, pcm.ctypes.data, len(frame), ctypes.addressof(payload), 1_500)
        payloads.append(payload.raw[:size])
    return payloads


@BANDS
@pytest.mark.parametrize("heard_at", [1, 2, 6])
def test_speech_is_itself_on_the_other_side(band: int, heard_at: int) -> None:
    heard = decoded(encoded(speech(band), OpusEncoder(band, PLAIN)), OpusDecoder(heard_at))
    wanted = speech(heard_at).ravel()
    assert len(heard) == len(wanted)
    assert likeness(wanted[::heard_at], heard[::heard_at], within=80) > 0.9, (
        "delays by steps of 8 kHz are near enough"
    )


@BANDS
def test_ffmpeg_hears_what_we_hear(band: int) -> None:
    payloads = encoded(speech(band), OpusEncoder(band, PLAIN))
    theirs = avcodec.decoded("opus", payloads, np.float32)
    assert likeness(decoded(payloads, OpusDecoder(6))[::2], theirs[::2], within=20) > 0.98


@BANDS
@pytest.mark.parametrize("milliseconds", [2.5, 5, 10, 20, 40, 60, 80, 100, 120])
def test_packets_of_every_duration_go_both_ways(band: int, milliseconds: float) -> None:
    encoder, decoder = OpusEncoder(band, PLAIN), OpusDecoder(band)
    size = int(8 * milliseconds)
    payload = encoder.encode(speech(band).ravel()[: size * band])
    heard = decoder.decode(payload)
    assert decoder.duration(payload) == size
    assert heard is not None
    assert len(heard) == size * band


@pytest.mark.parametrize("size", [0, 1, 159, 240, 161, 1_000, 1_920])
def test_a_frame_of_another_length_is_our_mistake(size: int) -> None:
    with pytest.raises(CodecError, match="no frame of Opus"):
        OpusEncoder(1, PLAIN).encode(np.zeros(size, np.int16))


def test_stereo_is_heard_as_mono() -> None:
    tone = sine(1_000, 48_000)
    payloads = stereo(tone)
    assert payloads[-1][0] & 4, "these are stereo"
    heard = decoded(payloads, OpusDecoder(2))[3_200:]
    assert np.std(heard) == pytest.approx(np.std(tone) / 2, rel=0.1)


# --- what is lost -------------------------------------------------------------------------------------------------


@BANDS
def test_a_gap_is_filled_with_what_was_before_it_and_fades(band: int) -> None:
    tone = sine(300, 8_000 * band)
    decoder = OpusDecoder(band)
    decoded(encoded(tone, OpusEncoder(band, PLAIN)), decoder)
    gap = decoder.conceal(8_000)
    assert gap is not None
    assert len(gap) == 8_000 * band
    assert np.std(gap[: 80 * band]) > 0.5 * np.std(tone)
    assert np.std(gap[-800 * band :]) < 0.1 * np.std(tone)


@pytest.mark.parametrize("samples", [0, 1, 19, 20, 37, 160, 961, 2_000])
def test_a_gap_of_any_length_is_filled(samples: int) -> None:
    decoder = OpusDecoder(2)
    for _ in range(2):
        gap = decoder.conceal(samples)
        assert gap is not None
        assert len(gap) == 2 * samples
        decoded(encoded(speech(2)[:10], OpusEncoder(2, PLAIN)), decoder)


def test_before_the_first_packet_there_is_silence() -> None:
    gap = OpusDecoder(6).conceal(160)
    assert gap is not None
    assert not gap.any()


@BANDS
@pytest.mark.parametrize("percent", [1, 5, 20])
def test_repeats_are_nearer_to_what_was_lost_than_what_is_made_up(band: int, percent: int) -> None:
    encoder = OpusEncoder(band, OpusTerms(fec=True))
    encoder.expect_loss(percent)
    payloads = encoded(speech(band), encoder)
    truth, whole = [], OpusDecoder(band)
    recovered, made_up = OpusDecoder(band), OpusDecoder(band)
    with_repeats, without = [], []
    for number, payload in enumerate(payloads):
        heard = whole.decode(payload)
        assert heard is not None
        if number % 4 == 3 and number + 1 < len(payloads) and opus_packet.repeats(payloads[number + 1]):
            repeat = recovered.recover(payloads[number + 1])
            assert repeat is not None
            assert len(repeat) == len(heard)
            truth.append(heard)
            with_repeats.append(repeat)
            without.append(made_up.conceal(160))
        else:
            recovered.decode(payload)
            made_up.decode(payload)
    assert len(truth) > 5
    lost = np.concatenate(truth)
    assert apart_db(lost, np.concatenate(with_repeats)) > apart_db(lost, np.concatenate(without)) + 3


@BANDS
def test_a_packet_of_two_frames_repeats_one(band: int) -> None:
    encoder = OpusEncoder(2, OpusTerms(fec=True))
    encoder.expect_loss(20)
    lost, first, second = next(
        three
        for three in zip(*(encoded(speech(2), encoder)[start:] for start in range(3)), strict=False)
        if opus_packet.repeats(three[1])
    )
    both = bytes([first[0] | 2, len(first) - 1]) + first[1:] + second[1:]
    decoder = OpusDecoder(band)
    decoder.decode(lost)
    assert (decoder.duration(both), decoder.repeats(both)) == (320, 160)
    repeat = decoder.recover(both)
    assert repeat is not None
    assert len(repeat) == 160 * band


def test_nothing_is_repeated_to_who_cannot_use_it() -> None:
    encoder = OpusEncoder(2, PLAIN)
    encoder.expect_loss(20)
    assert not any(map(opus_packet.repeats, encoded(speech(2), encoder)))


def test_nothing_is_repeated_where_nothing_is_lost() -> None:
    encoder = OpusEncoder(2, OpusTerms(fec=True))
    assert not any(map(opus_packet.repeats, encoded(speech(2), encoder)))
    encoder.expect_loss(20)
    assert any(map(opus_packet.repeats, encoded(speech(2), encoder)))
    encoder.expect_loss(0)
    assert not any(map(opus_packet.repeats, encoded(speech(2), encoder)[1:]))


def test_no_repeat_is_found_where_there_is_none() -> None:
    decoder = OpusDecoder(2)
    for payload in encoded(speech(2)[:5], OpusEncoder(2, PLAIN)):
        assert decoder.recover(payload) is None


@pytest.mark.parametrize("percent", [-5, 101, 100])
def test_any_percentage_can_be_told(percent: int) -> None:
    encoder = OpusEncoder(1, OpusTerms(fec=True))
    encoder.expect_loss(percent)
    assert encoded(speech(1)[:3], encoder)


# --- what the peer asked for ----------------------------------------------------------------------------------------


def test_silence_is_not_sent_to_who_would_rather_not_have_it() -> None:
    silence = np.zeros((100, 320), np.int16)
    assert all(encoded(silence, OpusEncoder(2, PLAIN)))
    sent = encoded(silence, OpusEncoder(2, OpusTerms(dtx=True)))
    assert sum(map(bool, sent)) < 30
    assert any(sent[50:]), "a sign of life now and then"


@BANDS
def test_a_pause_of_the_peer_is_heard_as_silence(band: int) -> None:
    decoder = OpusDecoder(band)
    decoded(encoded(np.zeros((20, 320), np.int16), OpusEncoder(2, PLAIN)), decoder)
    pause = bytes([9 << 3])
    assert decoder.silent(pause)
    heard = decoder.decode(pause)
    assert heard is not None
    assert len(heard) == 160 * band
    assert np.abs(heard).max() < 24


def test_packets_of_one_size() -> None:
    sizes = {len(payload) for payload in encoded(speech(2), OpusEncoder(2, OpusTerms(cbr=True)))}
    assert len(sizes) == 1
    assert len({len(payload) for payload in encoded(speech(2), OpusEncoder(2, PLAIN))}) > 10


def test_no_more_bits_than_asked_for() -> None:
    limited = encoded(speech(6), OpusEncoder(6, OpusTerms(max_average_bitrate=12_000)))
    assert sum(map(len, limited)) * 8 / (len(limited) * 0.02) < 13_500
    free = encoded(speech(6), OpusEncoder(6, PLAIN))
    assert sum(map(len, free)) > 1.3 * sum(map(len, limited))


@pytest.mark.parametrize(
    ("playback_hz", "configurations"), [(8_000, range(4)), (16_000, range(12)), (12_345, range(8))]
)
def test_no_more_bandwidth_than_the_peer_plays(playback_hz: int, configurations: range) -> None:
    payloads = encoded(speech(6), OpusEncoder(6, OpusTerms(max_playback_hz=playback_hz)))
    assert {payload[0] >> 3 for payload in payloads} <= {
        *configurations,
        *range(16, 20 if playback_hz < 16_000 else 24),
    }


@pytest.mark.parametrize(
    ("said", "band", "used"),
    [
        (OpusTerms(), 6, OpusTerms(max_average_bitrate=40_000)),
        (OpusTerms(), 2, OpusTerms(max_playback_hz=16_000, max_average_bitrate=28_000)),
        (
            OpusTerms(max_playback_hz=16_000),
            6,
            OpusTerms(max_playback_hz=16_000, max_average_bitrate=28_000),
        ),
        (
            OpusTerms(max_playback_hz=44_100, max_average_bitrate=9_000),
            6,
            OpusTerms(max_playback_hz=24_000, max_average_bitrate=9_000),
        ),
        (
            OpusTerms(max_playback_hz=11_025, stereo=True, sprop_stereo=True, max_capture_hz=8_000),
            1,
            OpusTerms(max_playback_hz=8_000, max_average_bitrate=20_000),
        ),
        (
            OpusTerms(fec=True, dtx=True, cbr=True),
            6,
            OpusTerms(max_average_bitrate=40_000, fec=True, dtx=True, cbr=True),
        ),
    ],
)
def test_streams_share_an_encoder_where_what_they_said_makes_no_difference(
    said: OpusTerms, band: int, used: OpusTerms
) -> None:
    assert heeded(said, band) == used
    assert heeded(used, band) == used
    ours, theirs = OpusEncoder(band, said), OpusEncoder(band, used)
    assert encoded(speech(band)[:20], ours) == encoded(speech(band)[:20], theirs)


def test_a_packet_fits_through_every_tunnel() -> None:
    noise = np.random.default_rng(1).integers(-20_000, 20_000, 960 * 6).astype(np.int16)
    assert len(OpusEncoder(6, PLAIN).encode(noise)) <= PACKET_BYTES


# --- state ----------------------------------------------------------------------------------------------------------


@BANDS
def test_a_copy_goes_on_as_its_original_would(band: int) -> None:
    encoder = OpusEncoder(band, OpusTerms(fec=True))
    encoder.expect_loss(10)
    encoded(speech(band)[:30], encoder)
    twin = encoder.copy()
    third = twin.copy()
    wanted = encoded(speech(band)[30:50], encoder)
    assert encoded(speech(band)[30:50], twin) == wanted
    encoded(-speech(band)[:20], twin)
    assert encoded(speech(band)[30:50], third) == wanted


@BANDS
def test_reset_forgets(band: int) -> None:
    encoder, decoder = OpusEncoder(band, PLAIN), OpusDecoder(band)
    first = encoded(speech(band)[:20], encoder)
    heard = decoded(first, decoder)
    encoder.reset()
    decoder.reset()
    assert encoded(speech(band)[:20], encoder) == first
    assert np.array_equal(decoded(first, decoder), heard)


def test_what_was_decoded_is_the_callers() -> None:
    decoder, (first, second) = OpusDecoder(1), encoded(speech(1)[:2], OpusEncoder(1, PLAIN))
    heard = decoder.decode(first)
    assert heard is not None
    before = heard.copy()
    decoder.decode(second)
    assert np.array_equal(heard, before)
    heard[:] = 0


# --- what anybody may send ------------------------------------------------------------------------------------------


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """Anything, and packets of ours in which something is not as it was."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=1_500))
    band = draw(st.sampled_from([1, 2, 6]))
    payload = bytearray(_OURS[band][draw(st.integers(0, 30))])
    for _ in range(draw(st.integers(0, 3))):
        payload[draw(st.integers(0, len(payload) - 1))] = draw(st.integers(0, 255))
    return bytes(payload[: draw(st.integers(0, len(payload)))])


_OURS = (
    {band: encoded(speech(band)[20:60], OpusEncoder(band, PLAIN)) for band in (1, 2, 6)}
    if libopus.library()
    else {}
)


@settings(max_examples=150, deadline=None)
@given(st.lists(hostile(), max_size=6), st.sampled_from([1, 2, 6]))
def test_whatever_comes_is_sound_of_the_right_length_or_none(payloads: list[bytes], band: int) -> None:
    decoder = OpusDecoder(band)
    for payload in payloads:
        repeat = decoder.recover(payload)
        heard = decoder.decode(payload)
        assert repeat is None or len(repeat) == opus_packet.frame_samples(payload) * band
        assert (heard is None) == (decoder.duration(payload) == 0)
        assert heard is None or len(heard) == decoder.duration(payload) * band
        assert not (decoder.silent(payload) and heard is None)
