"""Lines made fit to be heard: hum and noise are out, troubles are told, nothing clicks, and silent rows are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import signal

from dsp import g711, highpass
from dsp.gain import ramp
from dsp.level import FLOOR_START_DBOV, hold_levels, rms_dbov
from dsp.watch import NOISE_MS, Trouble
from media.lines import Lines, _Turns
from tests.dsp.speech import frames, noise, voice, whole

ROWS = 8


def lines_of(room=1):
    slot = np.zeros(ROWS, np.int32)
    slot[:4] = room
    return Lines(slot)


def run(lines, sounds, *, band=1, heard=None):
    """Sounds by row, tick by tick; what they have become, and the troubles told with their ticks."""
    size = 160 * band
    rows = np.array(sorted(sounds), np.intp)
    ticks = min(map(len, sounds.values())) // size
    made, told = [], []
    for tick in range(ticks):
        block = np.stack([sounds[row][tick * size : (tick + 1) * size] for row in rows]).astype(np.int16)
        lines.begin()
        lines.apply(rows, block, band=band)
        lines.heard(rows if heard is None else np.array(heard, np.intp))
        told += [(tick, *trouble) for trouble in lines.troubles()]
        made.append(block)
    return dict(zip(rows.tolist(), np.concatenate(made, axis=1), strict=True)), told


def steepest(sound):
    return np.abs(np.diff(sound.astype(int))).max()


def humming(seconds, band=1):
    """Talk on a line that hums and has an offset, and the talk alone."""
    time = np.arange(int(seconds * 8_000 * band)) / (8_000 * band)
    gate = np.arange(int(seconds * 8_000)) % 32_000 < 16_000  # two seconds of four
    talk = np.repeat(voice(seconds) * gate + noise(seconds, -66), band)
    return whole(talk + 300 + 300 * np.sin(2 * np.pi * 50 * time)), whole(talk)


@pytest.mark.parametrize("band", [1, 2, 6])
def test_hum_and_offset_are_taken_out_as_by_the_filter_of_scipy(band):
    sound, _ = humming(12.0, band)
    lines = lines_of()
    made, _ = run(lines, {2: sound}, band=band)
    sections = signal.butter(highpass.ORDER, highpass.CUT_HZ, "highpass", fs=8_000 * band, output="sos")
    expected = signal.sosfilt(sections, sound - float(sound[0]))
    last = slice(80_000 * band, None)
    assert np.abs(made[2][last] - expected[last]).max() < 1.5
    assert steepest(made[2]) <= steepest(sound) * 1.05  # nor was it to be heard where that began


def test_hum_counts_for_nothing_in_what_is_measured():
    sound, _ = humming(1.0)
    lines = lines_of()
    run(lines, {2: sound})
    lines.begin()
    measured = lines.apply(np.array([2]), whole(300 + 300 * np.sin(np.arange(160) * np.pi / 80))[None])
    assert measured.levels[0] < -47  # as it came it is -38


@pytest.mark.parametrize("band", [1, 6])
def test_a_clean_line_is_not_changed_by_a_bit(band):
    sound = np.repeat(whole(voice(8.0) + noise(8.0, -60)), band)
    made, _ = run(lines_of(), {0: sound, 1: sound // 8}, band=band)
    assert np.array_equal(made[0], sound)
    assert np.array_equal(made[1], sound // 8)


@pytest.mark.parametrize("law", g711.Law)
def test_digital_silence_of_either_law_is_no_hum(law):
    codes = g711.encode(whole(voice(8.0, pause=0.5)), law)
    quiet = np.repeat(np.arange(400) % 50 < 25, 160)
    codes[quiet] = g711.SILENCE[law]
    sound = g711.decode(codes, law)
    made, _ = run(lines_of(), {0: sound})
    assert np.array_equal(made[0], sound)


def test_a_line_that_hums_no_more_comes_back_bit_by_bit_without_a_click():
    sound, clean = humming(24.0)
    sound[96_000:] = clean[96_000:]
    lines = lines_of()
    made, _ = run(lines, {0: sound})
    assert not np.array_equal(made[0][80_000:96_000], sound[80_000:96_000])
    assert np.array_equal(made[0][-16_000:], sound[-16_000:])
    assert steepest(made[0]) <= steepest(sound) * 1.05


def test_a_row_that_was_silent_begins_afresh_without_a_jolt():
    lines = lines_of()
    sound, _ = humming(12.0)
    run(lines, {0: sound})
    for _ in range(5):
        lines.begin()
    made, _ = run(lines, {0: np.full(320, 4_000, np.int16)})
    assert np.abs(made[0]).max() <= 1


def test_who_speaks_is_told_and_lasts_a_while():
    lines = lines_of()
    lines.begin()
    blocks = np.stack([frames(voice(1.0))[8], frames(noise(1.0, -70))[8]])
    measured = lines.apply(np.array([1, 3]), blocks)
    assert measured.active.tolist() == [True, False]
    assert measured.floors == pytest.approx([FLOOR_START_DBOV] * 2, abs=6)
    assert lines.lasting(ROWS).nonzero()[0].tolist() == [1]
    assert lines.standing_out(np.array([1, 3])).tolist() == [True, False]
    lines.clear(1)
    assert not lines.lasting(ROWS).any()


def test_rows_that_are_not_given_are_left_alone():
    lines = lines_of()
    before = lines._lines.copy(), lines._watches.copy()
    run(lines, {5: whole(voice(1.0))})
    for now, then in zip((lines._lines, lines._watches), before, strict=True):
        others = np.arange(ROWS) != 5
        assert np.array_equal(now[others], then[others])
        assert now[5] != then[5]


@pytest.mark.parametrize("band", [1, 2])
def test_noise_is_taken_out_where_it_is_asked_for_and_elsewhere_not_a_bit(band):
    sound = whole(noise(4.0 * band, -40))
    plain, _ = run(lines_of(), {0: sound, 1: sound}, band=band)
    lines = lines_of()
    lines.suppress(1, on=True, band=band)
    made, _ = run(lines, {0: sound, 1: sound}, band=band)
    assert np.array_equal(made[0], plain[0])
    last = slice(16_000 * band, None)
    assert np.std(made[1][last]) < 0.35 * np.std(plain[1][last])


def test_suppression_comes_and_goes_without_a_click():
    tone = whole(8_000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 8_000))
    lines = lines_of()
    pieces = []
    for part, on in enumerate((False, True, False, True, True, False)):
        if part:
            lines.suppress(0, on=on)
        made, _ = run(lines, {0: tone[part * 2_400 : (part + 1) * 2_400]})
        pieces.append(made[0])
    heard = np.concatenate(pieces)
    assert steepest(heard) < steepest(tone) * 1.1
    assert lines._suppressed[1].idle


def test_places_of_suppression_are_taken_again():
    lines = lines_of()
    for _ in range(5):
        for row in range(ROWS):
            lines.suppress(row, on=True)
            lines.suppress(row, on=True)
        for row in range(ROWS):
            lines.clear(row)
    assert len(lines._suppressed[1]._memories) == ROWS
    lines.suppress(0, on=True)
    lines.suppress(0, on=False)  # before anybody heard it
    assert lines._suppressed[1].idle
    lines.suppress(0, on=True)
    run(lines, {0: whole(voice(0.1))})
    lines.suppress(0, on=False)
    lines.suppress(0, on=True)  # thought better of it
    run(lines, {0: whole(voice(0.1))})
    assert not lines._suppressed[1].idle


@pytest.mark.parametrize("on", [False, True])
def test_what_would_come_next_is_what_comes_next(on):
    lines = lines_of()
    lines.suppress(0, on=on)
    sound = whole(voice(1.0) + noise(1.0, -45))
    run(lines, {0: sound[:7_840]})
    guess = lines.going_on(0, sound[None, 7_840:8_000])
    again = lines.going_on(0, sound[None, 7_840:8_000])
    made, _ = run(lines, {0: sound[7_840:8_000]})
    assert np.array_equal(guess, again)
    assert np.array_equal(guess[0], made[0])


def test_a_noisy_line_is_told_once_and_again_when_it_has_fallen_silent():
    lines = lines_of()
    _, told = run(lines, {0: whole(noise(12.0, -35)), 1: whole(voice(12.0) + noise(12.0, -65))})
    assert [(row, trouble) for _, row, trouble in told] == [(0, Trouble.NOISE)]
    assert NOISE_MS / 20 <= told[0][0] < NOISE_MS / 20 + 200
    silent = []
    for tick in range(NOISE_MS // 20 + 5):
        lines.begin()
        silent += [(tick, *trouble) for trouble in lines.troubles()]
    assert [(row, trouble) for _, row, trouble in silent] == [(0, Trouble.NONE)]
    assert silent[0][0] >= NOISE_MS // 20 - 10
    assert lines.troubles() == []


def test_of_many_rows_each_has_a_turn_in_time_and_few_have_it_together():
    turns = _Turns(16, (1, 2, 4, 8), 10)
    rows = np.arange(3, 33)
    for begin in (0, 16):
        turns.begin(begin, len(rows))
        looked = [turns.of(begin + tick, rows, ticks=2) for tick in range(16)]
        assert [each is not None for each in looked] == [True] * 8 + [False] * 8
        for first, second in zip(looked[::2], looked[1::2], strict=True):
            assert np.array_equal(first, second)
        assert sorted(np.concatenate(looked[:8:2])) == list(range(30))
    turns.begin(33, 5)  # once begun they are as they are
    assert turns.of(33, rows, ticks=2).size < 10
    turns.begin(48, 5)
    assert turns.of(48, rows[:5], ticks=2) == slice(None)
    turns.begin(64, 1_000)
    assert turns.of(64, rows, ticks=2).size == 4


def conversation(lag_ticks, *, seconds=14.0):
    """Row 0 talks, row 1 gives it back so much later, row 2 talks at times."""
    talk = voice(seconds, -22, pause=0.4)
    late = np.concatenate((np.zeros(160 * lag_ticks), talk))[: len(talk)] * 0.2
    return {
        0: whole(talk + noise(seconds, -65)),
        1: whole(late + noise(seconds, -62, seed=2)),
        2: whole(noise(seconds, -64, seed=3)),
    }


@pytest.mark.parametrize("lag_ticks", [3, 10, 22])
def test_a_line_that_gives_the_room_back_is_told_as_an_echo_and_nobody_else_is(lag_ticks):
    _, told = run(lines_of(), conversation(lag_ticks))
    assert [(row, trouble) for _, row, trouble in told] == [(1, Trouble.ECHO)]


def test_what_the_room_did_not_hear_is_no_echo():
    _, told = run(lines_of(), conversation(10), heard=[1, 2])
    assert told == []


@pytest.mark.parametrize("voices", [1, 2, 4, 8])
def test_a_room_is_as_loud_with_eight_as_with_two(voices):
    lines = Lines(np.ones(voices, np.int32))
    rows, held = np.arange(voices), np.full(voices, -127, np.float32)
    sounds = np.stack([frames(voice(8.0, -22, seed=seed, pause=0.05)) for seed in range(voices)])
    heard, last = [], np.ones(voices)
    for tick in range(sounds.shape[1]):
        held = hold_levels(rms_dbov(sounds[:, tick]), held)
        ratios = lines.crowd(rows, held)
        block = sounds[:, tick]
        if ratios is not None:
            assert ratios[0] == pytest.approx(last)
            assert (np.abs(20 * np.log10(ratios[1] / ratios[0])) <= 0.21).all()
            assert np.ptp(ratios[1]) == 0
            block = ramp(block, *ratios)
            last = ratios[1]
        heard.append(block.sum(axis=0, dtype=np.int32))
    loudness = 10 * np.log10((np.array(heard[100:]) ** 2.0).mean() / 2**30)
    if voices <= 2:
        assert (last == 1).all()
    assert loudness == pytest.approx(-22 + min(10 * np.log10(voices), 3), abs=2.0)


def test_rooms_become_softer_each_for_itself_and_loud_again():
    slot = np.array([1, 1, 1, 1, 2, 2], np.int32)
    lines = Lines(slot)
    rows, held = np.arange(6), np.full(6, -20, np.float32)
    for _ in range(50):
        ratios = lines.crowd(rows, held)
    assert ratios is not None
    assert ratios[1][:4] == pytest.approx(np.sqrt(0.5), rel=0.001)
    assert (ratios[1][4:] == 1).all()
    assert [lines.crowding(row) for row in (0, 5)] == pytest.approx([np.sqrt(0.5), 1], rel=0.001)
    for _ in range(40):
        last = lines.crowd(rows[:1], held[:1])
    assert last is None


def test_a_new_stream_has_nothing_of_the_one_before():
    lines = lines_of()
    run(lines, {0: whole(noise(12.0, -35))})
    lines.clear(0)
    assert lines.troubles() == []
    assert not lines.going_on(0, np.zeros((1, 160), np.int16)).any()


@settings(max_examples=25, deadline=None)
@given(
    npst.arrays(np.int16, (3, 160)),
    st.lists(
        st.tuples(st.sets(st.integers(0, ROWS - 1), min_size=1, max_size=3), st.booleans()), max_size=12
    ),
)
def test_whatever_comes_frames_stay_frames_and_troubles_are_told_once(sound, ticks):
    lines = lines_of()
    known = dict.fromkeys(range(ROWS), Trouble.NONE)
    for rows, on in ticks:
        which = np.array(sorted(rows), np.intp)
        for row in rows:
            lines.suppress(row, on=on)
        lines.begin()
        block = sound[: len(which)].copy()
        measured = lines.apply(which, block)
        lines.heard(which)
        assert block.dtype == np.int16
        assert np.isfinite(measured.levels).all()
        for row, trouble in lines.troubles():
            assert known[row] != trouble
            known[row] = trouble
