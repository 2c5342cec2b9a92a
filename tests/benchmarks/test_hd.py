import ctypes

import numpy as np
import pytest

from benchmarks import hd

CODECS = [
    pytest.param(name, marks=pytest.mark.skipif(bool(hd.missing(name)), reason=hd.missing(name)))
    for name in ("g722", "opus")
]


def sine(frequency_hz: float, seconds: float) -> np.ndarray:
    return 4_600 * np.sin(2 * np.pi * frequency_hz / hd.RATE_HZ * np.arange(round(seconds * hd.RATE_HZ)))


@pytest.mark.parametrize("codec", CODECS)
def test_a_tone_is_heard_as_it_was_said(codec):
    payloads = hd.encode(codec, sine(1_000, 1.0), 20)
    assert len(payloads) == 50
    heard = hd.decode(codec, payloads, 160)
    assert heard.shape == (50, 160)
    settled = heard[10:].reshape(-1).astype(float)
    spectrum = np.abs(np.fft.rfft(settled)) ** 2
    assert spectrum.argmax() == 1_000 * len(settled) // hd.HEARD_HZ
    assert np.sqrt((settled**2).mean()) == pytest.approx(4_600 / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize("codec", CODECS)
def test_silence_is_silent_and_what_is_no_packet_is_nothing(codec):
    heard = hd.decode(codec, [*hd.encode(codec, np.zeros(hd.RATE_HZ), 20), b""], 160)
    assert np.abs(heard[10:50].astype(int)).max() < 20
    assert np.abs(heard[50]).max() < 20


def test_g722_is_one_size_and_opus_is_not_where_they_are_there():
    if not hd.missing("g722"):
        assert {len(payload) for payload in hd.encode("g722", sine(700, 0.5), 20)} == {160}
    if not hd.missing("opus"):
        speech = np.concatenate([sine(700, 0.3), np.zeros(8_000)])
        assert len({len(payload) for payload in hd.encode("opus", speech, 20)}) > 3


def test_a_machine_without_libopus_says_so(monkeypatch):
    def load(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", load)
    hd._libopus.cache_clear()
    try:
        assert "libopus" in hd.missing("opus")
        with pytest.raises(RuntimeError, match="libopus"):
            hd.decoder("opus")
    finally:
        hd._libopus.cache_clear()


def test_a_machine_without_g722_says_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "G722", None)
    assert "G722" in hd.missing("g722")
