from __future__ import annotations

import numpy as np
import pytest

from benchmarks import codecs
from media.codecs import coders
from media.codecs.kind import OPUS


def test_the_speech_is_ours_and_long_enough() -> None:
    sound = codecs.speech()
    assert len(sound) == codecs.SECONDS * 48_000
    assert np.std(sound.astype(float)) > 500
    assert codecs.frames(sound[:9_600], 2).shape == (10, 320)


def test_every_codec_has_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    codecs.every_codec(codecs.speech()[:9_600])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["PCMU", "PCMA", "G722"]


@pytest.mark.skipif(not coders.available(OPUS.number), reason="libopus is not installed")
def test_opus_has_a_line_for_each_complexity(capsys: pytest.CaptureFixture[str]) -> None:
    codecs.opus_by_complexity(codecs.speech()[:9_600], quality=False)
    assert len(capsys.readouterr().out.splitlines()) == 1 + 3 * len(codecs.COMPLEXITIES)
