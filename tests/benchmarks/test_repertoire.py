import numpy as np
import pytest

from benchmarks import g711, hd, voices
from benchmarks.repertoire import OPUS_PAUSE, Repertoire, prepare

HD = [
    pytest.param(name, marks=pytest.mark.skipif(bool(hd.missing(name)), reason=hd.missing(name)))
    for name in ("g722", "opus")
]


def made(codec: str) -> Repertoire:
    return prepare(codec, 20, [5, 90], np.random.default_rng(1))


@pytest.mark.parametrize("codec", ["pcmu", "pcma"])
def test_with_g711_it_is_a_line_of_silence_and_five_for_each_tone(codec):
    found = made(codec)
    assert (found.silence, found.loop, found.pause, found.varies) == (1, 5, -1, False)
    assert (found.payloads[0] == g711.SILENCE[codec]).all()
    assert np.flatnonzero(found.tones >= 0).tolist() == [5, 90]
    assert found.tones[[5, 90]].tolist() == [1, 6]
    assert (found.payloads[6:11] == voices.tone_frames(codec, 160)[90]).all()
    assert (found.payloads[list(found.mark)] == voices.mark_frames(codec, 160)).all()
    assert len(found.noise) == 50
    assert found.noise.stop == len(found.payloads)


@pytest.mark.parametrize("codec", HD)
def test_with_hd_each_tone_is_itself_and_silence_is_silent(codec):
    found = made(codec)
    assert found.varies is (codec == "opus")
    for tone in (5, 90):
        begin = int(found.tones[tone])
        lines = [begin + place % found.loop for place in range(2 * found.loop)]  # with the seam in it
        heard = heard_of(codec, found, lines)[10:].reshape(-1).astype(float)
        power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
        at = round(voices.GRID_HZ[tone] * len(heard) / hd.HEARD_HZ)
        assert power[at - 5 : at + 6].sum() > 0.97 * power.sum()
    quiet = heard_of(codec, found, list(range(found.silence)))
    assert np.abs(quiet[10:].astype(int)).max() < 20


def heard_of(codec: str, found: Repertoire, lines: list[int]) -> np.ndarray:
    payloads = [bytes(found.payloads[line, : found.sizes[line]]) for line in lines]
    return hd.decode(codec, payloads, 160)


@pytest.mark.parametrize("codec", HD)
def test_a_mark_out_of_silence_begins_at_once(codec):
    found = made(codec)
    heard = heard_of(codec, found, [*range(20), *found.mark])
    onset = int(np.argmax(np.abs(heard.reshape(-1).astype(int)) > 500))
    assert 0 <= onset - 20 * 160 < 100


def test_only_opus_can_pause():
    assert made("pcmu").pause == -1
    if not hd.missing("opus"):
        found = made("opus")
        assert bytes(found.payloads[found.pause, : found.sizes[found.pause]]) == OPUS_PAUSE
