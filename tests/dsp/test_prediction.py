"""Linear prediction, against scipy's own ways to the same numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from dsp import prediction

COEFFICIENTS = npst.arrays(np.float64, (3, prediction.ORDER), elements=st.floats(-0.9, 0.9))


def coloured(seed, taps=(1, -1.2, 0.6), size=4_000):
    white = np.random.default_rng(seed).normal(0, 100, (3, size))
    return lfilter([1], taps, white).astype(np.float32)


def test_the_autocorrelation_is_that_of_the_definition():
    frames = coloured(1, size=160)
    own = prediction.autocorrelation(frames)
    for row in range(3):
        whole = np.correlate(frames[row].astype(float), frames[row].astype(float), "full")
        assert own[row] == pytest.approx(whole[159 : 159 + prediction.ORDER + 1] / 160, rel=1e-4)


def test_the_recursion_solves_the_normal_equations():
    own = prediction.autocorrelation(coloured(2))
    predictor = prediction.predictor(prediction.reflection(own))
    for row in range(3):
        column = own[row, :-1].copy()
        column[0] *= 1 + prediction.WHITENING
        assert -predictor[row, 1:] == pytest.approx(solve_toeplitz(column, own[row, 1:]), abs=1e-6)


def test_the_filter_that_made_the_colour_is_found():
    predictor = prediction.predictor(
        prediction.reflection(prediction.autocorrelation(coloured(3, size=80_000)))
    )
    assert predictor[:, :3] == pytest.approx(np.array([[1, -1.2, 0.6]] * 3), abs=0.03)
    assert predictor[:, 3:] == pytest.approx(0, abs=0.03)


def test_a_dull_noise_has_a_negative_first_coefficient():
    assert (prediction.reflection(prediction.autocorrelation(coloured(4)))[:, 0] < -0.5).all()


def test_the_answer_is_that_of_the_inverse_filter():
    coefficients = np.array([[-0.7, 0.4, 0.1, -0.2, 0, 0, 0.1, 0, 0, 0]])
    answer = prediction.response(coefficients, 64)
    single = np.zeros(64)
    single[0] = 1
    expected = lfilter([1], prediction.predictor(coefficients)[0], single)
    assert answer[0] == pytest.approx(expected / np.sqrt((expected**2).sum()), abs=1e-3)


@settings(max_examples=30)
@given(COEFFICIENTS)
def test_any_coefficients_are_a_stable_filter_and_an_answer_of_energy_1(coefficients):
    for row in prediction.predictor(coefficients):
        assert np.abs(np.roots(row)).max(initial=0) < 1
    answer = prediction.response(coefficients, 64)
    assert (answer**2).sum(axis=1) == pytest.approx(1)


@settings(max_examples=30)
@given(npst.arrays(np.int16, (2, 160)))
def test_coefficients_are_never_beyond_1_whatever_the_signal(frames):
    own = prediction.autocorrelation(frames.astype(np.float32))
    coefficients = prediction.reflection(own)
    assert np.isfinite(coefficients).all()
    assert (np.abs(coefficients) <= 1).all()
    assert np.isfinite(prediction.response(coefficients, 64)).all()
