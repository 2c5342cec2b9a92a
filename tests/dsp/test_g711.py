"""G.711, bit for bit as audioop has it."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import g711
from dsp.g711 import Law

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # 3.11 and 3.12; audioop-lts stands in from 3.13 on
    import audioop

LAWS = pytest.mark.parametrize("law", list(Law))
ENCODERS = {Law.MU: audioop.lin2ulaw, Law.A: audioop.lin2alaw}
DECODERS = {Law.MU: audioop.ulaw2lin, Law.A: audioop.alaw2lin}
ALL_SAMPLES = np.arange(65_536, dtype=np.uint16).view(np.int16)
ALL_CODES = np.arange(256, dtype=np.uint8)


@LAWS
def test_every_sample_becomes_the_code_that_audioop_gives_it(law):
    assert g711.encode(ALL_SAMPLES, law).tobytes() == ENCODERS[law](ALL_SAMPLES.tobytes(), 2)


@LAWS
def test_every_code_becomes_the_sample_that_audioop_gives_it(law):
    reference = DECODERS[law](ALL_CODES.tobytes(), 2)
    assert g711.decode(ALL_CODES, law).tobytes() == reference
    assert g711.decode(ALL_CODES[:255], law).tobytes() == reference[:-2]  # odd lengths take the plain table


def test_the_tables_are_the_ones_that_the_functions_use():
    assert np.array_equal(g711.DECODE_MU, g711.decode(ALL_CODES, Law.MU))
    assert np.array_equal(g711.DECODE_A, g711.decode(ALL_CODES, Law.A))
    assert np.array_equal(g711.ENCODE_MU, g711.encode(ALL_SAMPLES, Law.MU))
    assert np.array_equal(g711.ENCODE_A, g711.encode(ALL_SAMPLES, Law.A))


@LAWS
def test_a_code_that_is_decoded_and_encoded_again_is_the_same(law):
    again = g711.encode(g711.decode(ALL_CODES, law), law)
    negative_zero = (law is Law.MU) & (ALL_CODES == 0x7F)  # mu-law has two codes for zero and sends one
    assert np.array_equal(again[~negative_zero], ALL_CODES[~negative_zero])


@LAWS
def test_silence_is_the_code_of_zero(law):
    assert g711.SILENCE[law] == g711.encode(np.zeros(1, np.int16), law)[0]


@LAWS
def test_rows_that_are_not_contiguous_are_decoded_and_encoded_alike(law):
    codes = np.random.default_rng(1).integers(0, 256, (7, 400), dtype=np.uint8)[:, 40:200]
    samples = g711.decode(codes, law)
    assert np.array_equal(samples, g711.decode(codes.copy(), law))
    block = np.zeros((7, 172), np.uint8)
    assert g711.encode(samples, law, out=block[:, 12:]).base is block
    assert np.array_equal(block[:, 12:], g711.encode(samples, law))
    assert not block[:, :12].any()


@LAWS
def test_out_is_filled_and_returned(law):
    codes = np.tile(ALL_CODES, (3, 1))
    out = np.empty((3, 256), np.int16)
    assert g711.decode(codes, law, out=out) is out
    assert np.array_equal(out, g711.decode(codes, law))


@LAWS
@settings(max_examples=50)
@given(codes=npst.arrays(np.uint8, npst.array_shapes(min_dims=2, max_dims=2, max_side=24)))
def test_the_peak_is_that_of_the_decoded_samples(law, codes):
    decoded = np.abs(g711.decode(codes, law).astype(int))
    assert g711.peak(codes, law).tolist() == decoded.max(axis=1).tolist()


@LAWS
@settings(max_examples=100)
@given(
    counts=npst.arrays(np.uint8, (4, 16), elements=st.sampled_from([0, 1, 2, 3, 3, 3, 4, 0x80, 0x83])),
    width=st.sampled_from([16, 15]),
)
def test_quiet_rows_are_those_whose_peak_is_an_idle_line(law, counts, width):
    codes = (counts ^ (0xFF if law is Law.MU else 0x55)).astype(np.uint8)[:, :width]
    bound = {Law.MU: 24, Law.A: 56}[law]
    expected = g711.peak(codes, law) <= bound
    assert g711.quiet(codes, law).tolist() == expected.tolist()
    assert g711.quiet(codes.copy(), law).tolist() == expected.tolist()


@LAWS
def test_no_rows_are_no_trouble(law):
    none = np.empty((0, 160), np.uint8)
    assert g711.decode(none, law).shape == (0, 160)
    assert g711.peak(none, law).shape == (0,)
    assert g711.quiet(none, law).shape == (0,)
