from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from dsp.level import LEAST_SPEECH_DBOV, rms_dbov
from media.codecs.g722 import G722Decoder, G722Encoder
from media.codecs.g722_columns import (
    HEARD_EVERY,
    HEARD_FIRST,
    TRUSTED,
    Hearsay,
    follow,
)
from tests.dsp.speech import noise, voice
from tests.media.codecs.sounds import prompts

LOWER = (-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60)
UPPER = (798, -214, 798, -214)
MOST = (18_432, 22_528)
ROUNDED = 130
"""A step that is rounded down at every code and leaks by a 128th is so much below one that is not."""


def coded(sound: NDArray[np.float64]) -> tuple[NDArray[np.uint8], NDArray[np.int16]]:
    """Codes of whole frames of `sound`, at 16 kHz, and what is heard of them."""
    pcm = np.rint(sound[: len(sound) // 320 * 320].clip(-32_768, 32_767)).astype(np.int16)
    encoder, decoder = G722Encoder(), G722Decoder()
    payloads = [encoder.encode(frame) for frame in pcm.reshape(-1, 320)]
    heard = [frame for payload in payloads if (frame := decoder.decode(payload)) is not None]
    return np.frombuffer(b"".join(payloads), np.uint8).reshape(-1, 160), np.stack(heard)


def wide(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(soxr.resample(sound, 8_000, 16_000))


def hiss(seconds: float, level_dbov: float, *, seed: int = 1) -> NDArray[np.float64]:
    """Noise up to 8 kHz."""
    random = np.random.default_rng(seed)
    return random.normal(0, 32_768 * 10 ** (level_dbov / 20), int(seconds * 16_000))


def listening(
    codes: NDArray[np.uint8], heard: NDArray[np.int16], hearsay: Hearsay | None = None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which frames of one row were quiet as their codes say, and which had to be heard."""
    hearsay = hearsay or Hearsay(1)
    levels = rms_dbov(heard)
    row, there = np.array([0]), np.array([True])
    quiets, unsures = [], []
    for number, frame in enumerate(codes):
        start = np.array([160 * number])
        quiet, unsure, _ = hearsay.frames(row, start, np.array([0]), frame[None], there)
        if unsure[0]:
            hearsay.heard(row, levels[number : number + 1])
        quiets.append(bool(quiet[0]))
        unsures.append(bool(unsure[0]))
    return np.array(quiets), np.array(unsures)


def rounded(codes: Iterable[int], step: int, adds: list[int], most: int) -> list[int]:
    """The recommendation's own recursion, in whole numbers."""
    steps = []
    for code in codes:
        step = min(max((step * 127 >> 7) + adds[code], 0), most)
        steps.append(step)
    return steps


@settings(max_examples=60)
@given(st.binary(min_size=160, max_size=160), st.integers(0, 18_432), st.integers(0, 22_528))
def test_steps_are_those_of_a_decoder_or_a_trace_above(payload: bytes, lower: int, upper: int) -> None:
    codes = np.frombuffer(payload, np.uint8)[None]
    after, most = follow(codes, np.array([[lower, upper]], np.float32))
    bands = (
        (lower, [LOWER[(code & 0x3F) >> 2] for code in range(256)]),
        (upper, [UPPER[code >> 6] for code in range(256)]),
    )
    for band, (before, adds) in enumerate(bands):
        exact = rounded(payload, before, adds, MOST[band])
        assert after[0, band] >= exact[-1] - 1
        assert most[0, band] >= max(exact[1::2]) - 1
        if max(exact) < MOST[band]:
            assert after[0, band] <= exact[-1] + ROUNDED
            assert most[0, band] <= max(exact) + ROUNDED


def test_rows_do_not_mind_each_other() -> None:
    codes = np.random.default_rng(2).integers(0, 256, (7, 160), np.uint8)
    before = np.random.default_rng(3).uniform(0, 9_000, (7, 2)).astype(np.float32)
    together = follow(codes, before)
    for row in range(7):
        alone = follow(codes[row : row + 1], before[row : row + 1])
        assert np.array_equal(together.after[row : row + 1], alone.after)
        assert np.array_equal(together.most[row : row + 1], alone.most)


@pytest.mark.parametrize(
    ("sound", "least"),
    [
        pytest.param(hiss(6, -75), 0.9, id="a silent room"),
        pytest.param(hiss(6, -60), 0.9, id="comfort noise"),
        pytest.param(wide(noise(6, -60)), 0.9, id="comfort noise of 8 kHz"),
        pytest.param(hiss(6, -57), 0.6, id="a room"),
    ],
)
def test_silence_and_faint_noise_are_quiet_after_two_seconds(
    sound: NDArray[np.float64], least: float
) -> None:
    quiet, _ = listening(*coded(sound))
    assert not quiet[:HEARD_FIRST].any(), "by then the noise of the line is known"
    assert quiet[150:].mean() > least


def test_digital_silence_is_never_decoded() -> None:
    quiet, unsure = listening(*coded(np.zeros(16_000 * 20)))
    assert quiet.all()
    assert not unsure.any()


@pytest.mark.parametrize("level_dbov", [-50, -40, -26])
def test_a_voice_that_begins_in_a_gap_of_digital_silence_is_none_of_it(level_dbov: float) -> None:
    codes, heard = coded(np.concatenate([np.zeros(16_000), wide(voice(1, level_dbov, pause=0.0))]))
    row, run, there = np.array([0]), np.array([0]), np.array([True])
    for begins in range(51, len(codes)):
        if rms_dbov(heard[begins : begins + 1])[0] <= LEAST_SPEECH_DBOV:
            continue
        hearsay = Hearsay(1)
        listening(codes[:20], heard[:20], hearsay)
        assert not hearsay.frames(row, np.array([160 * begins]), run, codes[begins][None], there).quiet[0]


@pytest.mark.parametrize("peak", [20, 100])
@pytest.mark.parametrize("hz", [60, 440, 3_000])
def test_a_tone_however_faint_is_no_digital_silence(hz: int, peak: int) -> None:
    quiet, unsure = listening(*coded(peak * np.sin(2 * np.pi * hz * np.arange(16_000) / 16_000)))
    assert unsure[5:HEARD_FIRST].any()
    assert not quiet[5:HEARD_FIRST].any()


@pytest.mark.parametrize("level_dbov", [-54, -50, -40])
def test_noise_that_may_be_heard_is_not_quiet(level_dbov: float) -> None:
    quiet, _ = listening(*coded(hiss(3, level_dbov)))
    assert not quiet.any()


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 1_000),
    st.floats(-50, -20),
    st.sampled_from([None, -75.0, -65.0, -60.0, -57.0]),
)
def test_what_can_be_speech_is_never_quiet(seed: int, level_dbov: float, room_dbov: float | None) -> None:
    """Whatever the noise that the line was silent with before."""
    sound = np.concatenate([np.zeros(16_000 * 3), wide(voice(2, level_dbov, seed=seed, pause=0.6))])
    if room_dbov is not None:
        sound = sound + hiss(len(sound) / 16_000, room_dbov, seed=seed)
    codes, heard = coded(sound)
    quiet, _ = listening(codes, heard)
    assert not (quiet & (rms_dbov(heard) > LEAST_SPEECH_DBOV)).any()


@pytest.mark.parametrize("softer_db", [0, 15, 22])
def test_people_who_really_spoke_are_never_quiet_where_they_are_heard(softer_db: float) -> None:
    spoken = prompts(2).ravel()[: 16_000 * 6] * 10 ** (-softer_db / 20)
    codes, heard = coded(
        np.concatenate([np.zeros(16_000 * 3), spoken]) + hiss(9, -65)[: 48_000 + len(spoken)]
    )
    quiet, _ = listening(codes, heard)
    assert quiet[110:150].any()
    assert not (quiet & (rms_dbov(heard) > LEAST_SPEECH_DBOV)).any()


def test_a_breath_does_not_hide_what_begins_after_it() -> None:
    """Though of a soft tone, which can be foretold, the steps are smaller than those of a breath. Who is heard is decoded."""
    vowel = 250 * np.sin(2 * np.pi * 300 * np.arange(16_000) / 16_000)
    codes, heard = coded(np.concatenate([np.zeros(32_000), hiss(0.3, -57), vowel]))
    quiet, _ = listening(codes, heard)
    begins = 100 + 15
    assert quiet[60:100].any()
    assert (rms_dbov(heard[begins + 1 :]) > LEAST_SPEECH_DBOV).all()
    assert not quiet[begins : begins + 2].any()


def test_a_louder_noise_that_stays_is_quiet_again() -> None:
    quiet, _ = listening(*coded(np.concatenate([hiss(3, -72), hiss(5, -60)])))
    assert quiet[100:150].mean() > 0.85
    assert not quiet[150:160].any()
    assert quiet[300:].mean() > 0.85


def test_nothing_is_known_of_what_comes_after_a_gap() -> None:
    codes, heard = coded(hiss(3, -65))
    hearsay = Hearsay(1)
    listening(codes[:140], heard[:140], hearsay)
    row, run, there = np.array([0]), np.array([0]), np.array([True])
    for number in range(142, 142 + TRUSTED):
        quiet, unsure, _ = hearsay.frames(row, np.array([160 * number]), run, codes[number][None], there)
        assert not quiet[0]
        assert not unsure[0]
    quiet, unsure, _ = hearsay.frames(row, np.array([160 * 145]), run, codes[145][None], there)
    assert quiet[0] | unsure[0]


def test_nothing_is_known_where_codes_are_missing_or_the_peer_begins_anew() -> None:
    codes, heard = coded(hiss(3, -65))
    row = np.array([0])
    for run, there in ((0, False), (1, True)):
        hearsay = Hearsay(1)
        listening(codes[:140], heard[:140], hearsay)
        told = hearsay.frames(
            row, np.array([160 * 140]), np.array([run]), codes[140][None], np.array([there])
        )
        assert not told[0][0]
        assert not told[1][0]


def test_each_row_is_heard_in_turn_however_quiet_it_is() -> None:
    rows = np.arange(HEARD_EVERY)
    codes, heard = coded(hiss(6, -70))
    hearsay = Hearsay(HEARD_EVERY)
    turns = []
    for number, frame in enumerate(codes):
        start = np.full(HEARD_EVERY, 160 * number)
        all_alike = np.repeat(frame[None], HEARD_EVERY, axis=0)
        told = hearsay.frames(rows, start, 0 * start, all_alike, start >= 0)
        level = rms_dbov(heard[number : number + 1])
        hearsay.heard(rows[told.unsure], np.repeat(level, told.unsure.sum()))
        turns.append(told.unsure)
    last = np.array(turns)[-HEARD_EVERY:]
    assert last.any(axis=1).all()
    assert last.any(axis=0).all()
    assert last.mean() < 0.1


def test_another_stream_in_the_row_is_heard_from_its_beginning() -> None:
    codes, heard = coded(hiss(4, -62))
    hearsay = Hearsay(1)
    listening(codes, heard, hearsay)
    hearsay.clear(0)
    quiet, unsure = listening(codes[:60], heard[:60], hearsay)
    assert unsure[TRUSTED:HEARD_FIRST].any()
    assert not quiet[:HEARD_FIRST].any()
