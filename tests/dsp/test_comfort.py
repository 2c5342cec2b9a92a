"""Comfort noise: as loud and as dull as what was learnt, without a seam, and as RFC 3389 writes it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.signal import lfilter

from dsp import comfort as noises
from dsp.comfort import LOUDEST_DBOV, SILENCE_DBOV, Sid, decode
from dsp.prediction import ORDER, autocorrelation, reflection

ROWS = np.arange(3)


class Comfort:
    """The backgrounds of rows, kept as an engine keeps them."""

    def __init__(self, capacity):
        self.rows = noises.new_backgrounds(capacity)

    def clear(self, row):
        self.rows[[row]] = noises.new_backgrounds(1)

    def known(self, rows):
        return self.rows["known"][rows]

    def learn(self, rows, frames):
        self.rows[rows] = noises.learn(self.rows[rows], frames)

    def describe(self, row, sid):
        self.rows[[row]] = noises.describe(self.rows[[row]], [sid])

    def sid(self, row):
        return noises.tell(self.rows[[row]])[0]

    def generate(self, rows, size, random):
        noise, self.rows[rows] = noises.generate(self.rows[rows], size, random)
        return noise


def dice(seed=5):
    return np.random.default_rng(seed)


def background(seed=1, *, frames=50, loud=100.0, taps=(1, -1.2, 0.6)):
    """Three rows of dull noise; (frames, 3, 160)."""
    noise = lfilter([1], taps, dice(seed).normal(0, 1, (3, frames * 160)))
    noise *= loud / noise.std()
    return np.rint(noise).astype(np.int16).reshape(3, frames, 160).swapaxes(0, 1)


def taught(**terms):
    comfort = Comfort(3)
    for frames in background(**terms):
        comfort.learn(ROWS, frames)
    return comfort


def made(comfort, frames=50, rows=ROWS):
    random = dice()
    return np.concatenate([comfort.generate(rows, 160, random) for _ in range(frames)], axis=1)


def test_noise_is_as_loud_and_as_dull_as_what_was_learnt():
    noise = made(taught())
    learnt = background().swapaxes(0, 1).reshape(3, -1).astype(np.float32)
    assert noise.std(axis=1) == pytest.approx(100, rel=0.15)
    own, expected = autocorrelation(noise), autocorrelation(learnt)
    assert own[:, 1:3] / own[:, :1] == pytest.approx(expected[:, 1:3] / expected[:, :1], abs=0.08)
    assert (reflection(own)[:, 0] < -0.5).all()


def test_one_frame_continues_the_one_before():
    at_once, bit_by_bit = taught(), taught()
    random = dice()
    at_once.generate(ROWS, 160, random)
    bit_by_bit.generate(ROWS, 160, dice())
    whole = at_once.generate(ROWS[:1], 320, random)
    random = dice()
    random.standard_normal((3, 160), np.float32)
    parts = [bit_by_bit.generate(ROWS[:1], size, random) for size in (1, 159, 30, 130)]
    assert np.concatenate(parts, axis=1) == pytest.approx(whole, abs=1e-2)


def test_the_same_chance_makes_the_same_noise():
    assert np.array_equal(made(taught()), made(taught()))


def test_nothing_is_heard_of_a_row_of_which_nothing_is_known():
    comfort = Comfort(3)
    assert not comfort.known(ROWS).any()
    assert not made(comfort, 2).any()
    comfort.learn(ROWS[1:2], background()[0, 1:2])
    assert comfort.known(ROWS).tolist() == [False, True, False]
    noise = made(comfort, 2)
    assert noise[1].any()
    assert not noise[[0, 2]].any()


def test_a_row_begins_afresh():
    comfort = taught()
    made(comfort, 2)
    comfort.clear(1)
    assert comfort.known(ROWS).tolist() == [True, False, True]
    assert not comfort.generate(ROWS, 160, dice())[1].any()
    assert comfort.sid(1) == Sid(SILENCE_DBOV, (0.0,) * ORDER)


def test_what_was_no_background_after_all_harms_little():
    comfort = taught()
    comfort.learn(ROWS, (background(seed=9, frames=1, loud=8_000)[0]))
    assert made(comfort).std(axis=1).max() < 130


def test_the_first_sound_after_digital_silence_is_learnt():
    comfort = Comfort(3)
    comfort.learn(ROWS, np.zeros((3, 160), np.int16))
    assert comfort.known(ROWS).all()
    for frames in background(frames=60):
        comfort.learn(ROWS, frames)
    assert made(comfort).std(axis=1) == pytest.approx(100, rel=0.15)


def test_a_constant_voltage_is_no_noise():
    comfort = Comfort(3)
    comfort.learn(ROWS, np.full((3, 160), 3_000, np.int16))
    assert not made(comfort, 2).any()


def test_where_the_background_changes_the_old_noise_is_faded_into_the_new():
    comfort = taught(loud=20)
    quiet = made(comfort, 5)
    for frames in background(seed=3, frames=100, loud=600):
        comfort.learn(ROWS, frames)
    change, loud = comfort.generate(ROWS, 160, dice(8)), made(comfort, 5)
    assert change[:, :16].std() < 3 * quiet.std() + 60
    assert change[:, 120:].std() > 0.5 * loud.std()
    jump = np.abs(change[:, 0] - quiet[:, -1]).max()
    assert jump < np.abs(np.diff(loud)).max()


def test_chance_decides_nothing_about_other_rows():
    together, alone = taught(), taught()
    made(alone, 3, rows=ROWS[:1])
    assert not np.array_equal(made(together, 1), made(alone, 1))
    assert np.array_equal(made(taught(), 1, rows=ROWS[:1])[0], made(taught(), 1)[0])


# RFC 3389


def test_the_payload_of_rfc_3389_is_read():
    sid = decode(bytes([0x80 | 60, 127, 254, 255, 0, 63]))
    assert sid.level_dbov == -60
    assert sid.reflection == pytest.approx((0, 0.99994, 0.99994, -0.99994, -0.50391), abs=1e-5)
    assert decode(bytes([40])) == Sid(-40.0)
    assert decode(b"") is None
    assert len(decode(bytes(200)).reflection) == ORDER


@given(st.binary(max_size=40))
def test_what_is_read_is_written_again_as_it_was(payload):
    sid = decode(payload)
    if sid is None:
        assert not payload
        return
    plain = bytes([payload[0] & 0x7F, *(min(octet, 254) for octet in payload[1 : 1 + ORDER])])
    assert sid.encode() == plain


@given(st.floats(allow_nan=False), st.lists(st.floats(allow_nan=False), max_size=20))
def test_whatever_is_written_is_a_payload(level_dbov, coefficients):
    sid = decode(Sid(level_dbov, tuple(coefficients)).encode())
    assert -127 <= sid.level_dbov <= 0
    assert all(-1 < k < 1 for k in sid.reflection)


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=12))
def test_a_line_that_is_told_of_sounds_as_it_was_told(payload):
    comfort = Comfort(3)
    sid = decode(payload)
    comfort.describe(1, sid)
    noise = made(comfort, 20)
    assert np.isfinite(noise).all()
    assert np.abs(noise).max() <= 32_767
    assert not noise[[0, 2]].any()
    level_dbov = min(sid.level_dbov, LOUDEST_DBOV)
    loud = 32_768 * 10 ** (level_dbov / 20) if sid.level_dbov > SILENCE_DBOV else 0
    spread = 0.1 if not sid.reflection else 0.75  # what rings is not at its mean for long
    assert np.sqrt((noise[1].astype(float) ** 2).mean()) == pytest.approx(loud, rel=spread)


def test_what_was_learnt_can_be_told():
    comfort = taught()
    sid = decode(comfort.sid(0).encode())
    assert sid.level_dbov == pytest.approx(20 * np.log10(100 / 32_768), abs=1.2)
    told = Comfort(3)
    for row in ROWS:
        told.describe(row, sid)
    assert made(told).std(axis=1) == pytest.approx(100, rel=0.2)
    own, expected = autocorrelation(made(told)), autocorrelation(made(comfort))
    assert own[0, 1:3] / own[0, 0] == pytest.approx(expected[0, 1:3] / expected[0, 0], abs=0.05)


def test_after_being_told_a_row_learns_afresh():
    comfort = taught(loud=20)
    comfort.describe(0, Sid(-35.0))
    comfort.learn(ROWS, background(loud=200)[0])
    assert made(comfort)[0].std() == pytest.approx(200, rel=0.4)


@settings(max_examples=30)
@given(npst.arrays(np.int16, (2, 160)), st.integers(0, 9))
def test_whatever_is_taken_for_background_no_sample_is_beyond_full_scale(frames, seed):
    comfort = Comfort(2)
    comfort.learn(ROWS[:2], frames)
    noise = comfort.generate(ROWS[:2], 320, dice(seed))
    assert np.isfinite(noise).all()
    assert np.abs(noise).max() <= 32_767
    assert noise.std() < 32_768 * 10 ** (LOUDEST_DBOV / 20) * 2


def test_no_rows_are_no_trouble():
    comfort = Comfort(3)
    comfort.learn(ROWS[:0], np.empty((0, 160), np.int16))
    assert comfort.generate(ROWS[:0], 160, dice()).shape == (0, 160)


def test_digital_silence_after_a_loud_background_is_learnt_like_any_other():
    noise = Comfort(1)
    loud = np.random.default_rng(1).normal(0, 3_000, (1, 160)).astype(np.int16)
    noise.learn(ROWS[:1], loud)
    for _ in range(400):
        noise.learn(ROWS[:1], np.zeros((1, 160), np.int16))
    assert noise.sid(0).level_dbov < -100
