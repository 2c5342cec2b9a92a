import importlib
import sys

import numpy as np
import pytest

from benchmarks import g711


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="audioop left the standard library in 3.13")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("codec", "name"), [("pcmu", "ulaw2lin"), ("pcma", "alaw2lin")])
def test_every_code_has_the_value_of_the_old_standard_library(codec, name):
    audioop = importlib.import_module("audioop")
    expected = np.frombuffer(getattr(audioop, name)(bytes(range(256)), 2), np.int16)
    assert g711.VALUES[codec].tolist() == expected.tolist()


@pytest.mark.parametrize("codec", ["pcmu", "pcma"])
def test_encoding_finds_the_nearest_value(codec):
    samples = np.linspace(-33000, 33000, 4001)
    nearest = np.abs(g711.VALUES[codec].astype(float)[None, :] - samples[:, None]).min(axis=1)
    found = g711.decode(g711.encode(samples, codec), codec).astype(float)
    assert np.abs(found - samples) == pytest.approx(nearest)


@pytest.mark.parametrize(("codec", "largest"), [("pcmu", 0), ("pcma", 8)])
def test_the_silence_code_is_the_smallest_value(codec, largest):
    assert g711.VALUES[codec][g711.SILENCE[codec]] == largest
