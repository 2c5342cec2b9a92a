"""The limiter's three promises (transparent, monotone, bounded), and ramps without steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from dsp import gain

INT32 = st.integers(-(2**31), 2**31 - 1)


def curve(values):
    return gain.soft_limit(np.array(values, np.int32)[None])[0].astype(int)


def test_below_the_knee_not_a_bit_changes():
    untouched = np.arange(-gain.KNEE, gain.KNEE + 1)
    assert np.array_equal(curve(untouched), untouched)
    among_loud = np.concatenate([untouched, np.full(len(untouched), 90_000)])  # the way for many loud samples
    assert np.array_equal(curve(among_loud)[: len(untouched)], untouched)


def test_the_curve_is_monotone_and_without_corners():
    values = np.arange(0, 200_000)
    steps = np.diff(curve(values))
    assert steps.min() >= 0
    assert steps.max() == 1  # never steeper than the line it leaves
    slope = np.diff(curve(np.arange(gain.KNEE, gain.KNEE + 40_000, 400))) / 400
    assert slope[0] > 0.9
    assert np.abs(np.diff(slope)).max() < 0.09


@settings(max_examples=80)
@given(st.lists(INT32, min_size=2, max_size=40))
def test_no_value_wraps_and_order_and_sign_are_kept(values):
    values.sort()
    limited = curve(values)
    assert np.abs(limited).max() <= 32_767
    assert (np.diff(limited) >= 0).all()
    assert np.array_equal(np.sign(limited), np.sign(values))
    assert np.array_equal(
        curve([max(-value, -(2**31) + 1) if value > -(2**31) else 2**31 - 1 for value in values]), -limited
    )


def test_the_extremes_of_int32_are_full_scale():
    assert curve([-(2**31), 2**31 - 1]).tolist() == [-32_767, 32_767]


@settings(max_examples=40)
@given(npst.arrays(np.int32, (2, 60), elements=st.one_of(st.integers(-20_000, 20_000), INT32)))
def test_a_sample_is_bent_alike_in_whatever_company_it_comes(mix):
    alone = np.array([[curve([value])[0] for value in row] for row in mix.tolist()])
    assert np.array_equal(gain.soft_limit(mix), alone)
    wide = np.zeros((2, 80), np.int16)
    gain.soft_limit(mix, out=wide[:, 10:70])
    assert np.array_equal(wide[:, 10:70], alone)
    assert not wide[:, :10].any()


def test_decibels_and_ratios_are_each_others_reverse():
    assert gain.db_to_ratio([0, 20, -20]).tolist() == pytest.approx([1, 10, 0.1])
    assert gain.ratio_to_db(gain.db_to_ratio(-6.5)) == pytest.approx(-6.5)


@settings(max_examples=40)
@given(npst.arrays(np.int16, (2, 32), elements=st.integers(-gain.KNEE, gain.KNEE)))
def test_a_ratio_of_one_changes_nothing_and_of_zero_leaves_nothing(frames):
    assert np.array_equal(gain.ramp(frames, 1, 1), frames)
    assert not gain.ramp(frames, 0, 0).any()


def test_a_ramp_leaves_the_start_with_the_first_sample_and_is_at_the_end_with_the_last():
    frames = np.full((2, 160), 16_000, np.int16)
    ramped = gain.ramp(frames, np.array([0, 1]), np.array([1, 0.5])).astype(int)
    assert ramped[:, 0].tolist() == [100, 15_950]
    assert ramped[:, -1].tolist() == [16_000, 8_000]
    assert np.abs(np.diff(ramped)).max() == 100


def test_ramps_join_without_a_step():
    frames = np.full((1, 160), 10_000, np.int16)
    joined = np.concatenate([gain.ramp(frames, 1, 0.25), gain.ramp(frames, 0.25, 0.5)], axis=1).astype(int)
    assert np.abs(np.diff(joined)).max() <= 48


def test_a_row_made_louder_is_limited_and_not_wrapped():
    frames = np.array([[20_000, -20_000, 100]], np.int16)
    louder = gain.ramp(frames, 4, 4)[0].astype(int)
    assert louder.tolist() == [*curve([80_000, -80_000]), 400]
    assert gain.ramp(frames, 1e9, 1e9)[0].tolist()[:2] == [32_762, -32_762]


def test_a_ramp_may_fill_its_own_rows():
    frames = np.full((1, 160), 16_000, np.int16)
    expected = gain.ramp(frames, 1, 0)
    assert gain.ramp(frames, 1, 0, out=frames) is frames
    assert np.array_equal(frames, expected)


def test_a_mix_is_made_softer_exactly():
    mix = np.full((1, 4), 2**31 - 1, np.int32)
    assert gain.ramp_mix(mix, 1, 1).tolist() == mix.tolist()
    assert gain.ramp_mix(mix, 1, 0).tolist() == [[1_610_612_735, 1_073_741_824, 536_870_912, 0]]
