from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.codecs import g722
from media.codecs.face import CodecError
from media.codecs.g722 import G722Decoder, G722Encoder
from tests.media.codecs import avcodec, spandsp
from tests.media.codecs.sounds import apart_db, likeness, sine, speech

SPEECH = speech(2)


def decoded(payloads: list[bytes], decoder: G722Decoder | None = None) -> np.ndarray:
    decoder = decoder or G722Decoder()
    return np.concatenate([frame for payload in payloads if (frame := decoder.decode(payload)) is not None])


def encoded(frames: np.ndarray, encoder: G722Encoder | None = None) -> list[bytes]:
    encoder = encoder or G722Encoder()
    return [encoder.encode(frame) for frame in frames]


def test_every_byte_is_the_one_that_spandsp_sends() -> None:
    assert b"".join(encoded(SPEECH)) == spandsp.encoded(SPEECH.ravel())


@given(st.binary(min_size=1, max_size=960))
def test_every_sample_is_the_one_that_spandsp_hears(payload: bytes) -> None:
    assert np.array_equal(decoded([payload]), spandsp.decoded(payload))


def test_every_sample_is_the_one_that_ffmpeg_hears() -> None:
    payloads = [*encoded(SPEECH), np.random.default_rng(1).bytes(160), bytes(160), b"\xff" * 160]
    assert np.array_equal(decoded(payloads), avcodec.decoded("g722", payloads, np.int16))


@pytest.mark.parametrize("hz", [50, 100, 400, 1_000, 2_500, 3_800, 4_200, 5_500, 6_400, 7_000])
def test_all_frequencies_of_the_band_come_through_as_loud_as_they_were(hz: int) -> None:
    """G.722 section 1.2: 50 to 7,000 Hz. Within 1 dB, also where the two halves of the band meet."""
    tone = sine(hz, 16_000)
    heard = decoded(encoded(tone))[3_200:]
    assert 20 * np.log10(np.std(heard) / np.std(tone.ravel()[3_200:])) == pytest.approx(0, abs=1.0)


@pytest.mark.parametrize(("peak", "least_db"), [(300, 18), (3_000, 30), (16_000, 30)])
def test_a_tone_stands_far_above_the_noise_of_coding(peak: int, least_db: float) -> None:
    """The lower band adapts: the distance hardly depends on how loud the tone is."""
    heard = decoded(encoded(sine(1_000, 16_000, peak=peak)))[3_200:6_400].astype(float)
    times = np.arange(len(heard)) / 16_000
    basis = np.stack([np.sin(2 * np.pi * 1_000 * times), np.cos(2 * np.pi * 1_000 * times)])
    tone = basis.T @ np.linalg.lstsq(basis.T, heard, rcond=None)[0]
    assert apart_db(tone, heard) > least_db


def test_speech_is_itself_on_the_other_side() -> None:
    assert likeness(SPEECH.ravel(), decoded(encoded(SPEECH)), within=40) > 0.99


def test_silence_stays_silent() -> None:
    assert np.abs(decoded(encoded(np.zeros((20, 320), np.int16)))[640:]).max() < 24


def test_a_copy_goes_on_as_its_original_would() -> None:
    encoder = G722Encoder()
    encoded(SPEECH[:30], encoder)
    twin = encoder.copy()
    third = twin.copy()
    assert encoded(SPEECH[30:40], twin) == encoded(SPEECH[30:40], encoder)
    assert encoded(SPEECH[30:40], third) == encoded(SPEECH)[30:40]


def test_a_copy_goes_its_own_way() -> None:
    encoder = G722Encoder()
    encoded(SPEECH[:30], encoder)
    twin = encoder.copy()
    encoded(-SPEECH[30:35], twin)
    assert encoded(SPEECH[30:40], encoder) == encoded(SPEECH)[30:40]


def test_where_states_cannot_be_copied_the_copy_has_heard_the_last_of_the_signal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(g722, "copies_states", lambda: False)
    shared = encoded(SPEECH)
    wanted = decoded(shared[:60])[30 * 320 : 35 * 320]
    apart = []
    for make in (lambda one: one.copy(), lambda _one: G722Encoder()):
        encoder = G722Encoder()
        encoded(SPEECH[:30], encoder)
        own = encoded(SPEECH[30:35], make(encoder))
        apart.append(apart_db(wanted, decoded(shared[:30] + own)[30 * 320 :]))
    assert apart[0] > max(apart[1], 0) + 6


def test_the_installed_package_can_be_copied() -> None:
    assert g722.copies_states()


@pytest.mark.parametrize(
    "change",
    [
        lambda layout: setattr(layout, "sample_rate_hz", 8_000),
        lambda layout: setattr(layout, "bit_rate", 48_000),
        lambda layout: setattr(layout, "encoder", None),
    ],
)
def test_another_layout_of_the_package_is_noticed(change, monkeypatch: pytest.MonkeyPatch) -> None:
    def looks_different(_codec: object) -> g722._Layout:
        layout = g722._Layout(decoder=1, encoder=1, sample_rate_hz=16_000, bit_rate=64_000)
        change(layout)
        return layout

    monkeypatch.setattr(g722, "_layout", looks_different)
    assert not g722.copies_states.__wrapped__()


def test_a_copy_that_does_not_go_on_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(g722, "_copy_state", lambda _source, _target: None)
    assert not g722.copies_states.__wrapped__()


def test_another_interpreter_is_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(g722.sys.implementation, "name", "another")
    assert not g722.copies_states.__wrapped__()


def test_without_the_size_of_a_block_nothing_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(g722, "_usable", lambda: None)
    assert not g722.copies_states.__wrapped__()


def test_reset_forgets() -> None:
    encoder, decoder = G722Encoder(), G722Decoder()
    first = encoded(SPEECH[:20], encoder)
    heard = decoded(first, decoder)
    encoder.reset()
    decoder.reset()
    assert encoded(SPEECH[:20], encoder) == first
    assert np.array_equal(decoded(first, decoder), heard)


def test_payloads_of_any_length_up_to_120_ms_are_played() -> None:
    decoder = G722Decoder()
    for size in (1, 79, 240, 960):
        frame = decoder.decode(bytes(size))
        assert frame is not None
        assert len(frame) == 2 * decoder.duration(bytes(size)) == 2 * size
    for size in (0, 961, 1_500):
        assert decoder.decode(bytes(size)) is None
        assert decoder.duration(bytes(size)) == 0


def test_there_is_nothing_to_conceal_with() -> None:
    decoder = G722Decoder()
    assert decoder.conceal(160) is None
    assert decoder.recover(bytes(160)) is None
    assert decoder.repeats(bytes(160)) == 0
    assert not decoder.silent(bytes(160))


def test_frames_may_come_from_any_array() -> None:
    encoder = G722Encoder()
    encoder.expect_loss(10)
    every_other = np.repeat(SPEECH[0], 2)[::2]
    assert encoder.encode(every_other) == G722Encoder().encode(SPEECH[0])
    with pytest.raises(CodecError):
        encoder.encode(SPEECH[0][:-1])
